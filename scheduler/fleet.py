"""The plans of many machines at once: machines that hear the same of the timetable are planned once. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from domain.airtime import ExclusionWindow
from domain.machines import Machine
from domain.timetable import Occurrence, Rule, Slot
from scheduler.build import Listener, reaches, slots_of
from scheduler.expand import expand
from scheduler.inputs import Inputs, Reforms, local_date, midnight
from scheduler.policy import exclusions_at, stagger_of

HORIZON = timedelta(days=14)
"""How far ahead machines are told what to sound."""
_DAY = timedelta(days=1)


class Standing(Protocol):
    """What hears the timetable: a machine, or an area as if a machine hung on it."""

    @property
    def id(self) -> str:
        """Return what its plan is named by."""
        ...

    @property
    def area_id(self) -> str:
        """Return the area it hangs on."""
        ...


def plan_machines(
    inputs: Inputs,
    machines: Iterable[Machine],
    occurrences: Iterable[Occurrence],
    now: datetime,
    begun: Mapping[str, tuple[Slot, ...]],
) -> dict[str, tuple[Slot, ...]]:
    """Return for each machine in use, by its id, what `slots_for` gives of `occurrences` that begin from `now` on.

    `begun` are, by machine, the slots before `now` and those that are frozen; what should have begun before and has
    not is no session. A machine that begins later than asked, by its place, begins then.
    """
    return _plan(inputs, (one for one in machines if one.revoked_at is None), tuple(occurrences), now, begun)


def plan_ahead(
    inputs: Inputs,
    standing: Iterable[Standing],
    span: tuple[datetime, datetime],
    now: datetime,
    begun: Mapping[str, tuple[Slot, ...]],
) -> dict[str, tuple[Slot, ...]]:
    """Return for each of `standing`, by its id, the slots from `now` on that begin in `span`, [start, end).

    Within the horizon they are those that the machines are given, planned from the same day on: what crosses a
    midnight, and what the limits of a day leave, is decided alike. Raises BadInputError as `expand` does.
    """
    start, end = max(span[0], now), span[1]
    if start >= end:
        return {one.id: () for one in standing}
    told = start < midnight(now) + HORIZON + _DAY
    occurrences = expand(
        inputs.shelf.rules.values(),
        midnight(now if told else start) - _DAY,
        midnight(end) + _DAY,
        inputs.calendar,
    )
    plans = _plan(inputs, standing, occurrences, now, begun)
    return {key: tuple(slot for slot in slots if start <= slot.starts_at < end) for key, slots in plans.items()}


def _plan(
    inputs: Inputs,
    standing: Iterable[Standing],
    occurrences: tuple[Occurrence, ...],
    now: datetime,
    begun: Mapping[str, tuple[Slot, ...]],
) -> dict[str, tuple[Slot, ...]]:
    days = [local_date(now)]
    if occurrences:
        days += local_date(occurrences[0].starts_at), local_date(occurrences[-1].starts_at)
    fleet = _Fleet(inputs, now, Reforms.of(inputs.areas, min(days), max(days)))
    for one in occurrences:
        fleet.asked.setdefault(one.rule_id, []).append(one)
    for rule in inputs.shelf.rules.values():
        for area_id in rule.area_ids:
            fleet.rules.setdefault(area_id, []).append(rule)
    return {one.id: fleet.slots(one, begun.get(one.id, ())) for one in standing}


@dataclass(frozen=True, slots=True)
class _Ear:
    """All that a path makes a machine hear, from a day on."""

    since: date
    rule_ids: tuple[str, ...]
    exclusions: tuple[ExclusionWindow, ...]
    stagger: timedelta


@dataclass(frozen=True, slots=True)
class _Hearing:
    """All in which the plan of one machine may differ from that of another."""

    ears: tuple[_Ear, ...]
    begun: tuple[Slot, ...]


@dataclass(slots=True)
class _Fleet:
    """What is asked for by rule, the rules by area, and the plans made so far."""

    inputs: Inputs
    now: datetime
    reforms: Reforms
    asked: dict[str, list[Occurrence]] = field(default_factory=dict)
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    _made: dict[_Hearing, tuple[Slot, ...]] = field(init=False, default_factory=dict)

    def slots(self, standing: Standing, begun: tuple[Slot, ...]) -> tuple[Slot, ...]:
        """Return the plan of a machine."""
        listener = self.reforms.listener(standing.id, standing.area_id)
        hearing = _Hearing(
            tuple(self._ear(since, path) for since, path in ((date.min, listener.area_ids), *listener.later)),
            tuple(replace(one, machine_id="") for one in begun),
        )
        made = self._made.get(hearing)
        if made is None:
            made = self._made[hearing] = self._slots_of(listener, hearing, begun)
            return made
        return tuple(replace(one, machine_id=standing.id) for one in made)

    def _ear(self, since: date, path: frozenset[str]) -> _Ear:
        policy = self.inputs.terms.policy
        return _Ear(since, self._heard(path), exclusions_at(policy, path), stagger_of(policy, path))

    def _heard(self, area_ids: frozenset[str]) -> tuple[str, ...]:
        meant = {rule.id: rule for area_id in area_ids for rule in self.rules.get(area_id, ())}
        return tuple(sorted(rule_id for rule_id, rule in meant.items() if reaches(rule, area_ids)))

    def _slots_of(self, listener: Listener, hearing: _Hearing, begun: tuple[Slot, ...]) -> tuple[Slot, ...]:
        known = {one.key for one in begun}
        asked: list[Occurrence] = []
        for ear, past in zip(hearing.ears, (*(one.since for one in hearing.ears[1:]), date.max), strict=True):
            since = self.now - ear.stagger
            heard = (one for rule_id in ear.rule_ids for one in self.asked.get(rule_id, ()))
            if listener.later:
                heard = (one for one in heard if ear.since <= local_date(one.starts_at) < past)
            asked += (one for one in heard if one.starts_at >= since or one.key in known)
        # What was given for the next minutes and is asked for no longer is taken off the air: it is in nobody's way.
        wanted = {one.key for one in asked}
        standing = tuple(one for one in begun if one.starts_at < self.now or one.key in wanted)
        return slots_of(listener, asked, self.inputs.shelf, self.inputs.terms, standing)
