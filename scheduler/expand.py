"""From rules to occurrences: what the timetable asks for in a span of time, the same rows for the same rules."""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from domain.calendar import PLAIN_CALENDAR, Calendar
from domain.errors import BadInputError
from domain.playlist import from_ms, to_ms
from domain.timetable import STATION_ZONE, ExceptionKind, Layer, Occurrence, Rule
from scheduler.days import FIRST_YEAR, LAST_YEAR, Almanac
from scheduler.exceptions import changed

__all__ = ("FIRST_YEAR", "LAST_YEAR", "MAX_OCCURRENCES", "MAX_WINDOW", "check_window", "expand", "times_of")

MAX_WINDOW = timedelta(days=400)
MAX_OCCURRENCES = 1_000_000

_ZONE = ZoneInfo(STATION_ZONE)
_EPOCH = from_ms(0)
_MILLISECOND = timedelta(milliseconds=1)
_NEW = object.__new__
_EVER = (0, 2**53)
_EVERY_DAY = range(date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal() + 1)
_NO_DAYS = frozenset[int]()
_KEY = attrgetter("key")
_SET = tuple(getattr(Occurrence, one.name).__set__ for one in fields(Occurrence))
"""How to fill the fields of a new occurrence, in half the time that a frozen dataclass takes."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule as a table: it sounds on each of `days` (proleptic ordinals) at each of `times` (ms after midnight)."""

    rule: Rule
    days: Sequence[int]
    times: tuple[int, ...]


def expand(
    rules: Iterable[Rule], start: datetime, end: datetime, calendar: Calendar = PLAIN_CALENDAR
) -> tuple[Occurrence, ...]:
    """Return every occurrence of `rules` in [start, end), sorted by instant and then by key.

    A rule that is off, or has no times or no areas, gives nothing. Times of day are taken to the millisecond.
    An exception moves, replaces or skips what its rule asked for; a moved occurrence keeps the key of the instant
    that was asked for, and is found in the window it was moved into.
    Raises BadInputError when the window is naive, longer than MAX_WINDOW or outside FIRST_YEAR..LAST_YEAR, when
    two rules share an id, or when more than MAX_OCCURRENCES are asked for.
    """
    check_window(start, end)
    if start >= end:
        return ()
    live, window = _live(rules), (_ceil_ms(start), _ceil_ms(end))
    days = _days_of(start, end)
    apart = {rule.id: _days_apart(rule, days) for rule in live if rule.exceptions}
    almanac = Almanac(days, calendar)
    tables = _limited(table for rule in live for table in _tables_of(rule, almanac, apart.get(rule.id, _NO_DAYS)))
    with _collector_paused():
        changes = _changes([rule for rule in live if apart.get(rule.id)], apart, calendar, window)
        return tuple(_in_order(_by_instant(tables, window), changes))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the collector of cycles, which finds none here, from walking a growing quarter of a million rows."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _live(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that can sound, in the order of their keys."""
    seen: set[str] = set()
    live: list[Rule] = []
    for rule in rules:
        if rule.id in seen:
            raise BadInputError(f"Hai quy tắc phát trùng mã “{rule.id}”; không có gì thay đổi.")
        seen.add(rule.id)
        if rule.enabled and (rule.times or rule.daypart_ids) and rule.area_ids:
            live.append(rule)
    # The key is the id with "@" and the instant after it, and "@" does not sort as the end of a string does.
    live.sort(key=lambda rule: rule.id + "@")
    return live


def _days_apart(rule: Rule, window: range) -> frozenset[int]:
    """Return the days on which an exception of `rule` matters: of `window`, or moved from any other."""
    return frozenset(
        ordinal
        for one in rule.exceptions
        if (ordinal := one.on.toordinal()) in window or (one.kind is ExceptionKind.MOVE and ordinal in _EVERY_DAY)
    )


def _changes(
    altered: Sequence[Rule], apart: Mapping[str, frozenset[int]], calendar: Calendar, window: tuple[int, int]
) -> dict[int, list[Occurrence]]:
    """Return, by the instants (ms) of `window`, what exceptions make of the days `apart` of the `altered` rules."""
    tables = _limited(
        table for rule in altered for table in _tables_of(rule, Almanac(sorted(apart[rule.id]), calendar), _NO_DAYS)
    )
    by_rule: dict[str, list[Occurrence]] = {rule.id: [] for rule in altered}
    for one in _in_order(_by_instant(tables, _EVER), {}):
        by_rule[one.rule_id].append(one)
    first, past = window
    changes: dict[int, list[Occurrence]] = defaultdict(list)
    for rule in altered:
        for found in changed(rule, by_rule[rule.id]):
            instant = to_ms(found.starts_at)
            if first <= instant < past:
                changes[instant].append(found)
    return changes


def check_window(start: datetime, end: datetime) -> None:
    """Refuse a window that `expand` does not take. Raises BadInputError."""
    if start.tzinfo is None or end.tzinfo is None:
        raise BadInputError("Khoảng thời gian xếp lịch thiếu múi giờ; không có gì thay đổi.")
    if end - start > MAX_WINDOW:
        raise BadInputError(f"Khoảng thời gian xếp lịch dài quá {MAX_WINDOW.days} ngày; hãy chọn khoảng ngắn hơn.")
    if start.year < FIRST_YEAR or end.year > LAST_YEAR:
        raise BadInputError(f"Chỉ xếp lịch được trong các năm {FIRST_YEAR} đến {LAST_YEAR}.")


def _days_of(start: datetime, end: datetime) -> range:
    first, last = start.astimezone(_ZONE).date(), end.astimezone(_ZONE).date()
    return range(first.toordinal(), last.toordinal() + 1)


def _midnight(day: int) -> int:
    """Return the instant (ms since 1970 UTC) at which a local day begins."""
    return to_ms(datetime.combine(date.fromordinal(day), time(), _ZONE))


def _ceil_ms(instant: datetime) -> int:
    whole = to_ms(instant)
    return whole if from_ms(whole) >= instant else whole + 1


def _limited(tables: Iterable[_Compiled]) -> list[_Compiled]:
    """Return `tables` in their order; a hostile timetable is refused before a single occurrence of it exists."""
    taken: list[_Compiled] = []
    asked = 0
    for table in tables:
        taken.append(table)
        asked += len(table.days) * len(table.times)
        if asked > MAX_OCCURRENCES:
            raise BadInputError(
                "Lịch có hơn 1.000.000 lượt phát trong khoảng này; hãy bớt quy tắc hoặc chọn khoảng ngắn."
            )
    return taken


def _tables_of(rule: Rule, almanac: Almanac, less: frozenset[int]) -> list[_Compiled]:
    """Return the table of `rule` without the days `less`; one for summer and one for winter when it has dayparts."""
    days = almanac.days_of(rule)
    if less:
        days = [day for day in days if day not in less]
    if not rule.daypart_ids:
        return [_Compiled(rule, days, times_of(rule.times))]
    summer = almanac.summer_days()
    parts = [almanac.calendar.dayparts[one] for one in rule.daypart_ids if one in almanac.calendar.dayparts]
    warm = times_of((*rule.times, *(one.summer for one in parts)))
    cold = times_of((*rule.times, *(one.winter for one in parts)))
    return [
        _Compiled(rule, [day for day in days if day in summer], warm),
        _Compiled(rule, [day for day in days if day not in summer], cold),
    ]


def times_of(times: Iterable[time]) -> tuple[int, ...]:
    """Return `times` as milliseconds after midnight, in order and each once."""
    return tuple(sorted({_ms_of_day(moment) for moment in times}))


def _ms_of_day(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000 + moment.microsecond // 1000


_Head = tuple[str, str, Layer]


def _by_instant(tables: Iterable[_Compiled], window: tuple[int, int]) -> dict[int, list[_Head]]:
    """Return, by the instants (ms) of `window`, whose sounding is asked for: rule, programme and layer, by key.

    Only the instants are left to sort then, and what all the soundings of one share is made once.
    """
    midnights = {day: _midnight(day) for day in frozenset[int]().union(*(table.days for table in tables))}
    asked: dict[int, list[_Head]] = defaultdict(list)
    for table in tables:
        head = (table.rule.id, table.rule.programme_id, _layer(table.rule))
        begins = [midnights[day] for day in table.days]
        for offset in table.times:
            for midnight in begins:
                asked[midnight + offset].append(head)
    first, past = window
    return {instant: heads for instant, heads in asked.items() if first <= instant < past}


def _in_order(asked: Mapping[int, list[_Head]], changes: Mapping[int, list[Occurrence]]) -> list[Occurrence]:
    """Return an occurrence for each of `asked`, and `changes` among them, sorted by instant and then by key."""
    rows: list[Occurrence] = []
    for instant in sorted(asked.keys() | changes.keys()):
        found = _occurrences(instant, asked.get(instant, ()))
        if instant in changes:
            found += changes[instant]
        # In order already, but for changes, and ids in which "@" comes again; to sort what is sorted costs little.
        found.sort(key=_KEY)
        rows += found
    return rows


def _occurrences(instant: int, heads: Iterable[_Head]) -> list[Occurrence]:
    starts_at, tail = _EPOCH + instant * _MILLISECOND, f"@{instant}"
    set_key, set_rule, set_programme, set_start, set_layer, set_moved = _SET
    found: list[Occurrence] = []
    for rule_id, programme_id, layer in heads:
        one = _NEW(Occurrence)
        set_key(one, rule_id + tail)
        set_rule(one, rule_id)
        set_programme(one, programme_id)
        set_start(one, starts_at)
        set_layer(one, layer)
        set_moved(one, None)
        found.append(one)
    return found


def _layer(rule: Rule) -> Layer:
    if rule.urgent:
        return Layer.URGENT
    return Layer.WEEKLY if rule.regular else Layer.EXCEPTION
