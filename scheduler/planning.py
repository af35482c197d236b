"""Planning: what the store holds becomes the slots of each machine, up to the horizon."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.areas import Area
from domain.machines import Machine
from domain.timetable import STATION_ZONE, Occurrence, Slot
from scheduler.build import Listener, Shelf, Terms, slots_for
from scheduler.expand import expand
from store import bulletins, clips, machines, places, plans, station, timetable
from store.engine import Database

HORIZON = timedelta(days=14)
_ZONE = ZoneInfo(STATION_ZONE)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that decides what will sound, read at one moment."""

    version: int
    shelf: Shelf
    terms: Terms
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The occurrences of whole local days and the slots they come to on each machine."""

    inputs: Inputs
    start: datetime
    end: datetime
    occurrences: tuple[Occurrence, ...]
    slots: dict[str, tuple[Slot, ...]]


def load(connection: Connection) -> Inputs:
    """Read what decides the plan."""
    own = station.get(connection)
    return Inputs(
        version=station.plan_version(connection),
        shelf=Shelf(
            rules=timetable.rules(connection),
            programmes=timetable.programmes(connection),
            bulletins=bulletins.everything(connection),
            clips=clips.everything(connection),
        ),
        terms=Terms(own.policy, own.backup_voice_needs_yes),
        areas=places.areas(connection),
    )


def slots_of_area(inputs: Inputs, area_id: str, start: datetime, end: datetime) -> tuple[Slot, ...]:
    """Return what sounds in [start, end) on a machine that hangs on the area `area_id`."""
    first, last = midnight(start), midnight(end) + timedelta(days=1)
    occurrences = expand(inputs.shelf.rules.values(), first, last)
    listener = Listener(area_id, path_of(inputs.areas, area_id))
    slots = slots_for(listener, occurrences, inputs.shelf, inputs.terms)
    return tuple(slot for slot in slots if start <= slot.starts_at < end)


def make_plan(inputs: Inputs, enrolled: tuple[Machine, ...], now: datetime, begun: tuple[Slot, ...] = ()) -> Plan:
    """Return the plan of every machine from yesterday's midnight, for what still sounds, to the horizon.

    `begun` are the slots before `now` as they were kept; a session that would have begun before it was asked for
    is no session.
    """
    start = midnight(now) - timedelta(days=1)
    end = midnight(now) + HORIZON + timedelta(days=1)
    occurrences = expand(inputs.shelf.rules.values(), start, end)
    begun_on: dict[str, list[Slot]] = {}
    for slot in begun:
        begun_on.setdefault(slot.machine_id, []).append(slot)
    slots: dict[str, tuple[Slot, ...]] = {}
    for machine in enrolled:
        if machine.revoked_at is not None:
            continue
        own = tuple(begun_on.get(machine.id, ()))
        known = {slot.key for slot in own}
        meant = tuple(one for one in occurrences if one.starts_at >= now or one.key in known)
        listener = Listener(machine.id, path_of(inputs.areas, machine.area_id))
        slots[machine.id] = slots_for(listener, meant, inputs.shelf, inputs.terms, own)
    return Plan(inputs, start, end, occurrences, slots)


def replan(database: Database, now: datetime) -> Plan:
    """Plan anew and keep the result in one transaction; what has begun is never rewritten."""
    since = midnight(now) - timedelta(days=1)
    with database.write() as connection:
        begun = plans.slots(connection, since, now)
        plan = make_plan(load(connection), machines.everything(connection), now, begun)
        coming = tuple(one for one in plan.occurrences if one.starts_at >= now)
        plans.keep_occurrences(connection, now, plan.end, coming)
        for machine_id, slots in plan.slots.items():
            ahead = tuple(slot for slot in slots if slot.starts_at >= now)
            plans.keep_slots(connection, machine_id, now, plan.end, ahead)
    return plan


def path_of(areas: tuple[Area, ...], area_id: str) -> frozenset[str]:
    """Return the ids of an area and of every area above it."""
    parents = {area.id: area.parent_id for area in areas}
    path: set[str] = set()
    step: str | None = area_id
    while step is not None and step not in path:
        path.add(step)
        step = parents.get(step)
    return frozenset(path)


def midnight(instant: datetime) -> datetime:
    """Return the local midnight at which the day of `instant` began."""
    return datetime.combine(instant.astimezone(_ZONE).date(), time(), _ZONE)
