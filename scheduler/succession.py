"""Areas that are no more, and what took their place, in words. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.areas import Area
from domain.timetable import Rule


@dataclass(frozen=True, slots=True)
class Outdated:
    """An area that a rule still names although it is over, with those that took its place in the end."""

    area: Area
    heirs: tuple[Area, ...]

    @property
    def words(self) -> str:
        """Return in a sentence what became of it."""
        assert self.area.valid_until is not None
        since = self.area.valid_until + timedelta(days=1)
        names = ", ".join(f"«{one.name}»" for one in self.heirs)
        now = f"nay là {names}" if names else "chưa ghi nơi nào thay thế"
        return f"«{self.area.name}» không còn từ {since:%d/%m/%Y}, {now}."


def outdated_targets(rule: Rule, areas: Iterable[Area], on: date) -> tuple[Outdated, ...]:
    """Return the areas that `rule` names, to reach or to leave out, and that are over by `on`."""
    return outdated_among(rule, {area.id: area for area in areas}, on)


def outdated_among(rule: Rule, known: Mapping[str, Area], on: date) -> tuple[Outdated, ...]:
    """Return what `outdated_targets` does of the areas by their ids: many rules are asked about the same ones."""
    named = (known[one] for one in sorted(rule.area_ids | rule.except_area_ids) if one in known)
    return tuple(Outdated(one, heirs_of(one, known, on)) for one in named if is_over(one, on))


def heirs_of(area: Area, known: Mapping[str, Area], on: date) -> tuple[Area, ...]:
    """Return the areas that exist on `on` and took the place of `area`, through any that came between."""
    found: dict[str, Area] = {}
    waiting, seen = sorted(area.successor_ids), {area.id}
    while waiting:
        step = waiting.pop(0)
        if step in seen or step not in known:
            continue
        seen.add(step)
        heir = known[step]
        if is_over(heir, on):
            waiting += sorted(heir.successor_ids)
        else:
            found[heir.id] = heir
    return tuple(sorted(found.values(), key=lambda one: one.name))


def predecessors(areas: Iterable[Area]) -> dict[str, tuple[Area, ...]]:
    """Return what `predecessors_of` does for each area that took the place of any."""
    found: dict[str, list[Area]] = {}
    for area in sorted(areas, key=lambda one: one.name):
        for heir_id in area.successor_ids:
            found.setdefault(heir_id, []).append(area)
    return {heir_id: tuple(held) for heir_id, held in found.items()}


def predecessors_of(area_id: str, areas: Iterable[Area]) -> tuple[Area, ...]:
    """Return the areas whose place `area_id` took, by name."""
    return tuple(sorted((one for one in areas if area_id in one.successor_ids), key=lambda one: one.name))


def is_over(area: Area, on: date) -> bool:
    """Tell whether an area existed only before `on`."""
    return area.valid_until is not None and area.valid_until < on
