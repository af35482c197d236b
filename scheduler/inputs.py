"""What decides the plan, as one value, and which areas are heard where on which day. Pure: nothing reads the store."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.areas import Area
from domain.calendar import PLAIN_CALENDAR, Calendar
from domain.timetable import STATION_ZONE, Layer, Slot
from scheduler.build import Listener
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


@dataclass(frozen=True, slots=True)
class Reforms:
    """The paths of many areas through days: the first, and each day from which on some are others, with the paths."""

    parts: tuple[tuple[date, Paths], ...]

    @classmethod
    def of(cls, areas: tuple[Area, ...], first: date, last: date = date.max) -> "Reforms":
        """Return the paths from `first` to `last`, which change only on the day after one on which an area ends."""
        ended = {one.valid_until for one in areas if one.valid_until is not None and one.successor_ids}
        days = sorted(day + timedelta(days=1) for day in ended if first <= day < last)
        return cls(tuple((day, Paths(areas, day)) for day in (first, *days)))

    def listener(self, machine_id: str, area_id: str) -> Listener:
        """Return a machine on an area as a target, with the days on which its path becomes another."""
        (_, paths), *parts = self.parts
        found = path = paths.of(area_id)
        later: list[tuple[date, frozenset[str]]] = []
        for since, paths in parts:
            if paths.of(area_id) != path:
                path = paths.of(area_id)
                later.append((since, path))
        return Listener(machine_id, found, tuple(later))


def _is_over(area: Area, on: date) -> bool:
    return area.valid_until is not None and area.valid_until < on


def midnight(instant: datetime) -> datetime:
    """Return the local midnight at which the day of `instant` began."""
    return datetime.combine(local_date(instant), time(), ZONE)


def local_date(instant: datetime) -> date:
    """Return the day of `instant` in the station's zone."""
    return instant.astimezone(ZONE).date()


def is_frozen(slot: Slot) -> bool:
    """Tell whether a slot within the freeze stays as it was given: only if it sounds whole, and is not urgent."""
    whole = not slot.refusal and bool(slot.items) and not any(item.refusal for item in slot.items)
    return whole and slot.layer is not Layer.URGENT


def standing(held: Iterable[Slot], now: datetime, freeze: timedelta) -> tuple[Slot, ...]:
    """Return which of the slots that machines hold no plan changes: those that have begun, and those frozen."""
    until = now + freeze
    return tuple(one for one in held if one.starts_at < now or (one.starts_at < until and is_frozen(one)))
