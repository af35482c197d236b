"""The path a newcomer walks, in real Chromium: sign in, write, listen, submit, approve, schedule, on air."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from town import Town, heard, town, wait_for

from tiengloa.example import load as example
from tiengloa.people import sign_in_line

TITLE = "Lịch tiếp dân tháng này"
SCRIPT = "Sáng thứ 2, từ 7h30 đến 11h30, UBND phường tiếp công dân theo Kế hoạch số 69/KH-UBND. Mời bà con đến dự."

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("walk")) as one:
        one.start_all()
        yield one


@pytest.fixture
def page(chromium: str, place: Town) -> Iterator[Page]:
    """A page of a phone-sized to laptop-sized browser that notes foreign requests and console errors."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
        one = context.new_page()
        wrong: list[str] = []
        one.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        one.on("pageerror", lambda error: wrong.append(str(error)))
        one.on("request", lambda request: wrong.append(request.url) if foreign(request.url, place) else None)
        yield one
        browser.close()
        assert wrong == [], "no console error and no request to another host"


def foreign(url: str, place: Town) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and parts.netloc != f"127.0.0.1:{place.port}"


def sign_in(page: Page, place: Town, login: str, name: str) -> None:
    page.goto(sign_in_line(place.centre, login))
    page.get_by_role("button", name=re.compile("Vào")).click()
    expect(page.locator(".person, header")).to_contain_text([name])


def test_a_newcomer_walks_from_a_script_to_the_air(page: Page, place: Town) -> None:
    sign_in(page, place, example.EDITOR_LOGIN, "Lò Thị Biên Tập")
    page.goto(f"{place.address}/ban-tin/moi")
    page.get_by_label("Tiêu đề").fill(TITLE)
    page.get_by_label("Nội dung").fill(SCRIPT)
    expect(page.locator("#doc")).to_contain_text("bảy giờ ba mươi")
    expect(page.locator("#doc")).to_contain_text("ủy ban nhân dân")
    with page.expect_response(lambda answer: "nghe-thu" in answer.url) as listened:
        page.get_by_role("button", name=re.compile("Nghe thử cả bài")).click()
    assert listened.value.status == 200
    assert listened.value.headers["content-type"].startswith("audio/")
    page.get_by_role("button", name="Trình duyệt").click()
    expect(page.locator("main")).to_contain_text("chờ duyệt", ignore_case=True)
    address = page.url
    expect(page.locator("main")).to_contain_text("người duyệt khác")
    page.get_by_role("button", name="Đăng xuất").click()

    sign_in(page, place, example.APPROVER_LOGIN, "Vàng A Duyệt")
    page.goto(address)
    page.get_by_label(re.compile("Đồng ý phát bằng giọng dự phòng")).check()
    page.get_by_role("button", name=re.compile("Duyệt bản tin này")).click()
    expect(page.locator("audio").first).to_be_attached(timeout=60_000)
    expect(page.locator("main")).to_contain_text("LUFS", timeout=60_000)
    expect(page.locator("main")).to_contain_text("dự phòng")
    page.get_by_role("link", name=re.compile("Xếp lịch")).click()
    page.get_by_label("Tên buổi phát").fill("Buổi thử của người mới")
    page.locator("#area-tan-phong").check()
    page.get_by_role("button", name="1 phút nữa").click()
    expect(page.locator("main")).to_contain_text("Buổi thử của người mới")

    page.goto(f"{place.address}/")
    expect(page.locator("main")).to_contain_text("Buổi thử của người mới", timeout=15_000)
    expect(page.locator("main")).to_contain_text(re.compile(r"bắt đầu \d\d:\d\d:\d\d"), timeout=90_000)
    expect(page.locator("main")).to_contain_text(TITLE)
    wait_for(lambda: heard(place.root / "machine") or None, 10, "sound on the machine")
    page.goto(f"{place.address}/nhat-ky")
    expect(page.locator("main")).to_contain_text(TITLE)
