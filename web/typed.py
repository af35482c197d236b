"""Reading a form field by field: what cannot be used becomes a sentence at its field, the rest goes on."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import TypeVar

from werkzeug.datastructures import MultiDict

from domain.errors import BadInputError
from web.formats import read_day, read_time

T = TypeVar("T")
_LONGEST_TEXT = 20
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}(\.[0-9]{1,3})?")


class Typed:
    """The fields of a POST; `problems` holds a sentence for each that could not be read, by its name."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        self.form = form
        self.problems: dict[str, str] = {}

    def text(self, name: str) -> str:
        """Return a field as it was typed."""
        return self.form.get(name, "")

    def day(self, name: str) -> date | None:
        """Return a date, or None for nothing."""
        return self._read(name, lambda: read_day(self.text(name)), None)

    def time(self, name: str) -> time | None:
        """Return a time of day, or None for nothing."""
        return self._read(name, lambda: read_time(self.text(name)) if self.text(name).strip() else None, None)

    def length(self, name: str) -> timedelta:
        """Return a length typed as minutes:seconds; nothing is no length."""
        return self._read(name, lambda: read_length(self.text(name)), timedelta())

    def whole(self, name: str, default: int = 0) -> int:
        """Return a whole number that is not negative; nothing is `default`."""
        return self._read(name, lambda: read_whole(self.text(name), default), default)

    def decimal(self, name: str, default: float = 0.0) -> float:
        """Return a number with a decimal comma or point, and perhaps a sign."""
        return self._read(name, lambda: read_decimal(self.text(name), default), default)

    def weekdays(self, name: str) -> frozenset[int]:
        """Return the weekdays (ISO, Monday is 1) that were ticked."""
        return frozenset(int(one) for one in self.form.getlist(name) if one in {"1", "2", "3", "4", "5", "6", "7"})

    def _read(self, name: str, reading: Callable[[], T], otherwise: T) -> T:
        try:
            return reading()
        except BadInputError as error:
            self.problems[name] = error.sentence
            return otherwise


def read_length(text: str) -> timedelta:
    """Return a length that a person typed as mm:ss or h:mm:ss; a bare number is minutes. Raises BadInputError."""
    given = text.strip()
    if not given:
        return timedelta()
    parts = given.split(":")
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts) or len(parts) > 3:
        raise _no_length(given)
    numbers = [int(part) for part in parts]
    if any(number >= 60 for number in numbers[1:]):
        raise _no_length(given)
    hours, minutes, seconds = ([0, *numbers, 0] if len(numbers) == 1 else [0, *numbers])[-3:]
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def length_typed(length: timedelta) -> str:
    """Return a length as the forms show it: mm:ss, or nothing for none."""
    if not length:
        return ""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    return f"{minutes}:{seconds:02d}"


def read_whole(text: str, default: int = 0) -> int:
    """Return a whole number that is not negative. Raises BadInputError."""
    given = text.strip()
    if not given:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 6):
        raise BadInputError(f"«{given[:_LONGEST_TEXT]}» không phải là số. Hãy ghi một số nguyên, ví dụ 15.")
    return int(given)


def read_decimal(text: str, default: float = 0.0) -> float:
    """Return a number. Raises BadInputError."""
    given = text.strip().replace("−", "-").replace(",", ".")
    if not given:
        return default
    if not _NUMBER.fullmatch(given):
        raise BadInputError(f"«{text.strip()[:_LONGEST_TEXT]}» không phải là số, ví dụ đúng: -6 hoặc 1,5.")
    return float(given)


def _no_length(given: str) -> BadInputError:
    return BadInputError(
        f"«{given[:_LONGEST_TEXT]}» không phải là thời lượng. Hãy ghi phút:giây, ví dụ 2:30 là 2 phút 30 giây."
    )
