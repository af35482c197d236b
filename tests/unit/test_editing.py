"""What an edit makes of a rule, and what the policy says of it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from domain.airtime import AirtimePolicy, ExclusionWindow
from domain.areas import Area
from domain.calendar import Calendar, Daypart, LunarDay
from domain.errors import BadInputError, NotFoundError
from domain.timetable import ExceptionKind, Occurrence, Programme, ProgrammeItem, Rule, RuleException
from scheduler.build import Listener
from scheduler.editing import (
    Target,
    as_it_stands,
    asked_on,
    kept_exceptions,
    moved_always,
    moved_apart,
    moved_once,
    moves_others,
    read_key,
    replaced,
    skipped,
    urgent_instead,
    without_exception,
)
from scheduler.expand import expand
from scheduler.judging import Ground, broken_lines
from scheduler.sessions import ZONE

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
"""A Monday, 09:30 at the station."""
CALENDAR = Calendar(dayparts={"sang": Daypart("sang", "Sáng", time(5, 30), time(6))})
WEDNESDAY = date(2026, 11, 25)
SIX = time(6)


def rule(**fields: object) -> Rule:
    given = {"id": "r", "programme_id": "p", "area_ids": frozenset({"xa"}), "times": (SIX,)}
    return Rule(**{**given, "weekdays": frozenset({1, 3, 5}), **fields})


def asked(one: Rule, day: date = WEDNESDAY, moment: time = SIX) -> Occurrence:
    return asked_on(one, datetime.combine(day, moment, ZONE), CALENDAR)


def stands(one: Rule) -> datetime | None:
    found = as_it_stands(one, asked(one))
    return None if found is None else found.starts_at.astimezone(ZONE)


def test_a_key_tells_its_rule_and_its_instant() -> None:
    assert read_key(asked(rule()).key) == ("r", datetime.combine(WEDNESDAY, SIX, ZONE))


@pytest.mark.parametrize(
    "key", ["", "r", "@1", "r@", "r@x", "r@²", "r@-1", f"r@{10**13}", f"r@{10**20}", "r@4102444800000"]
)
def test_a_key_that_is_none_is_told_so(key: str) -> None:
    with pytest.raises(NotFoundError):
        read_key(key)


def test_a_sounding_that_was_never_asked_for_cannot_be_touched() -> None:
    with pytest.raises(NotFoundError, match="không còn trong lịch"):
        asked(rule(), WEDNESDAY + timedelta(days=1))


def test_a_sounding_is_moved_this_time_only_and_back_again() -> None:
    moved = moved_once(rule(), asked(rule()), Target(WEDNESDAY + timedelta(days=1), time(7, 15), " họp  bản "), NOW)
    assert stands(moved) == datetime.combine(WEDNESDAY + timedelta(days=1), time(7, 15), ZONE)
    assert moved.exceptions[0].note == "họp bản"
    again = moved_once(moved, asked(moved), Target(WEDNESDAY, time(7)), NOW)
    assert len(again.exceptions) == 1
    assert again.exceptions[0].to_day is None
    assert moved_once(again, asked(again), Target(WEDNESDAY, SIX), NOW) == rule()
    assert without_exception(again, asked(again)) == rule()


def test_a_sounding_is_skipped_or_replaced() -> None:
    assert stands(skipped(rule(), asked(rule()), "", NOW)) is None
    other = as_it_stands(replaced(rule(), asked(rule()), "q", "", NOW), asked(rule()))
    assert other is not None
    assert other.programme_id == "q"


def test_a_past_sounding_stays_where_it_was() -> None:
    past = asked(rule(), date(2026, 11, 23))
    for act in (
        lambda: moved_once(rule(), past, Target(WEDNESDAY, SIX), NOW),
        lambda: moved_always(rule(), past, Target(WEDNESDAY, SIX), NOW, CALENDAR),
        lambda: skipped(rule(), past, "", NOW),
        lambda: replaced(rule(), past, "q", "", NOW),
    ):
        with pytest.raises(BadInputError, match="đã qua"):
            act()


@pytest.mark.parametrize(
    ("day", "sentence"),
    [(date(2026, 11, 22), "giờ đã qua"), (date(1, 1, 1), "giờ đã qua"), (date.max, "năm năm")],
)
def test_nothing_is_moved_into_the_past_or_out_of_sight(day: date, sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        moved_once(rule(), asked(rule()), Target(day, SIX), NOW)


def test_every_time_changes_the_time_and_the_weekday_and_takes_exceptions_along() -> None:
    friday = RuleException(ExceptionKind.SKIP, date(2026, 11, 27), SIX)
    before = rule(exceptions=(friday,))
    after = moved_always(before, asked(before), Target(WEDNESDAY + timedelta(days=1), time(7)), NOW, CALENDAR)
    assert (after.times, after.weekdays) == ((time(7),), frozenset({1, 4, 5}))
    assert after.exceptions == (replace(friday, at=time(7)),)


def test_every_time_of_a_daypart_becomes_a_fixed_time() -> None:
    before = rule(times=(), daypart_ids=frozenset({"sang"}))
    after = moved_always(before, asked(before), Target(WEDNESDAY, time(7)), NOW, CALENDAR)
    assert (after.times, after.daypart_ids) == ((time(7),), frozenset())


def test_every_time_moves_a_single_date_but_no_lunar_day() -> None:
    once = rule(weekdays=frozenset(), dates=frozenset({WEDNESDAY}))
    later = WEDNESDAY + timedelta(days=9)
    assert moved_always(once, asked(once), Target(later, SIX), NOW, CALENDAR).dates == {later}
    lunar = rule(weekdays=frozenset(), lunar_days=frozenset({LunarDay(17)}))
    with pytest.raises(BadInputError, match="Chỉ lần này"):
        moved_always(lunar, asked(lunar), Target(later, SIX), NOW, CALENDAR)


def test_an_urgent_session_takes_the_place_of_what_machines_hold() -> None:
    moved = moved_once(rule(), asked(rule()), Target(WEDNESDAY, time(6, 40)), NOW)
    skipping, instead = urgent_instead(moved, asked(moved), "n", NOW)
    assert stands(skipping) is None
    assert (instead.urgent, instead.times, instead.dates) == (True, (time(6, 40),), {WEDNESDAY})
    with pytest.raises(BadInputError, match="đã qua"):
        urgent_instead(moved, asked(moved), "n", datetime.combine(WEDNESDAY, time(6, 40), ZONE))


def test_exceptions_follow_the_one_time_that_became_another() -> None:
    skip = RuleException(ExceptionKind.SKIP, WEDNESDAY, SIX)
    old = rule(exceptions=(skip,))
    assert kept_exceptions(old, rule(times=(time(7),))) == (replace(skip, at=time(7)),)
    assert kept_exceptions(old, rule(times=(SIX, time(7)))) == (skip,)


AREAS = (Area("xa", "Xã", "xa", None), Area("ban", "Bản Nhà Thờ", "to", "xa"))
PLACES = {"xa": Listener("", frozenset({"xa"})), "ban": Listener("", frozenset({"xa", "ban"}))}
PROGRAMME = Programme("p", "Sáng", (ProgrammeItem(bulletin_id="b"),))
CHURCH = ExclusionWindow("w", "lễ nhà thờ", frozenset({"ban"}), time(5, 45), time(7))


def broken(one: Rule, policy: AirtimePolicy, length: timedelta = timedelta(minutes=3)) -> tuple[str, ...]:
    return broken_lines(one, PROGRAMME, length, Ground(policy, CALENDAR, AREAS, PLACES), NOW)


def test_a_rule_within_the_policy_breaks_nothing() -> None:
    assert broken(rule(), AirtimePolicy()) == ()


@pytest.mark.parametrize(
    ("one", "policy", "line"),
    [
        (rule(times=(SIX, time(22))), AirtimePolicy(), "giờ yên tĩnh 21:30–05:00"),
        (rule(), AirtimePolicy(session_limit=timedelta(minutes=2)), "quá mức 2 phút mỗi buổi"),
        (rule(), AirtimePolicy(allowed_weekdays=frozenset({1, 2, 3, 4})), "Thứ sáu không phải ngày được phát"),
        (rule(times=(SIX, time(7))), AirtimePolicy(sessions_per_day=1), "quá mức 1 buổi mỗi ngày"),
        (rule(times=(SIX, time(7))), AirtimePolicy(day_limit=timedelta(minutes=5)), "quá mức 5 phút mỗi ngày"),
        (rule(times=(SIX, time(7))), AirtimePolicy(repeat_limit=1), "được phát 2 lần"),
        (rule(), AirtimePolicy(exclusions=(CHURCH,)), "lễ nhà thờ.*ở Bản Nhà Thờ"),
    ],
)
def test_the_broken_line_of_the_policy_is_named(one: Rule, policy: AirtimePolicy, line: str) -> None:
    assert re.search(line, " ".join(broken(one, policy)))


def test_a_daypart_is_held_to_the_policy_in_both_seasons() -> None:
    early = Calendar(dayparts={"sang": Daypart("sang", "Sáng", time(4, 50), time(6))})
    one = rule(times=(), daypart_ids=frozenset({"sang"}))
    lines = broken_lines(one, PROGRAMME, timedelta(minutes=3), Ground(AirtimePolicy(), early, AREAS, PLACES), NOW)
    assert "giờ yên tĩnh" in lines[0]


def test_a_place_that_is_left_out_is_not_asked() -> None:
    assert broken(rule(except_area_ids=frozenset({"ban"})), AirtimePolicy(exclusions=(CHURCH,))) == ()


def test_one_day_of_silence_does_not_refuse_a_rule_for_every_week_but_does_refuse_that_day() -> None:
    funeral = replace(CHURCH, first=WEDNESDAY, last=WEDNESDAY)
    assert broken(rule(), AirtimePolicy(exclusions=(funeral,))) == ()
    once = rule(weekdays=frozenset(), dates=frozenset({WEDNESDAY}))
    assert "lễ nhà thờ" in broken(once, AirtimePolicy(exclusions=(funeral,)))[0]


def test_a_lunar_day_that_falls_on_a_silent_weekday_now_and_then_is_taken() -> None:
    full_moon = rule(weekdays=frozenset(), lunar_days=frozenset({LunarDay(15)}))
    assert broken(full_moon, AirtimePolicy(allowed_weekdays=frozenset(range(1, 7)))) == ()


EIGHT, TWO = time(8), time(14)
THURSDAY = WEDNESDAY + timedelta(days=1)


def every_sounding(*some: Rule) -> list[str]:
    start = datetime.combine(WEDNESDAY - timedelta(days=2), time(), ZONE)
    found = expand(some, start, start + timedelta(days=7), CALENDAR)
    return [f"{one.starts_at.astimezone(ZONE):%a %H:%M}" for one in found]


@pytest.mark.parametrize(
    ("fields", "to"),
    [
        ({"times": (SIX, TWO)}, Target(WEDNESDAY, TWO)),
        ({"daypart_ids": frozenset({"sang"}), "times": (EIGHT,)}, Target(WEDNESDAY, time(5, 30))),
        ({}, Target(WEDNESDAY + timedelta(days=2), SIX)),
    ],
)
def test_two_soundings_are_never_moved_into_one(fields: dict[str, object], to: Target) -> None:
    one = rule(**fields)
    moment = EIGHT if EIGHT in one.times else SIX
    with pytest.raises(BadInputError, match="gộp làm một"):
        moved_always(one, asked(one, moment=moment), to, NOW, CALENDAR)


@pytest.mark.parametrize(
    ("fields", "after"),
    [
        ({}, ["Mon 06:00", "Thu 07:00", "Fri 06:00"]),
        (
            {"times": (SIX, TWO)},
            ["Mon 06:00", "Mon 14:00", "Wed 14:00", "Thu 07:00", "Fri 06:00", "Fri 14:00"],
        ),
        ({"times": (SIX, TWO), "weekdays": frozenset({3})}, ["Wed 14:00", "Thu 07:00"]),
        (
            {"times": (), "daypart_ids": frozenset({"sang"}), "weekdays": frozenset({2, 3})},
            ["Tue 06:00", "Thu 07:00"],
        ),
        (
            {"weekdays": frozenset(), "dates": frozenset({WEDNESDAY, date(2026, 11, 27)}), "times": (SIX, TWO)},
            ["Wed 14:00", "Thu 07:00", "Fri 06:00", "Fri 14:00"],
        ),
    ],
)
def test_only_the_sounding_that_was_asked_for_goes_elsewhere(fields: dict[str, object], after: list[str]) -> None:
    one = rule(**fields)
    to = Target(THURSDAY, time(7))
    assert moves_others(one, asked(one), to)
    parts = moved_apart(one, asked(one), to, ("x", "y"), CALENDAR)
    assert every_sounding(*parts) == after
    assert len(every_sounding(one)) == len(after)


def test_a_skipped_sounding_stays_skipped_where_its_weekday_went() -> None:
    skips = tuple(RuleException(ExceptionKind.SKIP, date(2026, 12, day), SIX) for day in (2, 4))
    one = rule(times=(SIX, TWO), exceptions=skips)
    apart, rest, beside = moved_apart(one, asked(one), Target(THURSDAY, time(7)), ("x", "y"), CALENDAR)
    assert apart.exceptions == (RuleException(ExceptionKind.SKIP, date(2026, 12, 3), time(7)),)
    assert rest.exceptions == beside.exceptions == skips[1:]


def test_a_sounding_goes_apart_to_no_day_and_time_that_the_rule_has() -> None:
    one = rule(times=(SIX, TWO))
    with pytest.raises(BadInputError, match="gộp làm một"):
        moved_apart(one, asked(one), Target(date(2026, 11, 27), TWO), ("x", "y"), CALENDAR)
