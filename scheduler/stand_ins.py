"""Machines that do not stand yet, so that a timetable can be checked before the first one is enrolled. Pure."""

from collections.abc import Iterable
from datetime import date

from domain.areas import Area
from domain.machines import Machine
from domain.timetable import Rule
from scheduler.build import reaches
from scheduler.edits import Edit, Pair
from scheduler.inputs import Paths, local_date

_MARK = "area:"


def stand_ins(pair: Pair, machines: Iterable[Machine], edit: Edit) -> tuple[Machine, ...]:
    """Return a machine for each last place that rules of `edit` reach which reach none of `machines`."""
    paths = Paths(pair.before.areas, local_date(pair.now))
    unheard = _unheard(_touched(pair, edit), machines, paths)
    if not unheard:
        return ()
    leaves = _leaves(pair.before.areas, paths.on)
    return tuple(
        Machine(f"{_MARK}{one.id}", f"{one.name} (chưa có máy phát)", one.id, "", pair.now)
        for one in leaves
        if any(reaches(rule, paths.of(one.id)) for rule in unheard)
    )


def is_stand_in(machine: Machine) -> bool:
    """Tell whether a machine is none yet."""
    return machine.id.startswith(_MARK)


def _touched(pair: Pair, edit: Edit) -> list[Rule]:
    touched = edit.touched(pair.before)
    found = (inputs.shelf.rules.get(one) for inputs in (pair.before, pair.after) for one in touched)
    return [rule for rule in found if rule is not None and rule.enabled]


def _unheard(rules: list[Rule], machines: Iterable[Machine], paths: Paths) -> list[Rule]:
    """Return those of `rules` that reach no machine."""
    for machine in machines:
        if not rules:
            break
        path = paths.of(machine.area_id)
        rules = [rule for rule in rules if not reaches(rule, path)]
    return rules


def _leaves(areas: tuple[Area, ...], on: date) -> list[Area]:
    """Return the places of which none lies below, of those that are not over."""
    present = [one for one in areas if one.valid_until is None or one.valid_until >= on]
    parents = {one.parent_id for one in present}
    return [one for one in present if one.id not in parents]
