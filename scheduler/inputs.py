"""What decides the plan, as one value, and the plan of one place from it. Pure: nothing here reads the store."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.areas import Area
from domain.calendar import PLAIN_CALENDAR, Calendar
from domain.timetable import STATION_ZONE, Slot
from scheduler.build import Listener, slots_for
from scheduler.expand import expand
from scheduler.items import Shelf, Terms

ZONE = ZoneInfo(STATION_ZONE)


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
    """Return the ids of an area and all above it, of what came in their place by `on`, and of what they replaced.

    So a rule for a district or a commune that was merged goes on to be heard where it was, and a rule for the new
    commune is heard at a cluster that nobody has moved out of the old one yet. An area that was split into several
    leads to none of them: which one a cluster belongs to only a person knows. A ring of areas is walked once.
    """
    return Paths(areas, on).of(area_id)


@dataclass(slots=True)
class Paths:
    """The paths of many areas on one day, as `path_on` returns them."""

    areas: tuple[Area, ...]
    on: date
    _above: dict[str, list[str]] = field(init=False, default_factory=dict)
    _replaced: dict[str, list[str]] = field(init=False, default_factory=dict)
    _heir: dict[str, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for area in self.areas:
            if area.parent_id is not None:
                self._above.setdefault(area.id, []).append(area.parent_id)
            if not _is_over(area, self.on):
                continue
            for heir in area.successor_ids:
                self._replaced.setdefault(heir, []).append(area.id)
            if len(area.successor_ids) == 1:
                self._heir[area.id] = list(area.successor_ids)

    def of(self, area_id: str) -> frozenset[str]:
        """Return the path of one area: what it replaced is not sought above what only took its place."""
        return self._walked(area_id, self._replaced) | self._walked(area_id, self._heir)

    def _walked(self, area_id: str, aside: dict[str, list[str]]) -> frozenset[str]:
        path, waiting = set[str](), [area_id]
        while waiting:
            step = waiting.pop()
            if step not in path:
                path.add(step)
                waiting += self._above.get(step, ())
                waiting += aside.get(step, ())
        return frozenset(path)


def _is_over(area: Area, on: date) -> bool:
    return area.valid_until is not None and area.valid_until < on


def midnight(instant: datetime) -> datetime:
    """Return the local midnight at which the day of `instant` began."""
    return datetime.combine(local_date(instant), time(), ZONE)


def local_date(instant: datetime) -> date:
    """Return the day of `instant` in the station's zone."""
    return instant.astimezone(ZONE).date()
