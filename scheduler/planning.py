"""Planning: what the store holds becomes the slots of each machine, up to the horizon."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.areas import Area
from domain.calendar import PLAIN_CALENDAR, Calendar
from domain.machines import Machine
from domain.timetable import STATION_ZONE, Layer, Occurrence, Slot
from scheduler.build import Listener, slots_for
from scheduler.expand import expand
from scheduler.items import Shelf, Terms
from store import bulletins, calendar, clips, machines, mixes, places, plans, station, timetable
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
    calendar: Calendar = PLAIN_CALENDAR
    freeze: timedelta = timedelta()


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
            mixes=mixes.everything(connection),
        ),
        terms=Terms(replace(own.policy, exclusions=calendar.exclusions(connection)), own.backup_voice_needs_yes),
        areas=places.areas(connection),
        calendar=calendar.get(connection),
        freeze=own.freeze,
    )


def slots_of_area(inputs: Inputs, area_id: str, start: datetime, end: datetime) -> tuple[Slot, ...]:
    """Return what sounds in [start, end) on a machine that hangs on the area `area_id`."""
    first, last = midnight(start), midnight(end) + timedelta(days=1)
    occurrences = expand(inputs.shelf.rules.values(), first, last, inputs.calendar)
    listener = Listener(area_id, path_on(inputs.areas, area_id, local_date(start)))
    slots = slots_for(listener, occurrences, inputs.shelf, inputs.terms)
    return tuple(slot for slot in slots if start <= slot.starts_at < end)


def make_plan(inputs: Inputs, enrolled: tuple[Machine, ...], now: datetime, begun: tuple[Slot, ...] = ()) -> Plan:
    """Return the plan of every machine from yesterday's midnight, for what still sounds, to the horizon.

    `begun` are the slots before `now`, and those that are frozen, as they were kept; a session that would have begun
    before it was asked for is no session.
    """
    start = midnight(now) - timedelta(days=1)
    end = midnight(now) + HORIZON + timedelta(days=1)
    occurrences = expand(inputs.shelf.rules.values(), start, end, inputs.calendar)
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
        listener = Listener(machine.id, path_on(inputs.areas, machine.area_id, local_date(now)))
        slots[machine.id] = slots_for(listener, meant, inputs.shelf, inputs.terms, own)
    return Plan(inputs, start, end, occurrences, slots)


def replan(database: Database, now: datetime) -> Plan:
    """Plan anew and keep the result in one transaction; what has begun is never rewritten.

    What machines have been given for the next minutes (the station's freeze) stays too: it may be taken off the air,
    and more may be added beside it, but it is not moved or changed under them.
    """
    since = midnight(now) - timedelta(days=1)
    with database.write() as connection:
        inputs = load(connection)
        held = plans.slots(connection, since, now + inputs.freeze)
        begun = tuple(slot for slot in held if slot.starts_at < now or is_frozen(slot))
        plan = make_plan(inputs, machines.everything(connection), now, begun)
        coming = tuple(one for one in plan.occurrences if one.starts_at >= now)
        plans.keep_occurrences(connection, now, plan.end, coming)
        for machine_id, slots in plan.slots.items():
            ahead = tuple(slot for slot in slots if slot.starts_at >= now)
            plans.keep_slots(connection, machine_id, now, plan.end, ahead)
    return plan


def is_frozen(slot: Slot) -> bool:
    """Tell whether a slot within the freeze stays as it was given: only if it sounds whole, and is not urgent."""
    whole = not slot.refusal and bool(slot.items) and not any(item.refusal for item in slot.items)
    return whole and slot.layer is not Layer.URGENT


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
