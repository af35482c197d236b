"""Days in words: one Vietnamese phrase for many dates, so that a weekly clash is read once. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

_WEEKDAYS = ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")
_MOST_NAMED = 3
_MOST_MISSING = 0.2
"""The share of its days that a pattern may miss and still be called by its weekdays."""


def in_words(days: Sequence[date], last_looked_at: date) -> str:
    """Return `days`, sorted and without repeats, as a phrase such as “mỗi thứ hai từ ngày 23/11/2026”.

    `last_looked_at` is the last day that anybody looked at: what goes on up to it has no end that is known.
    """
    if len(days) <= _MOST_NAMED and not _is_weekly(days):
        return "ngày " + ", ".join(f"{day:%d/%m/%Y}" for day in days)
    weekdays = frozenset(_common_weekdays(days))
    first, last = days[0].toordinal(), days[-1].toordinal()
    every = sum((last - one) // 7 - (first - 1 - one) // 7 for one in weekdays)  # ordinal 1 was a Monday
    missing = every - len(days)
    ends = "" if _goes_on(days[-1], weekdays, last_looked_at) else f" đến ngày {days[-1]:%d/%m/%Y}"
    since = f"từ ngày {days[0]:%d/%m/%Y}{ends}"
    if missing > _MOST_MISSING * every:
        return f"{len(days)} ngày {since}"
    but = f" (trừ {missing} ngày)" if missing else ""
    return f"{_weekdays_in_words(weekdays)} {since}{but}"


def _is_weekly(days: Sequence[date]) -> bool:
    steps = {later - sooner for sooner, later in pairwise(days)}
    return steps == {timedelta(days=7)} and len(days) > 2


def _common_weekdays(days: Sequence[date]) -> list[int]:
    return sorted(Counter(day.isoweekday() for day in days))


def _goes_on(last: date, weekdays: frozenset[int], last_looked_at: date) -> bool:
    """Tell whether no day of `weekdays` is left between `last` and the last day that was looked at."""
    left = range(1, (last_looked_at - last).days + 1)
    return not any((last + timedelta(days=one)).isoweekday() in weekdays for one in left)


def _weekdays_in_words(weekdays: frozenset[int]) -> str:
    if len(weekdays) == 7:
        return "hằng ngày"
    days = sorted(weekdays)
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"các ngày {_WEEKDAYS[days[0] - 1]} đến {_WEEKDAYS[days[-1] - 1]}"
    return "mỗi " + ", ".join(_WEEKDAYS[one - 1] for one in sorted(weekdays))
