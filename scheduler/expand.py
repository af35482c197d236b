"""From rules to occurrences: what the timetable asks for in a span of time, the same rows for the same rules."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import BadInputError
from domain.playlist import from_ms, to_ms
from domain.timetable import STATION_ZONE, Occurrence, Rule

MAX_WINDOW = timedelta(days=400)
MAX_OCCURRENCES = 1_000_000
FIRST_YEAR, LAST_YEAR = 1976, 2099
"""The years taken: a playlist ends with 2099, and since 1976 the zone's day has never had a gap or a repeat."""

_ZONE = ZoneInfo(STATION_ZONE)
_EPOCH = from_ms(0)
_MILLISECOND = timedelta(milliseconds=1)
_EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule as a table: it sounds on each of `days` (proleptic ordinals) at each of `times` (ms after midnight)."""

    rule: Rule
    days: tuple[int, ...]
    times: tuple[int, ...]


def expand(rules: Iterable[Rule], start: datetime, end: datetime) -> tuple[Occurrence, ...]:
    """Return every occurrence of `rules` in [start, end), sorted by instant and then by key.

    A rule that is off, or has no times or no areas, gives nothing. Times of day are taken to the millisecond.
    Raises BadInputError when the window is naive, longer than MAX_WINDOW or outside FIRST_YEAR..LAST_YEAR, when
    two rules share an id, or when more than MAX_OCCURRENCES are asked for.
    """
    _check_window(start, end)
    if start >= end:
        return ()
    days = _days_of(start, end)
    tables = _compile(rules, days)
    return _sorted_occurrences(tables, _midnights(days), (_ceil_ms(start), _ceil_ms(end)))


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


def _compile(rules: Iterable[Rule], days: range) -> list[_Compiled]:
    """Return the tables of the rules that can sound in `days`, in the order of their keys.

    The limit is held while compiling, before a single occurrence exists, so that a hostile timetable costs little.
    """
    tables: list[_Compiled] = []
    seen: set[str] = set()
    calendar: dict[frozenset[int], list[int]] = {}
    asked = 0
    for rule in rules:
        if rule.id in seen:
            raise BadInputError(f"Hai quy tắc phát trùng mã “{rule.id}”; không có gì thay đổi.")
        seen.add(rule.id)
        if not (rule.enabled and rule.times and rule.area_ids):
            continue
        table = _Compiled(rule, _days_on(rule, days, calendar), _times_of(rule))
        asked += len(table.days) * len(table.times)
        if asked > MAX_OCCURRENCES:
            raise BadInputError(
                "Lịch có hơn 1.000.000 lượt phát trong khoảng này; hãy bớt quy tắc hoặc chọn khoảng ngắn."
            )
        tables.append(table)
    # The key is the id with "@" and the instant after it, and "@" does not sort as the end of a string does.
    tables.sort(key=lambda table: table.rule.id + "@")
    return tables


def _days_on(rule: Rule, days: range, calendar: dict[frozenset[int], list[int]]) -> tuple[int, ...]:
    """Return the ordinals of the days in `days` on which `rule` sounds; `calendar` is kept between rules."""
    chosen = _within(_weekly(rule.weekdays & _EVERY_DAY, days, calendar), rule)
    extra = {day.toordinal() for day in rule.dates} & set(days) if rule.dates else set[int]()
    if not extra and not rule.except_dates:
        return tuple(chosen)
    skipped = {day.toordinal() for day in rule.except_dates}
    return tuple(sorted((extra | set(chosen)) - skipped))


def _weekly(weekdays: frozenset[int], days: range, calendar: dict[frozenset[int], list[int]]) -> Sequence[int]:
    if weekdays not in calendar:
        # Ordinal 1, 1 January of the year 1, was a Monday.
        calendar[weekdays] = [day for day in days if (day - 1) % 7 + 1 in weekdays]
    return calendar[weekdays]


def _within(chosen: Sequence[int], rule: Rule) -> Sequence[int]:
    first = 0 if rule.valid_from is None else bisect_left(chosen, rule.valid_from.toordinal())
    past = len(chosen) if rule.valid_until is None else bisect_right(chosen, rule.valid_until.toordinal())
    return chosen[first:past]


def _times_of(rule: Rule) -> tuple[int, ...]:
    return tuple(sorted({_ms_of_day(moment) for moment in rule.times}))


def _ms_of_day(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000 + moment.microsecond // 1000


def _sorted_occurrences(
    tables: Sequence[_Compiled], midnights: dict[int, int], window: tuple[int, int]
) -> tuple[Occurrence, ...]:
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
    return tuple(_occurrences(wanted, [table.rule for table in tables]))


def _occurrences(wanted: Iterable[int], rules: Sequence[Rule]) -> list[Occurrence]:
    width, latest, starts_at, tail = len(rules), -1, _EPOCH, ""
    rows: list[Occurrence] = []
    for number in wanted:
        instant, place = divmod(number, width)
        if instant != latest:
            latest, starts_at, tail = instant, _EPOCH + instant * _MILLISECOND, f"@{instant}"
        rule = rules[place]
        rows.append(Occurrence(rule.id + tail, rule.id, rule.programme_id, starts_at))
    return rows
