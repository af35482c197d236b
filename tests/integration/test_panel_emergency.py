"""The pages of emergencies, as forms without a script and as they are seen in Chromium."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from domain.machines import Airing, AiringOutcome
from scheduler.ordering import OrderWorker
from scheduler.signing import StationKey
from scheduler.watch import Watch
from store import airings, emergencies, machines
from tests.browsing import chromium, serving
from tests.fakes_emergency import Ready, stocked
from tests.fakes_web import APPROVER, BOTH, EDITOR, VIEWER, Panel, machine
from tests.looking import look

__all__ = ["chromium"]

SECOND = timedelta(seconds=1)


@pytest.fixture
def ready(town: Panel) -> Ready:
    machine(town, "Máy bản San Thàng", "san-thang", b"a" * 32)
    return stocked(town)


def text(town: Panel, user, path: str) -> str:
    answer = town.browser(user).get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def asked(town: Panel, ready: Ready, word: str = "that", **more: object):
    return town.post(EDITOR, "/khan-cap/that", message=f"mau:{ready.message.id}", area="tan-phong", word=word, **more)


def running(town: Panel) -> list[str]:
    with town.database.read() as connection:
        return [one.id for one in emergencies.at_hand(connection, town.clock.now()) if one.started_at]


def test_a_real_emergency_is_asked_for_with_a_typed_word_seen_by_all_and_started_by_another(
    town: Panel, ready: Ready
) -> None:
    refused = asked(town, ready, word="dien tap")
    assert refused.status_code == 422
    assert "gõ đúng chữ THẬT" in refused.get_data(as_text=True)
    answer = asked(town, ready, word=" thật ")
    assert answer.status_code == 303
    assert running(town) == []
    for user in (APPROVER, BOTH, VIEWER):
        assert "đề nghị PHÁT KHẨN: Lũ quét" in text(town, user, "/lich")
    assert "PHÁT KHẨN THẬT ngay" not in text(town, EDITOR, answer.location)
    assert "PHÁT KHẨN THẬT ngay" in text(town, APPROVER, answer.location)
    assert town.post(EDITOR, f"{answer.location}/dong-y").status_code == 403
    assert town.post(APPROVER, f"{answer.location}/dong-y").status_code == 303
    assert len(running(town)) == 1


def test_orders_that_cannot_be_signed_are_told_to_those_who_can_act_until_they_are(
    town: Panel, ready: Ready, tmp_path: Path
) -> None:
    where = asked(town, ready).location
    town.post(APPROVER, f"{where}/dong-y")
    worker = OrderWorker(town.database, StationKey.load_or_create(tmp_path / "station.key"), town.clock)
    true = titled(town, where, "Lũ quét " * 1000)
    assert worker.tick() == 0
    for path in ("/khan-cap", "/khan-cap/bang", where, f"{where}/bang"):
        assert UNSIGNED in text(town, EDITOR, path), path
        assert UNSIGNED not in text(town, VIEWER, path), path
    assert UNSIGNED in text(town, EDITOR, "/")
    assert "hãy gọi ngay người ở nơi đặt máy" in text(town, EDITOR, where).lower()
    Watch(town.database, town.clock).look()
    assert UNSIGNED in text(town, EDITOR, where)
    titled(town, where, true)
    assert worker.tick() == 1
    assert UNSIGNED not in text(town, EDITOR, where)


UNSIGNED = "Lệnh khẩn mới chưa gửi được tới Máy bản San Thàng: máy chủ không ký được lệnh"


def titled(town: Panel, where: str, title: str) -> str:
    """Write another title over that of an emergency, as nothing in the panel can, and return the one it had."""
    with town.database.write() as connection:
        one = emergencies.get(connection, where.rpartition("/")[2])
        emergencies.put(connection, replace(one, title=title))
    return one.title


def test_one_button_on_every_page_stops_it_and_one_press_more_says_that_all_is_well(town: Panel, ready: Ready) -> None:
    where = asked(town, ready).location
    town.post(APPROVER, f"{where}/dong-y")
    for path in ("/", "/ban-tin", "/may-phat", "/nhat-ky", "/tai-khoan"):
        page = town.browser(EDITOR).get(path).get_data(as_text=True)
        assert f'action="{where}/dung"' in page, path
        assert "ĐANG PHÁT KHẨN" in page
    assert f'action="{where}/dung"' not in town.browser(VIEWER).get("/").get_data(as_text=True)
    assert town.post(EDITOR, f"{where}/dung").status_code == 303
    assert running(town) == []
    assert town.post(EDITOR, f"{where}/bao-yen").status_code == 303
    assert "BÁO YÊN" in text(town, VIEWER, where)


def test_the_screen_of_drills_starts_drills_only_and_that_of_real_ones_asks_only(town: Panel, ready: Ready) -> None:
    fields = {"message": f"mau:{ready.message.id}", "area": "tan-phong"}
    drill = town.post(EDITOR, "/khan-cap/dien-tap", **fields, drill="0", word="THẬT")
    with town.database.read() as connection:
        one = emergencies.get(connection, drill.location.rpartition("/")[2])
    assert (one.drill, one.started_at is not None) == (True, True)
    real = asked(town, ready, drill="1")
    with town.database.read() as connection:
        one = emergencies.get(connection, real.location.rpartition("/")[2])
    assert (one.drill, one.started_at) == (False, None)


def test_when_several_run_one_press_stops_them_all(town: Panel, ready: Ready) -> None:
    for _ in range(2):
        town.post(EDITOR, "/khan-cap/dien-tap", message=f"mau:{ready.message.id}", area="tan-phong")
    assert "DỪNG TẤT CẢ" in text(town, EDITOR, "/khan-cap")
    assert "DỪNG TẤT CẢ" not in text(town, VIEWER, "/khan-cap")
    assert town.post(EDITOR, "/khan-cap/dung-tat-ca").status_code == 303
    assert running(town) == []


def test_a_choice_that_is_not_whole_is_asked_for_again_and_starts_nothing(town: Panel, ready: Ready) -> None:
    for query in ("buoc=2", f"buoc=2&message=mau:{ready.message.id}", "buoc=2&message=mau:x&area=tan-phong"):
        assert town.browser(EDITOR).get(f"/khan-cap/that?{query}").status_code == 422
    assert town.post(EDITOR, "/khan-cap/that", message="tin:x", area="y", word="THẬT").status_code == 422
    assert town.browser(VIEWER).get("/khan-cap/that").status_code == 403


def test_a_message_is_proposed_and_agreed_to_on_its_page(town: Panel, ready: Ready) -> None:
    fields = {"title": "Cháy rừng", "bulletin": ready.bulletin_id, "chime": "1", "local": "1"}
    numbers = {"times": "3", "gap": "10", "every": "5", "longest": "60"}
    bad = town.post(EDITOR, "/khan-cap/mau", **fields, **{**numbers, "times": "ba"})
    assert bad.status_code == 422
    assert town.post(EDITOR, "/khan-cap/mau", **fields, **numbers).status_code == 303
    assert "chờ người thứ hai" in text(town, VIEWER, "/khan-cap/mau")
    with town.database.read() as connection:
        [fire] = [one for one in emergencies.messages(connection) if one.title == "Cháy rừng"]
    assert town.post(APPROVER, f"/khan-cap/mau/{fire.id}/dong-y").status_code == 303
    assert "chờ người thứ hai" not in text(town, VIEWER, "/khan-cap/mau")


def test_who_can_agree_to_a_message_is_told_of_it_on_the_page_of_today(town: Panel, ready: Ready) -> None:
    waits, goes = "Chờ đồng ý thông điệp khẩn: Cháy rừng", "Chờ đồng ý bỏ thông điệp khẩn: Cháy rừng"
    numbers = {"times": "3", "gap": "10", "every": "5", "longest": "60"}
    town.post(BOTH, "/khan-cap/mau", title="Cháy rừng", bulletin=ready.bulletin_id, **numbers)
    assert waits in text(town, APPROVER, "/")
    for other in (BOTH, EDITOR, VIEWER):
        assert waits not in text(town, other, "/")
    with town.database.read() as connection:
        [fire] = [one for one in emergencies.messages(connection) if one.title == "Cháy rừng"]
    town.post(APPROVER, f"/khan-cap/mau/{fire.id}/dong-y")
    assert waits not in text(town, APPROVER, "/")
    town.post(APPROVER, f"/khan-cap/mau/{fire.id}/bo")
    assert goes in text(town, BOTH, "/")
    assert goes not in text(town, APPROVER, "/")


@pytest.mark.parametrize("drill", [True, False])
def test_the_log_and_the_page_of_reasons_tell_a_drill_from_what_was_real(
    drill: bool, town: Panel, ready: Ready
) -> None:
    where = "/khan-cap/dien-tap" if drill else "/khan-cap/that"
    started = town.post(EDITOR, where, message=f"mau:{ready.message.id}", area="tan-phong", word="THẬT")
    key, now = f"khan-{started.location.rpartition('/')[2]}-1", town.clock.now()
    with town.database.write() as connection:
        [one] = machines.everything(connection)
        said = Airing(f"{key}:0", one.id, key, 0, "Lũ quét", None, now, AiringOutcome.PLAYED, now, now + SECOND, SECOND)
        airings.keep(connection, [said], now)
    asked_for = (now - SECOND).isoformat().replace("+", "%2B")
    for path in ("/nhat-ky", f"/lich/vi-sao?may={one.id}&luc={asked_for}", "/nhat-ky/xuat.csv"):
        shown = text(town, VIEWER, path)
        assert ("Diễn tập" in shown) == drill, path
    assert ("Khẩn cấp" in text(town, VIEWER, "/nhat-ky/xuat.csv")) == (not drill)


def test_a_station_without_messages_is_led_to_where_they_are_made(town: Panel) -> None:
    page = town.browser(EDITOR).get("/khan-cap").get_data(as_text=True)
    assert "Các máy chưa giữ sẵn thông điệp nào" in page
    assert "Chuẩn bị thông điệp mẫu" in page


def test_a_place_without_a_loudspeaker_is_warned_of_before_anything_is_started(town: Panel, ready: Ready) -> None:
    chosen = f"buoc=2&message=mau:{ready.message.id}"
    warning = "Không có loa nào ở nơi này"
    assert warning in text(town, EDITOR, f"/khan-cap/dien-tap?{chosen}&area=doan-ket")
    assert warning not in text(town, EDITOR, f"/khan-cap/dien-tap?{chosen}&area=tan-phong")


@pytest.mark.browser
def test_two_people_start_and_one_stops_by_hand_on_a_phone_and_on_a_desk(
    town: Panel, ready: Ready, chromium: Browser
) -> None:
    with serving(town, chromium) as site:
        phone, desk = site.page(EDITOR, 375, 700), site.page(APPROVER, 1366, 768, scripts=False)
        phone.goto(f"{site.address}/khan-cap")
        phone.get_by_role("link", name="Đề nghị phát khẩn thật").click()
        phone.get_by_label(re.compile("^Lũ quét")).first.check()
        phone.get_by_label(re.compile("^Phường Tân Phong")).first.check()
        look(phone, "khẩn cấp chọn")
        phone.get_by_role("button", name="Tiếp tục").click()
        phone.get_by_label("Gõ chữ THẬT để xác nhận").fill("THẬT")
        look(phone, "khẩn cấp xác nhận")
        phone.get_by_role("button", name="Đề nghị phát khẩn THẬT").click()
        expect(phone.get_by_text("Chưa phát. Hãy gọi một người duyệt khác")).to_be_visible()
        desk.reload()
        desk.get_by_role("link", name="Xem và quyết định").click()
        desk.get_by_role("button", name="Đồng ý, PHÁT KHẨN THẬT ngay").click()
        expect(desk.get_by_text("chưa trả lời")).to_be_visible()
        phone.goto(f"{site.address}/khan-cap")
        look(phone, "khẩn cấp đang phát")
        phone.set_viewport_size({"width": 1366, "height": 768})
        phone.get_by_role("link", name="Xem", exact=True).click()
        look(phone, "khẩn cấp một lần")
        phone.goto(f"{site.address}/khan-cap/mau")
        look(phone, "khẩn cấp mẫu")
        phone.set_viewport_size({"width": 375, "height": 700})
        phone.goto(f"{site.address}/ban-tin")
        phone.get_by_role("button", name="DỪNG").click()
        expect(phone.get_by_text("Đã ra lệnh DỪNG")).to_be_visible()
