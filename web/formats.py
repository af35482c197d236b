"""How values are shown to people: what every way in shares, and what only the panel shows."""

from datetime import datetime, timedelta

from domain.formats import (
    WEEKDAYS,
    ZONE,
    clock,
    clock_ms,
    clock_s,
    day,
    decimal,
    difference,
    duration,
    local,
    loudness,
    plain,
    read_day,
    read_time,
    weekday,
)

__all__ = (
    "FILTERS",
    "SHORT_WEEKDAYS",
    "WEEKDAYS",
    "ZONE",
    "ago",
    "clock",
    "clock_gap",
    "clock_ms",
    "clock_s",
    "closed",
    "data_size",
    "day",
    "decimal",
    "difference",
    "duration",
    "lasting",
    "local",
    "loudness",
    "minutes",
    "moment",
    "plain",
    "read_day",
    "read_time",
    "weekday",
    "whole",
)

SHORT_WEEKDAYS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")
_STEPS = ((86_400, "ngày"), (3_600, "giờ"), (60, "phút"), (1, "giây"))


def moment(instant: datetime) -> str:
    """Return a time of day with its date, as in 05:30 ngày 09/01/2023."""
    return f"{clock(instant)} ngày {day(instant)}"


def minutes(value: timedelta) -> str:
    """Return a limit in whole minutes, or with a comma where it has seconds too."""
    held = value.total_seconds() / 60
    return whole(int(held)) if held == int(held) else decimal(held)


def ago(instant: datetime, now: datetime) -> str:
    """Return how long ago something was, in the largest fitting unit."""
    seconds = int((now - instant).total_seconds())
    if seconds < 1:
        return "vừa xong"
    size, unit = next(step for step in _STEPS if seconds >= step[0])
    return f"{seconds // size} {unit} trước"


def lasting(length: timedelta) -> str:
    """Return how long something has lasted in its two largest units, as in 3 ngày 4 giờ."""
    seconds, parts = int(length.total_seconds()), []
    for size, unit in _STEPS:
        if seconds >= size:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
    return " ".join(parts[:2]) or "vừa xong"


def whole(value: int) -> str:
    """Return a whole number with dots between thousands."""
    return f"{value:,}".replace(",", ".")


def clock_gap(milliseconds: int, error: int | None = None) -> str:
    """Return how a machine's clock stands, from how far the server's is ahead of it, and within what that is known."""
    within = "" if error is None else f" ± {_short(error)}"
    if milliseconds == 0:
        return f"đúng{within}"
    return f"{'chậm' if milliseconds > 0 else 'nhanh'} {_short(abs(milliseconds))}{within}"


def _short(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{decimal(milliseconds / 1000)} giây"


def closed(text: str) -> str:
    """Return a reason with exactly one full stop: some are phrases, some are whole sentences."""
    return f"{text.rstrip(' .')}."


def data_size(octets: int) -> str:
    """Return an amount of data, as in 3,4 GB."""
    amount = float(octets)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{decimal(amount, 0 if unit == 'B' else 1)} {unit}"
        amount /= 1000
    return f"{decimal(amount)} GB"


FILTERS = (
    clock,
    clock_s,
    clock_ms,
    day,
    moment,
    weekday,
    duration,
    minutes,
    ago,
    lasting,
    decimal,
    whole,
    difference,
    loudness,
    clock_gap,
    closed,
    data_size,
)
