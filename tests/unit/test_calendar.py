"""Kinds of day, dayparts and seasons: which kind a day is of, and what that does to rules."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import EVERY_DAY_TYPE, Calendar, Daypart, DayType, MonthDay, Seasons, SpecialDay
from domain.timetable import STATION_ZONE, Rule
from scheduler.expand import expand

ZONE = ZoneInfo(STATION_ZONE)
DAY = timedelta(days=1)
BASE = date(2026, 2, 1)
DAILY = Rule("r", "p", frozenset({"xa"}), (time(5, 30),), frozenset(range(1, 8)))


def special(kind: DayType, first: date, last: date | None = None, name: str = "") -> SpecialDay:
    return SpecialDay(name or kind.value, kind.value, kind, first, last or first)


def local_starts(rule: Rule, first: date, last: date, calendar: Calendar) -> list[str]:
    begins, ends = (datetime.combine(day, time(), ZONE) for day in (first, last + DAY))
    return [f"{one.starts_at.astimezone(ZONE):%d/%m %H:%M}" for one in expand([rule], begins, ends, calendar)]


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 2, 6), DayType.ORDINARY),
        (date(2026, 2, 7), DayType.WEEKEND),
        (date(2026, 2, 8), DayType.WEEKEND),
        (date(2026, 2, 9), DayType.ORDINARY),
    ],
)
def test_saturday_and_sunday_are_the_weekend(day: date, kind: DayType) -> None:
    assert Calendar().type_of(day) is kind


def test_a_special_day_holds_on_its_first_and_its_last_day_and_not_beside_them() -> None:
    calendar = Calendar((special(DayType.TET, date(2026, 2, 16), date(2026, 2, 20)),))
    tet = [day for number in range(28) if calendar.type_of(day := BASE + number * DAY) is DayType.TET]
    assert (tet[0], tet[-1], len(tet)) == (date(2026, 2, 16), date(2026, 2, 20), 5)


def test_of_kinds_that_meet_the_gravest_holds_in_whatever_order_they_stand() -> None:
    on = date(2026, 2, 17)
    days = [special(kind, on) for kind in (DayType.EXAM, DayType.HOLIDAY, DayType.TET, DayType.MOURNING)]
    for some in permutations(days):
        assert Calendar(some).type_of(on) is DayType.MOURNING
        assert Calendar(tuple(one for one in some if one is not days[3])).type_of(on) is DayType.TET


def test_a_saturday_that_is_worked_is_an_ordinary_day() -> None:
    saturday = date(2026, 2, 7)
    assert Calendar((special(DayType.ORDINARY, saturday),)).type_of(saturday) is DayType.ORDINARY


def test_a_special_day_that_is_off_changes_nothing() -> None:
    off = replace(special(DayType.TET, date(2026, 2, 6)), enabled=False)
    assert Calendar((off,)).type_of(date(2026, 2, 6)) is DayType.ORDINARY


def test_in_national_mourning_only_what_is_meant_for_it_sounds() -> None:
    calendar = Calendar((special(DayType.MOURNING, date(2026, 2, 3), date(2026, 2, 4)),))
    meant = replace(DAILY, day_types=frozenset({DayType.MOURNING}))
    assert local_starts(DAILY, BASE, date(2026, 2, 5), calendar) == ["01/02 05:30", "02/02 05:30", "05/02 05:30"]
    assert local_starts(meant, BASE, date(2026, 2, 5), calendar) == ["03/02 05:30", "04/02 05:30"]


def test_a_single_date_sounds_whatever_kind_its_day_is_of() -> None:
    calendar = Calendar((special(DayType.MOURNING, date(2026, 2, 3)),))
    once = replace(DAILY, weekdays=frozenset(), dates=frozenset({date(2026, 2, 3)}))
    assert local_starts(once, BASE, date(2026, 2, 5), calendar) == ["03/02 05:30"]


@pytest.mark.parametrize(
    ("seasons", "summer", "winter"),
    [
        (Seasons(), [(4, 16), (10, 15)], [(4, 15), (10, 16), (12, 31), (1, 1)]),
        (Seasons(MonthDay(10, 16), MonthDay(4, 16)), [(10, 16), (12, 31), (1, 1), (4, 15)], [(4, 16), (10, 15)]),
        (Seasons(MonthDay(2, 29), MonthDay(3, 1)), [(2, 29)], [(2, 28), (3, 1)]),
        (Seasons(MonthDay(1, 1), MonthDay(1, 1)), [], [(1, 1), (7, 1), (12, 31)]),
    ],
)
def test_summer_lasts_to_the_day_before_winter(
    seasons: Seasons, summer: list[tuple[int, int]], winter: list[tuple[int, int]]
) -> None:
    assert all(seasons.is_summer(date(2028, *day)) for day in summer)
    assert not any(seasons.is_summer(date(2028, *day)) for day in winter)


def test_a_rule_of_a_daypart_changes_its_hour_with_the_season_between_one_day_and_the_next() -> None:
    calendar = Calendar(dayparts={"sang": Daypart("sang", "Sáng", time(5), time(5, 30))})
    rule = replace(DAILY, times=(), daypart_ids=frozenset({"sang"}))
    assert local_starts(rule, date(2026, 4, 14), date(2026, 4, 17), calendar) == [
        "14/04 05:30",
        "15/04 05:30",
        "16/04 05:00",
        "17/04 05:00",
    ]
    assert local_starts(rule, date(2026, 10, 15), date(2026, 10, 16), calendar) == ["15/10 05:00", "16/10 05:30"]


def test_a_time_that_is_also_that_of_its_daypart_sounds_once_and_an_unknown_daypart_never() -> None:
    calendar = Calendar(dayparts={"sang": Daypart("sang", "Sáng", time(5), time(5, 30))})
    both = replace(DAILY, daypart_ids=frozenset({"sang", "khong-con"}))
    assert local_starts(both, BASE, BASE, calendar) == ["01/02 05:30"]
    gone = replace(both, times=(), daypart_ids=frozenset({"khong-con"}))
    assert local_starts(gone, BASE, BASE, calendar) == []


SPECIAL = st.builds(
    lambda number, kind, start, length, enabled: SpecialDay(
        str(number), "", kind, BASE + start * DAY, BASE + (start + length) * DAY, enabled=enabled
    ),
    st.integers(0, 99),
    st.sampled_from(DayType),
    st.integers(-5, 40),
    st.integers(-1, 12),
    st.booleans(),
)


@settings(deadline=None)
@given(st.lists(SPECIAL, max_size=6).map(tuple), st.frozensets(st.sampled_from(DayType)))
def test_a_rule_sounds_on_exactly_the_days_of_its_kinds(
    days: tuple[SpecialDay, ...], kinds: frozenset[DayType]
) -> None:
    calendar = Calendar(days)
    every = [BASE + number * DAY for number in range(40)]
    expected = [f"{day:%d/%m} 05:30" for day in every if calendar.type_of(day) in kinds]
    assert local_starts(replace(DAILY, day_types=kinds), every[0], every[-1], calendar) == expected


@settings(deadline=None)
@given(st.lists(SPECIAL, max_size=6).map(tuple))
def test_each_day_is_of_one_kind(days: tuple[SpecialDay, ...]) -> None:
    calendar = Calendar(days)
    for kind in EVERY_DAY_TYPE:
        other = EVERY_DAY_TYPE - {kind}
        both = [
            local_starts(replace(DAILY, day_types=kinds), BASE, BASE + 20 * DAY, calendar)
            for kinds in (frozenset({kind}), other)
        ]
        assert sorted(both[0] + both[1]) == sorted(local_starts(
            replace(DAILY, day_types=EVERY_DAY_TYPE), BASE, BASE + 20 * DAY, calendar
        ))  # fmt: skip
