"""From the bytes of an iCalendar file to its events, whatever somebody has put into the file. Pure.

Only the lines that say when an event takes place are ever parsed. Time zones that a file defines by itself are left
out: icalendar would keep them for all files to come. A zone counts by its name.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from icalendar import Component, Event

from domain.errors import BadInputError

MOST_BYTES = 1_000_000
MOST_EVENTS = 1_000
MOST_LINES = 12_000
MOST_DATES = 2_000
_MOST_RULE_LETTERS = 500
_DEEPEST = 4
_FOLDS = (b"\r\n ", b"\r\n\t", b"\n ", b"\n\t")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_KEPT = frozenset(
    {"UID", "SUMMARY", "DTSTART", "RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "SEQUENCE"}
)
_LISTS = frozenset({"RDATE", "EXDATE"})


@dataclass(slots=True)
class _Reading:
    """How far the reading of a file has come: open components, the lines of the event at hand, and all events."""

    open: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    events: list[list[str]] = field(default_factory=list)
    kept: int = 0
    dates: int = 0


def events_in(data: bytes) -> list[Component]:
    """Return the events of an iCalendar file, in the order of the file.

    Raises BadInputError: larger than MOST_BYTES, not UTF-8, no calendar, cut off, nested, more than MOST_EVENTS
    events or MOST_DATES single dates in it, or an event with a line that cannot be read.
    """
    reading = _Reading()
    for line in _lines(data):
        _take(reading, line)
    if reading.open:
        raise BadInputError("Tệp lịch bị cắt ngang: thiếu phần kết thúc. Chưa nhập gì; hãy xuất lại tệp.")
    if not reading.events:
        raise BadInputError("Tệp lịch không có sự kiện nào (VEVENT). Chưa nhập gì.")
    return [_parsed(lines) for lines in reading.events]


def _lines(data: bytes) -> Iterator[str]:
    if len(data) > MOST_BYTES:
        raise BadInputError("Tệp lịch lớn quá 1 MB. Chưa nhập gì; hãy xuất một phần lịch rồi nhập từng tệp.")
    for fold in _FOLDS:  # before it is decoded: some programs fold in the middle of a letter
        data = data.replace(fold, b"")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError("Tệp lịch không phải chữ UTF-8. Chưa nhập gì; hãy xuất lại tệp dạng UTF-8.") from error
    if "\0" in text or not text.lstrip()[:15].upper() == "BEGIN:VCALENDAR":
        raise BadInputError("Đây không phải tệp lịch iCalendar (.ics). Chưa nhập gì.")
    return (line.rstrip("\r") for line in text.split("\n") if line.strip())


def _take(reading: _Reading, line: str) -> None:
    found = _NAME.match(line)
    name = found[0].upper() if found else ""
    if name == "BEGIN":
        _begin(reading, line[6:].strip().upper())
    elif name == "END":
        _end(reading, line[4:].strip().upper())
    elif not reading.open or found is None:
        raise BadInputError(f"Tệp lịch bị hỏng ở dòng «{line[:60]}». Chưa nhập gì.")
    elif reading.open[1:] == ["VEVENT"] and name in _KEPT:
        _keep(reading, name, line)


def _begin(reading: _Reading, what: str) -> None:
    if not reading.open and what != "VCALENDAR":
        raise BadInputError("Tệp lịch bị hỏng: có phần nằm ngoài lịch. Chưa nhập gì.")
    if len(reading.open) >= _DEEPEST or what in reading.open or (what == "VEVENT" and len(reading.open) != 1):
        raise BadInputError("Tệp lịch bị hỏng: các phần lồng vào nhau. Chưa nhập gì.")
    reading.open.append(what)
    if what == "VEVENT":
        reading.lines = []
        if len(reading.events) >= MOST_EVENTS:
            raise BadInputError(f"Tệp lịch có quá {MOST_EVENTS} sự kiện. Chưa nhập gì; hãy xuất một phần lịch.")


def _end(reading: _Reading, what: str) -> None:
    if not reading.open or reading.open.pop() != what:
        raise BadInputError("Tệp lịch bị hỏng: phần mở và phần đóng không khớp. Chưa nhập gì.")
    if what == "VEVENT":
        reading.events.append(reading.lines)


def _keep(reading: _Reading, name: str, line: str) -> None:
    reading.lines.append(line)
    reading.kept += 1
    if name in _LISTS:
        reading.dates += line.count(",") + 1
    if reading.kept > MOST_LINES or reading.dates > MOST_DATES:
        raise BadInputError(f"Tệp lịch có quá {MOST_DATES} ngày lẻ hoặc quá nhiều dòng. Chưa nhập gì.")
    if name == "RRULE" and len(line) > _MOST_RULE_LETTERS:
        raise BadInputError(f"Tệp lịch có quy tắc lặp dài quá {_MOST_RULE_LETTERS} ký tự. Chưa nhập gì.")


def _parsed(lines: Iterable[str]) -> Component:
    kept = tuple(lines)
    source = "\r\n".join(("BEGIN:VEVENT", *kept, "END:VEVENT", ""))
    try:
        event = Event.from_ical(source.encode())
        bad = event.errors[0][0] if event.errors else ""
    except Exception as error:
        raise BadInputError(_unreadable(kept, "")) from error  # a file may break icalendar in any of its ways
    if bad is None or bad:
        raise BadInputError(_unreadable(kept, bad or ""))
    return event


def _unreadable(lines: Iterable[str], name: str) -> str:
    title = next((line.partition(":")[2] for line in lines if line.upper().startswith("SUMMARY")), "không tên")
    at = f" ở mục {name}" if name else ""
    return f"Sự kiện «{title[:80]}» không đọc được{at}. Chưa nhập gì."
