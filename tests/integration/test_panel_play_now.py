"""A bulletin that is played now from the panel, and what keeps it silent."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

from domain.machines import AiringOutcome
from scheduler.planning import replan
from scheduler.publishing import publish
from scheduler.sessions import ZONE
from scheduler.signing import StationKey
from store import plans, station
from tests.fakes_timetable import MONDAY, add, page, rules
from tests.fakes_web import EDITOR, VIEWER, Panel, aired, beat, machine


def test_a_bulletin_is_played_now_and_the_page_follows_the_machines(town: Panel, tmp_path: Path) -> None:
    one = machine(town, "Máy bản", "san-thang", b"9" * 32)
    machine(town, "Máy phường", "tan-phong", b"8" * 32)
    bulletin_id = town.produced("Khẩn")
    assert f"/lich/phat-ngay?bulletin={bulletin_id}" in page(town, f"/ban-tin/{bulletin_id}")
    start = f"/lich/phat-ngay?bulletin={bulletin_id}"
    assert "Hãy chọn ít nhất một địa bàn" not in page(town, start)
    assert "Hãy chọn ít nhất một địa bàn" in page(town, f"{start}&chon=1")
    assert "Hãy chọn ít nhất một địa bàn" in page(town, f"{start}&area=khong-co", status=422)
    confirm = page(town, f"{start}&area=san-thang")
    assert "09:31:00" in confirm
    assert "Máy bản" in confirm
    assert "Máy phường" not in confirm
    answer = town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang")
    assert answer.status_code == 303
    path = answer.location
    assert "đang lập danh sách phát" in page(town, path)
    now = town.clock.now()
    publish(town.database, StationKey.load_or_create(tmp_path / "key"), replan(town.database, now), now)
    assert "máy mất kết nối, chưa nhận" in page(town, f"{path}/may")
    beat(town, one, playlist_counter=0)
    assert "máy chưa nhận" in page(town, f"{path}/may")
    beat(town, one, playlist_counter=1)
    assert "máy đã nhận" in page(town, f"{path}/may")
    with town.database.read() as connection:
        (slot,) = plans.slots(connection, now, now + timedelta(hours=1), one.id)
    aired(town, one, slot, AiringOutcome.PLAYING)
    assert "đang phát" in page(town, f"{path}/may")
    aired(town, one, slot, AiringOutcome.PLAYED)
    done = page(town, f"{path}/may")
    assert "đã phát" in done
    assert "data-working" not in done
    assert town.browser(VIEWER).get(start).status_code == 403


def test_quiet_hours_and_a_full_day_keep_play_now_silent_and_say_why(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    add(town, weekdays=frozenset(), dates=frozenset({MONDAY}))
    bulletin_id = town.produced("Khẩn")
    with town.database.write() as connection:
        policy = station.get(connection).policy
        station.set_policy(connection, replace(policy, repeat_limit=1, day_limit=timedelta(seconds=90)))
    answer = town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang")
    assert answer.status_code == 422
    assert "quá mức 1 phút 30 giây mỗi ngày" in answer.get_data(as_text=True)
    town.clock.at = datetime.combine(MONDAY, time(22), ZONE)
    town.clients.clear()
    for answer in (
        town.browser(EDITOR).get(f"/lich/phat-ngay?bulletin={bulletin_id}&area=san-thang"),
        town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang"),
    ):
        assert answer.status_code == 422
        assert "giờ yên tĩnh 21:30–05:00" in answer.get_data(as_text=True)


def test_what_would_sound_nowhere_is_not_played_now(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    bulletin_id = town.produced("Khẩn")
    assert town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang").status_code == 303
    again = town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang")
    assert again.status_code == 409
    assert "trùng với" in again.get_data(as_text=True)
    assert len(rules(town)) == 1
