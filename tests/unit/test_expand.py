"""Rules against the calendar: which occurrences they give, in which order, and what is refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from random import Random
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInputError
from domain.playlist import to_ms
from domain.timetable import STATION_ZONE, Rule
from scheduler.expand import FIRST_YEAR, LAST_YEAR, MAX_OCCURRENCES, MAX_WINDOW, expand

ZONE = ZoneInfo(STATION_ZONE)
DAILY = Rule("sang", "p1", frozenset({"xa"}), (time(5, 30),), frozenset(range(1, 8)))


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def local_starts(rules: list[Rule], start: datetime, end: datetime) -> list[str]:
    return [f"{occurrence.starts_at.astimezone(ZONE):%d/%m/%Y %H:%M}" for occurrence in expand(rules, start, end)]


def asked_day_by_day(rules: list[Rule], start: datetime, end: datetime) -> Iterator[tuple[datetime, str, str]]:
    """Walk the calendar as a person with a diary would, sharing nothing with the product but the words."""
    day = start.astimezone(ZONE).date() - timedelta(days=1)
    while day <= end.astimezone(ZONE).date():
        for rule in rules:
            if not rule.enabled or not rule.area_ids or day in rule.except_dates:
                continue
            since = rule.valid_from is None or rule.valid_from <= day
            until = rule.valid_until is None or day <= rule.valid_until
            if day in rule.dates or (day.isoweekday() in rule.weekdays and since and until):
                for moment in set(rule.times):
                    instant = datetime.combine(day, moment, ZONE).astimezone(UTC)
                    if start <= instant < end:
                        yield instant, f"{rule.id}@{to_ms(instant)}", rule.programme_id
        day += timedelta(days=1)


BASE = date(2027, 12, 20)
DAYS = st.integers(0, 120).map(lambda number: BASE + timedelta(days=number))
TIMES = st.one_of(
    st.sampled_from([time(), time(5), time(5, 30), time(23, 59, 59, 999000)]),
    st.times().map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)),
)
RULES = st.builds(
    Rule,
    id=st.text("ab@-~", min_size=1, max_size=3),
    programme_id=st.sampled_from(["p1", "p2"]),
    area_ids=st.sampled_from([frozenset({"xa"}), frozenset({"xa", "ban"}), frozenset[str]()]),
    times=st.lists(TIMES, max_size=3).map(tuple),
    weekdays=st.frozensets(st.integers(1, 7)),
    dates=st.frozensets(DAYS, max_size=4),
    valid_from=st.none() | DAYS,
    valid_until=st.none() | DAYS,
    except_dates=st.frozensets(DAYS, max_size=4),
    enabled=st.sampled_from([True, True, True, False]),
)
TIMETABLES = st.lists(RULES, max_size=6, unique_by=lambda rule: rule.id)
INSTANTS = st.integers(0, 120 * 86_400_000).map(lambda ms: at(2027, 12, 20) + timedelta(milliseconds=ms))


@given(TIMETABLES, INSTANTS, INSTANTS)
def test_the_day_tables_agree_with_walking_the_calendar(rules: list[Rule], start: datetime, end: datetime) -> None:
    found = [(one.starts_at, one.key, one.programme_id) for one in expand(rules, start, end)]
    assert found == sorted(asked_day_by_day(rules, start, end))


@given(TIMETABLES, st.randoms(use_true_random=False))
def test_the_order_of_the_rules_does_not_matter(rules: list[Rule], random: Random) -> None:
    shuffled = sorted(rules, key=lambda _: random.random())
    assert expand(rules, at(2028, 1, 1), at(2028, 3, 1)) == expand(shuffled, at(2028, 1, 1), at(2028, 3, 1))


@given(TIMETABLES, INSTANTS, INSTANTS, INSTANTS)
def test_two_windows_that_meet_give_what_one_gives(
    rules: list[Rule], one: datetime, two: datetime, three: datetime
) -> None:
    start, middle, end = sorted((one, two, three))
    assert expand(rules, start, middle) + expand(rules, middle, end) == expand(rules, start, end)


def test_an_occurrence_says_its_rule_programme_instant_and_key() -> None:
    (found,) = expand([DAILY], at(2026, 11, 3), at(2026, 11, 4))
    assert found.starts_at == datetime(2026, 11, 2, 22, 30, tzinfo=UTC)
    assert (found.key, found.rule_id, found.programme_id) == ("sang@1793658600000", "sang", "p1")
    assert found.starts_at.utcoffset() == timedelta()


def test_the_start_is_within_the_window_and_the_end_is_not() -> None:
    assert local_starts([DAILY], at(2026, 11, 3, 5, 30), at(2026, 11, 4, 5, 30)) == ["03/11/2026 05:30"]


def test_a_window_between_two_milliseconds_holds_nothing_that_came_before_it() -> None:
    just_after = at(2026, 11, 3, 5, 30) + timedelta(microseconds=1)
    assert expand([DAILY], just_after, at(2026, 11, 3, 6)) == ()
    assert len(expand([DAILY], at(2026, 11, 3), just_after)) == 1


def test_sunday_is_the_seventh_day() -> None:
    rule = replace(DAILY, weekdays=frozenset({7}))
    assert local_starts([rule], at(2026, 11, 1), at(2026, 11, 15)) == ["01/11/2026 05:30", "08/11/2026 05:30"]


def test_days_run_over_month_ends_and_the_turn_of_the_year() -> None:
    assert local_starts([DAILY], at(2026, 12, 30), at(2027, 1, 3)) == [
        "30/12/2026 05:30",
        "31/12/2026 05:30",
        "01/01/2027 05:30",
        "02/01/2027 05:30",
    ]


@pytest.mark.parametrize(("year", "found"), [(2027, 0), (2028, 1), (2096, 1)])
def test_the_29th_of_february_sounds_in_leap_years_alone(year: int, found: int) -> None:
    starts = local_starts([DAILY], at(year, 2, 28), at(year, 3, 2))
    assert sum(start.startswith("29/02") for start in starts) == found
    assert len(starts) == 2 + found


def test_the_first_and_the_last_day_of_validity_sound() -> None:
    rule = replace(DAILY, valid_from=date(2026, 11, 3), valid_until=date(2026, 11, 4))
    assert local_starts([rule], at(2026, 11, 1), at(2026, 11, 30)) == ["03/11/2026 05:30", "04/11/2026 05:30"]


def test_midnight_belongs_to_the_day_it_begins() -> None:
    rule = replace(DAILY, times=(time(),), weekdays=frozenset({1}))
    assert local_starts([rule], at(2026, 11, 1), at(2026, 11, 8)) == ["02/11/2026 00:00"]


def test_a_single_date_sounds_outside_validity_and_weekdays() -> None:
    rule = replace(DAILY, weekdays=frozenset(), dates=frozenset({date(2026, 11, 20)}), valid_until=date(2026, 1, 1))
    assert local_starts([rule], at(2026, 11, 1), at(2026, 12, 1)) == ["20/11/2026 05:30"]


def test_an_exception_silences_weekdays_and_dates_alike() -> None:
    day = date(2026, 11, 20)
    rule = replace(DAILY, weekdays=frozenset({5}), dates=frozenset({day}), except_dates=frozenset({day}))
    assert local_starts([rule], at(2026, 11, 16), at(2026, 11, 23)) == []


def test_a_day_asked_for_twice_and_a_time_written_twice_sound_once() -> None:
    rule = replace(DAILY, dates=frozenset({date(2026, 11, 3)}), times=(time(5, 30), time(5, 30)))
    assert local_starts([rule], at(2026, 11, 3), at(2026, 11, 4)) == ["03/11/2026 05:30"]


@pytest.mark.parametrize(
    "rule",
    [
        replace(DAILY, times=()),
        replace(DAILY, area_ids=frozenset()),
        replace(DAILY, enabled=False),
        replace(DAILY, weekdays=frozenset({0, 8, 99})),
        replace(DAILY, valid_from=date(2027, 1, 1), valid_until=date(2026, 1, 1)),
    ],
)
def test_a_rule_that_asks_for_nothing_gives_nothing(rule: Rule) -> None:
    assert expand([rule], at(2026, 11, 1), at(2026, 12, 1)) == ()


def test_an_empty_or_backward_window_holds_nothing() -> None:
    assert expand([DAILY], at(2026, 11, 3), at(2026, 11, 3)) == ()
    assert expand([DAILY], at(2026, 11, 4), at(2026, 11, 3)) == ()


def test_the_window_may_be_given_in_any_zone() -> None:
    start, end = at(2026, 11, 3), at(2026, 11, 10)
    east = timezone(timedelta(hours=-5))
    assert expand([DAILY], start, end) == expand([DAILY], start.astimezone(east), end.astimezone(UTC))


def test_no_day_in_the_years_taken_has_a_gap_or_a_repeat() -> None:
    day, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    while day <= last:
        begins = datetime.combine(day, time(), ZONE)
        assert begins.utcoffset() == begins.replace(hour=23, minute=59).utcoffset()
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (at(2026, 1, 1), at(2026, 1, 1) + MAX_WINDOW + timedelta(milliseconds=1)),
        (at(9999, 1, 1), at(9999, 12, 1)),
        (at(1975, 1, 1), at(1975, 12, 1)),
        (datetime(2026, 1, 1), at(2026, 1, 2)),  # noqa: DTZ001
        (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_window_that_cannot_be_planned_is_refused_in_a_sentence(start: datetime, end: datetime) -> None:
    with pytest.raises(BadInputError, match=r"\w+ \w+.*\.$"):
        expand([DAILY], start, end)


def test_a_million_occurrences_are_refused_in_well_under_a_second() -> None:
    minutes = tuple(time(hour, minute) for hour in range(24) for minute in range(60))
    rules = [replace(DAILY, id=str(number), times=minutes) for number in range(5000)]
    began = process_time()
    with pytest.raises(BadInputError, match=r"1\.000\.000"):
        expand(rules, at(2026, 1, 1), at(2027, 1, 1))
    assert process_time() - began < 1
    assert len(minutes) * 366 * 5000 > MAX_OCCURRENCES


def test_two_rules_with_one_id_are_refused_since_their_keys_would_meet() -> None:
    with pytest.raises(BadInputError, match="trùng mã"):
        expand([DAILY, DAILY], at(2026, 11, 1), at(2026, 11, 2))


def test_dates_in_the_year_9999_are_taken_and_never_reached() -> None:
    rule = replace(DAILY, dates=frozenset({date.max}), valid_from=date.min, valid_until=date.max)
    assert len(expand([rule], at(2026, 11, 1), at(2026, 11, 8))) == 7
