"""The pages of the plan in real Chromium: open to all, no sideways scroll, a live length, and no script needed."""

import re
import shutil
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from audio_library.intake import take_in
from audio_library.library import Library
from scheduler.seeding import seed_dayparts, seed_holidays
from store import timetable
from tests.fakes import need_tool
from tests.fakes_web import EDITOR, Panel, busy_day, panel
from web.server import address_of, make_server

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    need_tool(path is not None, "Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Served:
    """A panel behind the real server, and what its pages complained of."""

    def __init__(self, town: Panel, address: str, browser: Browser) -> None:
        self.town, self.address, self.browser = town, address, browser
        self.wrong: list[str] = []

    def page(self, width: int = 1366, height: int = 768, *, scripts: bool = True) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale="vi-VN", java_script_enabled=scripts
        )
        page = context.new_page()
        page.on("console", lambda said: self.wrong.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.goto(self.address + self.town.sign_in_line(EDITOR))
        page.get_by_role("button", name=re.compile("^Vào với tên")).click()
        expect(page.get_by_role("heading", name=re.compile("Hôm nay"))).to_be_visible()
        return page


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Served]:
    with panel(tmp_path) as town:
        busy_day(town)
        with town.database.write() as connection:
            seed_dayparts(connection)
            seed_holidays(connection, date(2026, 11, 23))
        Library(town.database, town.clock, town.blobs, take_in).stock()
        server = make_server(town.app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve)
        thread.start()
        one = Served(town, address_of(server), chromium)
        try:
            yield one
        finally:
            for context in chromium.contexts:
                context.close()
            server.stop()
            thread.join()
        assert one.wrong == []


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_every_page_of_the_plan_is_open_to_all_and_fits_the_screen(served: Served, width: int, height: int) -> None:
    page = served.page(width, height)
    for path in PATHS:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(served.address + path)
        whole = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": max(height, whole)})  # no bar half covers a target
        found = Axe().run(page, options={"runOnly": TAGS})
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= seen, f"{path} scrolls sideways: {wide} > {seen}"


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
    page = served.page(375, 700, scripts=False)
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
