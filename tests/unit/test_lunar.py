"""The Vietnamese lunar calendar: Tết and every day of two centuries, held against two other sources."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
import vnlunar

from domain.calendar import EVERY_MONTH, LAST, LunarDay
from domain.timetable import STATION_ZONE, Rule
from scheduler.expand import expand
from scheduler.lunar import lunar_date
from tests.timetables import tet

ZONE = ZoneInfo(STATION_ZONE)
DAY = timedelta(days=1)
_NEAR_MIDNIGHT = {
    day
    for first, length in ((date(2054, 5, 7), 30), (date(2072, 12, 9), 30), (date(2077, 11, 15), 30))
    for day in (first + number * DAY for number in range(length))
}
"""Three months that begin within two minutes of midnight: how fast the Earth will turn by then decides their day."""


def days(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


def by_vnlunar(day: date, zone: float | None = None) -> tuple[int, int, int, bool]:
    found = vnlunar.get_lunar_date(day.day, day.month, day.year, zone)
    return found["day"], found["month"], found["year"], bool(found["leap"])


def ours(day: date) -> tuple[int, int, int, bool]:
    found = lunar_date.__wrapped__(day)
    return found.day, found.month, found.year, found.leap


def test_every_day_since_1968_is_that_of_the_published_tables() -> None:
    differ = {day for day in days(date(1968, 1, 1), date(2099, 12, 31)) if ours(day) != by_vnlunar(day)}
    assert differ == _NEAR_MIDNIGHT


def test_every_day_before_1968_is_that_of_the_same_sky_seen_from_viet_nam() -> None:
    """The calendar printed then was still that of UTC+8."""
    early = days(date(1900, 2, 1), date(1967, 12, 31))
    assert [day for day in early if ours(day) != by_vnlunar(day, 7.0)] == []


@pytest.mark.parametrize(
    "new_year",
    [
        date(1985, 1, 21),
        date(2007, 2, 17),
        date(2026, 2, 17),
        date(2027, 2, 6),
        date(2030, 2, 2),
        date(2053, 2, 18),
    ],
)
def test_tet_is_the_vietnamese_one_also_where_the_chinese_tables_differ(new_year: date) -> None:
    assert tet(new_year.year) == new_year


@pytest.mark.parametrize("year", range(1976, 2100))
def test_tet_is_the_public_holiday_of_its_year(year: int) -> None:
    named = holidays.country_holidays("VN", years=year, language="en_US")
    assert "Lunar New Year" in named[tet(year)].split("; ")
    assert "Lunar New Year's Eve" in named[tet(year) - DAY].split("; ")


def sounds(*wanted: LunarDay, first: date, last: date) -> list[date]:
    """Return the days on which a rule for lunar days sounds."""
    rule = Rule("r", "p", frozenset({"xa"}), (time(5, 30),), lunar_days=frozenset(wanted))
    begins, ends = (datetime.combine(day, time(), ZONE) for day in (first, last + DAY))
    return [one.starts_at.astimezone(ZONE).date() for one in expand([rule], begins, ends)]


def test_ram_and_mung_mot_come_every_month_the_leap_month_too() -> None:
    """2025 has a leap sixth month, from 25 July."""
    full, new = LunarDay(15), LunarDay(1)
    assert sounds(full, first=date(2025, 7, 1), last=date(2025, 9, 30)) == [
        date(2025, 7, 9),
        date(2025, 8, 8),
        date(2025, 9, 6),
    ]
    assert sounds(new, first=date(2025, 6, 1), last=date(2025, 8, 31)) == [
        date(2025, 6, 25),
        date(2025, 7, 25),
        date(2025, 8, 23),
    ]


def test_a_festival_is_kept_in_the_ordinary_month_and_never_in_its_leap_twin() -> None:
    assert sounds(LunarDay(15, 6), first=date(2025, 6, 1), last=date(2025, 9, 30)) == [date(2025, 7, 9)]


@pytest.mark.parametrize("year", [1985, 2025, 2026, 2027, 2030, 2034, 2053])
def test_giao_thua_is_the_day_before_tet_whether_its_month_has_29_days_or_30(year: int) -> None:
    first, last = date(year, 1, 1), date(year, 3, 1)
    assert sounds(LunarDay(LAST, 12), first=first, last=last) == [tet(year) - DAY]
    assert sounds(LunarDay(1, 1), first=first, last=last) == [tet(year)]


def test_the_thirtieth_comes_only_in_months_that_have_one_and_the_last_day_in_each() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    ends = sounds(LunarDay(LAST), first=first, last=last)
    thirtieths = sounds(LunarDay(30), first=first, last=last)
    assert [ours(day + DAY)[0] for day in ends] == [1] * len(ends)
    assert len(ends) in {12, 13}
    assert set(thirtieths) < set(ends)
    assert [ours(day)[0] for day in thirtieths] == [30] * len(thirtieths)


@pytest.mark.parametrize("wanted", [LunarDay(31), LunarDay(0), LunarDay(-2), LunarDay(1, 13), LunarDay(1, -1)])
def test_a_lunar_day_that_no_month_has_never_sounds(wanted: LunarDay) -> None:
    assert sounds(wanted, first=date(2026, 1, 1), last=date(2026, 12, 31)) == []


def test_what_a_rule_may_call_a_day_is_said_of_that_day_alone() -> None:
    names = lunar_date(tet(2026)).names
    assert LunarDay(1, 1) in names
    assert LunarDay(1, EVERY_MONTH) in names
    assert not {LunarDay(LAST, 1), LunarDay(2, 1), LunarDay(1, 2)} & set(names)
