"""Questions to the timetable: why something sounds at a moment or nothing does, and what a day is or will be like."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.machines import Machine
from domain.ports import Clock
from domain.timetable import STATION_ZONE, Slot
from scheduler import planning
from scheduler.inputs import Inputs, local_date
from scheduler.named import load_named
from scheduler.recall import Recollection, recall
from scheduler.reconcile import LogLine, day_report, with_drills
from scheduler.spots import Spot, held_at, reported_at, slots_at, spot_of_area, spot_of_machine
from scheduler.why import Explanation, Place, explain
from store import emergencies, machines
from store.engine import Database

_ZONE = ZoneInfo(STATION_ZONE)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a moment: as the timetable stands, and, once it is past at a machine, what became of it.

    `machines` are the names of the machines whose reports it holds, by their ids.
    """

    explanation: Explanation
    past: Recollection | None = None
    machines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What sounds on a day at a place, and how much of the day's minutes that takes.

    Of what is past these are the sessions that were given out and, as `lines`, what became of each item. A day that is
    `forgotten` is past, and nothing that was given or reported then is kept. `machines` are the
    names of those it hears through.
    """

    place: Place
    on: date
    slots: tuple[Slot, ...]
    used: timedelta
    left: timedelta
    lines: tuple[LogLine, ...] = ()
    forgotten: bool = False
    machines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimetableInquiry:
    """Answers from the store, by the very code that plans. Raises NotFoundError, BadInputError with a sentence."""

    database: Database
    clock: Clock

    def why_at_machine(self, machine_id: str, instant: datetime) -> Answer:
        """Return why a machine sounds, sounded or will sound what it does at `instant`."""
        with self.database.read() as connection:
            spot = spot_of_machine(machines.get(connection, machine_id))
            return self._why(connection, load_named(connection), spot, instant)

    def why_at_area(self, area_id: str, instant: datetime) -> Answer:
        """Return why the machines of an area sound, sounded or will sound what they do at `instant`."""
        with self.database.read() as connection:
            inputs = load_named(connection)
            spot = spot_of_area(connection, inputs, area_id, self.clock.now())
            return self._why(connection, inputs, spot, instant)

    def day_at_machine(self, machine_id: str, on: date) -> DayPlan:
        """Return what a day is or will be like at a machine."""
        with self.database.read() as connection:
            spot = spot_of_machine(machines.get(connection, machine_id))
            return self._day(connection, load_named(connection), spot, on)

    def day_at_area(self, area_id: str, on: date) -> DayPlan:
        """Return what a day is or will be like on an area."""
        with self.database.read() as connection:
            inputs = load_named(connection)
            return self._day(connection, inputs, spot_of_area(connection, inputs, area_id, self.clock.now()), on)

    def machines(self) -> tuple[Machine, ...]:
        """Return the machines in use, by name."""
        with self.database.read() as connection:
            every = machines.roster(connection)
        return tuple(sorted((one for one in every if one.revoked_at is None), key=lambda one: one.name))

    def _why(self, connection: Connection, inputs: Inputs, spot: Spot, instant: datetime) -> Answer:
        now, around = self.clock.now(), _around(instant)
        held = held_at(connection, inputs, spot, around, now)
        found = explain(inputs, Place(spot.id, spot.area_id, spot.name, held), instant, now)
        if instant >= now or not spot.machines:
            return Answer(found)
        past = recall(spot.name, *reported_at(connection, spot, around), instant, now)
        lines = with_drills(past.lines, emergencies.drills(connection, around[0]))
        return Answer(found, replace(past, lines=lines), _names(spot))

    def _day(self, connection: Connection, inputs: Inputs, spot: Spot, on: date) -> DayPlan:
        start, now = datetime.combine(on, time(), _ZONE), self.clock.now()
        slots = slots_at(connection, inputs, (spot,), (start, start + _DAY), now)[spot.id]
        lines = day_report(*reported_at(connection, spot, (start, min(start + _DAY, now))), now) if start < now else ()
        lines = with_drills(lines, emergencies.drills(connection, start))
        used = sum((slot.length for slot in slots if not slot.refusal), timedelta())
        left = max(inputs.terms.policy.day_limit - used, timedelta())
        forgotten = on < local_date(now) and not slots and not lines
        place = Place(spot.id, spot.area_id, spot.name)
        return DayPlan(place, on, slots, used, left, lines, forgotten, _names(spot))


def _names(spot: Spot) -> dict[str, str]:
    return {one.id: one.name for one in spot.machines}


def _around(instant: datetime) -> tuple[datetime, datetime]:
    return planning.midnight(instant) - _DAY, planning.midnight(instant) + 2 * _DAY
