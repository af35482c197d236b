"""What exceptions make of the soundings that a rule asked for: skipped, moved, or another programme. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time
from operator import itemgetter
from zoneinfo import ZoneInfo

from domain.timetable import STATION_ZONE, ExceptionKind, Layer, Occurrence, Rule, RuleException
from scheduler.days import FIRST_YEAR, LAST_YEAR

_ZONE = ZoneInfo(STATION_ZONE)


def changed(rule: Rule, asked: Iterable[Occurrence]) -> Iterator[Occurrence]:
    """Yield what `asked`, all of `rule`, comes to; what is moved out of FIRST_YEAR..LAST_YEAR is gone.

    Of several exceptions for one sounding the last one counts.
    """
    by_day = _by_day(rule.exceptions)
    for occurrence in asked:
        local = occurrence.starts_at.astimezone(_ZONE)
        held = _holding(by_day.get(local.date(), {}), local.time())
        found = occurrence if held is None else _applied(occurrence, held, local)
        if found is not None:
            yield found


def exception_for(rule: Rule, asked_at: datetime) -> RuleException | None:
    """Return the exception that holds for what `rule` asked for at the instant `asked_at`, if there is one."""
    local = asked_at.astimezone(_ZONE)
    return _holding(_by_day(rule.exceptions).get(local.date(), {}), local.time())


_OfDay = dict[time | None, tuple[int, RuleException]]
"""The exceptions of a day by the time they hold for, each with its place among all."""


def _by_day(exceptions: Iterable[RuleException]) -> dict[date, _OfDay]:
    by_day: dict[date, _OfDay] = {}
    for place, one in enumerate(exceptions):
        by_day.setdefault(one.on, {})[None if one.at is None else _whole_ms(one.at)] = (place, one)
    return by_day


def _holding(of_day: _OfDay, moment: time) -> RuleException | None:
    held = [of_day[at] for at in (None, moment) if at in of_day]
    return max(held, key=itemgetter(0))[1] if held else None


def _applied(occurrence: Occurrence, held: RuleException, local: datetime) -> Occurrence | None:
    if held.kind is ExceptionKind.SKIP:
        return None
    layer = Layer.URGENT if occurrence.layer is Layer.URGENT else Layer.EXCEPTION
    if held.kind is ExceptionKind.REPLACE:
        programme_id = held.programme_id or occurrence.programme_id
        return replace(occurrence, programme_id=programme_id, layer=layer)
    to_day = held.to_day or local.date()
    if not FIRST_YEAR <= to_day.year <= LAST_YEAR:
        return None
    moved = datetime.combine(to_day, _whole_ms(held.to_time or local.time()), _ZONE)
    starts_at = moved.astimezone(occurrence.starts_at.tzinfo)
    return replace(occurrence, starts_at=starts_at, layer=layer, moved_from=occurrence.starts_at)


def _whole_ms(moment: time) -> time:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
