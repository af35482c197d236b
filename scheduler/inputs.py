"""What decides the plan, as one value, and the plan of one place from it. Pure: nothing here reads the store."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.areas import Area
from domain.calendar import PLAIN_CALENDAR, Calendar
from domain.timetable import STATION_ZONE, Slot
from scheduler.build import Listener, slots_for
from scheduler.expand import expand
from scheduler.items import Shelf, Terms

_ZONE = ZoneInfo(STATION_ZONE)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that decides what will sound, read at one moment."""

    version: int
    shelf: Shelf
    terms: Terms
    areas: tuple[Area, ...]
    calendar: Calendar = PLAIN_CALENDAR
    freeze: timedelta = timedelta()


def slots_of_area(inputs: Inputs, area_id: str, start: datetime, end: datetime) -> tuple[Slot, ...]:
    """Return what sounds in [start, end) on a machine that hangs on the area `area_id`."""
    first, last = midnight(start), midnight(end) + timedelta(days=1)
    occurrences = expand(inputs.shelf.rules.values(), first, last, inputs.calendar)
    listener = Listener(area_id, path_on(inputs.areas, area_id, local_date(start)))
    slots = slots_for(listener, occurrences, inputs.shelf, inputs.terms)
    return tuple(slot for slot in slots if start <= slot.starts_at < end)


def path_on(areas: tuple[Area, ...], area_id: str, on: date) -> frozenset[str]:
    """Return the ids of an area, of every area above it, and of the abolished ones that any of these replaced by `on`.

    So a rule for a district or a commune that was merged goes on to be heard where it was.
    """
    parents = {area.id: area.parent_id for area in areas}
    forebears: dict[str, list[str]] = {}
    for area in areas:
        if area.valid_until is not None and area.valid_until < on:
            for heir in area.successor_ids:
                forebears.setdefault(heir, []).append(area.id)
    path, waiting = set[str](), [area_id]
    while waiting:
        step = waiting.pop()
        if step in path:
            continue
        path.add(step)
        parent = parents.get(step)
        waiting += [parent] if parent is not None else []
        waiting += forebears.get(step, [])
    return frozenset(path)


def midnight(instant: datetime) -> datetime:
    """Return the local midnight at which the day of `instant` began."""
    return datetime.combine(local_date(instant), time(), _ZONE)


def local_date(instant: datetime) -> date:
    """Return the day of `instant` in the station's zone."""
    return instant.astimezone(_ZONE).date()
