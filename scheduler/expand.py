"""From rules to occurrences: what the timetable asks for in a span of time, the same rows for the same rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import PLAIN_CALENDAR, Calendar
from domain.errors import BadInputError
from domain.playlist import from_ms, to_ms
from domain.timetable import STATION_ZONE, Layer, Occurrence, Rule
from scheduler.days import Almanac
from scheduler.exceptions import changed, touched_days

MAX_WINDOW = timedelta(days=400)
MAX_OCCURRENCES = 1_000_000
FIRST_YEAR, LAST_YEAR = 1976, 2099
"""The years taken: a playlist ends with 2099, and since 1976 the zone's day has never had a gap or a repeat."""

_ZONE = ZoneInfo(STATION_ZONE)
_EPOCH = from_ms(0)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule as a table: it sounds on each of `days` (proleptic ordinals) at each of `times` (ms after midnight)."""

    rule: Rule
    days: tuple[int, ...]
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
    _check_window(start, end)
    if start >= end:
        return ()
    every = tuple(rules)
    days, window = _days_of(start, end), (_ceil_ms(start), _ceil_ms(end))
    plain = _compile(every, Almanac(days, calendar))
    rows = _sorted_occurrences(plain, _midnights(days), window)
    altered = {rule.id: rule for rule in every if rule.exceptions and rule.enabled}
    if not altered:
        return tuple(rows)
    return _with_exceptions(rows, altered, window, calendar)


def _with_exceptions(
    rows: list[Occurrence], altered: dict[str, Rule], window: tuple[int, int], calendar: Calendar
) -> tuple[Occurrence, ...]:
    """Return `rows` with what the exceptions of `altered` make of them, and what they move in from outside."""
    found = [one for one in rows if one.rule_id not in altered]
    for rule in altered.values():
        asked = [one for one in rows if one.rule_id == rule.id]
        found += changed(rule, _and_touched(rule, asked, calendar), window)
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.key)))


def _and_touched(rule: Rule, asked: list[Occurrence], calendar: Calendar) -> list[Occurrence]:
    """Return `asked` and what `rule` asks for on the days that an exception speaks of, wherever they lie."""
    held = {one.key: one for one in asked}
    for day in touched_days(rule):
        if not FIRST_YEAR < day.year < LAST_YEAR:
            continue
        days = range(day.toordinal(), day.toordinal() + 1)
        tables = _compile((rule,), Almanac(days, calendar))
        for one in _sorted_occurrences(tables, _midnights(days), (0, 2**53)):
            held.setdefault(one.key, one)
    return list(held.values())


def _check_window(start: datetime, end: datetime) -> None:
    if start.tzinfo is None or end.tzinfo is None:
        raise BadInputError("Khoảng thời gian xếp lịch thiếu múi giờ; không có gì thay đổi.")
    if end - start > MAX_WINDOW:
        raise BadInputError(f"Khoảng thời gian xếp lịch dài quá {MAX_WINDOW.days} ngày; hãy chọn khoảng ngắn hơn.")
    if start.year < FIRST_YEAR or end.year > LAST_YEAR:
        raise BadInputError(f"Chỉ xếp lịch được trong các năm {FIRST_YEAR} đến {LAST_YEAR}.")


def _days_of(start: datetime, end: datetime) -> range:
    first, last = start.astimezone(_ZONE).date(), end.astimezone(_ZONE).date()
    return range(first.toordinal(), last.toordinal() + 1)


def _midnights(days: range) -> dict[int, int]:
    """Return the instant (ms since 1970 UTC) at which each local day begins."""
    return {day: to_ms(datetime.combine(date.fromordinal(day), time(), _ZONE)) for day in days}


def _ceil_ms(instant: datetime) -> int:
    whole = to_ms(instant)
    return whole if from_ms(whole) >= instant else whole + 1


def _compile(rules: Iterable[Rule], almanac: Almanac) -> list[_Compiled]:
    """Return the tables of the rules that can sound in the window, in the order of their keys.

    The limit is held while compiling, before a single occurrence exists, so that a hostile timetable costs little.
    """
    tables: list[_Compiled] = []
    seen: set[str] = set()
    asked = 0
    for rule in rules:
        if rule.id in seen:
            raise BadInputError(f"Hai quy tắc phát trùng mã “{rule.id}”; không có gì thay đổi.")
        seen.add(rule.id)
        if not (rule.enabled and (rule.times or rule.daypart_ids) and rule.area_ids):
            continue
        for table in _tables_of(rule, almanac):
            asked += len(table.days) * len(table.times)
            tables.append(table)
        if asked > MAX_OCCURRENCES:
            raise BadInputError(
                "Lịch có hơn 1.000.000 lượt phát trong khoảng này; hãy bớt quy tắc hoặc chọn khoảng ngắn."
            )
    # The key is the id with "@" and the instant after it, and "@" does not sort as the end of a string does.
    tables.sort(key=lambda table: table.rule.id + "@")
    return tables


def _tables_of(rule: Rule, almanac: Almanac) -> list[_Compiled]:
    """Return the table of `rule`, or one for summer and one for winter when its times are those of dayparts."""
    days = tuple(almanac.days_of(rule))
    if not rule.daypart_ids:
        return [_Compiled(rule, days, _times_of(rule.times))]
    summer = almanac.summer_days()
    parts = [almanac.calendar.dayparts[one] for one in rule.daypart_ids if one in almanac.calendar.dayparts]
    warm = _times_of((*rule.times, *(one.summer for one in parts)))
    cold = _times_of((*rule.times, *(one.winter for one in parts)))
    return [
        _Compiled(rule, tuple(day for day in days if day in summer), warm),
        _Compiled(rule, tuple(day for day in days if day not in summer), cold),
    ]


def _times_of(times: Iterable[time]) -> tuple[int, ...]:
    return tuple(sorted({_ms_of_day(moment) for moment in times}))


def _ms_of_day(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000 + moment.microsecond // 1000


def _sorted_occurrences(
    tables: Sequence[_Compiled], midnights: dict[int, int], window: tuple[int, int]
) -> list[Occurrence]:
    """Return the occurrences of `tables` whose instant lies in `window` (ms).

    Each is first one integer, its instant and then the place of its table: a quarter of a million of them sort in
    a tenth of a second, and the garbage collector need not walk them.
    """
    first, past = window
    width = len(tables)
    wanted = [
        instant * width + place
        for place, table in enumerate(tables)
        for offset in table.times
        for day in table.days
        if first <= (instant := midnights[day] + offset) < past
    ]
    wanted.sort()
    return _occurrences(wanted, [table.rule for table in tables])


def _occurrences(wanted: Iterable[int], rules: Sequence[Rule]) -> list[Occurrence]:
    width, latest, starts_at, tail = len(rules), -1, _EPOCH, ""
    heads = [(rule.id, rule.programme_id, _layer(rule)) for rule in rules]
    rows: list[Occurrence] = []
    for number in wanted:
        instant, place = divmod(number, width)
        if instant != latest:
            latest, starts_at, tail = instant, _EPOCH + instant * _MILLISECOND, f"@{instant}"
        rule_id, programme_id, layer = heads[place]
        rows.append(Occurrence(rule_id + tail, rule_id, programme_id, starts_at, layer))
    return rows


def _layer(rule: Rule) -> Layer:
    if rule.urgent:
        return Layer.URGENT
    return Layer.WEEKLY if rule.regular else Layer.EXCEPTION
