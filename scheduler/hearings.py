"""Which machines an edit reaches, those that hear the same taken together. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.machines import Machine
from domain.timetable import Rule
from scheduler.build import reaches
from scheduler.edits import Edit
from scheduler.inputs import Inputs, Paths, local_date
from scheduler.policy import exclusions_at, stagger_of


@dataclass(frozen=True, slots=True)
class Hearing:
    """Machines that hear the same: of rules that stay, of touched ones as they were, and as they will be.

    `area_ids` are the path of the first; `surroundings` are what the policy says of all of them.
    """

    machines: tuple[Machine, ...]
    area_ids: frozenset[str]
    surroundings: object
    staying: tuple[Rule, ...]
    old: tuple[Rule, ...]
    new: tuple[Rule, ...]


def hearings(inputs: Inputs, machines: Iterable[Machine], edit: Edit, now: datetime) -> tuple[Hearing, ...]:
    """Return the machines that `edit` reaches, before it or after it."""
    touched = edit.touched(inputs)
    changed = edit.applied(inputs).shelf.rules
    rules = inputs.shelf.rules.values()
    old = _Reach(one for one in rules if one.id in touched)
    new = _Reach(changed[one] for one in sorted(touched) if one in changed)
    staying = _Reach(one for one in rules if one.id not in touched)
    alike: dict[object, Hearing] = {}
    paths = Paths(inputs.areas, local_date(now))
    for machine in machines:
        path = paths.of(machine.area_id)
        was, will = old.at(path), new.at(path)
        if not was and not will:
            continue
        heard, around = staying.at(path), _surroundings(inputs, path)
        key = heard, was, will, around
        held = alike.get(key)
        if held is None:
            alike[key] = Hearing((machine,), path, around, staying.rules(heard), old.rules(was), new.rules(will))
        else:
            alike[key] = replace(held, machines=(*held.machines, machine))
    return tuple(alike.values())


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
