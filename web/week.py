"""A week of the timetable as a table: days across, parts of the day down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta

from domain.timetable import Slot
from web.formats import local


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day in which sessions are looked for, until the time `until`."""

    name: str
    until: time


PARTS = (
    Part("Sáng", time(10, 30)),
    Part("Trưa", time(13, 30)),
    Part("Chiều", time(18, 0)),
    Part("Tối", time.max),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """The sessions of one part of one day."""

    day: date
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One part of the day through the week."""

    name: str
    cells: tuple[Cell, ...]


def monday_of(day: date) -> date:
    """Return the Monday of the week of `day`."""
    return day - timedelta(days=day.weekday())


def table(monday: date, slots: Iterable[Slot]) -> tuple[Row, ...]:
    """Return the week that begins on `monday`."""
    held: dict[tuple[int, date], list[Slot]] = {}
    for slot in slots:
        begins = local(slot.starts_at)
        part = next(number for number, part in enumerate(PARTS) if begins.time() <= part.until)
        held.setdefault((part, begins.date()), []).append(slot)
    days = [monday + timedelta(days=number) for number in range(7)]
    return tuple(
        Row(part.name, tuple(Cell(day, tuple(held.get((number, day), ()))) for day in days))
        for number, part in enumerate(PARTS)
    )
