"""Timetables made to hurt: a clear refusal, or nothing, in under a second of processor time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from domain.airtime import AirtimePolicy
from domain.areas import Area, descendants
from domain.audio import Clip, ClipKind, Loudness
from domain.calendar import Calendar, Daypart, DayType, LunarDay, NthWeekday, SpecialDay
from domain.errors import BadInputError
from domain.playlist import MAX_ITEMS
from domain.timetable import STATION_ZONE, ExceptionKind, ItemKind, Programme, ProgrammeItem, Rule, RuleException, Slot
from scheduler.build import Listener, slots_for
from scheduler.expand import expand
from scheduler.items import Shelf, Terms
from scheduler.planning import path_on

ZONE = ZoneInfo(STATION_ZONE)
TODAY = date(2026, 11, 3)
START = datetime.combine(TODAY, time(), ZONE)
YEAR = START + timedelta(days=366)
DAILY = Rule("r", "p1", frozenset({"xa"}), (time(5, 30),), frozenset(range(1, 8)))
EVERY_SECOND = tuple(time(n // 3600, n // 60 % 60, n % 60) for n in range(86_400))
WIDE = Terms(AirtimePolicy(quiet=(), session_limit=timedelta(days=99), day_limit=timedelta(days=99)))


@contextmanager
def within_a_second() -> Iterator[None]:
    began = process_time()
    yield
    assert process_time() - began < 1


@pytest.mark.parametrize(
    "rule",
    [
        replace(DAILY, week_interval=10**9),
        replace(DAILY, week_interval=10**9, valid_from=date.min),
        replace(DAILY, weekdays=frozenset(), nth_weekdays=frozenset({NthWeekday(99, 1), NthWeekday(6, 5)})),
        replace(DAILY, weekdays=frozenset(), nth_weekdays=frozenset({NthWeekday(0, 1), NthWeekday(1, 8)})),
        replace(DAILY, weekdays=frozenset(), month_days=frozenset({0, 32, -2, 10**9})),
        replace(DAILY, weekdays=frozenset(), lunar_days=frozenset({LunarDay(31), LunarDay(1, 13)})),
        replace(DAILY, weekdays=frozenset(), dates=frozenset({date.min, date.max})),
        replace(DAILY, valid_from=date.max),
        replace(DAILY, valid_until=date.min),
        replace(DAILY, day_types=frozenset()),
        replace(DAILY, times=(), daypart_ids=frozenset({"không có"})),
    ],
)
def test_a_rule_for_days_that_never_come_gives_nothing(rule: Rule) -> None:
    with within_a_second():
        assert expand([rule], START, YEAR) == ()


@pytest.mark.parametrize("interval", [0, -1, -(10**9)])
def test_an_interval_below_one_counts_as_every_week(interval: int) -> None:
    assert len(expand([replace(DAILY, week_interval=interval)], START, START + timedelta(days=7))) == 7


def test_every_pattern_with_numbers_beyond_all_sense_does_not_slow_the_others() -> None:
    numbers = range(-5000, 5000)
    rule = replace(
        DAILY,
        month_days=frozenset(numbers),
        nth_weekdays=frozenset(NthWeekday(n, 1) for n in numbers),
        lunar_days=frozenset(LunarDay(n) for n in numbers),
        weekdays=frozenset(numbers),
    )
    with within_a_second():
        assert len(expand([rule], START, START + timedelta(days=300))) == 300


def test_more_than_a_million_soundings_of_one_rule_are_refused() -> None:
    with within_a_second(), pytest.raises(BadInputError, match=r"1\.000\.000"):
        expand([replace(DAILY, times=EVERY_SECOND)], START, YEAR)


def test_a_thousand_rules_that_sound_each_second_are_refused() -> None:
    rules = [replace(DAILY, id=f"r{number}", times=EVERY_SECOND[:9000]) for number in range(1000)]
    with within_a_second(), pytest.raises(BadInputError, match=r"1\.000\.000"):
        expand(rules, START, YEAR)


def test_more_than_a_million_moved_soundings_are_refused_like_all_others() -> None:
    moved = tuple(
        RuleException(ExceptionKind.MOVE, TODAY + timedelta(days=1000 + number), to_day=TODAY) for number in range(800)
    )
    with within_a_second(), pytest.raises(BadInputError, match=r"1\.000\.000"):
        expand([replace(DAILY, times=EVERY_SECOND[:3000], exceptions=moved)], START, START + timedelta(days=1))


def test_ten_thousand_exceptions_of_one_day_are_looked_up_and_not_searched() -> None:
    times = EVERY_SECOND[:10_000]
    skips = tuple(RuleException(ExceptionKind.SKIP, TODAY, moment) for moment in times)
    with within_a_second():
        assert expand([replace(DAILY, times=times, exceptions=skips)], START, START + timedelta(days=1)) == ()


def test_five_thousand_rules_with_exceptions_take_hardly_longer_than_without() -> None:
    odd = tuple(
        RuleException(kind, TODAY + timedelta(days=3 * number), to_time=time(6))
        for number, kind in enumerate(ExceptionKind)
    )
    special = tuple(
        SpecialDay(str(n), "", DayType.HOLIDAY, TODAY + timedelta(days=n), TODAY + timedelta(days=n)) for n in range(30)
    )
    rules = [replace(DAILY, id=f"r{number}", exceptions=odd) for number in range(5000)]
    with within_a_second():
        found = expand(rules, START, START + timedelta(days=14), Calendar(special))
    assert len(found) == 5000 * 13


def test_special_days_of_ten_thousand_years_cost_only_those_of_the_window() -> None:
    special = tuple(SpecialDay(str(n), "", DayType.HOLIDAY, date.min, date.max) for n in range(300))
    with within_a_second():
        assert len(expand([DAILY], START, YEAR, Calendar(special))) == 366


def test_a_thousand_dayparts_of_one_hour_sound_once_a_day() -> None:
    parts = {str(n): Daypart(str(n), "", time(5, 30), time(5, 30)) for n in range(1000)}
    rule = replace(DAILY, daypart_ids=frozenset(parts))
    with within_a_second():
        assert len(expand([rule], START, YEAR, Calendar(dayparts=parts))) == 366


def test_a_cycle_of_areas_ends() -> None:
    ring = tuple(Area(str(n), "", "xa", str((n + 1) % 5000)) for n in range(5000))
    with within_a_second():
        assert len(path_on(ring, "0", TODAY)) == 5000
        assert len(descendants(ring, "0")) == 5000


def test_areas_that_replaced_each_other_or_hang_on_themselves_end_too() -> None:
    gone = TODAY - timedelta(days=1)
    areas = (
        Area("a", "", "xa", "a", valid_until=gone, successor_ids=frozenset({"b"})),
        Area("b", "", "xa", None, valid_until=gone, successor_ids=frozenset({"a", "b"})),
    )
    assert path_on(areas, "a", TODAY) == {"a", "b"}
    assert path_on(areas, "không có", TODAY) == {"không có"}


def clip(length: timedelta) -> Clip:
    return Clip("c" * 64, 9, "audio/flac", length, Loudness(-16, -2, 5), ClipKind.STING, "nhạc", datetime.now(ZONE))


def slot_of(*items: ProgrammeItem, length: timedelta = timedelta(minutes=1)) -> Slot:
    shelf = Shelf({"r": DAILY}, {"p1": Programme("p1", "Buổi", items)}, {}, {"c" * 64: clip(length)})
    occurrences = expand([DAILY], START, START + timedelta(days=1))
    (slot,) = slots_for(Listener("m1", frozenset({"xa"})), occurrences, shelf, WIDE)
    return slot


MUSIC = ProgrammeItem(clip_hash="c" * 64, kind=ItemKind.CLIP)
PAUSE = ProgrammeItem(kind=ItemKind.PAUSE)
RELAY = ProgrammeItem(clip_hash="c" * 64, kind=ItemKind.RELAY, stream_url="http://dai")


@pytest.mark.parametrize(
    ("items", "length", "why"),
    [
        ((), timedelta(minutes=1), "chưa có mục nào"),
        ((MUSIC,), timedelta(), "tệp âm thanh rỗng"),
        ((MUSIC,), timedelta(hours=30), "dài quá 6 giờ"),
        ((MUSIC, replace(PAUSE, length=timedelta(hours=30)), MUSIC), timedelta(minutes=1), "dài quá 6 giờ"),
        ((replace(MUSIC, repeat=2, gap=timedelta(hours=30)),), timedelta(minutes=1), "dài quá 6 giờ"),
        ((replace(MUSIC, repeat=10**12),), timedelta(milliseconds=1), f"quá {MAX_ITEMS} mục"),
        ((replace(MUSIC, repeat=150), replace(MUSIC, repeat=150)), timedelta(seconds=1), f"quá {MAX_ITEMS} mục"),
        ((MUSIC,) * 100_000, timedelta(milliseconds=1), f"quá {MAX_ITEMS} mục"),
        ((PAUSE,) * 3, timedelta(minutes=1), "chỉ có khoảng nghỉ hoặc nhạc nền"),
        ((RELAY,), timedelta(minutes=1), "chưa đặt thời lượng"),
        ((replace(RELAY, length=timedelta(minutes=-5)),), timedelta(minutes=1), "chưa đặt thời lượng"),
    ],
)
def test_a_programme_of_nothing_or_of_days_is_refused_with_the_reason(
    items: tuple[ProgrammeItem, ...], length: timedelta, why: str
) -> None:
    with within_a_second():
        assert why in slot_of(*items, length=length).refusal


@pytest.mark.parametrize(
    "items",
    [
        (replace(PAUSE, length=timedelta(hours=-30)), MUSIC),
        (replace(MUSIC, repeat=2, gap=timedelta(hours=-30)),),
        (replace(MUSIC, repeat=-5),),
    ],
)
def test_a_pause_or_a_gap_below_nothing_counts_as_none(items: tuple[ProgrammeItem, ...]) -> None:
    slot = slot_of(*items)
    assert slot.refusal == ""
    assert slot.length == timedelta(minutes=1) * len(slot.items)
    assert all(item.lead == timedelta() for item in slot.items)


def test_as_many_items_as_a_playlist_takes_are_taken() -> None:
    slot = slot_of(replace(MUSIC, repeat=MAX_ITEMS), length=timedelta(seconds=1))
    assert (slot.refusal, len(slot.items)) == ("", MAX_ITEMS)
