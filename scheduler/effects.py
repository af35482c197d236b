"""What an edit does to the sessions to come, told before it is saved: which would fall silent, which would sound."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.timetable import Occurrence, Slot
from scheduler.build import Listener, reaches, slots_for
from scheduler.expand import expand
from scheduler.fleet import HORIZON
from scheduler.inputs import Inputs, Reforms, local_date, midnight
from scheduler.policy import WEEKDAY_NAMES, exclusions_at, stagger_of

_DAY = timedelta(days=1)
GONE = "Không còn trong lịch"
"""Why a session does not sound when the edit takes its day or its hour away."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Sessions of one rule to which an edit does the same: `reason` says why they fall silent, "" that they sound.

    `count` sessions, the first of them at `first`, at the places `area_ids`.
    """

    title: str
    rule_id: str
    reason: str
    first: datetime
    count: int
    area_ids: frozenset[str]

    @property
    def silences(self) -> bool:
        """Tell whether the sessions fall silent."""
        return bool(self.reason)


@dataclass(slots=True)
class _Heap:
    first: Slot
    keys: set[str]
    area_ids: set[str]


def effects(before: Inputs, after: Inputs, area_ids: Iterable[str], now: datetime) -> tuple[Effect, ...]:
    """Return what changes for the machines on `area_ids` from now to the horizon, what falls silent first."""
    heaps: dict[tuple[str, str], _Heap] = {}
    for places, own, other in _pairs(before, after, area_ids, now):
        for slot, reason in _differences(own, other):
            heap = heaps.setdefault((slot.rule_id, reason), _Heap(slot, set(), set()))
            heap.keys.add(slot.key)
            heap.area_ids |= places
            heap.first = min(heap.first, slot, key=lambda one: one.starts_at)
    found = [
        Effect(heap.first.title, rule_id, reason, heap.first.starts_at, len(heap.keys), frozenset(heap.area_ids))
        for (rule_id, reason), heap in heaps.items()
    ]
    return tuple(sorted(found, key=lambda one: (not one.silences, one.first, one.rule_id, one.reason)))


def _pairs(
    before: Inputs, after: Inputs, area_ids: Iterable[str], now: datetime
) -> Iterator[tuple[frozenset[str], dict[str, Slot], dict[str, Slot]]]:
    """Yield the places that hear the same, with what sounds there before and after the edit."""
    first, last = local_date(now - _DAY), local_date(now + HORIZON)
    was, will = (Reforms.of(one.areas, first, last) for one in (before, after))
    alike: dict[object, tuple[set[str], Listener, Listener]] = {}
    for area_id in area_ids:
        old, new = was.listener("", area_id), will.listener("", area_id)
        alike.setdefault((_ear(before, old), _ear(after, new)), (set(), old, new))[0].add(area_id)
    asked = [tuple(_asked(inputs, now)) for inputs in (before, after)]
    for places, old, new in alike.values():
        yield frozenset(places), _sounding(before, asked[0], old, now), _sounding(after, asked[1], new, now)


def _ear(inputs: Inputs, listener: Listener) -> object:
    """Return all that makes one place hear otherwise than another."""
    policy = inputs.terms.policy
    heard = [
        (
            frozenset(one.id for one in inputs.shelf.rules.values() if reaches(one, path)),
            frozenset(one.id for one in exclusions_at(policy, path)),
            stagger_of(policy, path),
        )
        for path in listener.paths
    ]
    return tuple(heard), tuple(since for since, _ in listener.later)


def _asked(inputs: Inputs, now: datetime) -> Iterable[Occurrence]:
    start = midnight(now)
    return expand(inputs.shelf.rules.values(), start - _DAY, start + HORIZON, inputs.calendar)


def _sounding(inputs: Inputs, asked: tuple[Occurrence, ...], listener: Listener, now: datetime) -> dict[str, Slot]:
    slots = slots_for(listener, asked, inputs.shelf, inputs.terms)
    return {slot.key: slot for slot in slots if slot.starts_at >= now}


def _alike(reason: str) -> str:
    """Return a reason without the weekday it names, so that a week of sessions is told in one line."""
    for name in WEEKDAY_NAMES:
        reason = reason.replace(f"{name} không phải ngày", "Không phải ngày")
    return reason


def _differences(own: dict[str, Slot], other: dict[str, Slot]) -> Iterator[tuple[Slot, str]]:
    for key, slot in own.items():
        if slot.refusal:
            continue
        then = other.get(key)
        if then is None or then.refusal:
            yield slot, GONE if then is None else _alike(then.refusal)
    for key, slot in other.items():
        was = own.get(key)
        if not slot.refusal and (was is None or was.refusal):
            yield slot, ""
