"""The pages of listening lines in a real browser: on a phone and on a desk, by the guidelines, without scripts too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import Served, chromium, serving
from tests.fakes_web import Panel, machine, panel
from tests.looking import look

pytestmark = pytest.mark.browser
__all__ = ["chromium"]


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Served]:
    with panel(tmp_path) as town, serving(town, chromium) as one:
        yield one


@pytest.mark.parametrize(("width", "height", "scripts"), [(375, 700, False), (1366, 768, True)])
def test_a_line_is_made_shown_once_and_revoked(served: Served, width: int, height: int, scripts: bool) -> None:
    page = served.page(width=width, height=height, scripts=scripts)
    page.goto(f"{served.address}/may-phat")
    page.get_by_role("link", name="đường dẫn nghe").click()
    expect(page.get_by_text("Chưa có đường dẫn nào.")).to_be_visible()
    page.get_by_label("Tên", exact=True).fill("Loa kéo nhà văn hoá")
    page.get_by_label("Địa bàn").select_option(label="\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0Bản San Thàng")
    page.get_by_role("button", name="Tạo đường dẫn").click()
    expect(page.get_by_text("chỉ hiện lần này")).to_be_visible()
    if scripts:
        look(page, "duong-dan-moi")
    page.get_by_role("link", name="Về các đường dẫn nghe").click()
    expect(page.get_by_role("heading", name="Loa kéo nhà văn hoá")).to_be_visible()
    if scripts:
        look(page, "duong-dan-nghe")
    page.get_by_role("button", name="Thu hồi Loa kéo nhà văn hoá").click()
    expect(page.get_by_text("Đã thu hồi đường dẫn nghe.")).to_be_visible()
    expect(page.get_by_text("Chưa có đường dẫn nào.")).to_be_visible()


def test_the_pages_fit_a_phone(served: Served) -> None:
    page = served.page(width=375, height=700)
    town: Panel = served.town
    one = machine(town, "Máy phát bản San Thàng", "san-thang", b"1" * 32)
    page.goto(f"{served.address}/nghe")
    page.get_by_role("button", name="Tạo đường dẫn").click()
    expect(page.get_by_text("Hãy đặt tên cho đường dẫn")).to_be_visible()
    served.wrong.clear()  # Chromium complains of every answer 422
    look(page, "duong-dan-loi")
    page.goto(f"{served.address}/may-phat/{one.id}")
    expect(page.get_by_role("link", name="Chép ra USB")).to_be_visible()
    look(page, "may-phat-usb")
