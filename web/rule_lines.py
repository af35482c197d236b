"""The rules of the timetable in words, as pages list them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from domain.areas import Area
from domain.calendar import Calendar
from domain.timetable import Programme, Rule
from scheduler.inputs import Inputs
from scheduler.sessions import ZONE
from scheduler.succession import outdated_among
from scheduler.words import areas_words, days_words, exception_words, outermost, times_words
from web.formats import local

_ALL = slice(None)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in words; it is `over` when nothing more can come of it, and names places that are `outdated`."""

    rule: Rule
    programme: Programme
    times: str
    days: str
    areas: str
    exceptions: tuple[str, ...]
    over: bool
    outdated: tuple[str, ...] = ()


def rule_lines(inputs: Inputs, names: dict[str, str], now: datetime, part: slice = _ALL) -> list[RuleLine]:
    """Return every rule, those that run first, in the order of the day; or only a part of them."""
    known = {area.id: area for area in inputs.areas}
    ordered = sorted(inputs.shelf.rules.values(), key=lambda rule: _order(rule, inputs, now))
    return [_line(rule, inputs, names, (known, now)) for rule in ordered[part]]


def _order(rule: Rule, inputs: Inputs, now: datetime) -> tuple[bool, bool, time, str]:
    over = is_over(rule, inputs.calendar, now)
    name = inputs.shelf.programmes[rule.programme_id].name
    return over, not rule.enabled, _earliest(rule, inputs.calendar), name


def _line(rule: Rule, inputs: Inputs, names: dict[str, str], on: tuple[dict[str, Area], datetime]) -> RuleLine:
    known, now = on
    programmes = inputs.shelf.programmes
    return RuleLine(
        rule,
        programmes[rule.programme_id],
        times_words(rule, inputs.calendar).removeprefix("lúc "),
        days_words(rule),
        areas_words(outermost(rule, inputs.areas), names).removeprefix("ở "),
        tuple(_exceptions(rule, programmes, local(now).date())),
        is_over(rule, inputs.calendar, now),
        tuple(one.words for one in outdated_among(rule, known, local(now).date())),
    )


def _exceptions(rule: Rule, programmes: Mapping[str, Programme], today: date) -> Iterator[str]:
    for one in sorted(rule.exceptions, key=lambda held: (held.on, held.at or time())):
        if max(one.on, one.to_day or one.on) >= today:
            instead = programmes.get(one.programme_id or "")
            yield exception_words(one, instead.name if instead else "")


def _earliest(rule: Rule, calendar: Calendar) -> time:
    named = [calendar.dayparts[one].summer for one in rule.daypart_ids if one in calendar.dayparts]
    return min((*rule.times, *named), default=time.max)


def is_over(rule: Rule, calendar: Calendar, now: datetime) -> bool:
    """Tell whether nothing more can come of a rule."""
    moved = [one.to_day for one in rule.exceptions if one.to_day is not None]
    last = max((*rule.dates, *moved), default=date.min)
    if rule.regular:
        last = max(last, rule.valid_until or date.max)
    today = local(now).date()
    if last != today:
        return last < today
    if rule.daypart_ids or rule.exceptions or not rule.times:
        return False
    return datetime.combine(last, max(rule.times), ZONE) <= now
