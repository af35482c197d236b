"""What is different on one day of a rule: skipped, moved, or another programme."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import Calendar, Daypart
from domain.timetable import STATION_ZONE, ExceptionKind, Layer, Occurrence, Rule, RuleException
from scheduler.exceptions import exception_for
from scheduler.expand import FIRST_YEAR, LAST_YEAR, expand

ZONE = ZoneInfo(STATION_ZONE)
DAY = timedelta(days=1)
TUESDAY, WEDNESDAY = date(2026, 11, 3), date(2026, 11, 4)
DAILY = Rule("r", "p1", frozenset({"xa"}), (time(5, 30), time(17)), frozenset(range(1, 8)))
SKIP, MOVE, REPLACE = ExceptionKind.SKIP, ExceptionKind.MOVE, ExceptionKind.REPLACE
CALENDAR = Calendar(dayparts={"sang": Daypart("sang", "Sáng", time(5), time(5, 30))})


def found(first: date, last: date, *exceptions: RuleException, rule: Rule = DAILY) -> list[Occurrence]:
    begins, ends = (datetime.combine(day, time(), ZONE) for day in (first, last + DAY))
    return list(expand([replace(rule, exceptions=exceptions)], begins, ends, CALENDAR))


def said(rows: list[Occurrence]) -> list[str]:
    return [f"{one.starts_at.astimezone(ZONE):%d/%m %H:%M} {one.programme_id} {one.layer}" for one in rows]


def test_a_day_that_is_skipped_is_silent_at_all_times_or_at_the_one_named() -> None:
    assert said(found(TUESDAY, TUESDAY, RuleException(SKIP, TUESDAY))) == []
    assert said(found(TUESDAY, TUESDAY, RuleException(SKIP, TUESDAY, time(5, 30)))) == ["03/11 17:00 p1 weekly"]


def test_another_programme_sounds_in_its_place_under_the_same_key() -> None:
    plain = found(TUESDAY, TUESDAY)
    changed = found(TUESDAY, TUESDAY, RuleException(REPLACE, TUESDAY, time(17), programme_id="p2"))
    assert said(changed) == ["03/11 05:30 p1 weekly", "03/11 17:00 p2 exception"]
    assert [one.key for one in changed] == [one.key for one in plain]


def test_a_moved_sounding_keeps_its_key_and_tells_when_it_was_asked_for() -> None:
    (asked, _) = found(TUESDAY, TUESDAY)
    moved = found(WEDNESDAY, WEDNESDAY, RuleException(MOVE, TUESDAY, time(5, 30), WEDNESDAY, time(6)))
    assert said(moved) == ["04/11 05:30 p1 weekly", "04/11 06:00 p1 exception", "04/11 17:00 p1 weekly"]
    assert (moved[1].key, moved[1].moved_from) == (asked.key, asked.starts_at)


def test_a_move_may_change_the_day_alone_or_the_time_alone() -> None:
    day_alone = RuleException(MOVE, TUESDAY, time(5, 30), to_day=WEDNESDAY)
    time_alone = RuleException(MOVE, TUESDAY, time(17), to_time=time(18, 15))
    assert said(found(TUESDAY, TUESDAY, day_alone, time_alone)) == ["03/11 18:15 p1 exception"]
    wednesday = said(found(WEDNESDAY, WEDNESDAY, day_alone, time_alone))
    assert wednesday.count("04/11 05:30 p1 weekly") == wednesday.count("04/11 05:30 p1 exception") == 1


def test_a_move_over_the_edge_of_a_window_leaves_the_one_and_is_found_in_the_other() -> None:
    far = date(2027, 8, 1)
    away = RuleException(MOVE, TUESDAY, None, to_day=far)
    assert said(found(TUESDAY, TUESDAY, away)) == []
    assert said(found(far, far, away)).count("01/08 05:30 p1 exception") == 1
    assert len(found(far, far, away)) == 4


def test_a_move_over_midnight_and_over_the_turn_of_the_year_lands_on_its_day() -> None:
    last = date(2026, 12, 31)
    over = RuleException(MOVE, last, time(17), date(2027, 1, 1), time())
    assert said(found(last, last, over)) == ["31/12 05:30 p1 weekly"]
    assert said(found(date(2027, 1, 1), date(2027, 1, 1), over))[0] == "01/01 00:00 p1 exception"


def test_a_move_to_the_end_of_the_window_is_outside_of_it() -> None:
    midnight = RuleException(MOVE, TUESDAY, time(17), WEDNESDAY, time())
    assert said(found(TUESDAY, TUESDAY, midnight)) == ["03/11 05:30 p1 weekly"]


def test_of_several_exceptions_for_one_sounding_the_last_one_counts() -> None:
    skip, swap = RuleException(SKIP, TUESDAY), RuleException(REPLACE, TUESDAY, time(17), programme_id="p2")
    assert said(found(TUESDAY, TUESDAY, skip, swap)) == ["03/11 17:00 p2 exception"]
    assert said(found(TUESDAY, TUESDAY, swap, skip)) == []
    away, back = (RuleException(MOVE, TUESDAY, time(17), to_time=time(hour)) for hour in (19, 18))
    assert said(found(TUESDAY, TUESDAY, away, back))[1:] == ["03/11 18:00 p1 exception"]


def test_an_exception_holds_for_the_hour_that_a_daypart_has_on_that_day() -> None:
    rule = replace(DAILY, times=(), daypart_ids=frozenset({"sang"}))
    winter, summer = TUESDAY, date(2026, 6, 2)
    for day, at, other in ((winter, time(5, 30), time(5)), (summer, time(5), time(5, 30))):
        assert found(day, day, RuleException(SKIP, day, at), rule=rule) == []
        assert len(found(day, day, RuleException(SKIP, day, other), rule=rule)) == 1


def test_an_exception_for_what_is_not_asked_for_changes_nothing() -> None:
    for at in (time(5, 31), time(17, 0, 1)):
        assert found(TUESDAY, TUESDAY, RuleException(SKIP, TUESDAY, at)) == found(TUESDAY, TUESDAY)
    sundays = replace(DAILY, weekdays=frozenset({7}))
    assert found(TUESDAY, WEDNESDAY, RuleException(MOVE, TUESDAY, None, WEDNESDAY), rule=sundays) == []


def test_a_skipped_date_cannot_be_moved_back_to_life() -> None:
    rule = replace(DAILY, except_dates=frozenset({TUESDAY}))
    assert len(found(WEDNESDAY, WEDNESDAY, RuleException(MOVE, TUESDAY, None, WEDNESDAY), rule=rule)) == 2


def test_times_of_exceptions_are_taken_to_the_millisecond_as_those_of_rules_are() -> None:
    rule = replace(DAILY, times=(time(5, 30, 0, 1999),))
    assert found(TUESDAY, TUESDAY, RuleException(SKIP, TUESDAY, time(5, 30, 0, 1234)), rule=rule) == []
    (moved,) = found(TUESDAY, TUESDAY, RuleException(MOVE, TUESDAY, None, to_time=time(6, 0, 0, 1999)), rule=rule)
    assert moved.starts_at.microsecond == 1000


def test_what_is_urgent_stays_urgent_when_it_is_moved() -> None:
    urgent = replace(DAILY, urgent=True)
    rows = found(TUESDAY, TUESDAY, RuleException(MOVE, TUESDAY, time(17), to_time=time(18)), rule=urgent)
    assert {one.layer for one in rows} == {Layer.URGENT}


@pytest.mark.parametrize("to_day", [date.min, date(1, 1, 2), date(FIRST_YEAR - 1, 12, 31), date.max])
def test_a_move_out_of_the_years_taken_silences_the_sounding(to_day: date) -> None:
    assert said(found(TUESDAY, TUESDAY, RuleException(MOVE, TUESDAY, time(17), to_day))) == ["03/11 05:30 p1 weekly"]


@pytest.mark.parametrize("on", [date.min, date(FIRST_YEAR - 1, 12, 31), date(LAST_YEAR + 1, 1, 1), date.max])
def test_an_exception_outside_the_years_taken_moves_nothing_in(on: date) -> None:
    assert len(found(TUESDAY, TUESDAY, RuleException(MOVE, on, None, TUESDAY))) == 2


@pytest.mark.parametrize("on", [date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)])
def test_the_first_and_the_last_day_of_the_years_taken_can_be_moved_from(on: date) -> None:
    assert len(found(TUESDAY, TUESDAY, RuleException(MOVE, on, None, TUESDAY))) == 4


def test_the_exception_of_a_sounding_is_the_one_that_expanding_goes_by() -> None:
    skip, swap = RuleException(SKIP, TUESDAY), RuleException(REPLACE, TUESDAY, time(17), programme_id="p2")
    rule = replace(DAILY, exceptions=(skip, swap))
    asked = datetime(2026, 11, 3, 10, tzinfo=UTC)
    assert exception_for(rule, asked) is swap
    assert exception_for(rule, asked - timedelta(hours=11, minutes=30)) is skip
    assert exception_for(rule, asked + DAY) is None
