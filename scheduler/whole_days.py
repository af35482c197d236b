"""What an edit would silence on days that must be planned together, by the code that plans. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.timetable import STATION_ZONE, Occurrence, Slot
from scheduler.build import Listener, slots_for
from scheduler.claims import misfit_of
from scheduler.edits import Loss, Pair
from scheduler.expand import expand
from scheduler.hearings import Hearing
from scheduler.inputs import Inputs, local_date
from scheduler.policy import stagger_of

_ZONE = ZoneInfo(STATION_ZONE)
_DAY = timedelta(days=1)


def losses_of_days(pair: Pair, hearing: Hearing, on: frozenset[date]) -> Iterator[Loss]:
    """Yield what machines that hear the same lose on the days `on`, from plans of all of those days together."""
    machine = hearing.machines[0]
    listener = Listener(machine.id, hearing.area_ids)
    stagger = stagger_of(pair.before.terms.policy, hearing.area_ids)
    known = {slot.key for slot in hearing.begun}
    before, after = (
        slots_for(
            listener,
            [one for one in occurrences if one.starts_at + stagger >= pair.now or one.key in known],
            given.shelf,
            given.terms,
            hearing.begun,
        )
        for occurrences, given in ((_asked_for(one, on), one) for one in (pair.before, pair.after))
    )
    yield from _Sheet(hearing, pair, after).worse_than(before)


def _asked_for(inputs: Inputs, on: frozenset[date]) -> list[Occurrence]:
    start = datetime.combine(min(on), time(), _ZONE)
    end = datetime.combine(max(on), time(), _ZONE) + _DAY
    found = expand(inputs.shelf.rules.values(), start, end, inputs.calendar)
    return [one for one in found if local_date(one.starts_at) in on]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The plan of machines that hear the same once an edit is made."""

    hearing: Hearing
    pair: Pair
    plan: tuple[Slot, ...]

    def worse_than(self, before: Iterable[Slot]) -> Iterator[Loss]:
        """Yield what sounds less, from now on, than in the plan `before`."""
        held = {slot.key: slot for slot in before}
        for slot in self.plan:
            if slot.starts_at >= self.pair.now:
                yield from self._worse(held.get(slot.key), slot)

    def _worse(self, before: Slot | None, slot: Slot) -> Iterator[Loss]:
        plain = Loss(
            self.hearing.machines,
            (local_date(slot.starts_at),),
            slot,
            area_ids=self.hearing.area_ids,
            beside=lambda: self.plan,
        )
        misfit = misfit_of(slot, self.pair.after)
        if misfit and (before is None or misfit_of(before, self.pair.before) != misfit):
            yield replace(plain, misfit=misfit)
        if slot.refusal:
            if before is None or not before.refusal:
                winner = next((one for one in self.plan if slot.yields_to and one.key == slot.yields_to), None)
                yield replace(plain, winner=winner)
            return
        said = {(item.title, item.refusal) for item in (before.items if before is not None else ()) if item.refusal}
        for item in slot.items:
            if item.refusal and (item.title, item.refusal) not in said:
                yield replace(plain, item=item)
