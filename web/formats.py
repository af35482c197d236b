"""How values are shown to people: Vietnamese, 24-hour times of the station's zone, comma decimals."""

import unicodedata
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import BadInputError
from domain.timetable import STATION_ZONE

ZONE = ZoneInfo(STATION_ZONE)
WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")
SHORT_WEEKDAYS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")
_STEPS = ((86_400, "ngày"), (3_600, "giờ"), (60, "phút"), (1, "giây"))


def local(instant: datetime) -> datetime:
    """Return `instant` in the station's zone."""
    return instant.astimezone(ZONE)


def clock(instant: datetime) -> str:
    """Return the time of day, as in 05:30."""
    return f"{local(instant):%H:%M}"


def clock_s(instant: datetime) -> str:
    """Return the time of day with seconds, as in 05:30:00."""
    return f"{local(instant):%H:%M:%S}"


def clock_ms(instant: datetime) -> str:
    """Return the time of day with milliseconds, as in 05:30:00,012."""
    shown = local(instant)
    return f"{shown:%H:%M:%S},{shown.microsecond // 1000:03d}"


def day(value: date) -> str:
    """Return a date as dd/mm/yyyy; an instant is taken in the station's zone."""
    shown = local(value) if isinstance(value, datetime) else value
    return f"{shown:%d/%m/%Y}"


def moment(instant: datetime) -> str:
    """Return a time of day with its date, as in 05:30 ngày 09/01/2023."""
    return f"{clock(instant)} ngày {day(instant)}"


def weekday(value: date) -> str:
    """Return the name of the day of the week."""
    return WEEKDAYS[value.weekday()]


def duration(value: timedelta) -> str:
    """Return a length as minutes:seconds, or hours:minutes:seconds."""
    total = round(value.total_seconds())
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


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


def decimal(value: float, places: int = 1) -> str:
    """Return a number with a decimal comma and a true minus sign."""
    return f"{value:.{places}f}".replace(".", ",").replace("-", "−")


def whole(value: int) -> str:
    """Return a whole number with dots between thousands."""
    return f"{value:,}".replace(",", ".")


def difference(milliseconds: int) -> str:
    """Return how far a start was from its plan, in words."""
    if milliseconds == 0:
        return "đúng giờ"
    word = "trễ" if milliseconds > 0 else "sớm"
    size = abs(milliseconds)
    return f"{word} {size} ms" if size < 1000 else f"{word} {decimal(size / 1000)} giây"


def clock_gap(milliseconds: int) -> str:
    """Return how a machine's clock stands, from how far the server's is ahead of it."""
    if milliseconds == 0:
        return "đúng"
    word, size = ("chậm" if milliseconds > 0 else "nhanh"), abs(milliseconds)
    return f"{word} {size} ms" if size < 1000 else f"{word} {decimal(size / 1000)} giây"


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


def plain(text: str) -> str:
    """Return `text` in lower case without tone marks, so that a search finds it however it was typed."""
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def read_day(text: str) -> date | None:
    """Return the date a person typed as dd/mm/yyyy or a browser sent as yyyy-mm-dd; `None` for nothing.

    Raises BadInputError.
    """
    given = text.strip()
    if not given:
        return None
    try:
        if "-" in given:
            return date.fromisoformat(given)
        number, month, year = (int(part) for part in given.split("/"))
        return date(year, month, number)
    except ValueError as error:
        raise BadInputError(f"«{given[:20]}» không phải là ngày. Hãy ghi ngày/tháng/năm, ví dụ 09/01/2027.") from error


def read_time(text: str) -> time:
    """Return the time of day a person typed as HH:MM, HH:MM:SS, 5h30 or 17h. Raises BadInputError."""
    given = text.strip().lower().replace("h", ":").rstrip(":")
    try:
        hour, minute, second = [int(part) for part in given.split(":")] + [0] * (2 - given.count(":"))
        return time(hour, minute, second)
    except ValueError as error:
        raise BadInputError(
            f"«{text.strip()[:20]}» không phải là giờ phát. Hãy ghi theo kiểu 24 giờ, ví dụ 05:30 hoặc 17:15:30."
        ) from error


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
    decimal,
    whole,
    difference,
    clock_gap,
    closed,
    data_size,
)
