"""The panel in real Chromium: open to all, no sideways scroll, a silent console, and scripts that work."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from domain.errors import BusyError, NotAllowedError
from store import jobs
from tests.browsing import Served, chromium, serving
from tests.fakes_web import APPROVER, EDITOR, busy_day, panel
from tests.looking import look
from web.server import make_server, serve

__all__ = ("chromium",)


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Served]:
    with panel(tmp_path) as town, serving(town, chromium) as one:
        yield one


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_every_page_is_open_to_all_and_fits_the_screen(served: Served, width: int, height: int) -> None:
    ids = busy_day(served.town)
    page = served.page(EDITOR, width, height)
    paths = ["/", "/ban-tin", "/ban-tin/moi", "/lich?area=san-thang", "/lich/moi", "/may-phat", "/nhat-ky", "/ke-hoach"]
    paths += [f"/ban-tin/{ids[name]}" for name in ("draft", "submitted", "produced", "backup", "failed")]
    at = f"/lich/vi-sao?may={ids['machine']}&luc=2026-11-23T06:00:00"
    paths += ["/lich/vi-sao", at, "/lich/nghe-truoc"]
    for path in (*paths, "/tai-khoan", "/dang-nhap"):
        page.goto(served.address + path)
        look(page, path)


@pytest.mark.browser
def test_the_reading_follows_the_typing_and_a_doubt_is_settled_with_enter(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/moi")
    page.get_by_label("Tiêu đề").fill("Tin thử")
    page.get_by_label("Nội dung").fill("Về CCHC và QWZX.")
    expect(page.locator("#doc")).to_contain_text("cải cách hành chính")
    page.get_by_label("Đọc là").fill("số của phòng")
    page.get_by_label("Đọc là").press("Enter")
    expect(page.locator(".doubts")).to_have_count(0)
    expect(page.locator(".accepted")).to_contain_text("QWZX → số của phòng")
    page.get_by_role("button", name="Trình duyệt").click()
    expect(page.locator("main")).to_contain_text("Đã trình duyệt")


@pytest.mark.browser
def test_a_sentence_is_heard_at_a_press(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/{served.town.submitted(script='Câu một.')}")
    with page.expect_response(re.compile("nghe-thu")) as answer:
        page.get_by_role("button", name="Nghe câu 1").click()
    assert answer.value.headers["content-type"] == "audio/wav"
    expect(page.locator("audio")).to_have_attribute("src", re.compile("^blob:"))


@pytest.mark.browser
def test_no_old_news_stands_beside_a_finished_sound(served: Served) -> None:
    bulletin_id = served.town.submitted()
    page = served.page(APPROVER)
    page.goto(f"{served.address}/ban-tin/{bulletin_id}")
    page.get_by_role("button", name="Duyệt bản tin này").click()
    expect(page.locator("main > .note-good")).to_have_text(re.compile(r"Đã duyệt\.\s*$"))
    with served.town.database.write() as connection:
        job = jobs.of_bulletin(connection, bulletin_id, 1)
        assert job is not None
        jobs.cancel(connection, job.id)
    expect(page.locator(".sound")).to_contain_text("Đã dừng làm âm thanh")
    expect(page.locator("main > .note-good")).to_have_count(0)


@pytest.mark.browser
def test_what_was_typed_comes_back_after_the_window_was_closed(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/moi")
    page.get_by_label("Nội dung").fill("Gọi QWZX.")
    page.get_by_role("button", name=re.compile("^Đọc thế này một lần")).click()
    expect(page.locator(".accepted")).to_contain_text("QWZX → Q W Z X")
    page.get_by_label("Tiêu đề").fill("Chưa kịp lưu")
    expect(page.locator("[data-saved]")).to_contain_text("Đã giữ bản gõ dở")
    page.wait_for_function("() => Object.values(localStorage).some((kept) => kept.includes('Chưa kịp lưu'))")
    page.goto(f"{served.address}/")
    page.goto(f"{served.address}/ban-tin/moi")
    page.get_by_role("button", name="Lấy lại").click()
    expect(page.get_by_label("Tiêu đề")).to_have_value("Chưa kịp lưu")
    expect(page.locator(".accepted")).to_contain_text("QWZX → Q W Z X")
    page.get_by_role("button", name="Lưu bản thảo").click()
    expect(page.locator("main")).to_contain_text("Đã lưu bản thảo")
    page.goto(f"{served.address}/ban-tin/moi")
    expect(page.get_by_role("button", name="Lấy lại")).to_be_hidden()


@pytest.mark.browser
def test_a_page_that_lost_its_server_says_since_when(served: Served) -> None:
    page = served.page()
    page.route("**/hom-nay/*", lambda route: route.abort())
    expect(page.locator("#mat-ket-noi")).to_contain_text(
        re.compile(r"Mất kết nối với máy chủ từ \d\d:\d\d"), timeout=10_000
    )
    expect(page.locator("body")).to_have_class(re.compile("stale"))
    page.unroute("**/hom-nay/*")
    expect(page.locator("#mat-ket-noi")).to_be_hidden(timeout=10_000)
    served.wrong.clear()


@pytest.mark.browser
def test_a_page_whose_session_ended_offers_the_door(served: Served) -> None:
    page = served.page()
    served.town.clock.go(timedelta(days=1))
    expect(page.locator("#mat-ket-noi")).to_contain_text("Phiên làm việc đã hết", timeout=10_000)
    served.wrong.clear()


@pytest.mark.browser
def test_everything_works_without_scripts(served: Served) -> None:
    page = served.page(EDITOR, scripts=False)
    page.goto(f"{served.address}/ban-tin/moi")
    page.get_by_label("Tiêu đề").fill("Không có mã chạy")
    page.get_by_label("Nội dung").fill("Gọi QWZX.")
    page.get_by_role("button", name="Xem sẽ đọc là").click()
    page.get_by_label("Đọc là").fill("số của phòng")
    page.get_by_role("button", name=re.compile("^Đọc thế này một lần")).click()
    page.get_by_role("button", name="Trình duyệt").click()
    expect(page.locator("main")).to_contain_text("Đã trình duyệt")
    address = page.url
    other = served.page(APPROVER, scripts=False)
    other.goto(address)
    other.get_by_role("button", name=re.compile("Duyệt bản tin này")).click()
    expect(other.locator("main")).to_contain_text("Đang chờ máy làm âm thanh")


@pytest.mark.browser
def test_a_phone_reaches_every_section_without_scripts(served: Served) -> None:
    page = served.page(EDITOR, 375, 700, scripts=False)
    page.get_by_text("Thêm", exact=True).click()
    page.get_by_role("link", name="Nhật ký").click()
    expect(page.get_by_role("heading", name=re.compile("Nhật ký phát sóng"))).to_be_visible()


def test_a_taken_port_is_told_in_a_sentence_with_what_to_do(tmp_path: Path) -> None:
    with panel(tmp_path) as town:
        server = make_server(town.app, "127.0.0.1", 0)
        try:
            port = server.bind_addr[1]
            with pytest.raises(BusyError, match=f"Cổng {port} đang có chương trình khác dùng.*--port {port + 1}"):
                serve(town.app, "127.0.0.1", port, lambda _: None)
            with pytest.raises(NotAllowedError, match="Không mở được địa chỉ"):
                serve(town.app, "203.0.113.7", 8080, lambda _: None)
        finally:
            server.stop()
