"""Sessions and rules as calendars: stable, complete, and read back as what they were."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar as Parsed
from icalendar import Component

from domain.calendar import EVERY_DAY_TYPE, Calendar, Daypart, DayType, LunarDay, NthWeekday, SpecialDay
from domain.timetable import (
    ExceptionKind,
    ItemKind,
    LatePolicy,
    PlannedItem,
    Priority,
    Rule,
    RuleException,
    Slot,
)
from scheduler.expand import expand
from scheduler.ical.feed import Heading, sessions_calendar
from scheduler.ical.rule_feed import Titled, Unsaid, rules_calendar
from scheduler.ical.rules import read_rules

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
HEADING = Heading("dai-1", "Lịch phát – Bản San Thàng", 42, NOW)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NEWS = PlannedItem("Tin sáng; giờ mới, nơi cũ", "a" * 64, 2 * MINUTE, "b1")
SILENT = PlannedItem("Họp bản", None, MINUTE, "b2", refusal="bản tin chưa được duyệt.")
SLOT = Slot(
    "sang@1795000000000",
    "m1",
    datetime(2026, 11, 23, 22, 30, tzinfo=UTC),
    "Buổi sáng",
    Priority.NORMAL,
    LatePolicy.CATCH_UP,
    5 * MINUTE,
    (NEWS, SILENT),
)
PLAIN = Rule("r1", "p", frozenset({"x"}), (time(5, 30),), frozenset(range(1, 8)), valid_from=TODAY)


def events(data: bytes) -> list[Component]:
    return list(Parsed.from_ical(data).walk("VEVENT"))


def session(slot: Slot = SLOT) -> Component:
    (found,) = events(sessions_calendar([slot], HEADING))
    return found


def rules(*of: Rule, calendar: Calendar | None = None) -> tuple[bytes, tuple[Unsaid, ...]]:
    titled = [Titled(one, "Buổi sáng", 3 * MINUTE, {"q": "Buổi đặc biệt"}) for one in of]
    return rules_calendar(titled, calendar or Calendar(), HEADING, datetime.combine(TODAY, time(), ZONE))


def lines_of(rule: Rule, calendar: Calendar | None = None) -> list[str]:
    return rules(rule, calendar=calendar)[0].decode().replace("\r\n ", "").split("\r\n")


def reason(rule: Rule, calendar: Calendar | None = None) -> str:
    ((unsaid),) = rules(rule, calendar=calendar)[1]
    return unsaid.reason


def test_a_session_says_when_how_long_and_what() -> None:
    found = session()
    assert found["UID"] == "sang@1795000000000@dai-1.tiengloa"
    assert found["DTSTART"].to_ical() == b"20261124T053000"
    assert found["DTSTART"].params["TZID"] == "Asia/Ho_Chi_Minh"
    assert found["DURATION"].dt == 2 * MINUTE
    assert (found["SUMMARY"], found["STATUS"], found["SEQUENCE"]) == ("Buổi sáng", "CONFIRMED", 42)
    assert found["LAST-MODIFIED"].dt == NOW
    assert found["DESCRIPTION"] == (
        "1. Tin sáng; giờ mới, nơi cũ (2 phút)\n2. Họp bản – không phát: bản tin chưa được duyệt"
    )


@pytest.mark.parametrize("slot", [replace(SLOT, refusal="chạm giờ yên tĩnh."), replace(SLOT, items=(SILENT,))])
def test_a_session_that_will_not_sound_is_cancelled_and_says_why(slot: Slot) -> None:
    found = session(slot)
    assert (found["STATUS"], found["SUMMARY"]) == ("CANCELLED", "Không phát: Buổi sáng")
    assert found["DESCRIPTION"].startswith("Sẽ không phát: ")
    assert found["DURATION"].dt >= MINUTE


def test_a_moved_session_keeps_its_uid() -> None:
    assert session(replace(SLOT, starts_at=SLOT.starts_at + DAY))["UID"] == session()["UID"]


def test_an_urgent_session_has_priority() -> None:
    assert "PRIORITY" not in session()
    assert session(replace(SLOT, priority=Priority.PRIORITY))["PRIORITY"] == 1


def test_the_calendar_names_itself_its_zone_and_how_often_to_ask() -> None:
    data = sessions_calendar([SLOT], HEADING)
    assert data == sessions_calendar([SLOT], HEADING)
    text = data.decode()
    for line in (
        "PRODID:-//Tieng Loa//Lich phat thanh//VI",
        "X-WR-CALNAME:Lịch phát – Bản San Thàng",
        "REFRESH-INTERVAL;VALUE=DURATION:PT30M",
        "TZID:Asia/Ho_Chi_Minh",
        "TZOFFSETTO:+0700",
        "METHOD:PUBLISH",
    ):
        assert f"\r\n{line}\r\n" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_text_cannot_break_out_of_its_line() -> None:
    evil = replace(SLOT, title="x\r\nEND:VEVENT\r\nBEGIN:VEVENT\nUID:y", items=(replace(NEWS, title="a\r\nSTATUS:X"),))
    (found,) = events(sessions_calendar([evil], HEADING))
    assert found["UID"].startswith("sang@")
    assert found["STATUS"] == "CONFIRMED"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "RRULE:FREQ=DAILY"),
        ({"weekdays": frozenset({1, 3})}, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE"),
        ({"weekdays": frozenset({1}), "week_interval": 2}, "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=MO"),
        ({"weekdays": frozenset(), "month_days": frozenset({1, -1, 15})}, "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15,-1"),
        ({"weekdays": frozenset(), "nth_weekdays": frozenset({NthWeekday(-1, 5)})}, "RRULE:FREQ=MONTHLY;BYDAY=-1FR"),
        ({"valid_until": date(2026, 12, 31)}, "RRULE:FREQ=DAILY;UNTIL=20261230T223000Z"),
        ({"except_dates": frozenset({date(2026, 11, 25)})}, "EXDATE;TZID=Asia/Ho_Chi_Minh:20261125T053000"),
        (
            {"weekdays": frozenset({1}), "dates": frozenset({date(2026, 11, 25)})},
            "RDATE;TZID=Asia/Ho_Chi_Minh:20261125T053000",
        ),
    ],
)
def test_a_rule_is_said_as_a_repeating_event(changes: dict[str, object], line: str) -> None:
    found = lines_of(replace(PLAIN, **changes))  # type: ignore[arg-type]
    assert line in found, found


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"weekdays": frozenset(), "lunar_days": frozenset({LunarDay(15)})}, "âm lịch"),
        ({"month_days": frozenset({1})}, "nhiều cách chọn ngày"),
        ({"daypart_ids": frozenset({"sang"})}, "theo mùa"),
        ({"day_types": frozenset({DayType.TET})}, "một số loại ngày"),
        (
            {"weekdays": frozenset(), "month_days": frozenset({1}), "day_types": frozenset({DayType.WEEKEND})},
            "loại ngày",
        ),
        ({"weekdays": frozenset(), "dates": frozenset()}, "không còn ngày"),
        ({"valid_until": TODAY - DAY}, "không còn ngày"),
    ],
)
def test_a_rule_that_icalendar_cannot_say_is_named_with_the_reason(changes: dict[str, object], why: str) -> None:
    calendar = Calendar(dayparts={"sang": Daypart("sang", "Sáng", time(5, 30), time(6))})
    assert why in reason(replace(PLAIN, **changes), calendar)  # type: ignore[arg-type]


def test_a_rule_that_is_off_is_left_out_without_a_word() -> None:
    data, unsaid = rules(replace(PLAIN, enabled=False))
    assert (events(data), unsaid) == ([], ())


def test_what_is_skipped_moved_or_replaced_on_one_day_is_said() -> None:
    changes = (
        RuleException(ExceptionKind.SKIP, TODAY + DAY),
        RuleException(ExceptionKind.MOVE, TODAY + 2 * DAY, to_time=time(7)),
        RuleException(ExceptionKind.REPLACE, TODAY + 3 * DAY, programme_id="q"),
    )
    main, moved, replaced = events(rules(replace(PLAIN, exceptions=changes))[0])
    assert main["EXDATE"].to_ical() == b"20261124T053000"
    assert moved["UID"] == replaced["UID"] == main["UID"]
    assert (moved["RECURRENCE-ID"].to_ical(), moved["DTSTART"].to_ical()) == (b"20261125T053000", b"20261125T070000")
    assert replaced["SUMMARY"] == "Buổi đặc biệt"


def test_holidays_that_are_known_become_days_left_out() -> None:
    tet = SpecialDay("t", "Quốc tang", DayType.MOURNING, date(2026, 11, 25), date(2026, 11, 26))
    found = lines_of(PLAIN, Calendar(special=(tet,)))
    assert "EXDATE;TZID=Asia/Ho_Chi_Minh:20261125T053000,20261126T053000" in found


# Out and in again.


def soundings(found: Iterable[Rule], first: date, calendar: Calendar) -> list[datetime]:
    named = [
        replace(rule, id=f"r{number}", programme_id="p", area_ids=frozenset({"x"})) for number, rule in enumerate(found)
    ]
    start = datetime.combine(first, time(), ZONE)
    return [one.starts_at for one in expand(named, start, start + 380 * DAY, calendar)]


days = st.dates(TODAY - 40 * DAY, TODAY + 700 * DAY)
times = st.builds(time, st.integers(5, 20), st.sampled_from((0, 17, 30)), st.sampled_from((0, 5)))
specials = st.builds(
    lambda first, span, kind: SpecialDay("s", "S", kind, first, first + span * DAY),
    days,
    st.integers(0, 5),
    st.sampled_from(DayType),
)


@st.composite
def sayable(draw: st.DrawFn) -> Rule:
    rule = replace(
        PLAIN,
        times=tuple(draw(st.lists(times, min_size=1, max_size=3, unique=True))),
        weekdays=frozenset(),
        valid_from=draw(st.none() | days),
        dates=draw(st.frozensets(days, max_size=4)),
        except_dates=draw(st.frozensets(days, max_size=4)),
        day_types=draw(
            st.sampled_from(
                (PLAIN.day_types, EVERY_DAY_TYPE, EVERY_DAY_TYPE - {DayType.HOLIDAY, DayType.TET, DayType.EXAM})
            )
        ),
    )
    kind = draw(st.sampled_from(("weekly", "month", "nth", "workdays", "dates")))
    if kind == "weekly":
        some = draw(st.frozensets(st.integers(1, 7), min_size=1))
        rule = replace(rule, weekdays=some, week_interval=draw(st.integers(1, 4)))
    elif kind == "workdays":
        one = draw(st.sampled_from((DayType.WEEKEND, DayType.ORDINARY)))
        rule = replace(rule, weekdays=frozenset(range(1, 8)), day_types=rule.day_types - {one})
    elif kind == "month":
        rule = replace(rule, month_days=draw(st.frozensets(st.integers(1, 31) | st.just(-1), min_size=1, max_size=3)))
    elif kind == "nth":
        nth = st.builds(NthWeekday, st.integers(1, 5) | st.just(-1), st.integers(1, 7))
        rule = replace(rule, nth_weekdays=draw(st.frozensets(nth, min_size=1, max_size=3)))
    if rule.valid_from and draw(st.booleans()):
        rule = replace(rule, valid_until=rule.valid_from + draw(st.integers(0, 500)) * DAY)
    on = sorted({one.astimezone(ZONE).date() for one in soundings([rule], TODAY, Calendar())})[:60] or [TODAY]
    return replace(rule, exceptions=tuple(_change(draw, on) for _ in range(draw(st.integers(0, 3)))))


def _change(draw: st.DrawFn, on: list[date]) -> RuleException:
    day = on[draw(st.integers(0, 59)) % len(on)]
    if draw(st.booleans()):
        return RuleException(ExceptionKind.SKIP, day)
    return RuleException(ExceptionKind.MOVE, day, to_day=draw(st.none() | days), to_time=draw(times))


@settings(max_examples=200, deadline=None)
@given(sayable(), st.lists(specials, max_size=3), st.integers(0, 500))
def test_rules_read_back_sound_as_they_did(rule: Rule, special: list[SpecialDay], later: int) -> None:
    calendar = Calendar(special=tuple(special))
    data, unsaid = rules(rule, calendar=calendar)
    first = TODAY + later * DAY
    asked = soundings([rule], first, calendar)
    if unsaid:
        assert {one.reason for one in unsaid} <= {"không còn ngày nào"}
        assert asked == []
        return
    back = read_rules(data)
    assert back.refusals == ()
    assert sorted(set(soundings(back.rules, first, Calendar()))) == sorted(set(asked))


def test_the_kind_of_an_item_makes_no_difference_to_what_is_said() -> None:
    relay = replace(NEWS, kind=ItemKind.RELAY, title="Tiếp âm")
    assert "Tiếp âm (2 phút)" in session(replace(SLOT, items=(relay,)))["DESCRIPTION"]


@pytest.mark.parametrize(("clock", "first"), [(time(5, 29), TODAY), (time(5, 31), TODAY + DAY)])
def test_no_event_begins_before_now(clock: time, first: date) -> None:
    every_week = replace(PLAIN, valid_from=TODAY - 30 * DAY)
    titled = Titled(every_week, "Buổi sáng", 3 * MINUTE, {})
    (event,) = events(rules_calendar([titled], Calendar(), HEADING, datetime.combine(TODAY, clock, ZONE))[0])
    assert event["DTSTART"].dt == datetime.combine(first, time(5, 30), ZONE)


def test_what_comes_every_other_week_keeps_its_weeks_when_it_began_long_ago() -> None:
    rule = replace(PLAIN, weekdays=frozenset({1}), week_interval=2, valid_from=TODAY - 35 * DAY)
    (event,) = events(rules(rule)[0])
    assert event["DTSTART"].dt == datetime.combine(TODAY + 7 * DAY, time(5, 30), ZONE)


def test_single_days_that_are_past_are_left_out() -> None:
    rule = replace(PLAIN, weekdays=frozenset(), dates=frozenset({TODAY - DAY, TODAY + DAY}))
    (event,) = events(rules(rule)[0])
    assert event["DTSTART"].dt == datetime.combine(TODAY + DAY, time(5, 30), ZONE)
    assert "RDATE" not in event
    assert reason(replace(rule, dates=frozenset({TODAY - DAY}))) == "không còn ngày nào"
