"""A change of days or seasons shows what becomes of many sessions at once, and waits for a yes."""

import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from html import unescape
from pathlib import Path

import pytest

from domain.calendar import Calendar, Daypart, DayType, MonthDay, Seasons, SpecialDay
from scheduler.calendar_desk import CalendarDesk, with_day, with_daypart, with_seasons
from scheduler.calendar_outlook import MOST_DAYS, CalendarOutlook, changed_days
from scheduler.desk import NewSession
from store import calendar
from tests.fakes_web import EDITOR, VIEWER, Panel, machine, panel

DAILY = frozenset(range(1, 8))
TODAY = date(2026, 11, 23)
MORNING = Daypart("buoi-som", "Buổi sớm", time(5, 30), time(6, 15))
SEASONS = {"summer_from": "4/4", "winter_from": "16/10"}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        machine(one, "Máy bản", "san-thang", b"9" * 32)
        with one.database.write() as connection:
            calendar.put_daypart(connection, MORNING)
        yield one


def add(town: Panel, name: str, **fields: object) -> str:
    given = {"weekdays": DAILY, "area_ids": frozenset({"san-thang"}), "times": (), **fields}
    return town.services.timetable.add(
        EDITOR, NewSession(name=name, bulletin_ids=(town.produced(f"Tin {name}"),), **given)
    )


def held(town: Panel) -> Calendar:
    with town.database.read() as connection:
        return calendar.get(connection)


def outlook(town: Panel, changed: Calendar) -> CalendarOutlook:
    return CalendarDesk(town.database, town.clock).outlook(changed)


def sent(town: Panel, path: str, status: int, **fields: str) -> str:
    answer = town.post(EDITOR, path, **fields)
    text = unescape(answer.get_data(as_text=True))
    assert answer.status_code == status, text
    return text


def yes_in(text: str) -> str:
    found = re.search(r'name="confirmed" value="(\w+)"', text)
    assert found is not None
    return found[1]


def test_seasons_half_a_year_ahead_are_asked_about_with_the_sessions_that_move_and_clash(town: Panel) -> None:
    add(town, "Sớm", daypart_ids=frozenset({MORNING.id}))
    # Where summer hours begin earlier the morning session comes upon this one, which has its hour until then.
    add(town, "Cố định", times=(time(5, 29, 30),), valid_from=date(2027, 4, 4), valid_until=date(2027, 4, 8))
    text = sent(town, "/lich/ngay/mua", 200, **SEASONS)
    assert "12 ngày" in text
    assert "04/04/2027" in text
    assert "Đổi sang 05:30" in text
    assert re.search(r">7</span> buổi đổi giờ, <span[^>]*>5</span> buổi thôi phát", text)
    assert held(town).seasons == Seasons()
    sent(town, "/lich/ngay/mua", 200, **{**SEASONS, "summer_from": "5/4"}, confirmed=yes_in(text))
    assert held(town).seasons == Seasons()
    sent(town, "/lich/ngay/mua", 303, **SEASONS, confirmed=yes_in(text))
    assert held(town).seasons.summer_from == MonthDay(4, 4)


def test_seasons_that_no_session_follows_are_saved_at_once(town: Panel) -> None:
    add(town, "Cố định", times=(time(10),))
    sent(town, "/lich/ngay/mua", 303, **SEASONS)


def test_a_special_day_of_the_year_after_next_is_asked_about_and_so_is_its_switch(town: Panel) -> None:
    add(town, "Sớm", times=(time(10),))
    day = {"name": "Quốc tang", "kind": "mourning", "first": "05/03/2028", "last": "06/03/2028"}
    text = sent(town, "/lich/ngay/moi", 200, **day)
    assert "2 ngày" in text
    assert ">2</span> buổi thôi phát" in text
    sent(town, "/lich/ngay/moi", 303, **day, confirmed=yes_in(text))
    (kept,) = [one for one in held(town).special if one.name == "Quốc tang"]
    text = sent(town, f"/lich/ngay/{kept.id}/tat", 200)
    assert ">2</span> buổi phát thêm" in text
    assert kept in held(town).special
    assert town.post(VIEWER, f"/lich/ngay/{kept.id}/tat").status_code == 403
    other = sent(town, f"/lich/ngay/{kept.id}/xoa", 200, confirmed=yes_in(text))
    sent(town, f"/lich/ngay/{kept.id}/tat", 303, confirmed=yes_in(text))
    text = sent(town, f"/lich/ngay/{kept.id}/bat", 200)
    assert ">2</span> buổi thôi phát" in text
    sent(town, f"/lich/ngay/{kept.id}/bat", 303, confirmed=yes_in(text))
    sent(town, f"/lich/ngay/{kept.id}/xoa", 303, confirmed=yes_in(other))
    assert kept.id not in {one.id for one in held(town).special}


def test_a_yes_counts_only_for_what_was_shown(town: Panel) -> None:
    add(town, "Một", times=(time(10),))
    day = SpecialDay("d", "Thi", DayType.MOURNING, date(2026, 12, 1), date(2026, 12, 1))
    with town.database.write() as connection:
        calendar.put_special_day(connection, day)
    yes = yes_in(sent(town, "/lich/ngay/d/tat", 200))
    add(town, "Hai", times=(time(15),))
    text = sent(town, "/lich/ngay/d/tat", 200, confirmed=yes)
    assert ">2</span> buổi phát thêm" in text
    assert held(town).special_on(date(2026, 12, 1)) == day


def test_hours_of_the_other_season_are_shown_although_it_is_months_away(town: Panel) -> None:
    add(town, "Sớm", daypart_ids=frozenset({MORNING.id}))
    later = Daypart(MORNING.id, MORNING.name, time(5, 45), MORNING.winter)
    found = outlook(town, with_daypart(held(town), later))
    assert found.days[0] == date(2027, 4, 16)
    assert len(found.days) == 183
    assert (found.looked, found.moved, found.lost, found.come) == (MOST_DAYS, MOST_DAYS, 0, 0)
    text = sent(town, "/lich/ngay/khung-gio", 200, id=MORNING.id, name=MORNING.name, summer="05:45", winter="06:15")
    assert "dưới đây là 14 ngày đầu" in text
    assert held(town).dayparts[MORNING.id] == MORNING


def test_a_session_moved_into_what_is_taken_is_told_by_why_it_falls_silent(town: Panel) -> None:
    add(town, "Đã có", times=(time(6, 59, 30),))
    add(town, "Sớm", daypart_ids=frozenset({MORNING.id}))
    found = outlook(town, with_daypart(held(town), Daypart(MORNING.id, MORNING.name, time(5, 30), time(7))))
    assert found.lost > 0
    assert all("Đã có" in one.reason for one in found.effects if one.silences and not one.moved)


def test_the_days_that_differ_are_those_and_no_others() -> None:
    plain = Calendar(dayparts={MORNING.id: MORNING})
    assert changed_days(plain, plain, TODAY) == ()
    day = SpecialDay("d", "Thi", DayType.EXAM, TODAY - timedelta(days=1), TODAY + timedelta(days=1))
    assert changed_days(plain, with_day(plain, day), TODAY) == (TODAY, TODAY + timedelta(days=1))
    far = SpecialDay("d", "Xa", DayType.EXAM, date(2090, 1, 1), date(2090, 1, 1))
    assert changed_days(plain, with_day(plain, far), TODAY) == ()
    earlier = with_seasons(plain, Seasons(MonthDay(4, 10), MonthDay(10, 16)))
    assert changed_days(plain, earlier, TODAY) == tuple(date(2027, 4, one) for one in range(10, 16))
