"""Simple rules out of iCalendar files: the same occurrences as dateutil reckons, or a refusal that names the event."""

import time as clock
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.calendar import NthWeekday
from domain.errors import BadInputError
from domain.timetable import Rule
from scheduler.expand import MAX_WINDOW, expand
from scheduler.ical.rules import MOST_RULES, Imported, read_rules
from scheduler.ical.text import MOST_BYTES, MOST_DATES, MOST_EVENTS
from tests.fakes_ical import STATION, event, file_of, weekly

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = timedelta(days=1)


def soundings(rules: Iterable[Rule], first: date, days: int = 390) -> list[datetime]:
    """Return when `rules` sound in some days from `first` on, as local times."""
    named = [
        replace(rule, id=f"r{number}", programme_id="p", area_ids=frozenset({"x"})) for number, rule in enumerate(rules)
    ]
    start = datetime.combine(first, time(), ZONE)
    found = expand(named, start, min(start + days * DAY, start + MAX_WINDOW))
    return sorted(one.starts_at.astimezone(ZONE).replace(tzinfo=None) for one in found)


def at(*parts: int) -> datetime:
    """Return a local time."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - what dateutil reckons with


def told(data: bytes) -> str:
    """Return why nothing of a file comes in, or an empty string when it does."""
    try:
        return " ".join(one.sentence for one in read_rules(data).refusals)
    except BadInputError as error:
        return error.sentence


def only(imported: Imported) -> Rule:
    (rule,) = imported.rules
    return rule


def refused(*events: str) -> str:
    imported = read_rules(file_of(*events))
    assert imported.rules == ()
    return " ".join(one.sentence for one in imported.refusals)


# What can be said.


def test_a_weekly_event_becomes_a_weekly_rule() -> None:
    rule = only(read_rules(file_of(weekly())))
    assert (rule.times, rule.weekdays, rule.valid_from) == ((time(5, 30),), frozenset({1}), date(2026, 11, 23))
    assert rule.valid_until is None


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", {"weekdays": frozenset(range(1, 8))}),
        ("FREQ=DAILY;BYDAY=MO,WE", {"weekdays": frozenset({1, 3})}),
        ("FREQ=DAILY;INTERVAL=14", {"weekdays": frozenset({1}), "week_interval": 2}),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU", {"weekdays": frozenset({1, 5}), "week_interval": 2}),
        ("FREQ=MONTHLY", {"month_days": frozenset({23})}),
        ("FREQ=MONTHLY;BYMONTHDAY=1,23,-1", {"month_days": frozenset({1, 23, -1})}),
        ("FREQ=MONTHLY;BYDAY=4MO,-1FR", {"nth_weekdays": frozenset({NthWeekday(4, 1), NthWeekday(-1, 5)})}),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=4", {"nth_weekdays": frozenset({NthWeekday(4, 1)})}),
        ("FREQ=MONTHLY;BYDAY=MO", {"weekdays": frozenset({1})}),
        ("FREQ=WEEKLY;COUNT=3", {"valid_until": date(2026, 12, 7)}),
        ("FREQ=WEEKLY;UNTIL=20261206T223000Z", {"valid_until": date(2026, 12, 7)}),
        ("FREQ=WEEKLY;UNTIL=20261206T222959Z", {"valid_until": date(2026, 12, 6)}),
        ("FREQ=WEEKLY;UNTIL=20261207", {"valid_until": date(2026, 12, 7)}),
    ],
)
def test_a_recurrence_becomes_the_words_of_a_rule(rule: str, expected: dict[str, object]) -> None:
    found = only(read_rules(file_of(event(1, f"DTSTART;{STATION}:20261123T053000", f"RRULE:{rule}"))))
    assert {name: getattr(found, name) for name in expected} == expected


def test_times_that_differ_in_nothing_else_are_one_rule_and_single_events_too() -> None:
    both = read_rules(file_of(weekly(1), weekly(2, "20261123T170000")))
    assert only(both).times == (time(5, 30), time(17))
    single = [event(number, f"DTSTART;{STATION}:202612{number:02}T060000") for number in range(1, 20)]
    assert only(read_rules(file_of(*single))).dates == frozenset(date(2026, 12, day) for day in range(1, 20))


@pytest.mark.parametrize(
    "start", ["DTSTART:20261123T053000", "DTSTART:20261122T223000Z", "DTSTART;TZID=Europe/Paris:20261122T233000"]
)
def test_a_time_of_any_zone_becomes_one_of_the_station(start: str) -> None:
    rule = only(read_rules(file_of(event(1, start))))
    assert (rule.times, rule.dates) == ((time(5, 30),), frozenset({date(2026, 11, 23)}))


def test_a_weekly_event_in_utc_moves_its_weekdays_along() -> None:
    source = event(1, "DTSTART:20261122T223000Z", "RRULE:FREQ=WEEKLY;BYDAY=SU,TH")
    rule = only(read_rules(file_of(source)))
    assert (rule.weekdays, rule.valid_from) == (frozenset({1, 5}), date(2026, 11, 23))


def test_days_left_out_added_and_moved_are_kept() -> None:
    moved = event("a", f"RECURRENCE-ID;{STATION}:20261207T053000", f"DTSTART;{STATION}:20261208T070000")
    gone = event(
        "a", f"RECURRENCE-ID;{STATION}:20261214T053000", f"DTSTART;{STATION}:20261214T053000", "STATUS:CANCELLED"
    )
    lists = (f"EXDATE;{STATION}:20261130T053000", f"RDATE;{STATION}:20261202T053000,20261203T180000")
    rules = read_rules(file_of(weekly("a", "20261123T053000", *lists), moved, gone)).rules
    assert soundings(rules, date(2026, 11, 20), 35) == [
        at(2026, 11, 23, 5, 30),
        at(2026, 12, 2, 5, 30),
        at(2026, 12, 3, 18),
        at(2026, 12, 8, 7),
        at(2026, 12, 21, 5, 30),
    ]


def test_a_single_or_added_day_that_was_moved_sounds_only_where_it_went() -> None:
    single = event("a", f"DTSTART;{STATION}:20261123T053000", f"RDATE;{STATION}:20261125T053000")
    moved = [
        event("a", f"RECURRENCE-ID;{STATION}:202611{day}T053000", f"DTSTART;{STATION}:202611{day}T070000")
        for day in (23, 25)
    ]
    rules = read_rules(file_of(single, *moved)).rules
    assert soundings(rules, date(2026, 11, 20), 35) == [at(2026, 11, 23, 7), at(2026, 11, 25, 7)]


def test_a_changed_title_of_one_day_leaves_that_day_sounding() -> None:
    same = event("a", f"RECURRENCE-ID;{STATION}:20261130T053000", f"DTSTART;{STATION}:20261130T053000", title="Khác")
    rules = read_rules(file_of(weekly("a"), same)).rules
    assert at(2026, 11, 30, 5, 30) in soundings(rules, date(2026, 11, 20), 35)


def test_a_zone_that_the_file_defines_by_itself_changes_nothing() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Asia/Ho_Chi_Minh\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    assert read_rules(file_of(weekly(), head=zone)) == read_rules(file_of(weekly()))


def test_alarms_and_tasks_and_everything_else_in_an_event_are_left_aside() -> None:
    extra = ("DESCRIPTION:RRULE:FREQ=YEARLY", "ATTENDEE:mailto:a@b", "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM")
    task = "BEGIN:VTODO\r\nUID:x\r\nDTSTART:broken\r\nEND:VTODO\r\n"
    assert read_rules(file_of(weekly(1, "20261123T053000", *extra), task)).rules == read_rules(file_of(weekly())).rules


def test_lines_folded_in_mid_letter_and_a_byte_order_mark_are_read() -> None:
    source = file_of(weekly()).replace("ả".encode(), b"\xe1\r\n \xba\xa3")
    assert read_rules(b"\xef\xbb\xbf" + source).titles == ("Bản tin sáng",)


# What cannot.


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=YEARLY", "hằng năm"),
        ("FREQ=HOURLY", "hằng giờ"),
        ("FREQ=SECONDLY;COUNT=1000000", "từng giây"),
        ("FREQ=DAILY;INTERVAL=2", "2 ngày một lần"),
        ("FREQ=DAILY;INTERVAL=0", "từ 1 trở lên"),
        ("FREQ=MONTHLY;INTERVAL=2", "2 tháng một lần"),
        ("FREQ=WEEKLY;INTERVAL=53", "quá 52 tuần"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU", "tuần bắt đầu từ SU"),
        ("FREQ=WEEKLY;BYDAY=TU", "không phải một ngày của quy tắc"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "không phải một ngày của quy tắc"),
        ("FREQ=WEEKLY;BYDAY=2MO", "thứ có số lần"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "ngày cuối"),
        ("FREQ=MONTHLY;BYDAY=-2MO", "lần cuối"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=23", "BYDAY và BYMONTHDAY"),
        ("FREQ=DAILY;BYMONTH=11", "BYMONTH"),
        ("FREQ=DAILY;BYHOUR=5", "BYHOUR"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261206", "COUNT và UNTIL"),
        ("FREQ=DAILY;COUNT=0", "số lần"),
        ("FREQ=DAILY;COUNT=2000000", "năm 2099"),
        ("FREQ=MONTHLY;COUNT=2000000", "quá 30 năm"),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", "năm 2099"),
        ("FREQ=DAILY;UNTIL=20261101", "trước ngày bắt đầu"),
    ],
)
def test_what_our_rules_cannot_say_is_refused_by_a_sentence_that_names_the_event(rule: str, why: str) -> None:
    sentence = refused(event(1, f"DTSTART;{STATION}:20261123T053000", f"RRULE:{rule}", title="Loa sáng"))
    assert sentence.startswith("Sự kiện «Loa sáng» (05:30 23/11/2026): ")
    assert why in sentence


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("DTSTART;VALUE=DATE:20261123",), "cả ngày"),
        ((), "thiếu giờ bắt đầu"),
        (("DTSTART;TZID=Mars/Olympus:20261123T053000",), "không biết múi giờ"),
        (("DTSTART;TZID=../../etc/passwd:20261123T053000",), "không biết múi giờ"),
        (("DTSTART:99991231T235959Z",), "ngoài các năm"),
        (("DTSTART:00010101T000000Z",), "ngoài các năm"),
        (("DTSTART;TZID=Europe/Paris:20261123T053000", "RRULE:FREQ=DAILY"), "đổi giờ mùa hè"),
        (("DTSTART:20261122T223000Z", "RRULE:FREQ=MONTHLY"), "múi giờ khác"),
        (("DTSTART:20261122T223000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU"), "tuần bắt đầu từ SU"),
        (("DTSTART:20261123T053000", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "nhiều quy tắc lặp"),
        (("DTSTART:20261123T053000", "EXRULE:FREQ=DAILY"), "EXRULE"),
        (("DTSTART:20261123T053000", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261124"), "không ghi giờ"),
        (("DTSTART:20261123T053000", "RDATE;VALUE=PERIOD:20261124T053000/PT1H"), "cả khoảng"),
        (
            ("RECURRENCE-ID;RANGE=THISANDFUTURE:20261123T053000", "DTSTART:20261123T060000"),
            "cả loạt",
        ),
    ],
)
def test_an_event_that_cannot_be_placed_is_refused(lines: tuple[str, ...], why: str) -> None:
    assert why in refused(event(1, *lines))


def test_one_event_that_cannot_be_said_keeps_all_others_out_and_all_are_told() -> None:
    bad = [event(n, "DTSTART:20261123T053000", "RRULE:FREQ=YEARLY", title=f"Lễ {n}") for n in (2, 3)]
    imported = read_rules(file_of(weekly(), *bad))
    assert imported.rules == ()
    assert [one.title for one in imported.refusals] == ["Lễ 2", "Lễ 3"]
    assert imported.events == 3


# The same as dateutil.


starts = st.datetimes(at(2000, 1, 1), at(2060, 12, 31)).map(lambda one: one.replace(microsecond=0))
weekdays = st.lists(st.sampled_from(NAMES), min_size=1, max_size=7, unique=True)
endings = st.one_of(
    st.just(""),
    st.integers(1, 300).map(lambda count: f";COUNT={count}"),
    st.integers(0, 800).map(lambda days: f";UNTIL+{days}"),
)


@st.composite
def recurrences(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(("daily", "weekly", "monthday", "nth", "setpos")))
    if kind == "daily":
        return "FREQ=DAILY" + draw(st.sampled_from(("", ";BYDAY=MO,WE,SU", ";INTERVAL=1")))
    if kind == "weekly":
        interval = draw(st.integers(1, 5))
        start = draw(st.sampled_from(("", ";WKST=MO"))) if interval > 1 else draw(st.sampled_from(("", ";WKST=SU")))
        return f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={','.join(draw(weekdays))}{start}"
    if kind == "monthday":
        days = draw(st.lists(st.integers(1, 31) | st.just(-1), min_size=1, max_size=4, unique=True))
        return f"FREQ=MONTHLY;BYMONTHDAY={','.join(map(str, days))}"
    nth, name = draw(st.integers(1, 5) | st.just(-1)), draw(st.sampled_from(NAMES))
    if kind == "setpos":
        return f"FREQ=MONTHLY;BYDAY={name};BYSETPOS={nth}"
    more = "".join(f",{draw(st.integers(1, 5))}{other}" for other in draw(weekdays)[:2])
    return f"FREQ=MONTHLY;BYDAY={nth}{name}{more}"


@settings(max_examples=400, deadline=None)
@given(starts, recurrences(), endings, st.data())
def test_an_import_sounds_when_dateutil_says(start: datetime, rule: str, ending: str, data: st.DataObject) -> None:
    first = next(iter(rrulestr(rule, dtstart=start)), None)
    assume(first is not None)
    assert first is not None
    if ending.startswith(";UNTIL+"):
        until = first + timedelta(days=int(ending[7:]), seconds=data.draw(st.integers(-1, 1)))
        assume(until >= first)
        ending, local = f";UNTIL={until - timedelta(hours=7):%Y%m%dT%H%M%SZ}", f";UNTIL={until:%Y%m%dT%H%M%S}"
    else:
        local = ending
    window = first.date() + data.draw(st.integers(-5, 900)) * DAY
    asked = rrulestr(rule + local, dtstart=first)
    begin, end = datetime.combine(window, time()), datetime.combine(window, time()) + 390 * DAY
    pool = list(asked.between(begin, end, inc=True))
    left_out = data.draw(st.lists(st.sampled_from(pool), max_size=4)) if pool else []
    added = data.draw(st.lists(st.datetimes(begin, end), max_size=3))
    added = [one.replace(microsecond=0) for one in added]
    lines = [f"DTSTART;{STATION}:{first:%Y%m%dT%H%M%S}", f"RRULE:{rule}{ending}"]
    lines += [f"EXDATE;{STATION}:{one:%Y%m%dT%H%M%S}" for one in left_out]
    lines += [f"RDATE;{STATION}:{one:%Y%m%dT%H%M%S}" for one in added]
    source = file_of(event(1, *lines))
    assume("quá 30 năm" not in told(source))
    rules = read_rules(source).rules
    expected = sorted((set(pool) | set(added)) - set(left_out))
    assert soundings(rules, window) == [one for one in expected if one < end]


@settings(max_examples=150, deadline=None)
@given(starts, weekdays, st.integers(1, 3), st.integers(1, 60))
def test_an_import_in_utc_sounds_when_dateutil_says(
    start: datetime, days: list[str], interval: int, count: int
) -> None:
    rule = f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={','.join(days)};COUNT={count}"
    first = next(iter(rrulestr(rule, dtstart=start.replace(tzinfo=UTC))))
    imported = read_rules(file_of(event(1, f"DTSTART:{first:%Y%m%dT%H%M%SZ}", f"RRULE:{rule}")))
    assume(not imported.refusals)
    local = [one.astimezone(ZONE).replace(tzinfo=None) for one in rrulestr(rule, dtstart=first)]
    window = local[0].date()
    assert soundings(imported.rules, window) == [one for one in local if one.date() < window + 390 * DAY]


# What nobody ought to send.


def bombs() -> dict[str, bytes]:
    start = f"DTSTART;{STATION}:20261123T053000"
    days = ",".join(["20261124T053000"] * 50_000)
    every = [
        event(n, start, f"RRULE:FREQ=MONTHLY;BYDAY={n % 5 + 1}MO;COUNT=350", title=f"x{n}") for n in range(MOST_EVENTS)
    ]
    return {
        "nothing": b"",
        "10 MB": b"BEGIN:VCALENDAR\r\n" + b"X" * 10_000_000,
        "as much as is read": b"BEGIN:VCALENDAR\r\n" + b"X:1\r\n" * (MOST_BYTES // 5 - 10),
        "folded again and again": b"BEGIN:VCALENDAR\r\nX:" + b"a\r\n " * 240_000,
        "begun again and again": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 60_000,
        "nested by turns": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:A\r\nBEGIN:B\r\n" * 40_000,
        "cut off": file_of(weekly())[:-30],
        "not closed": file_of(weekly()).replace(b"END:VEVENT\r\n", b""),
        "UTF-16": file_of(weekly()).decode().encode("utf-16"),
        "windows-1258": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Ti\xeang loa\r\n",
        "zero bytes": file_of(weekly()).replace(b"SUMMARY", b"SUM\0ARY"),
        "a picture": bytes(range(256)) * 2000,
        "too many events": file_of(*(event(n, start) for n in range(MOST_EVENTS + 1))),
        "EXDATE": file_of(event(1, start, "RRULE:FREQ=DAILY", f"EXDATE:{days}")),
        "BYDAY": file_of(event(1, start, f"RRULE:FREQ=WEEKLY;BYDAY={','.join(['MO'] * 90_000)}")),
        "COUNT": file_of(event(1, start, "RRULE:FREQ=DAILY;COUNT=99999999999999999999")),
        "a date that is none": file_of(event(1, "DTSTART:20261399T996199")),
        "an event of lines": file_of(event(1, start, *["SEQUENCE:1"] * 30_000)),
        "twice the same": file_of(weekly(1), weekly(1)),
        "more rules than a timetable": file_of(
            *(
                event(n, f"DTSTART;{STATION}:20261123T{n // 60:02}{n % 60:02}00", f"RRULE:FREQ=DAILY;COUNT={n + 1}")
                for n in range(MOST_RULES + 1)
            )
        ),
        "a thousand long rules": file_of(*every),
    }


@pytest.mark.parametrize("name", bombs())
def test_a_hostile_file_is_refused_at_once_and_in_little_memory(name: str) -> None:
    data = bombs()[name]
    tracemalloc.start()
    try:
        begun, sentence = clock.process_time(), told(data)
        taken, (_, peak) = clock.process_time() - begun, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sentence
    assert peak < 40_000_000
    assert taken < 8  # a tenth of it where nothing traces the memory; a guard against what never ends


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_damage_breaks_the_reader(junk: bytes, place: int) -> None:
    source = file_of(weekly("a", "20261123T053000", f"EXDATE;{STATION}:20261130T053000"), weekly("b"))
    for data in (junk, b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + junk, source[:place] + junk + source[place:]):
        assert isinstance(told(data), str)


def test_single_dates_are_bounded() -> None:
    dates = ",".join(f"{date(2027, 1, 1) + n * DAY:%Y%m%d}T060000" for n in range(MOST_DATES + 1))
    with pytest.raises(BadInputError, match="ngày lẻ"):
        read_rules(file_of(event(1, "DTSTART:20261123T053000", f"RDATE:{dates}")))
