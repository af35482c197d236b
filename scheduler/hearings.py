"""Which machines an edit reaches, those that hear the same taken together. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from operator import attrgetter

from domain.machines import Machine
from domain.timetable import Rule, Slot
from scheduler.build import reaches
from scheduler.edits import Edit, Pair
from scheduler.inputs import Inputs, Paths
from scheduler.policy import exclusions_at, stagger_of

_SAID = attrgetter(*(one.name for one in fields(Slot) if one.name != "machine_id"))
"""All that a slot says but the machine that it is of."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Machines that hear the same: of rules that stay, of touched ones as they were, and as they will be.

    `area_ids` are the path of the first; `surroundings` are what the policy says of all of them. `begun` are the slots
    of the first that had come when this was asked, and those of the others are the same.
    """

    machines: tuple[Machine, ...]
    area_ids: frozenset[str]
    surroundings: object
    staying: tuple[Rule, ...]
    old: tuple[Rule, ...]
    new: tuple[Rule, ...]
    begun: tuple[Slot, ...] = ()


def hearings(
    pair: Pair, machines: Iterable[Machine], edit: Edit, paths: Paths, begun: Iterable[Slot] = ()
) -> tuple[Hearing, ...]:
    """Return the machines that `edit` reaches, before it or after it, where `paths` are those of their areas.

    `begun` are the slots of all that had come.
    """
    inputs = pair.before
    touched = edit.touched(inputs)
    changed = pair.after.shelf.rules
    rules = inputs.shelf.rules.values()
    old = _Reach(one for one in rules if one.id in touched)
    new = _Reach(changed[one] for one in sorted(touched) if one in changed)
    staying = _Reach(one for one in rules if one.id not in touched)
    alike: dict[object, Hearing] = {}
    held_by = _by_machine(begun)
    for machine in machines:
        path = paths.of(machine.area_id)
        was, will = old.at(path), new.at(path)
        if not was and not will:
            continue
        heard, around = staying.at(path), _surroundings(inputs, path)
        own = held_by.get(machine.id, ())
        key = heard, was, will, around, tuple(map(_SAID, own))
        held = alike.get(key)
        if held is None:
            alike[key] = Hearing((machine,), path, around, staying.rules(heard), old.rules(was), new.rules(will), own)
        else:
            alike[key] = replace(held, machines=(*held.machines, machine))
    return tuple(alike.values())


def _by_machine(slots: Iterable[Slot]) -> dict[str, tuple[Slot, ...]]:
    found: dict[str, list[Slot]] = {}
    for one in slots:
        found.setdefault(one.machine_id, []).append(one)
    return {machine_id: tuple(held) for machine_id, held in found.items()}


class _Reach:
    """Rules by the places they are meant for, so that what a place hears is found without asking each."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(one for one in rules if one.enabled)
        self._at: dict[str, list[int]] = {}
        for number, rule in enumerate(self._rules):
            for area_id in rule.area_ids:
                self._at.setdefault(area_id, []).append(number)

    def at(self, path: frozenset[str]) -> tuple[int, ...]:
        """Return the numbers of the rules that reach a machine with `path` as its own and upper areas."""
        found = {number for area_id in path for number in self._at.get(area_id, ())}
        return tuple(sorted(one for one in found if reaches(self._rules[one], path)))

    def rules(self, numbers: Iterable[int]) -> tuple[Rule, ...]:
        """Return the rules of some numbers."""
        return tuple(self._rules[one] for one in numbers)


def _surroundings(inputs: Inputs, path: frozenset[str]) -> object:
    """Return what of the policy depends on the place: the windows of silence, and how much later it starts."""
    policy = inputs.terms.policy
    return exclusions_at(policy, path), stagger_of(policy, path)
