"""Today, the timetable, the machines, the log and the campaign, on a day as operators know it."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.machines import AiringOutcome
from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from player.trust import fingerprint
from scheduler.planning import replan
from store import machines, station, timetable
from tests.fakes_web import APPROVER, EDITOR, VIEWER, Panel, aired, beat, busy_day, machine, panel
from web.context import EXTENSION
from web.services import VoiceHealth


def text_of(town: Panel, path: str, user=VIEWER) -> str:
    return town.browser(user).get(path).get_data(as_text=True)


def rules(town: Panel):
    with town.database.read() as connection:
        return list(timetable.rules(connection).values())


def test_today_shows_what_sounds_and_what_comes(town: Panel) -> None:
    busy_day(town)
    page = text_of(town, "/")
    assert "Thứ hai, 23/11/2026" in page
    assert "Đài mẫu phát được cả ngày" in page
    air = page[page.index("Đang phát") : page.index("Sáu giờ tới")]
    assert "Dịch vụ công trực tuyến: nộp hồ sơ tại nhà" in air
    assert "Máy phát bản San Thàng" in air
    assert "bắt đầu 09:29:00" in air
    coming = page[page.index("Sáu giờ tới") :]
    assert ">11:15</time>" in coming
    assert "Sẽ không phát:" in coming


def test_what_sounds_is_polled_cheaply_and_changes_when_it_ends(town: Panel) -> None:
    busy_day(town)
    client = town.browser(VIEWER)
    first = client.get("/hom-nay/dang-phat")
    assert client.get("/hom-nay/dang-phat", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    town.clock.go(timedelta(minutes=10))
    later = client.get("/hom-nay/dang-phat", headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200
    assert "Hiện không có gì đang phát" in later.get_data(as_text=True)


def test_a_poll_after_the_session_ended_is_told_so_and_not_sent_to_another_page(town: Panel) -> None:
    client = town.browser(VIEWER)
    town.clock.go(timedelta(days=2))
    answer = client.get("/hom-nay/dang-phat", headers={"TL-Fragment": "1"})
    assert answer.status_code == 401
    assert answer.get_json()["error"]


def test_what_people_stopped_of_an_emergency_is_no_chore_and_what_a_machine_lacked_is(town: Panel) -> None:
    one, then = machine(town, "Máy bản", "san-thang", b"9" * 32), town.clock.now() - timedelta(minutes=5)
    reasons = {"Lũ quét": "Đã có lệnh DỪNG", "Sạt lở": "Máy chưa có âm thanh của thông điệp khẩn"}
    for number, (title, reason) in enumerate(reasons.items()):
        items = (PlannedItem(title, "a" * 64, timedelta(seconds=8)),)
        slot = Slot(f"khan-{number}-1", one.id, then, title, Priority.EMERGENCY, LatePolicy.SKIP, timedelta(), items)
        aired(town, one, slot, AiringOutcome.MISSED, reason)
    page = text_of(town, "/")
    assert "Không phát lúc 09:25: Sạt lở" in page
    assert "Lũ quét" not in page
    assert "Lũ quét" in text_of(town, "/nhat-ky")


def test_what_needs_a_person_is_listed_worst_first_with_one_button_each(tmp_path: Path) -> None:
    voices = (VoiceHealth("Google", False, False, "Không kết nối được."), VoiceHealth("eSpeak NG", True, True))
    with panel(tmp_path, voices=voices) as town:
        busy_day(town)
        found = re.findall(r'matter-title">([^<]+)<', text_of(town, "/", APPROVER))
        assert found[0].startswith("Máy phát phường Tân Phong: Không mở được thiết bị âm thanh")
        for words in ("mất kết nối từ 08:53", "Chưa làm được âm thanh", "Chờ duyệt", "Không phát lúc 06:00", "Google"):
            assert any(words in one for one in found), words
        assert not any("eSpeak" in one for one in found)
        assert not any("Chờ duyệt" in one for one in re.findall(r'matter-title">([^<]+)<', text_of(town, "/", VIEWER)))


def test_a_quiet_day_says_that_nothing_waits(town: Panel) -> None:
    page = text_of(town, "/")
    assert "Không có việc nào đang chờ" in page
    assert "Chưa ghép máy phát nào" in page


def test_the_week_of_an_area_is_what_its_machines_will_sound(town: Panel) -> None:
    busy_day(town)
    page = text_of(town, "/lich?area=san-thang")
    table = page[page.index('<table class="week"') : page.index("</table>")]
    assert table.count(">06:00</time> <span>Bản tin sáng</span>") == 7
    assert table.count(">11:15</time> <span>Bản tin sáng</span>") == 7
    assert "Thứ hai" in table
    elsewhere = text_of(town, "/lich?area=to-2")
    assert ">11:15</time>" not in elsewhere
    assert "30/11/2026" in text_of(town, "/lich?area=san-thang&day=2026-11-30")
    for strange in ("area=khong-co", "day=abc", "day=0001-01-01", "day=9999-12-31"):
        assert town.browser(VIEWER).get(f"/lich?{strange}").status_code == 200


def test_a_session_is_added_for_one_day_and_shown(town: Panel) -> None:
    bulletin_id = town.produced()
    form = town.browser(EDITOR).get(f"/lich/moi?bulletin={bulletin_id}").get_data(as_text=True)
    assert re.search(rf'value="{bulletin_id}" checked', form)
    assert 'value="Giờ làm việc mới"' in form
    answer = town.post(
        EDITOR,
        "/lich/moi",
        name="Buổi trưa",
        bulletin=bulletin_id,
        area="tan-phong",
        kind="once",
        day="24/11/2026",
        times="11h30 17:15:30",
        priority="PRIORITY",
    )
    assert answer.status_code == 303
    (rule,) = rules(town)
    assert [one.isoformat() for one in rule.times] == ["11:30:00", "17:15:30"]
    page = town.browser(EDITOR).get(answer.location).get_data(as_text=True)
    assert ">11:30</time> <span>Buổi trưa</span>" in page
    assert "ưu tiên" in page


def added(town: Panel, name: str, area: str = "san-thang", times: str = "11:30", **more: str) -> str:
    """Add a session for the 24th, and return what the next page tells."""
    fields = {"name": name, "bulletin": town.produced(name), "area": area, "day": "24/11/2026", "times": times}
    answer = town.post(EDITOR, "/lich/moi", **{**fields, **more})
    assert answer.status_code == 303
    page = town.browser(EDITOR).get(answer.location).get_data(as_text=True)
    return re.search(r'class="note note-(?:good|warn)".*?</div>', page, re.DOTALL)[0]


def test_areas_without_a_machine_are_marked_and_the_only_machine_is_chosen(town: Panel) -> None:
    assert text_of(town, "/lich/moi", EDITOR).count("chưa có máy phát") == 5
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    form = text_of(town, "/lich/moi", EDITOR)
    assert re.findall(r'name="area" id="[^"]+" value="([^"]+)" checked', form) == ["san-thang"]
    bare = re.findall(r'for="area-([^"]+)">[^<]+<span[^>]*>[^<]+ · chưa có máy phát<', form)
    assert bare == ["doan-ket", "to-2"]
    machine(town, "Máy tổ", "to-2", b"8" * 32)
    form = text_of(town, "/lich/moi", EDITOR)
    assert "chưa có máy phát" not in form
    assert not re.findall(r'name="area" id="[^"]+" value="[^"]+" checked', form)


def test_a_session_where_no_machine_stands_is_told_so(town: Panel) -> None:
    gone = machine(town, "Máy cũ", "to-2", b"8" * 32)
    town.services.office.revoke(EDITOR, gone.id)
    told = added(town, "Trưa", "doan-ket")
    assert "note-warn" in told
    assert "chưa có máy phát nên ở đó chưa có gì phát lên: Phường Đoàn Kết." in told
    assert "trong ít giây" not in told


def test_a_session_that_will_sound_is_told_so(town: Panel) -> None:
    one = machine(town, "Máy bản", "san-thang", b"9" * 32)
    told = added(town, "Trưa", "tan-phong")
    assert "note-good" in told
    assert "Máy phát sẽ nhận lịch mới trong ít giây" in told
    beat(town, one, timedelta(minutes=37))
    assert "chỉ nhận lịch mới khi có mạng lại: Máy bản." in added(town, "Chiều", times="15:00")


def asked(town: Panel, name: str, times: str, **more: str) -> tuple[dict[str, str], int, str]:
    """Ask for a session on the 24th; return the fields that were sent, the status and the text of the answer."""
    fields = {"name": name, "bulletin": town.produced(name), "area": "san-thang", "day": "24/11/2026", "times": times}
    answer = town.post(EDITOR, "/lich/moi", **fields, **more)
    return fields, answer.status_code, answer.get_data(as_text=True)


def test_a_clash_of_equals_is_told_before_saving_and_offers_a_way_out(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    added(town, "Trưa")
    fields, status, page = asked(town, "Chen", "11:31")
    assert status == 409
    assert "«Chen» lúc 11:31" in page
    assert "trùng với «Trưa»" in page
    assert "Vẫn lưu" not in page
    assert len(rules(town)) == 1
    offer = re.search(r'name="offer" value="(move[^"]+)"', page)[1]
    assert town.post(EDITOR, "/lich/moi", **fields, offer=offer).status_code == 303
    assert sorted(one.times[0].isoformat() for one in rules(town)) == ["11:30:00", "11:35:00"]


def test_a_higher_session_may_be_saved_over_a_lower_one_once_it_was_looked_at(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    added(town, "Trưa")
    fields, status, page = asked(town, "Gấp", "11:30", priority="PRIORITY")
    assert status == 409
    assert "«Trưa» lúc 11:30" in page
    seal = re.search(r'name="anyway" value="([^"]+)"', page)[1]
    assert town.post(EDITOR, "/lich/moi", **fields, priority="PRIORITY", anyway="khác").status_code == 409
    assert town.post(EDITOR, "/lich/moi", **fields, priority="PRIORITY", anyway=seal).status_code == 303
    page = text_of(town, "/lich?area=san-thang&day=2026-11-24")
    assert "Không phát: trùng với «Gấp» lúc 11:30." in page


@pytest.mark.parametrize(("start", "status"), [("31/12/9999", 422), ("01/01/0001", 303)])
def test_a_first_day_at_the_end_of_the_calendar_breaks_nothing(town: Panel, start: str, status: int) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    fields = {"name": "Sáng", "bulletin": town.produced(), "area": "san-thang", "times": "05:30"}
    answer = town.post(EDITOR, "/lich/moi", **fields, kind="weekly", weekday="1", valid_from=start)
    assert answer.status_code == status


def test_a_day_that_is_full_is_told_and_takes_no_more(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    with town.database.write() as connection:
        station.set_policy(connection, replace(station.get(connection).policy, sessions_per_day=1))
    added(town, "Trưa")
    _, status, page = asked(town, "Chiều", "15:00")
    assert status == 409
    assert re.search(r"«Chiều» lúc 15:00 [^<]*quá mức 1 buổi mỗi ngày", page)
    assert "Vẫn lưu" not in page
    assert len(rules(town)) == 1


def test_a_minute_from_now_is_one_press(town: Panel) -> None:
    town.post(EDITOR, "/lich/moi", name="Thử", bulletin=town.produced(), area="san-thang", kind="weekly", soon="1")
    (rule,) = rules(town)
    assert [one.isoformat() for one in rule.times] == ["09:31:00"]
    assert [one.isoformat() for one in rule.dates] == ["2026-11-23"]
    assert not rule.weekdays


def test_a_weekly_session_keeps_its_days_and_its_span(town: Panel) -> None:
    town.post(
        EDITOR,
        "/lich/moi",
        name="Sáng",
        bulletin=town.produced(),
        area=["tan-phong", "doan-ket"],
        kind="weekly",
        weekday=["1", "5"],
        times="5:30",
        valid_from="01/12/2026",
        valid_until="31/12/2026",
    )
    page = text_of(town, "/lich")
    assert "thứ hai và thứ sáu, từ 01/12/2026 đến hết 31/12/2026" in page
    assert "Phường Tân Phong và Phường Đoàn Kết" in page


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"name": " "}, "name", "Hãy đặt tên"),
        ({"name": "d" * 300}, "name", "Tên buổi phát dài quá"),
        ({"bulletin": ""}, "bulletin", "ít nhất một bản tin"),
        ({"day": "01/01/2090"}, "day", "quá xa"),
        ({"area": "khong-co"}, "area", "ít nhất một địa bàn"),
        ({"times": "25:00"}, "times", "không phải là giờ phát"),
        ({"times": ""}, "times", "kiểu 24 giờ"),
        ({"times": "06:00"}, "times", "đều đã qua"),
        ({"times": "23:00"}, "times", "giờ yên tĩnh"),
        ({"day": "32/01/2027"}, "day", "không phải là ngày"),
        ({"day": ""}, "day", "Hãy ghi ngày phát"),
        ({"kind": "weekly"}, "weekday", "ít nhất một thứ"),
    ],
)
def test_a_session_that_cannot_be_is_refused_at_its_field_with_all_kept(
    town: Panel, changed: dict[str, str], field: str, sentence: str
) -> None:
    fields = {
        "name": "Buổi trưa",
        "bulletin": town.produced(),
        "area": "san-thang",
        "kind": "once",
        "day": "23/11/2026",
        "times": "11:30",
        **changed,
    }
    answer = town.post(EDITOR, "/lich/moi", **fields)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-problem">.*?{sentence}', text, re.DOTALL)
    if field != "area":
        assert re.search(r'value="san-thang" checked', text)
    assert not rules(town)


def test_a_rule_is_stopped_and_resumed(town: Panel) -> None:
    busy_day(town)
    rule = rules(town)[0]
    assert town.post(VIEWER, f"/lich/{rule.id}/dung").status_code == 403
    assert town.post(EDITOR, f"/lich/{rule.id}/dung").status_code == 303
    assert "đã dừng" in text_of(town, "/lich")
    assert town.post(EDITOR, f"/lich/{rule.id}/phat-lai").status_code == 303
    assert "đã dừng" not in text_of(town, "/lich")
    assert town.post(EDITOR, "/lich/khong-co/dung").status_code == 404


def test_machines_are_told_in_words_the_worst_first(town: Panel) -> None:
    busy_day(town)
    page = text_of(town, "/may-phat")
    names = re.findall(r'<a class="row-title" href="/may-phat/[^"]+">([^<]+)<', page)
    assert names[-1] == "Máy phát bản San Thàng"
    for words in (
        "hoạt động",
        "mất kết nối",
        "hỏng",
        "12 giây trước",
        "37 phút trước",
        "3/4",
        "nhanh 4,2 giây",
        "12,4 GB",
    ):
        assert words in page
    one = re.search(r'href="(/may-phat/[0-9a-f-]{8,})"', page)
    assert one is not None
    assert "Thu hồi máy này" not in text_of(town, one[1], VIEWER)
    assert "Thu hồi máy này" in text_of(town, one[1], EDITOR)


def test_a_new_machine_gets_a_code_and_the_line_to_type(town: Panel) -> None:
    answer = town.post(EDITOR, "/may-phat/them", name="Máy bản mới", area="san-thang")
    text = answer.get_data(as_text=True)
    code = re.search(r"<code>([A-Z0-9]{4}(?:-[A-Z0-9]{4}){3})</code>", text)[1]
    typed = re.sub("</?span[^>]*>", "", text)
    assert f"tiengloa machine enrol --server http://localhost --code {code}" in typed
    assert "đến 09:45 thì hết hạn" in text
    assert town.services.office.enrol(code, "A" * 43 + "=").machine_name == "Máy bản mới"


def test_the_line_to_type_names_the_address_that_was_set(town: Panel) -> None:
    set_one = replace(town.services, public_address="https://loa.example.vn")
    town.app.extensions[EXTENSION] = set_one
    text = town.post(EDITOR, "/may-phat/them", name="Máy", area="san-thang").get_data(as_text=True)
    typed = re.sub("</?span[^>]*>", "", text)
    assert "tiengloa machine enrol --server https://loa.example.vn --code" in typed
    assert "http://localhost" not in text


@pytest.mark.parametrize(("name", "area", "sentence"), [("", "san-thang", "đặt tên"), ("Máy", "xa-la", "nơi đặt máy")])
def test_a_machine_needs_a_name_and_a_place(town: Panel, name: str, area: str, sentence: str) -> None:
    answer = town.post(EDITOR, "/may-phat/them", name=name, area=area)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert town.post(VIEWER, "/may-phat/them", name="Máy", area="san-thang").status_code == 403


def test_the_fingerprints_are_those_that_the_machine_prints(town: Panel) -> None:
    one = machine(town, "Máy bản", "san-thang", b"9" * 32)
    assert f">{fingerprint(b'9' * 32)}</dd>" in text_of(town, f"/may-phat/{one.id}")
    assert f">{fingerprint(bytes(32))}</code>" in text_of(town, "/may-phat")


def test_a_machine_is_revoked_in_one_press(town: Panel) -> None:
    one = machine(town, "Máy cũ", "san-thang", b"9" * 32)
    beat(town, one)
    assert town.post(VIEWER, f"/may-phat/{one.id}/thu-hoi").status_code == 403
    assert town.post(EDITOR, f"/may-phat/{one.id}/thu-hoi").status_code == 303
    told = text_of(town, f"/may-phat/{one.id}", EDITOR)
    assert "đã thu hồi" in told
    assert "dừng trong vòng hai phút" in told
    assert "hãy đến tận nơi tắt máy" in told
    with town.database.read() as connection:
        assert machines.get(connection, one.id).revoked_at is not None


def test_the_log_puts_the_plan_beside_what_sounded(town: Panel) -> None:
    ids = busy_day(town)
    page = text_of(town, "/nhat-ky")
    for words in ("06:00:00,007", "trễ 7 ms", "đã phát", "đang phát", "không phát", "chưa có báo cáo", "chờ phát"):
        assert words in page
    assert "mức −18,2 dBFS" in page
    assert "có nghe thấy" in page
    alone = text_of(town, f"/nhat-ky?machine={ids['machine']}")
    assert "chưa có báo cáo" not in alone
    assert "Ngày này không có buổi phát nào" in text_of(town, "/nhat-ky?day=01/01/2026")
    assert "không phải là ngày" in text_of(town, "/nhat-ky?day=hom-qua")


def test_the_log_goes_out_as_a_sheet_that_opens_with_the_right_letters(town: Panel) -> None:
    busy_day(town)
    answer = town.browser(VIEWER).get("/nhat-ky/xuat.csv?day=2026-11-23")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "nhat-ky-2026-11-23.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    first = next(row for row in rows if row["Kết quả"] == "đã phát")
    assert (first["Giờ theo lịch"], first["Chênh lệch (ms)"]) == ("06:00:00", "7")
    assert first["Thời lượng đã phát (giây)"] == "95,0"
    assert (first["Mức âm (dBFS)"], first["Đỉnh (dBFS)"]) == ("−18,20", "−1,50")


def test_a_title_cannot_become_a_formula_in_the_sheet(town: Panel) -> None:
    one = machine(town, "=1+1", "san-thang", b"7" * 32)
    bulletin_id = town.produced('=HYPERLINK("http://ngoai.vn")')
    town.post(EDITOR, "/lich/moi", name="@b", bulletin=bulletin_id, area="san-thang", soon="1")
    replan(town.database, town.clock.now())
    text = town.browser(VIEWER).get(f"/nhat-ky/xuat.csv?machine={one.id}").get_data(as_text=True)
    (row,) = list(csv.reader(io.StringIO(text)))[1:]
    assert row[4:7] == ["'=1+1", "'@b", '\'=HYPERLINK("http://ngoai.vn")']


def test_the_campaign_tells_who_does_what_on_which_ground(town: Panel) -> None:
    page = text_of(town, "/ke-hoach")
    for words in (
        "69/KH-UBND",
        "09/01/2023",
        "Dịch vụ công trực tuyến",
        "Phòng Nội vụ",
        "Quý I",
        "loa truyền thanh không dây",
    ):
        assert words in page
    assert "/ban-tin/moi?topic=dvc" in text_of(town, "/ke-hoach", EDITOR)
