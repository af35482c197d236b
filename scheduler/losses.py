"""What an edit of the timetable would silence: the plan with it beside the plan without it. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from domain.machines import Machine
from domain.timetable import PlannedItem, Programme, Rule, Slot
from scheduler.build import Listener, slots_for
from scheduler.expand import expand
from scheduler.inputs import Inputs, local_date, midnight, path_on

BOOKED_SLACK = timedelta(seconds=30)
"""How much shorter than its booked place a session may be before anybody is told."""

_DAY = timedelta(days=1)


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
        using = (one.id for one in inputs.shelf.rules.values() if not programmes.isdisjoint(_programmes_of(one)))
        return frozenset({one.id for one in self.rules} | self.removed | set(using))


@dataclass(frozen=True, slots=True)
class Loss:
    """A slot that would sound without an edit, or is new, and will not sound as asked with it.

    `item` is the item that falls out when the rest sounds; `winner` is the slot that takes its time. One that sounds
    but is too long (or, negative, too short) for its booked place has that as its `misfit`. `beside` are the slots
    of its machine, on its day and perhaps on others, and `area_ids` the path of that machine.
    """

    machine: Machine
    on: date
    slot: Slot
    item: PlannedItem | None = None
    winner: Slot | None = None
    misfit: timedelta = timedelta()
    beside: Sequence[Slot] = ()
    area_ids: frozenset[str] = frozenset()


def losses(inputs: Inputs, machines: Iterable[Machine], edit: Edit, now: datetime, days: int) -> Iterator[Loss]:
    """Yield all that `edit` makes worse on `machines` from `now` to `days` days on, by machine and instant.

    What has begun stands as it was planned; a session asked for before `now` is no session.
    """
    start, end = midnight(now) - _DAY, midnight(now) + days * _DAY
    changed = edit.applied(inputs)
    asked = expand(inputs.shelf.rules.values(), start, end, inputs.calendar)
    wanted = expand(changed.shelf.rules.values(), start, end, inputs.calendar)
    for machine in machines:
        listener = Listener(machine.id, path_on(inputs.areas, machine.area_id, local_date(now)))
        whole = slots_for(listener, asked, inputs.shelf, inputs.terms)
        begun = tuple(slot for slot in whole if slot.starts_at < now)
        known = {slot.key for slot in begun}
        plans = [
            slots_for(
                listener,
                [one for one in occurrences if one.starts_at >= now or one.key in known],
                given.shelf,
                given.terms,
                begun,
            )
            for occurrences, given in ((asked, inputs), (wanted, changed))
        ]
        yield from _Sheet(machine, listener.area_ids, inputs, changed, plans[1]).worse_than(plans[0], now)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The plan of one machine once an edit is made."""

    machine: Machine
    area_ids: frozenset[str]
    inputs: Inputs
    changed: Inputs
    plan: tuple[Slot, ...]

    def worse_than(self, before: Iterable[Slot], now: datetime) -> Iterator[Loss]:
        """Yield what sounds less, from `now` on, than in the plan `before`."""
        held = {slot.key: slot for slot in before}
        for slot in self.plan:
            if slot.starts_at >= now:
                yield from self._worse(held.get(slot.key), slot)

    def _worse(self, before: Slot | None, slot: Slot) -> Iterator[Loss]:
        misfit = misfit_of(slot, self.changed)
        if misfit and (before is None or misfit_of(before, self.inputs) != misfit):
            yield self._loss(slot, misfit=misfit)
        if slot.refusal:
            if before is None or not before.refusal:
                winner = next((one for one in self.plan if slot.yields_to and one.key == slot.yields_to), None)
                yield self._loss(slot, winner=winner)
            return
        said = {(item.title, item.refusal) for item in before.items if item.refusal} if before is not None else set()
        for item in slot.items:
            if item.refusal and (item.title, item.refusal) not in said:
                yield self._loss(slot, item=item)

    def _loss(self, slot: Slot, **more: Any) -> Loss:
        on = local_date(slot.starts_at)
        return Loss(self.machine, on, slot, beside=self.plan, area_ids=self.area_ids, **more)


def misfit_of(slot: Slot, inputs: Inputs) -> timedelta:
    """Return by how much `slot` is too long (or, negative, too short) for the place that is booked for it."""
    programme = inputs.shelf.programmes.get(slot.programme_id)
    if programme is None or programme.booked is None or not slot.length:
        return timedelta()
    over = slot.length - programme.booked
    return over if over > timedelta() or over < -BOOKED_SLACK else timedelta()


def _programmes_of(rule: Rule) -> set[str]:
    return {rule.programme_id, *(one.programme_id for one in rule.exceptions if one.programme_id)}
