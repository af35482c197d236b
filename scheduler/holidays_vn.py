"""The public holidays of Viet Nam as special days, from the `holidays` package: swap days and make-up days too."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from holidays import country_holidays

from domain.calendar import DayType, SpecialDay
from scheduler.lunar import lunar_date

_MADE_UP = "Làm bù"
_LAST_MONTH, _FIRST_MONTH = 12, 1


@lru_cache(maxsize=16)
def public_holidays(year: int) -> tuple[SpecialDay, ...]:
    """Return the days off of `year`, and the weekend days that are worked instead, each with an id of its own date.

    The same day has the same id whatever version of the package named it, so that seeding again never doubles it.
    """
    found = country_holidays("VN", years=year, language="vi")
    off = [_special(day, name, _kind(day)) for day, name in found.items() if day.year == year]
    worked = [_special(day, _MADE_UP, DayType.ORDINARY) for day in found.weekend_workdays if day.year == year]
    return tuple(sorted((*off, *worked), key=lambda one: one.first))


def holidays_of(years: Iterable[int]) -> tuple[SpecialDay, ...]:
    """Return the holidays of several years, in order."""
    return tuple(one for year in sorted(set(years)) for one in public_holidays(year))


def _special(day: date, name: str, kind: DayType) -> SpecialDay:
    return SpecialDay(f"vn-{day.isoformat()}", name.replace("; ", ", "), kind, day, day, seeded=True)


def _kind(day: date) -> DayType:
    """Return TET for a day off around the lunar new year, swap days among them; HOLIDAY for every other."""
    lunar = lunar_date(day)
    before = lunar.month == _LAST_MONTH and lunar.day >= 23
    after = lunar.month == _FIRST_MONTH and lunar.day <= 10 and not lunar.leap
    return DayType.TET if before or after else DayType.HOLIDAY
