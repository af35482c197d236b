"""The JSON form of the airtime that a signed playlist holds its machine to.

::

    {"session": ms, "day": ms, "sessions": n, "weekdays": [1, ...],
     "windows": [["HH:MM:SS", "HH:MM:SS", [1, ...], first, last], ...]}

`first` and `last` are dates such as "2026-11-24", or null. Lengths are integers in milliseconds.
"""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta

from domain.airtime import Airtime, SilentWindow

MAX_WINDOWS = 500
LONGEST = timedelta(days=7)
MOST_SESSIONS = 10_000
_KEYS = {"session", "day", "sessions", "weekdays", "windows"}
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MILLISECOND = timedelta(milliseconds=1)


def airtime_document(airtime: Airtime) -> dict[str, object]:
    """Return the JSON object of `airtime`."""
    return {
        "session": airtime.session // _MILLISECOND,
        "day": airtime.day // _MILLISECOND,
        "sessions": airtime.sessions,
        "weekdays": sorted(airtime.weekdays),
        "windows": [_window_document(window) for window in airtime.windows],
    }


def read_airtime(value: object) -> Airtime:
    """Return the airtime of a JSON object. Raises TypeError, ValueError when it is not exactly of the form."""
    if not isinstance(value, dict) or set(value) != _KEYS:
        raise TypeError("airtime")
    return Airtime(
        session=_length(value["session"]),
        day=_length(value["day"]),
        sessions=_whole(value["sessions"], MOST_SESSIONS),
        weekdays=_weekdays(value["weekdays"]),
        windows=tuple(_window(entry) for entry in _list(value["windows"], MAX_WINDOWS)),
    )


def read_time(value: object) -> time:
    """Return the time of day of "HH:MM:SS", which names no zone. Raises TypeError, ValueError."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise TypeError("time")
    return time.fromisoformat(value)


def _window_document(window: SilentWindow) -> list[object]:
    days: Iterable[date | None] = (window.first, window.last)
    dates = [day.isoformat() if day else None for day in days]
    return [f"{window.start:%H:%M:%S}", f"{window.end:%H:%M:%S}", sorted(window.weekdays), *dates]


def _window(entry: object) -> SilentWindow:
    start, end, weekdays, first, last = _list(entry, 5)
    return SilentWindow(read_time(start), read_time(end), _weekdays(weekdays), _date(first), _date(last))


def _weekdays(value: object) -> frozenset[int]:
    days = [_whole(day, 7) for day in _list(value, 7)]
    if 0 in days or len(set(days)) != len(days):
        raise ValueError("weekdays")
    return frozenset(days)


def _date(value: object) -> date | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise TypeError("date")
    return date.fromisoformat(value)


def _length(value: object) -> timedelta:
    return timedelta(milliseconds=_whole(value, LONGEST // _MILLISECOND))


def _list(value: object, most: int) -> list[object]:
    if not isinstance(value, list) or len(value) > most:
        raise TypeError("list")
    return value


def _whole(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError("integer")
    return value
