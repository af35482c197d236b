"""A panel behind the real server and people in a real Chromium, for tests that look at pages as they are seen."""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from domain.people import User
from tests.fakes import need_tool
from tests.fakes_web import EDITOR, Panel
from web.server import address_of, make_server


@contextmanager
def a_chromium(*more: str) -> Iterator[Browser]:
    """Run a Chromium with some more arguments; without one the test is skipped, or fails where tools are required."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need_tool(path is not None, "Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *more])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A Chromium that the tests of one module share."""
    with a_chromium() as browser:
        yield browser


class Served:
    """A panel behind the real server, the pages of people who are signed in, and what the pages complained of."""

    def __init__(self, town: Panel, address: str, browser: Browser) -> None:
        self.town, self.address, self.browser = town, address, browser
        self.wrong: list[str] = []

    def page(self, user: User = EDITOR, width: int = 1366, height: int = 768, *, scripts: bool = True) -> Page:
        """Return the page of today in a new window of `user`, who has just signed in."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            java_script_enabled=scripts,
        )
        page = context.new_page()
        page.on("console", lambda said: self.wrong.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda asked: self.wrong.append(asked.url) if self._elsewhere(asked.url) else None)
        page.goto(self.address + self.town.sign_in_line(user))
        page.get_by_role("button", name=re.compile("^Vào với tên")).click()
        expect(page.get_by_role("heading", name=re.compile("Hôm nay"))).to_be_visible()
        return page

    def _elsewhere(self, url: str) -> bool:
        return not url.startswith((self.address, "data:", "blob:"))


@contextmanager
def serving(town: Panel, browser: Browser) -> Iterator[Served]:
    """Serve `town` while the test lasts; a page that complained of anything fails it."""
    server = make_server(town.app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    one = Served(town, address_of(server), browser)
    try:
        yield one
    finally:
        for context in browser.contexts:
            context.close()
        server.stop()
        thread.join()
    assert one.wrong == []
