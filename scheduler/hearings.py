"""Which machines an edit reaches, those that hear the same taken together. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.machines import Machine
from domain.timetable import Rule
from scheduler.build import reaches
from scheduler.edits import Edit
from scheduler.inputs import Inputs, local_date, path_on
from scheduler.policy import stagger_of


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
    old = [one for one in inputs.shelf.rules.values() if one.id in touched and one.enabled]
    new = [changed[one] for one in sorted(touched) if one in changed and changed[one].enabled]
    staying = [one for one in inputs.shelf.rules.values() if one.id not in touched and one.enabled]
    alike: dict[object, tuple[list[Machine], frozenset[str]]] = {}
    for machine in machines:
        path = path_on(inputs.areas, machine.area_id, local_date(now))
        reached = tuple(reaches(one, path) for one in (*old, *new))
        if any(reached):
            heard = tuple(reaches(one, path) for one in staying)
            alike.setdefault((reached, heard, _surroundings(inputs, path)), ([], path))[0].append(machine)
    return tuple(
        Hearing(
            machines=tuple(together),
            area_ids=path,
            surroundings=_surroundings(inputs, path),
            staying=tuple(_heard(staying, path)),
            old=tuple(_heard(old, path)),
            new=tuple(_heard(new, path)),
        )
        for together, path in alike.values()
    )


def _heard(rules: Iterable[Rule], path: frozenset[str]) -> Iterator[Rule]:
    return (one for one in rules if reaches(one, path))


def _surroundings(inputs: Inputs, path: frozenset[str]) -> object:
    """Return what of the policy depends on the place: the windows of silence, and how much later it starts."""
    policy = inputs.terms.policy
    near = frozenset(one.id for one in policy.exclusions if not one.area_ids.isdisjoint(path))
    return near, stagger_of(policy, path)
