"""Checked fields of a JSON document: each function returns a value that is exactly of its kind, or raises."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_HASH = re.compile(r"[0-9a-f]{64}")
_YEAR_2100_MS = 4_102_444_800_000


def object_of(value: object, keys: str) -> Mapping[str, object]:
    """Return an object that has the named `keys` and no others. Raises TypeError."""
    if not isinstance(value, dict) or set(value) != set(keys.split()):
        raise TypeError(keys.split(maxsplit=1)[0])
    return value


def listed(value: object, most: int) -> list[object]:
    """Return a list of `most` entries at most. Raises TypeError."""
    if not isinstance(value, list) or len(value) > most:
        raise TypeError("list")
    return value


def text(value: object, most: int = 1000) -> str:
    """Return a string of `most` code points at most. Raises TypeError."""
    if not isinstance(value, str) or len(value) > most:
        raise TypeError("text")
    return value


def integer(value: object, least: int, most: int) -> int:
    """Return a whole number in [least, most]. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError("integer")
    return value


def clip_hash(value: object) -> str:
    """Return a SHA-256 in hex. Raises ValueError."""
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise ValueError("hash")
    return value


def instant(value: object) -> datetime:
    """Return the aware UTC instant of milliseconds since 1970, before the year 2100. Raises ValueError."""
    told = integer(value, 0, _YEAR_2100_MS)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=told)


def length(value: object, most: timedelta) -> timedelta:
    """Return the length of milliseconds, `most` at most. Raises ValueError."""
    return timedelta(milliseconds=integer(value, 0, most // timedelta(milliseconds=1)))
