"""The plans of many machines at once: machines that hear the same of the timetable are planned once. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.airtime import ExclusionWindow
from domain.machines import Machine
from domain.timetable import Occurrence, Rule, Slot
from scheduler.build import Listener, reaches, slots_of
from scheduler.inputs import Inputs, Paths, local_date
from scheduler.policy import exclusions_at, stagger_of


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
    fleet = _Fleet(inputs, now)
    for one in occurrences:
        fleet.asked.setdefault(one.rule_id, []).append(one)
    for rule in inputs.shelf.rules.values():
        for area_id in rule.area_ids:
            fleet.rules.setdefault(area_id, []).append(rule)
    return {one.id: fleet.slots(one, begun.get(one.id, ())) for one in machines if one.revoked_at is None}


@dataclass(frozen=True, slots=True)
class _Hearing:
    """All in which the plan of one machine may differ from that of another."""

    rule_ids: tuple[str, ...]
    exclusions: tuple[ExclusionWindow, ...]
    stagger: timedelta
    begun: tuple[Slot, ...]


@dataclass(slots=True)
class _Fleet:
    """What is asked for by rule, the rules by area, and the plans made so far."""

    inputs: Inputs
    now: datetime
    asked: dict[str, list[Occurrence]] = field(default_factory=dict)
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    _paths: Paths = field(init=False)
    _made: dict[_Hearing, tuple[Slot, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._paths = Paths(self.inputs.areas, local_date(self.now))

    def slots(self, machine: Machine, begun: tuple[Slot, ...]) -> tuple[Slot, ...]:
        """Return the plan of a machine."""
        listener = Listener(machine.id, self._paths.of(machine.area_id))
        policy = self.inputs.terms.policy
        hearing = _Hearing(
            self._heard(listener.area_ids),
            exclusions_at(policy, listener.area_ids),
            stagger_of(policy, listener.area_ids),
            tuple(replace(one, machine_id="") for one in begun),
        )
        made = self._made.get(hearing)
        if made is None:
            made = self._made[hearing] = self._slots_of(listener, hearing, begun)
            return made
        return tuple(replace(one, machine_id=machine.id) for one in made)

    def _heard(self, area_ids: frozenset[str]) -> tuple[str, ...]:
        meant = {rule.id: rule for area_id in area_ids for rule in self.rules.get(area_id, ())}
        return tuple(sorted(rule_id for rule_id, rule in meant.items() if reaches(rule, area_ids)))

    def _slots_of(self, listener: Listener, hearing: _Hearing, begun: tuple[Slot, ...]) -> tuple[Slot, ...]:
        known = {one.key for one in begun}
        since = self.now - hearing.stagger
        asked = [
            one
            for rule_id in hearing.rule_ids
            for one in self.asked.get(rule_id, ())
            if one.starts_at >= since or one.key in known
        ]
        # What was given for the next minutes and is asked for no longer is taken off the air: it is in nobody's way.
        wanted = {one.key for one in asked}
        standing = tuple(one for one in begun if one.starts_at < self.now or one.key in wanted)
        return slots_of(listener, asked, self.inputs.shelf, self.inputs.terms, standing)
