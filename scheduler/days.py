"""On which days a rule sounds: the ways of naming days, joined, and held to its validity and kinds of day. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.calendar import EVERY_DAY_TYPE, LAST, PLAIN_CALENDAR, Calendar, DayType, NthWeekday
from domain.timetable import Rule
from scheduler.lunar import lunar_date

_EVERY_DAY = frozenset(range(1, 8))
_FIRST_MONDAY = 1
"""Proleptic ordinal 1, 1 January of the year 1, was a Monday."""


@dataclass(frozen=True, slots=True)
class _Day:
    """A day with all that a pattern may ask of it, worked out once for every rule."""

    ordinal: int
    on: date
    kind: DayType
    summer: bool

    @property
    def nth_weekdays(self) -> tuple[NthWeekday, ...]:
        weekday = self.on.isoweekday()
        nth = NthWeekday((self.on.day - 1) // 7 + 1, weekday)
        last = _days_left(self.on) < 7
        return (nth, NthWeekday(LAST, weekday)) if last else (nth,)


def _days_left(on: date) -> int:
    first_of_next = date(on.year + on.month // 12, on.month % 12 + 1, 1)
    return first_of_next.toordinal() - on.toordinal() - 1


@dataclass(slots=True)
class Almanac:
    """The days (proleptic ordinals) of a window, and which of them answer a pattern; answers are kept between rules.

    The window may be any days of the years 1900 to 2099.
    """

    days: range
    calendar: Calendar = PLAIN_CALENDAR
    _book: list[_Day] = field(init=False)
    _answers: dict[object, list[int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        kinds = _kinds(self.days, self.calendar)
        seasons = self.calendar.seasons
        self._book = [
            _Day(ordinal, on, kinds[ordinal], seasons.is_summer(on))
            for ordinal in self.days
            for on in (date.fromordinal(ordinal),)
        ]

    def days_of(self, rule: Rule) -> Sequence[int]:
        """Return, in order, the days of the window on which `rule` sounds, its single exceptions left aside."""
        chosen = self._within(self._of_kinds(self._regular(rule), rule.day_types), rule)
        extra = {day.toordinal() for day in rule.dates} & set(self.days) if rule.dates else set[int]()
        if not extra and not rule.except_dates:
            return chosen
        skipped = {day.toordinal() for day in rule.except_dates}
        return sorted((extra | set(chosen)) - skipped)

    def summer_days(self) -> frozenset[int]:
        """Return the days of the window that have summer hours."""
        return frozenset(self._asked("summer", lambda day: day.summer))

    def _regular(self, rule: Rule) -> Sequence[int]:
        parts = [self._weekly(rule)] if rule.weekdays else []
        if rule.month_days:
            wanted = rule.month_days
            parts.append(self._asked(("month", wanted), lambda day: _in_month(day.on, wanted)))
        if rule.nth_weekdays:
            nth = rule.nth_weekdays
            parts.append(self._asked(("nth", nth), lambda day: not nth.isdisjoint(day.nth_weekdays)))
        if rule.lunar_days:
            lunar = rule.lunar_days
            parts.append(self._asked(("lunar", lunar), lambda day: lunar_date(day.on).is_one_of(lunar)))
        if len(parts) == 1:
            return parts[0]
        return sorted(set[int]().union(*parts))

    def _weekly(self, rule: Rule) -> list[int]:
        weekdays, interval = rule.weekdays & _EVERY_DAY, max(1, rule.week_interval)
        phase = _week(rule.valid_from.toordinal()) % interval if rule.valid_from else 0
        return self._asked(
            ("week", weekdays, interval, phase),
            lambda day: day.on.isoweekday() in weekdays and _week(day.ordinal) % interval == phase,
        )

    def _of_kinds(self, chosen: Sequence[int], kinds: frozenset[DayType]) -> Sequence[int]:
        if kinds == EVERY_DAY_TYPE:
            return chosen
        wanted = self._asked(("kind", kinds), lambda day: day.kind in kinds)
        if len(wanted) == len(self._book):
            return chosen
        held = set(wanted)
        return [day for day in chosen if day in held]

    def _within(self, chosen: Sequence[int], rule: Rule) -> Sequence[int]:
        first = 0 if rule.valid_from is None else bisect_left(chosen, rule.valid_from.toordinal())
        past = len(chosen) if rule.valid_until is None else bisect_right(chosen, rule.valid_until.toordinal())
        return chosen[first:past]

    def _asked(self, question: object, answers: Callable[[_Day], bool]) -> list[int]:
        if question not in self._answers:
            self._answers[question] = [day.ordinal for day in self._book if answers(day)]
        return self._answers[question]


def _kinds(days: range, calendar: Calendar) -> dict[int, DayType]:
    """Return the kind of each day; only days that a special one covers are asked of the calendar."""
    kinds = {day: DayType.WEEKEND if (day - _FIRST_MONDAY) % 7 >= 5 else DayType.ORDINARY for day in days}
    for ordinal in _special_ordinals(days, calendar):
        kinds[ordinal] = calendar.type_of(date.fromordinal(ordinal))
    return kinds


def _special_ordinals(days: range, calendar: Calendar) -> Iterable[int]:
    spans = ((one.first.toordinal(), one.last.toordinal()) for one in calendar.special if one.enabled)
    return {ordinal for first, last in spans for ordinal in range(max(first, days.start), min(last + 1, days.stop))}


def _week(ordinal: int) -> int:
    return (ordinal - _FIRST_MONDAY) // 7


def _in_month(on: date, wanted: frozenset[int]) -> bool:
    return on.day in wanted or (LAST in wanted and not _days_left(on))
