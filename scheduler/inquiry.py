"""Questions to the timetable: why something sounds at a moment or nothing does, and what a day will be like."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.errors import NotFoundError
from domain.machines import Machine
from domain.ports import Clock
from domain.timetable import STATION_ZONE, Slot
from scheduler import planning
from scheduler.recall import Recollection, recall
from scheduler.why import Explanation, Place, explain
from store import airings, machines, places, plans
from store.engine import Database

_ZONE = ZoneInfo(STATION_ZONE)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a moment: as the timetable stands, and, once it is past at a machine, what became of it."""

    explanation: Explanation
    past: Recollection | None = None


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What will sound on a day at a place, and how much of the day's minutes that takes."""

    place: Place
    on: date
    slots: tuple[Slot, ...]
    used: timedelta
    left: timedelta


@dataclass(frozen=True, slots=True)
class TimetableInquiry:
    """Answers from the store, by the very code that plans. Raises NotFoundError, BadInputError with a sentence."""

    database: Database
    clock: Clock

    def why_at_machine(self, machine_id: str, instant: datetime) -> Answer:
        """Return why a machine sounds, sounded or will sound what it does at `instant`."""
        now = self.clock.now()
        with self.database.read() as connection:
            machine = machines.get(connection, machine_id)
            inputs = planning.load(connection)
            kept = _kept(connection, machine.id, instant)
            reported = airings.between(connection, *_around(instant), machine.id)
        given = _given(kept, now, inputs.freeze)
        found = explain(inputs, Place(machine.id, machine.area_id, machine.name, given), instant, now)
        past = recall(machine.name, kept, reported, instant, now) if instant < now else None
        return Answer(found, past)

    def why_at_area(self, area_id: str, instant: datetime) -> Answer:
        """Return why a machine on an area would sound what it does at `instant`."""
        with self.database.read() as connection:
            inputs = planning.load(connection)
            name = _area_name(connection, area_id)
        return Answer(explain(inputs, Place(area_id, area_id, name), instant, self.clock.now()))

    def day_at_machine(self, machine_id: str, on: date) -> DayPlan:
        """Return what a day will be like at a machine."""
        with self.database.read() as connection:
            machine = machines.get(connection, machine_id)
        return self._day(Place(machine.id, machine.area_id, machine.name), on)

    def day_at_area(self, area_id: str, on: date) -> DayPlan:
        """Return what a day will be like on an area."""
        with self.database.read() as connection:
            name = _area_name(connection, area_id)
        return self._day(Place(area_id, area_id, name), on)

    def machines(self) -> tuple[Machine, ...]:
        """Return the machines in use, by name."""
        with self.database.read() as connection:
            every = machines.everything(connection)
        return tuple(sorted((one for one in every if one.revoked_at is None), key=lambda one: one.name))

    def _day(self, place: Place, on: date) -> DayPlan:
        start = datetime.combine(on, time(), _ZONE)
        with self.database.read() as connection:
            inputs = planning.load(connection)
        slots = planning.slots_of_area(inputs, place.area_id, start, start + _DAY)
        used = sum((slot.length for slot in slots if not slot.refusal), timedelta())
        return DayPlan(place, on, slots, used, max(inputs.terms.policy.day_limit - used, timedelta()))


def _around(instant: datetime) -> tuple[datetime, datetime]:
    return planning.midnight(instant) - _DAY, planning.midnight(instant) + 2 * _DAY


def _kept(connection: Connection, machine_id: str, instant: datetime) -> tuple[Slot, ...]:
    return plans.slots(connection, *_around(instant), machine_id)


def _given(kept: tuple[Slot, ...], now: datetime, freeze: timedelta) -> tuple[Slot, ...]:
    """Return the slots that planning will not touch again: those that have begun, and those that are frozen."""
    until = now + freeze
    return tuple(slot for slot in kept if slot.starts_at < now or (slot.starts_at < until and planning.is_frozen(slot)))


def _area_name(connection: Connection, area_id: str) -> str:
    found = next((one.name for one in places.areas(connection) if one.id == area_id), None)
    if found is None:
        raise NotFoundError("Không có địa bàn này. Hãy chọn lại trong danh sách.")
    return found
