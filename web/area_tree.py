"""The tree of areas as pages show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from domain.areas import Area, AreaLevel


@dataclass(frozen=True, slots=True)
class Branch:
    """An area with what lies below it."""

    id: str
    name: str
    level: str
    depth: int
    children: tuple["Branch", ...]


def tree(areas: Iterable[Area], levels: Iterable[AreaLevel], today: date) -> tuple[Branch, ...]:
    """Return the areas that exist on `today` as a forest, in the order they were given."""
    areas = tuple(areas)
    names = {level.code: level.name for level in levels}
    living = [area for area in areas if _exists(area, today)]
    known = {area.id for area in living}
    every = {area.id: area for area in areas}
    below: dict[str | None, list[Area]] = {}
    for area in living:
        below.setdefault(_parent(area, every, known), []).append(area)
    return _branches(None, 0, below, names)


def flat(branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """Return every branch, each before what lies below it."""
    return tuple(one for branch in branches for one in (branch, *flat(branch.children)))


def _branches(
    parent_id: str | None, depth: int, below: dict[str | None, list[Area]], names: dict[str, str]
) -> tuple[Branch, ...]:
    return tuple(
        Branch(area.id, area.name, names.get(area.level, ""), depth, _branches(area.id, depth + 1, below, names))
        for area in below.get(parent_id, ())
    )


def _parent(area: Area, every: dict[str, Area], living: set[str]) -> str | None:
    """Return the living area that `area` is in: its parent, or the only one that came in the parent's place."""
    step, seen = area.parent_id, {area.id}
    while step is not None and step not in living and step not in seen:
        seen.add(step)
        heirs = every[step].successor_ids if step in every else frozenset()
        step = next(iter(heirs)) if len(heirs) == 1 else None
    return step if step in living else None


def _exists(area: Area, today: date) -> bool:
    begun = area.valid_from is None or area.valid_from <= today
    return begun and (area.valid_until is None or today <= area.valid_until)
