"""Rules as repeating events, where iCalendar can say what they say; the others are named with the reason. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

from domain.calendar import EVERY_DAY_TYPE, LAST, Calendar, DayType
from domain.timetable import STATION_ZONE, ExceptionKind, Rule, RuleException
from scheduler.days import Almanac
from scheduler.exceptions import exception_for
from scheduler.expand import FIRST_YEAR, LAST_YEAR
from scheduler.ical.feed import Heading, calendar_of, event_of

_ZONE = ZoneInfo(STATION_ZONE)
_NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_EVERY_WEEKDAY = frozenset(range(1, 8))
_WEEKEND = frozenset({6, 7})
_DAY = timedelta(days=1)
_LOOK = timedelta(days=366)
_LOOKS = 12
"""How many years are searched for the first day of a rule: a fifth Monday on a 29 February comes once in 28."""


@dataclass(frozen=True, slots=True)
class Titled:
    """A rule with the name and the length of what it sounds; `names` are those of every programme."""

    rule: Rule
    title: str
    length: timedelta
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A rule that iCalendar cannot say, and why."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Days:
    """The days of a rule: those of its pattern, without and besides single ones."""

    rule: Rule
    first: date
    left_out: frozenset[date]
    added: frozenset[date]


class _CannotSayError(Exception):
    """This rule is none that iCalendar can say; `args[0]` is why."""


def rules_calendar(
    titled: Iterable[Titled], calendar: Calendar, heading: Heading, now: datetime
) -> tuple[bytes, tuple[Unsaid, ...]]:
    """Return the rules that are on as a calendar of repeating events, one for each time of day, and the rules left out.

    Special days that are known today become single days left out or added. No event begins before `now`.
    """
    made, unsaid = calendar_of(heading), []
    for one in titled:
        if not one.rule.enabled:
            continue
        try:
            for event in _events(one, calendar, heading, now):
                made.add_component(event)
        except _CannotSayError as error:
            unsaid.append(Unsaid(one.title, str(error.args[0])))
    return bytes(made.to_ical()), tuple(unsaid)


def _events(one: Titled, calendar: Calendar, heading: Heading, now: datetime) -> Iterator[Event]:
    local = now.astimezone(_ZONE)
    first: dict[time, date] = {}
    for moment in sorted(_times(one.rule, calendar)):
        first[moment] = local.date() + (_DAY if moment < local.time() else timedelta())
    ahead = {since: _days(one.rule, calendar, since) for since in sorted(set(first.values()))}
    if first and not any(ahead.values()):
        raise _CannotSayError("không còn ngày nào")
    for moment, since in first.items():
        days = ahead[since]
        if days is not None:
            yield from _at(one, days, moment, heading)


def _times(rule: Rule, calendar: Calendar) -> set[time]:
    parts = [calendar.dayparts[one] for one in rule.daypart_ids if one in calendar.dayparts]
    if any(one.summer != one.winter for one in parts):
        raise _CannotSayError("giờ đổi theo mùa")
    times = {*rule.times, *(one.summer for one in parts)}
    if any(moment.microsecond for moment in times):
        raise _CannotSayError("giờ có phần lẻ của giây")
    return times


def _days(rule: Rule, calendar: Calendar, since: date) -> _Days | None:
    """Return the days of `rule` from `since` on, if any."""
    ways = [bool(rule.weekdays), bool(rule.month_days), bool(rule.nth_weekdays)]
    if rule.lunar_days:
        raise _CannotSayError("ngày âm lịch")
    if sum(ways) > 1:
        raise _CannotSayError("nhiều cách chọn ngày trong một dòng lịch")
    pattern = _pattern(rule)
    first = _first_day(pattern, since) if pattern.regular else None
    if first is None:
        left = sorted(day for day in rule.dates - rule.except_dates if day >= since)
        if not left:
            return None
        single = replace(pattern, weekdays=frozenset(), month_days=frozenset(), nth_weekdays=frozenset())
        return _Days(single, left[0], frozenset(), frozenset(left[1:]))
    special = _special(rule, pattern, calendar, since)
    added = {day for day in (rule.dates | special[1]) - rule.except_dates if day >= since}
    gone = rule.except_dates | (special[0] - rule.dates)
    left_out = frozenset(day for day in gone if _has(pattern, day))
    return _Days(pattern, first, left_out, frozenset(day for day in added if not _has(pattern, day)))


def _pattern(rule: Rule) -> Rule:
    """Return the regular days of `rule` alone, as they are when no day is special."""
    bare = replace(rule, dates=frozenset(), except_dates=frozenset(), exceptions=(), day_types=EVERY_DAY_TYPE)
    kinds = rule.day_types & {DayType.ORDINARY, DayType.WEEKEND}
    if not rule.regular or len(kinds) == 2:
        return bare
    if not rule.weekdays or not kinds:
        raise _CannotSayError("chỉ phát vào một số loại ngày")
    allowed = _WEEKEND if DayType.WEEKEND in kinds else _EVERY_WEEKDAY - _WEEKEND
    return replace(bare, weekdays=rule.weekdays & allowed)


def _first_day(pattern: Rule, since: date) -> date | None:
    begin = max(pattern.valid_from or since, since)
    for number in range(_LOOKS):
        first = begin + number * _LOOK
        if not FIRST_YEAR < first.year < LAST_YEAR:
            return None
        days = Almanac(range(first.toordinal(), first.toordinal() + _LOOK.days)).days_of(pattern)
        if days:
            return date.fromordinal(days[0])
    return None


def _special(rule: Rule, pattern: Rule, calendar: Calendar, first: date) -> tuple[set[date], set[date]]:
    """Return the special days from `first` on that `rule` leaves out, and those that it has, against its pattern."""
    left_out, added = set[date](), set[date]()
    bare = replace(rule, dates=frozenset(), except_dates=frozenset(), exceptions=())
    for span in (one for one in calendar.special if one.enabled and one.last >= first):
        days = range(max(span.first, first).toordinal(), span.last.toordinal() + 1)
        meant, said = set(Almanac(days, calendar).days_of(bare)), set(Almanac(days).days_of(pattern))
        left_out |= {date.fromordinal(day) for day in said - meant}
        added |= {date.fromordinal(day) for day in meant - said}
    return left_out, added


def _has(pattern: Rule, day: date) -> bool:
    ordinal = day.toordinal()
    return bool(Almanac(range(ordinal, ordinal + 1)).days_of(pattern))


def _at(one: Titled, days: _Days, moment: time, heading: Heading) -> Iterator[Event]:
    """Yield the event of a rule at one of its times, and an event for each of its days that is moved or replaced."""
    uid = f"{one.rule.id}-{moment:%H%M%S}"
    held = {day: found for day in {x.on for x in one.rule.exceptions} if (found := _exception(one.rule, day, moment))}
    skipped = {day for day, found in held.items() if found.kind is ExceptionKind.SKIP}
    event = _event(uid, one.title, _instant(days.first, moment), one, heading)
    if days.rule.regular:
        event.add("RRULE", _recurrence(days.rule, moment))
    _add_days(event, "RDATE", days.added, moment)
    _add_days(event, "EXDATE", days.left_out | skipped, moment)
    yield event
    for day, found in sorted(held.items()):
        if found.kind is not ExceptionKind.SKIP and _sounds(days, day):
            yield _changed(uid, one, found, _instant(day, moment), heading)


def _exception(rule: Rule, day: date, moment: time) -> RuleException | None:
    return exception_for(rule, _instant(day, moment))


def _sounds(days: _Days, day: date) -> bool:
    if day in days.left_out or day < min((days.first, *days.added)):
        return False
    return day == days.first or day in days.added or (days.rule.regular and _has(days.rule, day))


def _changed(uid: str, one: Titled, found: RuleException, asked: datetime, heading: Heading) -> Event:
    title, starts_at = one.title, asked
    if found.kind is ExceptionKind.REPLACE:
        title = one.names.get(found.programme_id or "", title)
    else:
        starts_at = _instant(found.to_day or asked.date(), found.to_time or asked.time())
    event = _event(uid, title, starts_at, one, heading)
    event.add("RECURRENCE-ID", asked)
    return event


def _event(uid: str, title: str, starts_at: datetime, one: Titled, heading: Heading) -> Event:
    event = event_of(uid, starts_at, one.length, heading)
    event.add("SUMMARY", title)
    return event


def _recurrence(rule: Rule, moment: time) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if rule.weekdays == _EVERY_WEEKDAY and rule.week_interval == 1:
        parts["FREQ"] = "DAILY"
    elif rule.weekdays:
        parts.update(FREQ="WEEKLY", BYDAY=[_NAMES[day - 1] for day in sorted(rule.weekdays)])
        if rule.week_interval > 1:
            parts.update(INTERVAL=rule.week_interval, WKST="MO")
    elif rule.month_days:
        parts.update(FREQ="MONTHLY", BYMONTHDAY=sorted(rule.month_days, key=lambda day: 99 if day == LAST else day))
    else:
        parts.update(FREQ="MONTHLY", BYDAY=[f"{one.nth}{_NAMES[one.weekday - 1]}" for one in sorted(rule.nth_weekdays)])
    if rule.valid_until is not None:
        parts["UNTIL"] = _instant(rule.valid_until, moment).astimezone(UTC)
    return parts


def _add_days(event: Event, name: str, days: Iterable[date], moment: time) -> None:
    every = [_instant(day, moment) for day in sorted(days)]
    if every:
        event.add(name, every)


def _instant(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, _ZONE)
