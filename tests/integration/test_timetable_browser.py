"""The timetable in real Chromium: dragged, moved by keyboard, undone, filled in fast, printed, and open to all."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.calendar import Daypart, DayType, LunarDay, SpecialDay
from domain.timetable import Priority, Rule
from scheduler.desk import NewSession
from scheduler.editing import Target
from scheduler.planning import replan
from scheduler.sessions import ZONE
from store import calendar
from tests.browsing import Served, chromium, serving
from tests.fakes_web import EDITOR, Panel, machine, panel
from tests.looking import look

__all__ = ["chromium"]

MONDAY = date(2026, 11, 23)
DAILY = frozenset(range(1, 8))

pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Served]:
    with panel(tmp_path) as town, serving(town, chromium) as one:
        yield one


def add(town: Panel, name: str, moment: time, **fields: object) -> str:
    given = {"weekdays": DAILY, "area_ids": frozenset({"san-thang"}), **fields}
    return town.services.timetable.add(
        EDITOR, NewSession(name=name, bulletin_ids=(town.produced(f"Tin {name}"),), times=(moment,), **given)
    )


def rule_of(served: Served, rule_id: str) -> Rule:
    return served.town.services.timetable.inputs().shelf.rules[rule_id]


def key_of(rule_id: str, day: date, moment: time) -> str:
    return f"{rule_id}@{round(datetime.combine(day, moment, ZONE).timestamp() * 1000)}"


def week(served: Served, **size: int) -> Page:
    page = served.page(EDITOR, **size)
    page.goto(f"{served.address}/lich?area=san-thang")
    return page


def cell(page: Page, name: str):
    return page.locator(f'.week td[data-name="{name}"]')


def drag(page: Page, title: str, home: str, to: str) -> None:
    slot = cell(page, home).locator(".slot", has_text=title).locator("summary").bounding_box()
    target = cell(page, to).bounding_box()
    assert slot is not None
    assert target is not None
    page.mouse.move(slot["x"] + 20, slot["y"] + 12)
    page.mouse.down()
    page.mouse.move(target["x"] + 30, target["y"] + 30, steps=8)
    page.mouse.up()


def test_a_session_is_dragged_to_another_day_this_time_only_and_the_move_is_undone(served: Served) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15))
    page = week(served)
    drag(page, "Buổi trưa", "Trưa thứ ba 24/11", "Chiều thứ tư 25/11")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Giờ mới")).to_be_focused()
    expect(dialog.get_by_label("Giờ mới")).to_have_value("17:00")
    expect(dialog.get_by_label("Ngày mới")).to_have_value("25/11/2026")
    dialog.get_by_label("Giờ mới").fill("16:40")
    page.keyboard.press("Enter")
    expect(cell(page, "Chiều thứ tư 25/11")).to_contain_text("16:40 Buổi trưa")
    expect(cell(page, "Trưa thứ ba 24/11")).not_to_contain_text("Buổi trưa")
    assert len(rule_of(served, rule_id).exceptions) == 1
    page.get_by_role("button", name="Hoàn tác").click()
    expect(cell(page, "Trưa thứ ba 24/11")).to_contain_text("11:15 Buổi trưa")
    assert rule_of(served, rule_id).exceptions == ()


def test_a_session_dragged_within_its_part_of_the_day_keeps_its_time_and_may_move_every_week(served: Served) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15), weekdays=frozenset({2}))
    page = week(served)
    drag(page, "Buổi trưa", "Trưa thứ ba 24/11", "Trưa thứ năm 26/11")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Giờ mới")).to_have_value("11:15")
    dialog.get_by_label("Mọi lần").check()
    dialog.get_by_role("button", name="Dời").click()
    expect(cell(page, "Trưa thứ năm 26/11")).to_contain_text("11:15 Buổi trưa")
    assert rule_of(served, rule_id).weekdays == {4}


def test_the_past_takes_no_session_and_gives_none(served: Served) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15))
    machine(served.town, "Máy San Thàng", "san-thang", b"m" * 32)
    replan(served.town.database, served.town.clock.now())  # the past shows what a machine was given
    served.town.clock.go(timedelta(days=1))
    page = week(served)
    drag(page, "Buổi trưa", "Trưa thứ ba 24/11", "Trưa thứ hai 23/11")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#doi-noi")).to_have_text("Không dời về ngày đã qua được.")
    drag(page, "Buổi trưa", "Trưa thứ hai 23/11", "Trưa thứ tư 25/11")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert rule_of(served, rule_id).exceptions == ()


def test_escape_gives_a_drag_up_and_a_mere_click_opens_the_session(served: Served) -> None:
    add(served.town, "Buổi trưa", time(11, 15))
    page = week(served)
    box = cell(page, "Trưa thứ ba 24/11").locator(".slot summary").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 200, steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".slot-moving")).to_have_count(0)
    cell(page, "Trưa thứ ba 24/11").locator("summary").click()
    expect(cell(page, "Trưa thứ ba 24/11").locator("details")).to_have_attribute("open", "")


def test_a_session_is_moved_with_the_keyboard_alone(served: Served) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15))
    page = week(served)
    summary = cell(page, "Trưa thứ ba 24/11").locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_contain_text("Dời…")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Giờ mới")).to_be_focused()
    page.keyboard.type("12:05")
    page.keyboard.press("Enter")
    expect(cell(page, "Trưa thứ ba 24/11")).to_contain_text("12:05 Buổi trưa")
    assert rule_of(served, rule_id).exceptions[0].to_time == time(12, 5)


def test_a_session_is_moved_on_a_phone_without_scripts(served: Served) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15))
    page = served.page(EDITOR, 375, 700, scripts=False)
    page.goto(f"{served.address}/lich?area=san-thang")
    day = page.locator(".days > li", has_text="Thứ ba")
    day.locator("summary").click()
    day.get_by_role("link", name=re.compile("^Dời…")).click()
    page.get_by_label("Giờ mới").fill("12:05")
    page.get_by_role("button", name="Dời").click()
    expect(page.locator(".days > li", has_text="Thứ ba")).to_contain_text("12:05 Buổi trưa")
    expect(page.get_by_role("button", name="Hoàn tác")).to_be_visible()
    assert rule_of(served, rule_id).exceptions[0].to_time == time(12, 5)


def test_a_weekly_rule_is_made_in_a_few_presses_and_said_in_words(served: Served) -> None:
    served.town.produced("Tin sáng")
    machine(served.town, "Máy bản", "san-thang", b"9" * 32)
    page = served.page()
    page.goto(f"{served.address}/lich/moi")
    page.get_by_label("Tin sáng").check()
    page.get_by_label("Tên buổi phát").fill("Buổi sáng")
    page.get_by_role("button", name="Thứ 2–6").click()
    page.get_by_label("Giờ phát").fill("05:30")
    expect(page.locator("#loi")).to_contain_text("Phát lúc 05:30, thứ hai đến thứ sáu, ở Bản San Thàng.")
    page.get_by_label("Chỗ đặt").locator("xpath=ancestor::details").locator("summary").click()
    page.get_by_label("Chỗ đặt").fill("01:00")
    expect(page.locator("#loi")).to_contain_text("thừa 00:35 so với chỗ đã đặt")
    page.get_by_label("Giờ phát").fill("23:00")
    expect(page.locator("#loi")).to_contain_text("giờ yên tĩnh 21:30–05:00")
    page.get_by_label("Giờ phát").fill("05:30")
    page.get_by_role("button", name="Xếp lịch", exact=True).click()
    expect(page.locator(".note").first).to_contain_text("Đã xếp lịch")
    (rule,) = served.town.services.timetable.inputs().shelf.rules.values()
    assert (rule.weekdays, rule.times) == ({1, 2, 3, 4, 5}, (time(5, 30),))


def test_undo_goes_away_after_ten_seconds(served: Served) -> None:
    rule_id = add(served.town, "Buổi trưa", time(11, 15))
    served.town.services.timetable.stop(EDITOR, rule_id)
    page = served.page()
    page.clock.install()
    page.goto(f"{served.address}/lich?area=san-thang")
    expect(page.get_by_role("button", name="Hoàn tác")).to_be_visible()
    page.clock.run_for(9_000)
    expect(page.get_by_role("button", name="Hoàn tác")).to_be_visible()
    page.clock.run_for(2_000)
    expect(page.get_by_role("button", name="Hoàn tác")).to_be_hidden()


def full(served: Served) -> dict[str, str]:
    """Fill the station with all that the pages can show; return their paths."""
    town = served.town
    with town.database.write() as connection:
        calendar.put_daypart(connection, Daypart("sang", "Sáng", time(5, 30), time(6)))
        calendar.put_special_day(connection, SpecialDay("x", "Tết thử", DayType.TET, MONDAY, MONDAY + timedelta(1)))
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    held = add(town, "Buổi sáng", time(9, 45))
    add(town, "Buổi trưa với một tên rất dài để thử xuống dòng", time(11, 15), lunar_days=frozenset({LunarDay(15)}))
    add(town, "Ưu tiên", time(11, 15), priority=Priority.PRIORITY, area_ids=frozenset({"tan-phong"}))
    add(town, "Hai", time(16), priority=Priority.PRIORITY)
    replan(town.database, town.clock.now())
    desk = town.services.timetable
    given = key_of(held, MONDAY, time(9, 45))
    desk.save(EDITOR, desk.drafting(EDITOR).move(given, Target(MONDAY, time(10, 20), "họp bản"), always=False))
    bulletin_id = town.produced("Khẩn")
    urgent = desk.drafting(EDITOR).play_now(bulletin_id, frozenset({"san-thang"}))
    desk.save(EDITOR, urgent)
    return {
        "week": "/lich?area=san-thang",
        "day": "/lich?area=tan-phong&xem=ngay",
        "new": "/lich/moi",
        "edit": f"/lich/{held}/sua",
        "moved": f"/lich/buoi/{given}",
        "past": f"/lich/buoi/{key_of(held, MONDAY - timedelta(1), time(9, 45))}",
        "order": "/lich/uu-tien",
        "where": f"/lich/phat-ngay?bulletin={bulletin_id}",
        "confirm": f"/lich/phat-ngay?bulletin={bulletin_id}&area=san-thang",
        "progress": f"/lich/phat-ngay/{urgent.subject_id}",
    }


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_every_page_of_the_timetable_is_open_to_all_and_fits_the_screen(
    served: Served, width: int, height: int
) -> None:
    paths = full(served)
    page = served.page(EDITOR, width, height)
    for name, path in paths.items():
        page.goto(served.address + path)
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        look(page, name)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_clashes_and_the_dialog_are_open_to_all(served: Served, width: int, height: int) -> None:
    paths = full(served)
    page = served.page(EDITOR, width, height)
    page.goto(served.address + paths["week"])
    slot = (page.locator(".week") if width > 1000 else page.locator(".days")).locator("[data-move]").last
    slot.locator("summary").click()
    slot.locator("a[data-ask]").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look(page, "dialog")
    page.get_by_role("dialog").get_by_label("Giờ mới").fill("11:15")
    page.get_by_role("dialog").get_by_role("button", name="Dời").click()
    expect(page.locator("#trung")).to_contain_text("Chưa lưu")
    look(page, "clashes")
    served.wrong[:] = [one for one in served.wrong if "409" not in one]


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_what_is_looked_at_before_it_comes_back_is_open_to_all(served: Served, width: int, height: int) -> None:
    stopped = add(served.town, "Buổi trưa cũ", time(11, 15))
    machine(served.town, "Máy San Thàng", "san-thang", b"m" * 32)
    served.town.services.timetable.stop(EDITOR, stopped)
    add(served.town, "Buổi trưa mới", time(11, 15))
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/lich?area=san-thang")
    page.get_by_role("button", name="Phát lại").click()
    expect(page.locator("#trung")).to_contain_text("«Buổi trưa cũ»")
    look(page, "review")
    page.locator("#trung").get_by_role("button", name=re.compile("^Chuyển")).first.click()
    expect(page.get_by_text("Dòng lịch này đã được phát trở lại.")).to_be_visible()
    assert rule_of(served, stopped).enabled
    served.wrong[:] = [one for one in served.wrong if "409" not in one]


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_what_seasons_would_change_is_open_to_all_and_waits_for_a_yes(served: Served, width: int, height: int) -> None:
    with served.town.database.write() as connection:
        calendar.put_daypart(connection, Daypart("som", "Buổi sớm", time(5, 30), time(6, 15)))
    add(served.town, "Buổi sớm", time(10, 15), daypart_ids=frozenset({"som"}))
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/lich/ngay")
    page.get_by_label("Giờ mùa hè từ").fill("4/4")
    page.get_by_role("button", name="Lưu ngày đổi mùa").click()
    expect(page.get_by_text("Sẽ đổi giờ nếu lưu")).to_be_visible()
    expect(page.locator(".effect-sum")).to_contain_text("12 buổi đổi giờ, 0 buổi thôi phát, 0 buổi phát thêm")
    look(page, "calendar-confirm")
    page.get_by_role("button", name="Vẫn lưu").click()
    expect(page.get_by_label("Giờ mùa hè từ")).to_have_value("4/4")


def test_a_week_prints_on_one_page_of_a4(served: Served) -> None:
    paths = full(served)
    page = served.page()
    page.goto(served.address + paths["week"])
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", printed)) == 1
    (box,) = set(re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", printed))
    assert [round(float(one)) for one in box] == [842, 595]


def test_a_phone_shows_the_timetable_on_its_first_screen_and_speaks_of_no_drag(served: Served) -> None:
    add(served.town, "Buổi trưa", time(11, 15))
    page = served.page(EDITOR, 375, 700)
    page.goto(f"{served.address}/lich?area=san-thang")
    first = page.locator(".days > li").first.bounding_box()
    bar = page.locator(".bottom").bounding_box()
    assert first is not None
    assert bar is not None
    assert first["y"] + 60 < bar["y"]
    touch = served.browser.new_context(viewport={"width": 375, "height": 700}, has_touch=True, is_mobile=True)
    touch.add_cookies(page.context.cookies())
    phone = touch.new_page()
    phone.goto(f"{served.address}/lich?area=san-thang")
    expect(phone.locator(".with-drag")).to_be_hidden()
    expect(phone.locator(".by-touch")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_rare_ways_of_naming_days_are_folded_until_they_are_used(served: Served, scripts: bool) -> None:
    plain = add(served.town, "Thường", time(11, 15))
    lunar = add(served.town, "Rằm", time(12, 15), lunar_days=frozenset({LunarDay(15)}), valid_from=MONDAY)
    page = served.page(EDITOR, 375, 700, scripts=scripts)
    page.goto(f"{served.address}/lich/moi")
    assert page.locator("#weekday-1 + label").is_hidden()
    page.get_by_text("Hằng tuần, hoặc lặp lại cách khác").click()
    expect(page.locator("#weekday-1 + label")).to_be_visible()
    for rule_id, shown in ((plain, False), (lunar, True)):
        page.goto(f"{served.address}/lich/{rule_id}/sua")
        for field in ("#lunar_days", "#valid_from"):
            assert page.locator(field).is_visible() is shown
        assert page.locator("#dates").is_hidden()


def test_the_preset_of_tet_asks_for_the_kind_of_day_too(served: Served) -> None:
    rule_id = add(served.town, "Thường", time(11, 15), day_types=frozenset({DayType.ORDINARY}))
    page = served.page()
    page.goto(f"{served.address}/lich/{rule_id}/sua")
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    expect(page.locator("#day-type-tet")).not_to_be_checked()
    page.get_by_label("Mùng một Tết").check()
    expect(page.locator("#day-type-tet")).to_be_checked()
