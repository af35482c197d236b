"""What a calendar begins with: the public holidays of this year and the next two, and the usual dayparts."""

from datetime import date, time

from sqlalchemy import Connection

from domain.calendar import Daypart
from scheduler.holidays_vn import holidays_of
from store import calendar, station

YEARS_AHEAD = 2

DAYPARTS = (
    Daypart("sang", "Sáng", time(5, 30), time(6, 0)),
    Daypart("trua", "Trưa", time(11, 0), time(11, 0)),
    Daypart("chieu", "Chiều", time(17, 0), time(16, 30)),
)
"""Summer hours and winter hours; a station changes them as it likes."""


def seed_holidays(connection: Connection, today: date) -> int:
    """Add the holidays that are not there yet and return how many came; what a person changed stays as it is.

    A station that has not been set up gets nothing.
    """
    if not station.exists(connection):
        return 0
    return calendar.seed_special_days(connection, holidays_of(range(today.year, today.year + YEARS_AHEAD + 1)))


def seed_dayparts(connection: Connection) -> None:
    """Give a new station its dayparts; one that has any keeps those."""
    if not calendar.dayparts(connection):
        for one in DAYPARTS:
            calendar.put_daypart(connection, one)
