"""The timetable under a finger in real Chromium: held and dragged, scrolled by, let go, zoomed, and still a tap."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

from domain.timetable import Rule
from scheduler.desk import NewSession
from tests.browsing import Served, chromium, serving
from tests.fakes_web import EDITOR, Panel, panel

__all__ = ["chromium"]

LAST_DAY = "document.querySelector('.days > li:last-child')"

pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Served]:
    with panel(tmp_path) as town, serving(town, chromium) as one:
        yield one


def add(town: Panel, name: str, moment: time, weekdays: frozenset[int] = frozenset(range(1, 8))) -> str:
    wanted = NewSession(
        name=name,
        bulletin_ids=(town.produced(f"Tin {name}"),),
        area_ids=frozenset({"san-thang"}),
        times=(moment,),
        weekdays=weekdays,
    )
    return town.services.timetable.add(EDITOR, wanted)


def rule_of(served: Served, rule_id: str) -> Rule:
    return served.town.services.timetable.inputs().shelf.rules[rule_id]


class Finger:
    """One finger on the glass."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.glass: CDPSession = page.context.new_cdp_session(page)

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        told = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})

    def down(self, x: float, y: float, *more: tuple[float, float]) -> None:
        self.at = x, y
        self._touch("touchStart", (x, y), *more)

    def to(self, x: float, y: float, steps: int = 8) -> None:
        from_x, from_y = self.at
        for step in range(1, steps + 1):
            self._touch("touchMove", (from_x + (x - from_x) * step / steps, from_y + (y - from_y) * step / steps))
        self.at = x, y

    def up(self) -> None:
        self._touch("touchEnd")


@contextmanager
def touched(served: Served, width: int = 1280, height: int = 800) -> Iterator[Page]:
    """Give the week on a screen that is touched, to somebody who has signed in."""
    cookies = served.page(EDITOR).context.cookies()
    context = served.browser.new_context(
        viewport={"width": width, "height": height}, has_touch=True, is_mobile=True, locale="vi-VN"
    )
    context.add_cookies(cookies)
    page = context.new_page()
    page.on("console", lambda said: served.wrong.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: served.wrong.append(str(error)))
    page.goto(f"{served.address}/lich?area=san-thang")
    yield page
    context.close()


def cell(page: Page, name: str) -> Locator:
    return page.locator(f'.week td[data-name="{name}"]')


def middle(of: Locator) -> tuple[float, float]:
    of.scroll_into_view_if_needed()
    box = of.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 20)


def test_a_session_that_is_held_is_dragged_to_another_day_by_a_finger(served: Served) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15), frozenset({2}))
    with touched(served) as page:
        finger = Finger(page)
        finger.down(*middle(cell(page, "Trưa thứ ba 24/11").locator("summary")))
        expect(page.locator(".slot-moving")).to_have_count(1)
        expect(page.locator("#doi-noi")).to_contain_text("Đang giữ «Buổi trưa»")
        top = page.evaluate("window.scrollY")
        finger.to(*middle(cell(page, "Trưa thứ năm 26/11")))
        expect(cell(page, "Trưa thứ năm 26/11")).to_contain_class("drop-here")
        finger.up()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("Ngày mới")).to_have_value("26/11/2026")
        expect(dialog.get_by_label("Giờ mới")).to_have_value("11:15")
        assert page.evaluate("window.scrollY") == top
        dialog.get_by_role("button", name="Dời").tap()
        expect(page.get_by_text("Đã dời một buổi")).to_be_visible()
    (moved,) = rule_of(served, rule_id).exceptions
    assert (str(moved.on), str(moved.to_day)) == ("2026-11-24", "2026-11-26")


@pytest.mark.parametrize(("width", "height"), [(1280, 500), (375, 700)])
def test_a_finger_that_moves_at_once_scrolls_the_page_and_moves_no_session(
    served: Served, width: int, height: int
) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15))
    with touched(served, width, height) as page:
        summary = page.locator(".week [data-move] summary, .days [data-move] summary").locator("visible=true").first
        x, y = middle(summary)
        top = page.evaluate("window.scrollY")
        finger = Finger(page)
        finger.down(x, y)
        finger.to(x, y - 180, steps=12)
        finger.up()
        page.wait_for_function(f"window.scrollY > {top} + 40")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator(".slot-moving")).to_have_count(0)
    assert rule_of(served, rule_id).exceptions == ()


def test_a_tap_opens_the_session_and_its_button_still_moves_it(served: Served) -> None:
    add(served.town, "Buổi trưa", time(11, 15))
    with touched(served) as page:
        held = cell(page, "Trưa thứ ba 24/11")
        held.locator("summary").tap()
        expect(held.locator("details")).to_have_attribute("open", "")
        held.get_by_text("Dời…").tap()
        expect(page.get_by_role("dialog").get_by_label("Giờ mới")).to_have_value("11:15")


def test_a_session_that_is_held_and_let_go_stays_and_stays_closed(served: Served) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15))
    with touched(served) as page:
        held = cell(page, "Trưa thứ ba 24/11")
        finger = Finger(page)
        finger.down(*middle(held.locator("summary")))
        expect(page.locator(".slot-moving")).to_have_count(1)
        finger.up()
        expect(page.locator(".slot-moving")).to_have_count(0)
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(held.locator("details")).not_to_have_attribute("open", "")
    assert rule_of(served, rule_id).exceptions == ()


def test_two_fingers_zoom_and_drag_nothing(served: Served) -> None:
    add(served.town, "Buổi trưa", time(11, 15))
    with touched(served) as page:
        x, y = middle(cell(page, "Trưa thứ ba 24/11").locator("summary"))
        finger = Finger(page)
        finger.down(x, y)
        expect(page.locator(".slot-moving")).to_have_count(1)
        finger.down(x, y, (x + 120, y + 60))
        expect(page.locator(".slot-moving")).to_have_count(0)
        finger.up()
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_on_a_phone_a_session_goes_to_a_day_of_the_list_that_was_out_of_sight(served: Served) -> None:
    add(served.town, "Buổi trưa", time(11, 15))
    with touched(served, 375, 700) as page:
        days = page.locator(".days > li")
        last = days.last
        finger = Finger(page)
        x, y = middle(days.first.locator("summary"))
        finger.down(x, y)
        expect(page.locator(".slot-moving")).to_have_count(1)
        finger.to(x, 690)
        page.wait_for_function(
            "() => document.querySelector('.days > li:last-child').getBoundingClientRect().top < 500"
        )
        box = last.bounding_box()
        assert box is not None
        finger.to(x, 350, steps=2)
        under = page.locator(".days > li.drop-here")
        expect(under).to_have_count(1)
        day = under.get_attribute("data-drop")
        finger.up()
        expect(page.get_by_role("dialog").get_by_label("Ngày mới")).to_have_value(day or "")
        expect(page.get_by_role("dialog").get_by_label("Giờ mới")).to_have_value("11:15")
        assert day != days.first.get_attribute("data-drop")
