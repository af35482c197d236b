"""What a machine, or an area through its machines, sounds in a span of days: kept slots before now, the plan after.

The plan is made as machines are given it: from what they hold, which the next minutes do not change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from domain.errors import NotFoundError
from domain.machines import Airing, Machine
from domain.timetable import Slot
from scheduler.build import reaches
from scheduler.fleet import plan_ahead
from scheduler.inputs import Inputs, Paths, local_date, midnight, path_on, standing
from store import airings, machines, plans

_DAY = timedelta(days=1)
_MOST_ASKED = 12
"""How many machines below an area are asked what they hold: what is meant for the area is held by each."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that is asked about: a machine, or an area through the machines of it, or else of those below it."""

    id: str
    area_id: str
    name: str
    machines: tuple[Machine, ...]
    is_own: bool = True


def spot_of_machine(machine: Machine) -> Spot:
    """Return a machine as a place to ask about."""
    return Spot(machine.id, machine.area_id, machine.name, (machine,))


def spots_of_areas(connection: Connection, inputs: Inputs, area_ids: Iterable[str], now: datetime) -> tuple[Spot, ...]:
    """Return some areas as places to ask about, each with the machines in use through which it hears."""
    return spots_among(machines.roster(connection), inputs, area_ids, now)


def spots_among(every: Iterable[Machine], inputs: Inputs, area_ids: Iterable[str], now: datetime) -> tuple[Spot, ...]:
    """Return what `spots_of_areas` does, with `every` machine there is."""
    used = sorted((one for one in every if one.revoked_at is None), key=lambda one: one.id)
    paths = Paths(inputs.areas, local_date(now))
    above = [(one, paths.of(one.area_id)) for one in used]
    names = {one.id: one.name for one in inputs.areas}
    spots: list[Spot] = []
    for area_id in area_ids:
        own = tuple(one for one in used if one.area_id == area_id)
        below = tuple(one for one, path in above if area_id in path)[:_MOST_ASKED]
        spots.append(Spot(area_id, area_id, names.get(area_id, area_id), own or below, bool(own)))
    return tuple(spots)


def spot_of_area(connection: Connection, inputs: Inputs, area_id: str, now: datetime) -> Spot:
    """Return an area as a place to ask about. Raises NotFoundError."""
    if not any(one.id == area_id for one in inputs.areas):
        raise NotFoundError("Không có địa bàn này. Hãy chọn lại trong danh sách.")
    (spot,) = spots_of_areas(connection, inputs, (area_id,), now)
    return spot


def slots_at(
    connection: Connection, inputs: Inputs, spots: Iterable[Spot], span: Span, now: datetime
) -> dict[str, tuple[Slot, ...]]:
    """Return by the id of each place what sounds there in `span`, [start, end), in order.

    What began before `now` is what the place was given and nothing else: a rule that came later asked for nothing
    then. What is to come is planned as `replan` plans it. Raises BadInputError as `expand` does.
    """
    every = tuple(spots)
    held = {spot.id: held_at(connection, inputs, spot, span, now) for spot in every}
    ahead = plan_ahead(inputs, every, span, now, {key: standing(own, now, inputs.freeze) for key, own in held.items()})
    return {
        spot.id: (*(one for one in held[spot.id] if span[0] <= one.starts_at < min(now, span[1])), *ahead[spot.id])
        for spot in every
    }


def held_at(connection: Connection, inputs: Inputs, spot: Spot, span: Span, now: datetime) -> tuple[Slot, ...]:
    """Return what a place was given: of the past in `span`, and of what still sounds or begins within the freeze."""
    start, end = span
    spans = {(min(start, now), min(end, now)), (midnight(now) - _DAY, now + inputs.freeze)}
    slots = (
        slot for since, until in spans if since < until for slot in _given(connection, spot.machines, (since, until))
    )
    found = {(one.machine_id, one.key): one for one in slots}
    if len(spot.machines) == 1 and spot.is_own:
        return _in_order(replace(one, machine_id=spot.id) for one in found.values())
    return _in_order(_shared(inputs, spot, found.values()))


def reported_at(connection: Connection, spot: Spot, span: Span) -> tuple[tuple[Slot, ...], tuple[Airing, ...]]:
    """Return what the machines of a place were given in `span`, each by itself, and what they reported of it."""
    reported = [one for machine in spot.machines for one in airings.between(connection, *span, machine.id)]
    return tuple(_given(connection, spot.machines, span)), tuple(reported)


def _given(connection: Connection, of: Iterable[Machine], span: Span) -> Iterator[Slot]:
    order = {machine.id: number for number, machine in enumerate(of)}
    found = plans.slots(connection, *span, tuple(order)) if order else ()
    yield from sorted(found, key=lambda one: order[one.machine_id])


def _shared(inputs: Inputs, spot: Spot, slots: Iterable[Slot]) -> Iterator[Slot]:
    """Yield of the slots of several machines one for each key, without those of machines below an area alone.

    The one that sounds, and earliest, stands for the others.
    """
    alike: dict[str, list[Slot]] = {}
    for one in slots:
        alike.setdefault(one.key, []).append(one)
    paths: dict[date, frozenset[str]] = {}
    for same in alike.values():
        first = min(same, key=lambda one: (bool(one.refusal), one.starts_at))
        if spot.is_own or _is_meant(inputs, spot, first, (len(same), paths)):
            yield replace(first, machine_id=spot.id)


def _is_meant(inputs: Inputs, spot: Spot, slot: Slot, known: tuple[int, dict[date, frozenset[str]]]) -> bool:
    """Tell whether a slot that so many machines were told is meant for all of the place, with its paths by day."""
    machines_told, paths = known
    rule = inputs.shelf.rules.get(slot.rule_id)
    if rule is None:
        return machines_told == len(spot.machines)
    on = local_date(slot.starts_at)
    if on not in paths:
        paths[on] = path_on(inputs.areas, spot.area_id, on)
    return reaches(rule, paths[on])


def _in_order(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    return tuple(sorted(slots, key=lambda one: (one.starts_at, one.key)))
