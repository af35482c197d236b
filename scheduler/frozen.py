"""What machines have been given for the next minutes, and what of it an edit came too late for. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.errors import TiengLoaError
from domain.machines import Machine
from domain.timetable import STATION_ZONE, Occurrence, Slot
from scheduler.editing import as_it_stands, asked_on, read_key
from scheduler.inputs import Inputs, is_frozen, local_date, path_on
from scheduler.items import plan_items
from scheduler.policy import stagger_of

_ZONE = ZoneInfo(STATION_ZONE)


@dataclass(frozen=True, slots=True)
class Late:
    """A session that machines go on to sound as they were given it, although the timetable asks otherwise since.

    `slot` is what they hold, `wanted` what the timetable asks for, and `freeze` how long before it they were given it.
    """

    slot: Slot
    wanted: Occurrence
    freeze: timedelta

    @property
    def sentence(self) -> str:
        """Return in words that the change came too late."""
        begins = self.slot.starts_at.astimezone(_ZONE)
        return f"Thay đổi sau {begins - self.freeze:%H:%M} chưa kịp buổi {begins:%H:%M} «{self.slot.title}»."


def late(inputs: Inputs, kept: Iterable[Slot], machines: Iterable[Machine], now: datetime) -> tuple[Late, ...]:
    """Return which of the slots `kept` for machines stay although the timetable now asks otherwise, one for each key.

    What the timetable no longer asks for is taken off the air in time, so it is not among them.
    """
    found: dict[str, Late] = {}
    places = {one.id: one.area_id for one in machines if one.revoked_at is None}
    for slot in kept:
        if slot.machine_id in places and now < slot.starts_at <= now + inputs.freeze and is_frozen(slot):
            for wanted in _otherwise(inputs, slot, places[slot.machine_id]):
                found.setdefault(slot.key, Late(slot, wanted, inputs.freeze))
    return tuple(found.values())


def _otherwise(inputs: Inputs, slot: Slot, area_id: str) -> Iterator[Occurrence]:
    rule = inputs.shelf.rules.get(slot.rule_id)
    if rule is None:
        return
    try:
        asked = asked_on(rule, read_key(slot.key)[1], inputs.calendar)
    except TiengLoaError:  # no longer asked for
        return
    wanted = as_it_stands(rule, asked)
    if wanted is not None and _sounds_otherwise(inputs, slot, wanted, area_id):
        yield wanted


def _sounds_otherwise(inputs: Inputs, slot: Slot, wanted: Occurrence, area_id: str) -> bool:
    programme = inputs.shelf.programmes.get(wanted.programme_id)
    if programme is None or programme.id != slot.programme_id:
        return True
    on = local_date(wanted.starts_at)
    stagger = stagger_of(inputs.terms.policy, path_on(inputs.areas, area_id, on))
    items = plan_items(programme, on, inputs.shelf, inputs.terms)
    sounds = [item.clip_hash for item in items] == [item.clip_hash for item in slot.items]
    same = (slot.starts_at, slot.title, slot.priority)
    return not sounds or same != (wanted.starts_at + stagger, programme.name, programme.priority)
