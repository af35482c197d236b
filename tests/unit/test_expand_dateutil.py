"""Rules of every kind held against python-dateutil, with exceptions and kinds of day applied one sounding at a time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import MO, MONTHLY, WEEKLY, rrule, rruleset
from dateutil.rrule import weekday as Weekday  # noqa: N812 - dateutil names a class so
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import LAST, Calendar, Daypart, DayType, MonthDay, NthWeekday, Seasons, SpecialDay
from domain.playlist import to_ms
from domain.timetable import STATION_ZONE, ExceptionKind, Layer, Occurrence, Rule, RuleException
from scheduler.expand import expand

ZONE = ZoneInfo(STATION_ZONE)
BASE = date(2027, 12, 6)
"""A Monday: the days tried run over a turn of the year and a 29 February."""
SPAN = 130
EARLIEST, LATEST = BASE - timedelta(days=40), BASE + timedelta(days=SPAN + 40)
MORNING, EVENING = time(5, 30), time(17)

DAYS = st.integers(0, SPAN).map(lambda number: BASE + timedelta(days=number))
TIMES = st.sampled_from([time(), MORNING, EVENING, time(23, 59, 59, 999000)])
CALENDAR = Calendar(
    special=(
        SpecialDay("tet", "Tết", DayType.TET, date(2028, 1, 24), date(2028, 1, 30)),
        SpecialDay("tang", "Quốc tang", DayType.MOURNING, date(2028, 1, 30), date(2028, 1, 31)),
        SpecialDay("bu", "Làm bù", DayType.ORDINARY, date(2028, 2, 12), date(2028, 2, 12)),
        SpecialDay("thi", "Thi", DayType.EXAM, date(2028, 3, 1), date(2028, 3, 3), enabled=False),
    ),
    dayparts={
        "sang": Daypart("sang", "Sáng", time(5), MORNING),
        "chieu": Daypart("chieu", "Chiều", EVENING, time(16, 30)),
    },
    seasons=Seasons(MonthDay(2, 29), MonthDay(12, 31)),
)


def days_by_dateutil(rule: Rule) -> list[date]:
    """Return the days of a rule as dateutil reads RFC 5545, from EARLIEST to LATEST."""
    since = datetime.combine(rule.valid_from or EARLIEST, time())  # dateutil's recurrences are naive
    until = datetime.combine(min(rule.valid_until or LATEST, LATEST), time())
    found = rruleset()
    if rule.weekdays:
        weekdays = [day - 1 for day in rule.weekdays]
        found.rrule(rrule(WEEKLY, since, rule.week_interval, MO, until=until, byweekday=weekdays))
    if rule.month_days:
        found.rrule(rrule(MONTHLY, since, until=until, bymonthday=sorted(rule.month_days)))
    if rule.nth_weekdays:
        nth = [Weekday(one.weekday - 1, one.nth) for one in rule.nth_weekdays]
        found.rrule(rrule(MONTHLY, since, until=until, byweekday=nth))
    return [day.date() for day in found]


def asked(rule: Rule, calendar: Calendar) -> Iterator[Occurrence]:
    """Yield what a rule asks for, each time of each day by itself, before its exceptions."""
    kept = {day for day in days_by_dateutil(rule) if calendar.type_of(day) in rule.day_types}
    for day in (kept | rule.dates) - rule.except_dates:
        parts = [calendar.time_of(one, day) for one in rule.daypart_ids]
        for moment in {*rule.times, *(one for one in parts if one is not None)}:
            instant = datetime.combine(day, moment, ZONE).astimezone(UTC)
            layer = Layer.WEEKLY if rule.regular else Layer.EXCEPTION
            layer = Layer.URGENT if rule.urgent else layer
            yield Occurrence(f"{rule.id}@{to_ms(instant)}", rule.id, rule.programme_id, instant, layer)


def excepted(rule: Rule, one: Occurrence) -> Occurrence | None:
    """Return what the last exception that speaks of this sounding makes of it."""
    local = one.starts_at.astimezone(ZONE)
    held = [it for it in rule.exceptions if it.on == local.date() and it.at in {None, local.time()}]
    if not held:
        return one
    layer = one.layer if one.layer is Layer.URGENT else Layer.EXCEPTION
    match held[-1].kind:
        case ExceptionKind.SKIP:
            return None
        case ExceptionKind.REPLACE:
            return replace(one, programme_id=held[-1].programme_id or one.programme_id, layer=layer)
        case ExceptionKind.MOVE:
            moved = datetime.combine(held[-1].to_day or local.date(), held[-1].to_time or local.time(), ZONE)
            return replace(one, starts_at=moved.astimezone(UTC), layer=layer, moved_from=one.starts_at)


def by_the_diary(rules: list[Rule], start: datetime, end: datetime) -> list[Occurrence]:
    """Return what the rules come to in [start, end), sharing nothing with the product but its words."""
    each = (excepted(rule, one) for rule in rules if rule.enabled for one in asked(rule, CALENDAR))
    found = (one for one in each if one is not None and start <= one.starts_at < end)
    return sorted(found, key=lambda one: (one.starts_at, one.key))


EXCEPTIONS = st.builds(
    RuleException,
    kind=st.sampled_from(ExceptionKind),
    on=DAYS,
    at=st.none() | TIMES,
    to_day=st.none() | DAYS,
    to_time=st.none() | TIMES | st.just(time(9, 15)),
    programme_id=st.none() | st.just("p2"),
)
RULES = st.builds(
    Rule,
    id=st.text("ab@-~", min_size=1, max_size=3),
    programme_id=st.just("p1"),
    area_ids=st.just(frozenset({"xa"})),
    times=st.lists(TIMES, max_size=3).map(tuple),
    weekdays=st.frozensets(st.integers(1, 7), max_size=7),
    dates=st.frozensets(DAYS, max_size=3),
    valid_from=DAYS,
    valid_until=st.none() | DAYS,
    except_dates=st.frozensets(DAYS, max_size=3),
    enabled=st.sampled_from([True, True, True, False]),
    week_interval=st.integers(1, 5),
    month_days=st.frozensets(st.sampled_from([1, 2, 15, 28, 29, 30, 31, -1]), max_size=3),
    nth_weekdays=st.frozensets(
        st.builds(NthWeekday, st.sampled_from([1, 2, 3, 4, 5, -1]), st.integers(1, 7)), max_size=2
    ),
    daypart_ids=st.frozensets(st.sampled_from(["sang", "chieu", "khong-co"]), max_size=2),
    day_types=st.frozensets(st.sampled_from(DayType)) | st.just(frozenset(DayType)),
    exceptions=st.lists(EXCEPTIONS, max_size=4).map(tuple),
    urgent=st.booleans(),
)
TIMETABLES = st.lists(RULES, max_size=5, unique_by=lambda rule: rule.id)
INSTANTS = st.integers(0, SPAN * 24).map(lambda hours: datetime.combine(BASE, time(), ZONE) + timedelta(hours=hours))


@settings(deadline=None)
@given(TIMETABLES, INSTANTS, INSTANTS)
def test_rules_of_every_kind_agree_with_dateutil_and_a_diary(rules: list[Rule], start: datetime, end: datetime) -> None:
    assert list(expand(rules, start, end, CALENDAR)) == by_the_diary(rules, start, end)


@settings(deadline=None)
@given(TIMETABLES, INSTANTS, INSTANTS, INSTANTS)
def test_windows_that_touch_share_nothing_and_lose_nothing_even_where_soundings_move_between_them(
    rules: list[Rule], one: datetime, two: datetime, three: datetime
) -> None:
    start, middle, end = sorted((one, two, three))
    halves = expand(rules, start, middle, CALENDAR) + expand(rules, middle, end, CALENDAR)
    assert halves == expand(rules, start, end, CALENDAR)


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, LAST])
@pytest.mark.parametrize("weekday", range(1, 8))
def test_each_nth_weekday_of_four_years_is_that_of_dateutil(nth: int, weekday: int) -> None:
    named = replace(BARE, nth_weekdays=frozenset({NthWeekday(nth, weekday)}))
    assert days_of(named) == [
        day.date()
        for day in rrule(MONTHLY, datetime(2025, 1, 1), until=FOUR_YEARS_ON, byweekday=Weekday(weekday - 1, nth))  # noqa: DTZ001
    ]


@pytest.mark.parametrize("day", [*range(1, 32), LAST])
def test_each_day_of_the_month_of_four_years_is_that_of_dateutil(day: int) -> None:
    named = replace(BARE, month_days=frozenset({day}))
    found = rrule(MONTHLY, datetime(2025, 1, 1), until=FOUR_YEARS_ON, bymonthday=day)  # noqa: DTZ001
    assert days_of(named) == [one.date() for one in found]


BARE = Rule("r", "p", frozenset({"xa"}), (MORNING,))
FOUR_YEARS_ON = datetime(2028, 12, 31)  # noqa: DTZ001


def days_of(rule: Rule) -> list[date]:
    """Return the days of a rule from 2025 to 2028, a year at a time."""
    years = [datetime(year, 1, 1, tzinfo=ZONE) for year in range(2025, 2030)]
    rows = (one for start, end in pairwise(years) for one in expand([rule], start, end))
    return [one.starts_at.astimezone(ZONE).date() for one in rows]


@settings(deadline=None)
@given(RULES, INSTANTS, INSTANTS)
def test_an_exception_never_changes_the_keys_that_a_rule_has(rule: Rule, start: datetime, end: datetime) -> None:
    plain = {one.key: one for one in asked(rule, CALENDAR)}
    for one in expand([rule], start, end, CALENDAR):
        assert one.key in plain
        assert (one.moved_from or one.starts_at) == plain[one.key].starts_at


@settings(deadline=None)
@given(TIMETABLES, INSTANTS)
def test_the_same_rules_give_the_same_rows_each_with_a_key_of_its_own(rules: list[Rule], start: datetime) -> None:
    end = start + timedelta(days=60)
    rows = expand(rules, start, end, CALENDAR)
    assert rows == expand(rules[::-1], start, end, CALENDAR)
    assert len({one.key for one in rows}) == len(rows)


@settings(deadline=None)
@given(st.lists(RULES, min_size=2, max_size=5, unique_by=lambda rule: rule.id), INSTANTS)
def test_a_rule_sounds_the_same_whatever_stands_beside_it(rules: list[Rule], start: datetime) -> None:
    end = start + timedelta(days=60)
    together = expand(rules, start, end, CALENDAR)
    for rule in rules:
        assert expand([rule], start, end, CALENDAR) == tuple(one for one in together if one.rule_id == rule.id)
