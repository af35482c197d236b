"""How values are read from and told to people: Vietnamese, 24-hour times of the station's zone, comma decimals."""

import unicodedata
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import BadInputError
from domain.proof import QUIETEST_MB, Level
from domain.timetable import STATION_ZONE

ZONE = ZoneInfo(STATION_ZONE)
WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")


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


def weekday(value: date) -> str:
    """Return the name of the day of the week; an instant is taken in the station's zone."""
    shown = local(value) if isinstance(value, datetime) else value
    return WEEKDAYS[shown.weekday()]


def duration(value: timedelta) -> str:
    """Return a length as minutes:seconds, or hours:minutes:seconds."""
    total = round(value.total_seconds())
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def decimal(value: float, places: int = 1) -> str:
    """Return a number with a decimal comma and a true minus sign."""
    return f"{value:.{places}f}".replace(".", ",").replace("-", "−")


def loudness(level: Level) -> str:
    """Return how loud an item was, in words, and what was wrong with it."""
    told = [f"mức {decimal(level.rms_mb / 100)} dBFS"] if level.rms_mb > QUIETEST_MB else ["im lặng hoàn toàn"]
    if level.is_dead:
        told.append(f"có {level.dead.total_seconds():.0f} giây không có tiếng")
    if level.is_clipped:
        told.append("bị vỡ tiếng")
    return ", ".join(told)


def difference(milliseconds: int) -> str:
    """Return how far a start was from its plan, in words."""
    if milliseconds == 0:
        return "đúng giờ"
    word = "trễ" if milliseconds > 0 else "sớm"
    size = abs(milliseconds)
    return f"{word} {size} ms" if size < 1000 else f"{word} {decimal(size / 1000)} giây"


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
    except (ValueError, OverflowError) as error:
        raise BadInputError(f"«{given[:20]}» không phải là ngày. Hãy ghi ngày/tháng/năm, ví dụ 09/01/2027.") from error


def read_time(text: str) -> time:
    """Return the time of day a person typed as HH:MM, HH:MM:SS, 5h30 or 17h. Raises BadInputError."""
    given = text.strip().lower().replace("h", ":").rstrip(":")
    try:
        hour, minute, second = [int(part) for part in given.split(":")] + [0] * (2 - given.count(":"))
        return time(hour, minute, second)
    except (ValueError, OverflowError) as error:
        raise BadInputError(
            f"«{text.strip()[:20]}» không phải là giờ phát. Hãy ghi theo kiểu 24 giờ, ví dụ 05:30 hoặc 17:15:30."
        ) from error


def plain(text: str) -> str:
    """Return `text` in lower case without tone marks, so that a search finds it however it was typed."""
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
