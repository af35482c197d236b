"""The timetable as a table: days across and parts of the day down, or, for one day, places down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from domain.airtime import AirtimePolicy
from domain.calendar import DAY_TYPE_LABELS, PLAIN_CALENDAR, Calendar
from domain.timetable import Slot
from scheduler.lunar import lunar_date
from scheduler.words import clock
from web.formats import duration, local


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day in which sessions are looked for, from `since` to `until`; `usual` is when one begins."""

    name: str
    since: time
    until: time
    usual: time


PARTS = (
    Part("Sáng", time(0), time(10, 29, 59, 999_999), time(5, 30)),
    Part("Trưa", time(10, 30), time(13, 29, 59, 999_999), time(11, 0)),
    Part("Chiều", time(13, 30), time(17, 59, 59, 999_999), time(17, 0)),
    Part("Tối", time(18), time.max, time(19, 0)),
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day as the head of a table tells it: its lunar date, what is special about it, and the minutes it holds."""

    date: date
    lunar: str
    special: str
    used: str
    left: str
    sessions: str
    full: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """The sessions of one part of one day; a session dropped here without a time begins at `usual`."""

    day: date
    slots: tuple[Slot, ...]
    usual: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One part of the day through the week, or one place through the day; `hint` tells its named times."""

    name: str
    cells: tuple[Cell, ...]
    hint: str = ""


def monday_of(day: date) -> date:
    """Return the Monday of the week of `day`."""
    return day - timedelta(days=day.weekday())


def week_of(monday: date) -> tuple[date, ...]:
    """Return the seven days that begin on `monday`."""
    return tuple(monday + timedelta(days=number) for number in range(7))


def table(monday: date, slots: Iterable[Slot], calendar: Calendar = PLAIN_CALENDAR) -> tuple[Row, ...]:
    """Return the week that begins on `monday`."""
    held: dict[tuple[int, date], list[Slot]] = {}
    for slot in slots:
        begins = local(slot.starts_at)
        held.setdefault((_part_of(begins.time()), begins.date()), []).append(slot)
    return tuple(
        Row(
            part.name,
            tuple(
                Cell(day, tuple(held.get((number, day), ())), _usual(part, calendar, day)) for day in week_of(monday)
            ),
            _named(part, calendar, monday),
        )
        for number, part in enumerate(PARTS)
    )


def day_table(day: date, slots: Mapping[str, tuple[Slot, ...]], calendar: Calendar) -> tuple[Row, ...]:
    """Return a day with a row for each place, named as in `slots`, and its parts across."""
    return tuple(
        Row(
            name,
            tuple(
                Cell(
                    day,
                    tuple(slot for slot in own if _part_of(local(slot.starts_at).time()) == number),
                    _usual(part, calendar, day),
                )
                for number, part in enumerate(PARTS)
            ),
        )
        for name, own in slots.items()
    )


def heads(days: Iterable[date], slots: Iterable[Slot], calendar: Calendar, policy: AirtimePolicy) -> tuple[Day, ...]:
    """Return what stands over each of `days`, whose sessions are among `slots`."""
    held: dict[date, list[Slot]] = {}
    for slot in slots:
        if slot.length and not slot.refusal:
            held.setdefault(local(slot.starts_at).date(), []).append(slot)
    return tuple(_head(day, held.get(day, []), calendar, policy) for day in days)


def _head(day: date, slots: list[Slot], calendar: Calendar, policy: AirtimePolicy) -> Day:
    used = sum((slot.length for slot in slots), timedelta())
    left = max(policy.day_limit - used, timedelta())
    most = policy.sessions_per_day
    return Day(
        date=day,
        lunar=lunar_words(day),
        special=_special(day, calendar),
        used=duration(used),
        left=duration(left),
        sessions=f"{len(slots)}/{most} buổi" if most else f"{len(slots)} buổi",
        full=not left or bool(most and len(slots) >= most),
    )


def lunar_words(day: date) -> str:
    """Return the lunar date, as in 15/10 or 1/6 nhuận; nothing outside the years that are known."""
    if not 1900 < day.year < 2100:
        return ""
    found = lunar_date(day)
    return f"{found.day}/{found.month}{' nhuận' if found.leap else ''}"


def _special(day: date, calendar: Calendar) -> str:
    found = calendar.special_on(day)
    if found is None:
        return ""
    kind = DAY_TYPE_LABELS[found.day_type]
    return found.name if kind.lower() in found.name.lower() else f"{found.name} ({kind})"


def _part_of(moment: time) -> int:
    return next(number for number, part in enumerate(PARTS) if moment <= part.until)


def _usual(part: Part, calendar: Calendar, day: date) -> str:
    named = (calendar.time_of(one, day) for one in calendar.dayparts)
    inside = sorted(one for one in named if one is not None and part.since <= one <= part.until)
    return clock(inside[0] if inside else part.usual)


def _named(part: Part, calendar: Calendar, day: date) -> str:
    named = [(calendar.time_of(one.id, day), one.name) for one in calendar.dayparts.values()]
    inside = sorted((at, name) for at, name in named if at is not None and part.since <= at <= part.until)
    return ", ".join(clock(at) if name == part.name else f"{name} {clock(at)}" for at, name in inside)
