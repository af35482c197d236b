"""On which days a rule sounds: the ways of naming days, joined, and held to its validity and kinds of day. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.calendar import EVERY_DAY_TYPE, LAST, PLAIN_CALENDAR, Calendar, DayType, LunarDay, NthWeekday
from domain.timetable import Rule
from scheduler.lunar import lunar_date

FIRST_YEAR, LAST_YEAR = 1976, 2099
"""The years taken: a playlist ends with 2099, and since 1976 the zone's day has never had a gap or a repeat."""

_EVERY_DAY = frozenset(range(1, 8))
_FIRST_MONDAY = 1
"""Proleptic ordinal 1, 1 January of the year 1, was a Monday."""

_Names = Callable[[date], Iterable[object]]


@dataclass(slots=True)
class Almanac:
    """Some days (proleptic ordinals, ascending, of FIRST_YEAR to LAST_YEAR) and which of them answer a pattern.

    What a day is called, the 31st, the last Friday, rằm, is worked out once for every rule.
    """

    days: Sequence[int]
    calendar: Calendar = PLAIN_CALENDAR
    _kinds: dict[int, DayType] = field(init=False)
    _answers: dict[object, list[int]] = field(init=False, default_factory=dict)
    _named: dict[_Names, dict[object, list[int]]] = field(init=False, default_factory=dict)
    _masks: dict[int, tuple[Sequence[int], int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._kinds = _kinds(self.days, self.calendar)

    def days_of(self, rule: Rule) -> Sequence[int]:
        """Return, in order, the days on which `rule` sounds, its single exceptions left aside."""
        chosen = self._within(self._of_kinds(self._regular(rule), rule.day_types), rule)
        extra = {ordinal for day in rule.dates if (ordinal := day.toordinal()) in self._kinds}
        if not extra and not rule.except_dates:
            return chosen
        skipped = {day.toordinal() for day in rule.except_dates}
        return sorted((extra | set(chosen)) - skipped)

    def mask_of(self, rule: Rule) -> int:
        """Return the days of `days_of` as an integer of which bit n is the day n days after the first."""
        chosen = self._mask(self._regular(rule)) & self._span(rule) if rule.regular else 0
        if chosen and rule.day_types != EVERY_DAY_TYPE:
            kinds = rule.day_types
            chosen &= self._mask(self._asked(("kind", kinds), lambda day: self._kinds[day] in kinds))
        extra = self.bits_of(rule.dates) if rule.dates else 0
        return (chosen | extra) & ~(self.bits_of(rule.except_dates) if rule.except_dates else 0)

    def summer_mask(self) -> int:
        """Return the days that have summer hours, as `mask_of` does."""
        seasons = self.calendar.seasons
        return self._mask(self._asked("summer", lambda day: seasons.is_summer(date.fromordinal(day))))

    def bits_of(self, days: Iterable[date]) -> int:
        """Return those of `days` that are known here, as `mask_of` does."""
        ordinals = (day.toordinal() for day in days)
        return sum({1 << (one - self.days[0]) for one in ordinals if one in self._kinds})

    def _span(self, rule: Rule) -> int:
        """Return the days on which `rule` is valid."""
        count = self.days[-1] - self.days[0] + 1
        first = 0 if rule.valid_from is None else rule.valid_from.toordinal() - self.days[0]
        past = count if rule.valid_until is None else rule.valid_until.toordinal() + 1 - self.days[0]
        first, past = min(max(first, 0), count), min(max(past, 0), count)
        return (1 << past) - (1 << first) if first < past else 0

    def _mask(self, chosen: Sequence[int]) -> int:
        """Return days as an integer; those of one answer are worked out once."""
        held = self._masks.get(id(chosen))
        if held is not None and held[0] is chosen:
            return held[1]
        mask = sum(1 << (day - self.days[0]) for day in chosen)
        self._masks[id(chosen)] = (chosen, mask)
        return mask

    def summer_days(self) -> frozenset[int]:
        """Return the days that have summer hours."""
        seasons = self.calendar.seasons
        return frozenset(self._asked("summer", lambda day: seasons.is_summer(date.fromordinal(day))))

    def _regular(self, rule: Rule) -> Sequence[int]:
        parts = [self._weekly(rule)] if rule.weekdays else []
        for names, wanted in (
            (_in_month, rule.month_days),
            (_in_weeks, rule.nth_weekdays),
            (_in_moon, rule.lunar_days),
        ):
            if wanted:
                named = self._days_named(names)
                parts += [named[one] for one in wanted if one in named]
        return parts[0] if len(parts) == 1 else sorted(set[int]().union(*parts))

    def _weekly(self, rule: Rule) -> list[int]:
        weekdays, interval = rule.weekdays & _EVERY_DAY, max(1, rule.week_interval)
        phase = _week(rule.valid_from.toordinal()) % interval if rule.valid_from else 0
        return self._asked(
            ("week", weekdays, interval, phase),
            lambda day: (day - _FIRST_MONDAY) % 7 + 1 in weekdays and _week(day) % interval == phase,
        )

    def _days_named(self, names: _Names) -> dict[object, list[int]]:
        if names not in self._named:
            found = self._named[names] = {}
            for ordinal in self.days:
                for name in names(date.fromordinal(ordinal)):
                    found.setdefault(name, []).append(ordinal)
        return self._named[names]

    def _of_kinds(self, chosen: Sequence[int], kinds: frozenset[DayType]) -> Sequence[int]:
        if kinds == EVERY_DAY_TYPE:
            return chosen
        wanted = self._asked(("kind", kinds), lambda day: self._kinds[day] in kinds)
        if len(wanted) == len(self.days):
            return chosen
        held = set(wanted)
        return [day for day in chosen if day in held]

    def _within(self, chosen: Sequence[int], rule: Rule) -> Sequence[int]:
        first = 0 if rule.valid_from is None else bisect_left(chosen, rule.valid_from.toordinal())
        past = len(chosen) if rule.valid_until is None else bisect_right(chosen, rule.valid_until.toordinal())
        return chosen[first:past]

    def _asked(self, question: object, answers: Callable[[int], bool]) -> list[int]:
        if question not in self._answers:
            self._answers[question] = [day for day in self.days if answers(day)]
        return self._answers[question]


def _in_month(on: date) -> tuple[int, ...]:
    return (on.day,) if _days_left(on) else (on.day, LAST)


def _in_weeks(on: date) -> tuple[NthWeekday, ...]:
    nth, last = NthWeekday((on.day - 1) // 7 + 1, on.isoweekday()), NthWeekday(LAST, on.isoweekday())
    return (nth, last) if _days_left(on) < 7 else (nth,)


def _in_moon(on: date) -> tuple[LunarDay, ...]:
    return lunar_date(on).names


def _days_left(on: date) -> int:
    first_of_next = date(on.year + on.month // 12, on.month % 12 + 1, 1)
    return first_of_next.toordinal() - on.toordinal() - 1


def _kinds(days: Sequence[int], calendar: Calendar) -> dict[int, DayType]:
    """Return the kind of each day; only days that a special one covers are asked of the calendar."""
    kinds = {day: DayType.WEEKEND if (day - _FIRST_MONDAY) % 7 >= 5 else DayType.ORDINARY for day in days}
    for ordinal in _special_ordinals(days, calendar):
        kinds[ordinal] = calendar.type_of(date.fromordinal(ordinal))
    return kinds


def _special_ordinals(days: Sequence[int], calendar: Calendar) -> Iterable[int]:
    spans = ((one.first.toordinal(), one.last.toordinal()) for one in calendar.special if one.enabled)
    return {day for first, last in spans for day in days[bisect_left(days, first) : bisect_right(days, last)]}


def _week(ordinal: int) -> int:
    return (ordinal - _FIRST_MONDAY) // 7
