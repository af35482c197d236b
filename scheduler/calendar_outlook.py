"""What another calendar would do: on which days the hours differ, and what becomes of their sessions. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.calendar import Calendar
from scheduler.effects import Effect, Stretch, effects
from scheduler.inputs import Inputs, local_date

A_YEAR = timedelta(days=366)
MOST_YEARS = timedelta(days=5 * 366)
MOST_DAYS = 14
"""How many of the days that differ are looked at: the first ones, which tell what the others will be like."""


@dataclass(frozen=True, slots=True)
class CalendarOutlook:
    """The days that would be others, the first of which were `looked` at, and the effects on their sessions."""

    days: tuple[date, ...] = ()
    looked: int = 0
    effects: tuple[Effect, ...] = ()

    @property
    def moved(self) -> int:
        """Return how many sessions only move to another time of their day."""
        return sum(one.count for one in self.effects if one.moved and one.silences)

    @property
    def lost(self) -> int:
        """Return how many sessions fall silent, because their day takes them away, or a clash or the policy."""
        return sum(one.count for one in self.effects if one.silences and not one.moved)

    @property
    def come(self) -> int:
        """Return how many sessions sound besides."""
        return sum(one.count for one in self.effects if not one.silences and not one.moved)

    @property
    def meaning(self) -> tuple[object, ...]:
        """Return what a person says yes to."""
        return tuple((one.title, one.reason, one.count, one.moved) for one in self.effects)


def outlook(before: Inputs, changed: Calendar, area_ids: Iterable[str], now: datetime) -> CalendarOutlook:
    """Return what the calendar `changed` would do at the machines on `area_ids`, whenever in a year it would."""
    days = changed_days(before.calendar, changed, local_date(now))
    looked = days[:MOST_DAYS]
    after = replace(before, calendar=changed)
    found = effects(before, after, area_ids, now, Stretch.around(now, looked))
    return CalendarOutlook(days, len(looked), found)


def changed_days(before: Calendar, after: Calendar, today: date) -> tuple[date, ...]:
    """Return the days that two calendars tell otherwise, from `today` for a year or as far as special days reach."""
    lasts = (one.last for calendar in (before, after) for one in calendar.special)
    end = min(max((today + A_YEAR, *lasts)), today + MOST_YEARS)
    days = (today + timedelta(days=number) for number in range((end - today).days + 1))
    return tuple(day for day in days if _told(before, day) != _told(after, day))


def _told(calendar: Calendar, day: date) -> object:
    return calendar.type_of(day), {one: calendar.time_of(one, day) for one in calendar.dayparts}
