"""The station's calendar: kinds of day, dayparts by season, and the ways in which a rule names its days.

Dates are those of the station's zone (Asia/Ho_Chi_Minh); the lunar calendar is the Vietnamese one (UTC+7).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

LAST = -1
"""The last of something: the last day of a month, the last Friday of it."""
EVERY_MONTH = 0


class DayType(StrEnum):
    """What kind of day it is; a rule sounds only on the kinds it is meant for."""

    ORDINARY = "ordinary"
    WEEKEND = "weekend"
    EXAM = "exam"
    HOLIDAY = "holiday"
    TET = "tet"
    MOURNING = "mourning"


DAY_TYPE_LABELS = {
    DayType.ORDINARY: "ngày thường",
    DayType.WEEKEND: "cuối tuần",
    DayType.EXAM: "thi cử",
    DayType.HOLIDAY: "ngày lễ",
    DayType.TET: "Tết",
    DayType.MOURNING: "quốc tang",
}
EVERY_DAY_TYPE = frozenset(DayType)
ROUTINE_DAY_TYPES = EVERY_DAY_TYPE - {DayType.MOURNING}
"""The default of a rule: in national mourning only what is meant for it sounds."""

_WEIGHT = {one: weight for weight, one in enumerate(DayType)}


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A span of days, both ends included, that are of a kind other than their weekday tells.

    `seeded` marks what came with the product (public holidays); a person may change or switch off any of them.
    """

    id: str
    name: str
    day_type: DayType
    first: date
    last: date
    seeded: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Daypart:
    """A named time of day (khung giờ), such as Sáng 05:30 in summer and 06:00 in winter."""

    id: str
    name: str
    summer: time
    winter: time


@dataclass(frozen=True, slots=True, order=True)
class MonthDay:
    """A day of every year."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Seasons:
    """When summer hours begin, and when winter hours do; summer lasts to the day before winter."""

    summer_from: MonthDay = MonthDay(4, 16)
    winter_from: MonthDay = MonthDay(10, 16)

    def is_summer(self, day: date) -> bool:
        """Tell whether summer hours hold on `day`."""
        on = MonthDay(day.month, day.day)
        if self.summer_from <= self.winter_from:
            return self.summer_from <= on < self.winter_from
        return on >= self.summer_from or on < self.winter_from


@dataclass(frozen=True, slots=True, order=True)
class NthWeekday:
    """The `nth` (1 to 5, or LAST) `weekday` (ISO, Monday is 1) of every month."""

    nth: int
    weekday: int


@dataclass(frozen=True, slots=True, order=True)
class LunarDay:
    """A day (1 to 30, or LAST) of a lunar month, or of EVERY_MONTH; day 1 of month 1 is Tết.

    A named month means the ordinary one, as festivals do, never a leap month; EVERY_MONTH takes leap months too.
    """

    day: int
    month: int = EVERY_MONTH


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the station's days are: special days, dayparts by id, and the seasons of its hours."""

    special: tuple[SpecialDay, ...] = ()
    dayparts: Mapping[str, Daypart] = field(default_factory=dict)
    seasons: Seasons = Seasons()

    def special_on(self, day: date) -> SpecialDay | None:
        """Return what is special about `day`: of several the gravest, mourning before Tết before a holiday."""
        held = [one for one in self.special if one.enabled and one.first <= day <= one.last]
        return max(held, key=lambda one: (_WEIGHT[one.day_type], one.id), default=None)

    def type_of(self, day: date) -> DayType:
        """Return the kind of `day`; a special day counts for more than the weekday (a Saturday that is worked)."""
        special = self.special_on(day)
        if special is not None:
            return special.day_type
        return DayType.WEEKEND if day.isoweekday() >= 6 else DayType.ORDINARY

    def time_of(self, daypart_id: str, day: date) -> time | None:
        """Return the time of day of a daypart on `day`, or None when there is no such daypart."""
        daypart = self.dayparts.get(daypart_id)
        if daypart is None:
            return None
        return daypart.summer if self.seasons.is_summer(day) else daypart.winter


PLAIN_CALENDAR = Calendar()
