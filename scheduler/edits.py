"""A change of the timetable that is not made yet, and what would be lost by it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.machines import Machine
from domain.timetable import PlannedItem, Programme, Rule, Slot
from scheduler.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the timetable that is not made yet: rules and programmes put in by id, and rules taken out."""

    rules: tuple[Rule, ...] = ()
    programmes: tuple[Programme, ...] = ()
    removed: frozenset[str] = frozenset()

    def applied(self, inputs: Inputs) -> Inputs:
        """Return `inputs` as they will be once the edit is saved."""
        rules = {**inputs.shelf.rules, **{one.id: one for one in self.rules}}
        for rule_id in self.removed:
            rules.pop(rule_id, None)
        programmes = {**inputs.shelf.programmes, **{one.id: one for one in self.programmes}}
        return replace(inputs, shelf=replace(inputs.shelf, rules=rules, programmes=programmes))

    def touched(self, inputs: Inputs) -> frozenset[str]:
        """Return the ids of the rules that may sound otherwise because of it."""
        programmes = {one.id for one in self.programmes}
        using = (one.id for one in inputs.shelf.rules.values() if _sounds_any(one, programmes))
        return frozenset({one.id for one in self.rules} | self.removed | set(using))


@dataclass(frozen=True, slots=True)
class Pair:
    """All that decides, without an edit and with it, as things stand at `now`."""

    before: Inputs
    after: Inputs
    now: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """How far a check looks, in days, and what it takes for `begun`: the slots of machines that had come, as kept."""

    days: int = 365
    begun: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """A slot that would sound without an edit, or is new, and will not sound as asked with it.

    It is so at `machines` on `days`; `slot` stands on the first. `item` is the item that falls out when the rest
    sounds; `winner` is the slot that takes its time. One that sounds but is too long (or, negative, too short) for its
    booked place has that as its `misfit`. `beside` gives the slots that sound on that first day.
    """

    machines: tuple[Machine, ...]
    days: tuple[date, ...]
    slot: Slot
    item: PlannedItem | None = None
    winner: Slot | None = None
    misfit: timedelta = timedelta()
    area_ids: frozenset[str] = frozenset()
    beside: Callable[[], Sequence[Slot]] = tuple


def _sounds_any(rule: Rule, programmes: set[str]) -> bool:
    return rule.programme_id in programmes or any(one.programme_id in programmes for one in rule.exceptions)
