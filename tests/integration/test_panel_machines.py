"""Machines in the panel: letting one in, the list and its choices, a machine's page, and bad input on every form."""

import base64
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from domain.machines import Aired, AiringOutcome, Box, Coming
from store import enrolments, machines, plans
from tests.browsing import chromium, serving
from tests.fakes_web import ADMIN, EDITOR, VIEWER, Panel, aired, beat, busy_day, machine
from tests.looking import look

__all__ = ["chromium"]

KEY = base64.b64encode(b"k" * 32).decode()


def text_of(town: Panel, path: str, status: int = 200) -> str:
    answer = town.browser(EDITOR).get(path)
    assert answer.status_code == status, path
    return answer.get_data(as_text=True)


def waiting(town: Panel, area: str = "san-thang", name: str = "Máy bản") -> str:
    office = town.services.office
    return office.enrol(office.new_code(EDITOR, area, name), KEY, "10.0.0.7").machine_id


def names(page: str) -> list[str]:
    return re.findall(r'<a class="row-title" href="/may-phat/[^"]+">([^<]+)<', page)


def test_a_code_is_shown_once_with_its_line_and_a_picture_made_here(town: Panel) -> None:
    page = town.post(EDITOR, "/may-phat/them", name="Máy bản", area="").get_data(as_text=True)
    assert re.search(r"--code ([0-9A-Z]{4}-){3}[0-9A-Z]{4}<", page)
    picture = re.search(r'<div class="qr" role="img" aria-label="[^"]+">(<svg .*?</svg>)</div>', page)
    assert picture is not None
    assert "style=" not in picture[1]
    assert "Đang chờ máy dùng mã" in page


def test_the_page_of_a_code_follows_the_box_until_it_is_in(town: Panel) -> None:
    made = town.services.office.enrolment.new_code(EDITOR, "", "Máy bản")
    piece = f"/may-phat/ma/{made.id}/tinh-trang"
    assert "Đang chờ máy" in text_of(town, piece)
    asked = town.services.office.enrol(made.code, KEY)
    assert f"/may-phat/cho-xac-nhan/{asked.machine_id}" in text_of(town, piece)
    town.services.office.enrolment.confirm(EDITOR, asked.machine_id, "san-thang")
    assert "đã được đồng ý" in text_of(town, piece)


def test_a_code_that_nobody_used_in_time_says_so(town: Panel) -> None:
    made = town.services.office.enrolment.new_code(EDITOR, "", "Máy bản")
    town.clock.go(timedelta(minutes=16))
    assert "hết hạn" in text_of(town, f"/may-phat/ma/{made.id}/tinh-trang")
    text_of(town, "/may-phat/ma/khong-co/tinh-trang", 404)


def test_a_yes_needs_the_fingerprints_compared_a_place_and_a_name(town: Panel) -> None:
    one = waiting(town, area="")
    path = f"/may-phat/cho-xac-nhan/{one}"
    good = {"name": "Máy cổng làng", "area": "san-thang", "compared": "1"}
    for field, bad, words in (
        ("compared", "", "so cả hai vân tay"),
        ("compared", "yes", "so cả hai vân tay"),
        ("area", "", "chọn nơi"),
        ("area", "xa-la", "chọn nơi"),
        ("name", "   ", "đặt tên"),
        ("name", "\x00", "đặt tên"),
    ):
        answer = town.post(EDITOR, path, **{**good, field: bad})
        assert (answer.status_code, words in answer.get_data(as_text=True)) == (422, True), (field, bad)
    with town.database.read() as connection:
        assert machines.everything(connection) == ()
    assert town.post(EDITOR, path, **good).location == f"/may-phat/{one}"
    with town.database.read() as connection:
        assert machines.get(connection, one).name == "Máy cổng làng"
    assert town.post(EDITOR, path, **good).status_code == 409
    assert text_of(town, f"/may-phat/{one}").count("Máy cổng làng") > 1


def test_a_technician_sets_how_loud_a_machine_is_and_bad_numbers_change_nothing(town: Panel) -> None:
    one = machine(town, "Máy chợ", "san-thang", b"v" * 32)
    path = f"/may-phat/{one.id}/am-luong"
    assert town.post(EDITOR, path, gain="−4,5").location == f"/may-phat/{one.id}"
    assert town.post(EDITOR, path).status_code == 422
    for bad, words in (
        ("", "Hãy ghi số dB"),
        ("to lên", "không phải là số"),
        ("7", "từ −30 đến 6 dB"),
        ("-31", "từ −30 đến 6 dB"),
    ):
        answer = town.post(EDITOR, path, gain=bad)
        page = answer.get_data(as_text=True)
        assert (answer.status_code, words in page, f'value="{bad}"' in page) == (422, True, True), bad
    assert town.post(VIEWER, path, gain="0").status_code == 403
    assert town.post(EDITOR, "/may-phat/khong-co/am-luong", gain="0").status_code == 404
    page = text_of(town, f"/may-phat/{one.id}")
    assert 'value="-4,5"' in page
    assert "Đặt âm lượng của máy «Máy chợ»: −4,5 dB (trước là 0,0 dB)." in page
    town.services.office.revoke(EDITOR, one.id)
    assert town.post(EDITOR, path, gain="0").status_code == 409


def test_only_a_technician_is_asked_and_may_answer(town: Panel) -> None:
    one = waiting(town)
    page = town.browser(VIEWER).get(f"/may-phat/cho-xac-nhan/{one}").get_data(as_text=True)
    assert "Đồng ý, cho máy vào" not in page
    answer = {"name": "Máy", "area": "san-thang", "compared": "1"}
    assert town.post(VIEWER, f"/may-phat/cho-xac-nhan/{one}", **answer).status_code == 403
    assert town.post(VIEWER, f"/may-phat/cho-xac-nhan/{one}/tu-choi").status_code == 403
    assert "So vân tay" not in town.browser(VIEWER).get("/may-phat").get_data(as_text=True)
    assert "chờ xác nhận" not in town.browser(VIEWER).get("/").get_data(as_text=True)
    assert "Máy phát chờ xác nhận: Máy bản" in town.browser(ADMIN).get("/").get_data(as_text=True)


def test_a_refused_box_is_gone_from_the_list_and_its_page_says_so(town: Panel) -> None:
    one = waiting(town)
    assert "chờ xác nhận" in text_of(town, "/may-phat")
    assert town.post(EDITOR, f"/may-phat/cho-xac-nhan/{one}/tu-choi").status_code == 303
    assert "chờ xác nhận" not in text_of(town, "/may-phat/bang")
    text_of(town, f"/may-phat/cho-xac-nhan/{one}", 404)
    assert town.post(EDITOR, f"/may-phat/cho-xac-nhan/{one}/tu-choi").status_code == 409


@pytest.mark.parametrize("path", ["/may-phat/khong-co", "/may-phat/khong-co/tinh-trang", "/may-phat/cho-xac-nhan/x"])
def test_what_does_not_exist_is_said_in_a_sentence(town: Panel, path: str) -> None:
    assert "Không" in text_of(town, path, 404) or "không" in text_of(town, path, 404)


@pytest.mark.parametrize(
    "query", ["trang=-1", "trang=9999999999", "trang=x", "t=khong-co", "o=%00", "q=" + quote("é" * 500)]
)
def test_odd_wishes_show_a_list_all_the_same(town: Panel, query: str) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    text_of(town, f"/may-phat?{query}")
    text_of(town, f"/may-phat/bang?{query}")


def fleet(town: Panel) -> None:
    for number, (area, ago) in enumerate((("san-thang", 5), ("san-thang", 60), ("to-2", 5000))):
        one = machine(town, f"Máy {number}", area, bytes([number]) * 32)
        beat(town, one, timedelta(seconds=ago))
    machine(town, "Máy mới", "to-2", b"7" * 32)
    gone = machine(town, "Máy cũ", "to-2", b"8" * 32)
    town.services.office.revoke(EDITOR, gone.id)


def test_the_list_is_chosen_by_area_state_and_name(town: Panel) -> None:
    fleet(town)
    assert names(text_of(town, "/may-phat")) == ["Máy 2", "Máy 1", "Máy mới", "Máy 0"]
    assert names(text_of(town, "/may-phat?t=mat-ket-noi")) == ["Máy 2"]
    assert names(text_of(town, "/may-phat?t=tre")) == ["Máy 1"]
    assert names(text_of(town, "/may-phat?t=da-thu-hoi")) == ["Máy cũ"]
    assert names(text_of(town, "/may-phat?o=tan-phong")) == ["Máy 1", "Máy 0"]
    assert names(text_of(town, "/may-phat?o=doan-ket&t=mat-ket-noi")) == ["Máy 2"]
    assert names(text_of(town, "/may-phat?q=m%C3%A1y+m%E1%BB%9Bi")) == ["Máy mới"]
    assert names(text_of(town, "/may-phat?q=may+moi")) == ["Máy mới"]
    assert "Không có máy nào như vậy" in text_of(town, "/may-phat?q=khong")


def test_a_long_list_comes_in_pages_that_keep_the_wish(town: Panel) -> None:
    with town.database.write() as connection:
        for number in range(90):
            key = base64.b64encode(number.to_bytes(32, "big")).decode()
            one = machines.Machine(f"may-{number:03}", f"Máy {number:03}", "san-thang", key, town.clock.now())
            machines.add(connection, one)
    first, last = text_of(town, "/may-phat?o=tan-phong"), text_of(town, "/may-phat?o=tan-phong&trang=99")
    assert (len(names(first)), names(last)[-1]) == (40, "Máy 089")
    assert 'href="/may-phat?o=tan-phong&amp;trang=2"' in first
    assert "3/3" in last


def test_many_machines_with_one_trouble_are_told_as_one_matter(town: Panel) -> None:
    for number in range(6):
        beat(town, machine(town, f"Máy {number}", "san-thang", bytes([number]) * 32), timedelta(hours=1))
    page = text_of(town, "/")
    assert "6 máy phát mất kết nối" in page
    assert "Máy 0, Máy 1, Máy 2 và 3 máy khác." in page
    banner = text_of(town, "/hom-nay/may-phat")
    assert re.search(r'href="/may-phat\?t=mat-ket-noi"><span class="num">6</span> mất kết nối', banner)


def test_a_fleet_that_is_well_has_no_banner(town: Panel) -> None:
    beat(town, machine(town, "Máy", "san-thang", b"1" * 32))
    assert text_of(town, "/hom-nay/may-phat").strip() == ""


def test_a_machines_page_tells_what_comes_what_came_and_how_the_box_is(town: Panel) -> None:
    busy_day(town)
    with town.database.read() as connection:
        one = next(m for m in machines.everything(connection) if m.name == "Máy phát bản San Thàng")
        ahead = plans.slots(connection, town.clock.now(), town.clock.now() + timedelta(days=1), one.id)
    box = Box(85.2, 32 * 10**9, timedelta(days=3, hours=4), "mạng di động", "Debian 12", "3.11.7")
    beat(town, one, box=box, running=timedelta(hours=5, minutes=2), clock_trusted=False, clips_held=3)
    aired(town, one, ahead[0], AiringOutcome.MISSED, "Mất điện")
    page = text_of(town, f"/may-phat/{one.id}")
    for words in (
        ahead[0].title,
        "Không phát" if ahead[0].refusal else "Sắp phát ở đây",
        "không phát",
        "Mất điện.",
        "85,2 °C",
        "quá nóng",
        "mạng di động",
        "3 ngày 4 giờ",
        "chạy liên tục 5 giờ 2 phút",
        "chưa tin được",
        "còn thiếu 1 tệp",
        "Xác nhận đã so vân tay, cho máy",
        "Lò Thị Mai",
    ):
        assert words in page, words


def test_a_machine_that_checks_its_clips_after_a_start_says_so_and_lacks_none(town: Panel) -> None:
    one = machine(town, "Máy", "san-thang", b"1" * 32)
    beat(town, one, clips_held=1, clips_needed=4, clips_checking=3)
    assert "đang kiểm sau khi khởi động, xong 1/4 tệp" in text_of(town, f"/may-phat/{one.id}")
    assert "4/4 đang kiểm, xong 1" in text_of(town, "/may-phat")
    for path in ("/may-phat", f"/may-phat/{one.id}", "/"):
        assert "còn thiếu" not in text_of(town, path)
    beat(town, one, clips_held=1, clips_needed=4, clips_checking=2)
    assert "còn thiếu 1 tệp" in text_of(town, f"/may-phat/{one.id}")


def test_a_machine_without_a_sound_device_is_no_machine_that_is_well(town: Panel) -> None:
    one = machine(town, "Máy", "san-thang", b"1" * 32)
    beat(town, one, stand_in=True)
    for path in ("/may-phat", f"/may-phat/{one.id}"):
        assert "không có thiết bị âm thanh, loa không kêu" in text_of(town, path)
    assert "không thấy thiết bị âm thanh" not in text_of(town, "/"), "the example station is heard through files"
    with town.database.write() as connection:
        connection.exec_driver_sql("UPDATE station SET example = 0")
    assert "Máy: không thấy thiết bị âm thanh" in text_of(town, "/")


def test_a_piece_that_is_the_same_is_not_sent_again(town: Panel) -> None:
    one = machine(town, "Máy", "san-thang", b"1" * 32)
    for path in (f"/may-phat/{one.id}/tinh-trang", "/may-phat/bang", "/hom-nay/may-phat"):
        first = town.browser(EDITOR).get(path)
        again = town.browser(EDITOR).get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)


def test_what_a_machine_says_is_shown_as_text_and_nothing_else(town: Panel) -> None:
    evil = "<script>alert(1)</script>"
    one = machine(town, evil, "san-thang", b"1" * 32)
    at = town.clock.now()
    box = Box(network=evil, system=evil, python=evil)
    beat(
        town, one, fault=evil, sink=evil, box=box, coming=Coming(evil, at, ready=True), aired=Aired(evil, at, "played")
    )
    for path in ("/", "/may-phat", f"/may-phat/{one.id}"):
        assert evil not in text_of(town, path)


def test_guesses_are_kept_for_the_one_who_looks(town: Panel) -> None:
    client = town.visitor()
    assert client.post("/api/v1/enrol", json={"code": "SAI", "public_key": KEY}).status_code == 401
    with town.database.read() as connection:
        ((act, _who),) = enrolments.acts(connection, [enrolments.NOBODY])
    assert act.address == "127.0.0.1"


@pytest.mark.parametrize(("width", "height"), [(375, 700), (1366, 768)])
def test_a_technician_lets_a_box_in_with_a_phone(town: Panel, chromium: Browser, width: int, height: int) -> None:
    busy_day(town)
    with serving(town, chromium) as served:
        page = served.page(EDITOR, width, height)
        page.goto(served.address + "/may-phat")
        look(page, "may phat")
        page.get_by_label("Tên máy").last.fill("Máy phát bản Gia Khâu")
        page.get_by_role("button", name="Lấy mã ghép máy").click()
        page.get_by_text("Quét bằng mã QR").click()
        if width < 1000:
            look(page, "ma ghep may")
        code = page.locator("#ma").inner_text()
        town.services.office.enrol(code, KEY, "10.20.30.40")
        page.get_by_role("link", name="So vân tay").click()
        page.get_by_role("button", name="Đồng ý, cho máy vào").click()
        expect(page.get_by_text("Hãy so cả hai vân tay")).to_be_visible()
        if width < 1000:
            look(page, "so van tay thieu")
        page.get_by_label("Máy phục vụ nơi nào").select_option("san-thang")
        page.get_by_label("Tôi đã so cả hai vân tay").check()
        page.get_by_role("button", name="Đồng ý, cho máy vào").click()
        expect(page.get_by_role("heading", name="Máy phát bản Gia Khâu")).to_be_visible()
        page.goto(served.address + "/may-phat?t=hoat-dong")
        page.locator("a.row-title").first.click()
        page.get_by_text("Thu hồi máy này").click()
        look(page, "mot may")
        served.wrong[:] = [said for said in served.wrong if "422" not in said]
