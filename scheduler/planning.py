"""Planning: what the store holds becomes the slots of each machine, up to the horizon."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.machines import Machine
from domain.timetable import Occurrence, Slot
from scheduler.expand import expand
from scheduler.fleet import HORIZON, plan_machines
from scheduler.inputs import Inputs, is_frozen, local_date, midnight, path_on, standing
from scheduler.items import Shelf, Terms
from store import bulletins, calendar, clips, machines, mixes, places, plans, station, timetable
from store.engine import Database

__all__ = [
    "HORIZON",
    "Inputs",
    "Plan",
    "is_frozen",
    "load",
    "local_date",
    "make_plan",
    "midnight",
    "path_on",
    "replan",
    "standing_areas",
]


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


def standing_areas(connection: Connection) -> frozenset[str]:
    """Return the areas on which a machine in use hangs; before there is any, the places below which there are none."""
    standing = frozenset(one.area_id for one in machines.everything(connection) if one.revoked_at is None)
    if standing:
        return standing
    every = places.areas(connection)
    parents = {one.parent_id for one in every}
    return frozenset(one.id for one in every if one.id not in parents and one.valid_until is None)


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
    held = {machine_id: tuple(slots) for machine_id, slots in begun_on.items()}
    return Plan(inputs, start, end, occurrences, plan_machines(inputs, enrolled, occurrences, now, held))


def replan(database: Database, now: datetime) -> Plan:
    """Plan anew and keep the result in one transaction; what has begun is never rewritten.

    What machines have been given for the next minutes (the station's freeze) stays too: it may be taken off the air,
    and more may be added beside it, but it is not moved or changed under them.
    """
    since = midnight(now) - timedelta(days=1)
    with database.write() as connection:
        inputs = load(connection)
        begun = standing(plans.slots(connection, since, now + inputs.freeze), now, inputs.freeze)
        plan = make_plan(inputs, machines.everything(connection), now, begun)
        coming = tuple(one for one in plan.occurrences if one.starts_at >= now)
        plans.keep_occurrences(connection, now, plan.end, coming)
        ahead = {
            machine_id: [slot for slot in slots if slot.starts_at >= now] for machine_id, slots in plan.slots.items()
        }
        plans.keep_plans(connection, now, plan.end, ahead)
    return plan
