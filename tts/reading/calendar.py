"""The calendar: which days exist, which are kept every year, and how a day and its month are said."""

import re

from tts.reading.page import Page
from tts.reading.wordsets import word_set

HOLIDAYS = word_set(
    "1/1 3/2 9/1 27/2 3/3 8/3 26/3 10/3 30/4 1/5 7/5 15/5 19/5 1/6 5/6 21/6 28/6 11/7 27/7 19/8 2/9 10/10 13/10 14/10 "
    "20/10 9/11 18/11 20/11 23/11 22/12"
)
"""The anniversaries that a text names by their date alone."""

_SAID_DAY = re.compile(r"m[ùồ]ng $")


def key_of(day: str, month: str) -> str:
    """Return a date as `HOLIDAYS` writes it."""
    return f"{int(day)}/{int(month)}"


def exists(day: str, month: str, year: str = "2024") -> bool:
    """Tell whether the calendar has this day."""
    number, of_month, of_year = int(day), int(month), int(year)
    if not 1 <= of_month <= 12:
        return False
    leap = of_year % 4 == 0 and (of_year % 100 != 0 or of_year % 400 == 0)
    longest = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[of_month - 1]
    return 1 <= number <= longest


def day_at(page: Page, start: int, day: str) -> str:
    """Return how a day at `start` is said; where the text has its own "mùng", without another."""
    return page.say.cardinal(day) if _SAID_DAY.search(page.before(start, 6)) else page.say.day(day)


def month_tail(page: Page, month: str, year: str | None = None) -> str:
    """Return `tháng tư` or `tháng tư năm hai nghìn`."""
    said = f"tháng {page.say.month(month)}"
    return f"{said} năm {page.say.cardinal(year)}" if year else said


def day_and_month(page: Page, start: int, day: str, month: str) -> str:
    """Return how a day and its month at `start` are said."""
    return f"{day_at(page, start, day)} {month_tail(page, month)}"
