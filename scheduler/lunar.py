"""The Vietnamese lunar calendar (UTC+7), which is not the Chinese one: Tết of 1985 came a month apart.

The arithmetic is `lunar-vn`'s, after Hồ Ngọc Đức; years 1900 to 2100. From 1968 it agrees with the published tables
but for the months that begin on 7 May 2054, 9 December 2072 and 15 November 2077, within two minutes of midnight: those
are settled only once it is known how fast the Earth turns then.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from lunar_vn import solar_to_lunar

from domain.calendar import EVERY_MONTH, LAST, LunarDay


@dataclass(frozen=True, slots=True)
class LunarDate:
    """A date of the lunar calendar; `ends_month` on the last day of a month, which has 29 or 30."""

    day: int
    month: int
    year: int
    leap: bool
    ends_month: bool

    @property
    def names(self) -> tuple[LunarDay, ...]:
        """Return all that a rule may call this date."""
        days = (self.day, LAST) if self.ends_month else (self.day,)
        months = (EVERY_MONTH,) if self.leap else (EVERY_MONTH, self.month)
        return tuple(LunarDay(day, month) for day in days for month in months)


@lru_cache(maxsize=4096)
def lunar_date(day: date) -> LunarDate:
    """Return the lunar date of `day`."""
    found = solar_to_lunar(day)
    ends_month = solar_to_lunar(day + timedelta(days=1)).day == 1
    return LunarDate(found.day, found.month, found.year, bool(found.leap), ends_month)
