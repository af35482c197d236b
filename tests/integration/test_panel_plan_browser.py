"""The pages of the plan in real Chromium: open to all, no sideways scroll, a live length, and no script needed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from audio_library.intake import take_in
from audio_library.library import Library
from scheduler.seeding import seed_dayparts, seed_holidays
from store import calendar, timetable
from tests.browsing import Served, chromium, serving
from tests.fakes_web import EDITOR, busy_day, panel
from tests.looking import look

__all__ = ("chromium",)
PATHS = (
    "/lich/ngay",
    "/lich/ngay/moi",
    "/lich/ngay/vn-2027-02-06",
    "/lich/chinh-sach",
    "/lich/chinh-sach/khoang-lang/moi",
    "/chuong-trinh",
    "/chuong-trinh/moi",
    "/kho",
    "/dia-ban",
    "/dia-ban/moi",
    "/dia-ban/tan-phong",
)


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Served]:
    with panel(tmp_path) as town:
        busy_day(town)
        with town.database.write() as connection:
            seed_dayparts(connection)
            seed_holidays(connection, date(2026, 11, 23))
        Library(town.database, town.clock, town.blobs, take_in).stock()
        with serving(town, chromium) as one:
            yield one


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_every_page_of_the_plan_is_open_to_all_and_fits_the_screen(served: Served, width: int, height: int) -> None:
    page = served.page(EDITOR, width, height)
    for path in PATHS:
        page.goto(served.address + path)
        look(page, path)


@pytest.mark.browser
def test_the_length_follows_the_choosing(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/chuong-trinh/moi")
    page.get_by_label("Âm thanh trong kho").select_option(label="Nhạc hiệu có sẵn (00:04)")
    page.get_by_label("Bản tin", exact=True).select_option(label="Dịch vụ công trực tuyến: nộp hồ sơ tại nhà")
    expect(page.locator("[data-whole]")).to_have_text("1 phút 39 giây")
    page.get_by_label("Chỗ trong lịch").fill("1:00")
    expect(page.locator("#do-dai")).to_contain_text("dài hơn chỗ 39 giây")
    expect(page.locator("[data-item-length='1']")).to_have_text("1 phút 35 giây")


@pytest.mark.browser
def test_a_programme_is_put_together_and_ordered_without_scripts(served: Served) -> None:
    page = served.page(EDITOR, 375, 700, scripts=False)
    page.goto(f"{served.address}/chuong-trinh/moi")
    page.get_by_label("Tên chương trình").fill("Không có mã chạy")
    page.get_by_label("Âm thanh trong kho").select_option(index=1)
    page.get_by_label("Bản tin", exact=True).select_option(index=1)
    page.get_by_label("Thêm mục").select_option(label="Khoảng nghỉ")
    page.get_by_role("button", name="Thêm", exact=True).click()
    page.get_by_label("Dài (phút:giây)").fill("0:10")
    page.get_by_role("button", name="Lên mục 3").click()
    page.get_by_role("button", name="Lên mục 2").click()
    page.get_by_role("button", name="Lưu chương trình").click()
    expect(page.locator("main")).to_contain_text("Đã lưu chương trình")
    with served.town.database.read() as connection:
        made = next(one for one in timetable.programmes(connection).values() if one.name == "Không có mã chạy")
    assert [one.kind.value for one in made.items] == ["pause", "ident", "bulletin"]


@pytest.mark.browser
def test_a_preset_is_looked_at_and_saved_in_two_presses(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/lich/chinh-sach")
    page.get_by_role("button", name="Đô thị").click()
    expect(page.get_by_role("heading", name="Nếu lưu")).to_be_visible()
    page.get_by_role("button", name="Lưu chính sách").click()
    expect(page.locator("main")).to_contain_text("Đã lưu chính sách phát")
    expect(page.get_by_label("Số buổi mỗi ngày")).to_have_value("2")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_moving_and_ending_a_place_ask_on_a_page_open_to_all(served: Served, width: int, height: int) -> None:
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/dia-ban/san-thang")
    page.get_by_label("Thuộc").select_option(label="\u00a0\u00a0Phường Đoàn Kết")
    page.get_by_role("button", name="Lưu", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Sẽ thôi phát nếu lưu")
    look(page, "dia-ban-chuyen")
    page.get_by_role("button", name="Vẫn lưu").click()
    expect(page.get_by_text("Đã lưu «Bản San Thàng»")).to_be_visible()
    page.goto(f"{served.address}/dia-ban/doan-ket")
    page.get_by_text("Sáp nhập, chia tách hoặc giải thể").click()
    page.get_by_label("Ngày cuối cùng còn địa bàn này").fill("22/11/2026")
    page.get_by_label("Phường Tân Phong").check()
    page.get_by_role("button", name="Ghi ngày kết thúc").click()
    expect(page.get_by_text("Sẽ phát trở lại hoặc phát thêm")).to_be_visible()
    look(page, "dia-ban-ket-thuc")
    page.get_by_role("button", name="Vẫn ghi ngày kết thúc").click()
    expect(page.get_by_text("Đã ghi ngày kết thúc của «Phường Đoàn Kết»")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_a_daypart_that_another_person_changed_is_kept_as_typed(served: Served, width: int, height: int) -> None:
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/lich/ngay")
    with served.town.database.write() as connection:
        held = calendar.dayparts(connection)[0]
        calendar.put_daypart(connection, replace(held, winter=time(6, 6)))
    page.locator(f"#he-{held.id}").fill("04:44")
    page.locator(f"#he-{held.id}").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("vừa được người khác sửa")
    expect(page.locator(f"#he-{held.id}")).to_have_value("04:44")
    look(page, "khung-gio-da-doi")
    served.wrong[:] = [said for said in served.wrong if "409" not in said]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_a_relay_says_when_machines_sound_its_stand_in(served: Served, width: int, height: int) -> None:
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/chuong-trinh/moi")
    page.get_by_label("Thêm mục").select_option(label="Tiếp âm")
    page.get_by_role("button", name="Thêm", exact=True).click()
    page.get_by_label("Dài cố định").fill("30:00")
    page.get_by_label("Âm thanh thay thế khi nguồn không có tiếng").select_option(label="Nhạc hiệu có sẵn (00:04)")
    page.get_by_role("button", name="Thêm", exact=True).click()
    expect(page.get_by_text("Máy phát tự thu nguồn này đúng giờ")).to_be_visible()
    expect(page.get_by_text("Khi nguồn mất tiếng 5 giây")).to_be_visible()
    look(page, "tiep-am")
