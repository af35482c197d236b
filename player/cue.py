"""Decides what the machine does at an instant. Pure: (playlist, instant, what is known) -> actions and when to wake.

It is asked again and again and looks at the whole state each time, so nothing is lost when a wake-up is late, the
clock steps or the process dies: whatever has no final row in the journal is judged anew by the same rules.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from domain.emergencies import ALARM_KEY
from domain.machines import AiringOutcome
from domain.playlist import Playlist, PlaylistSlot
from domain.timetable import Priority
from player import orders
from player.orders import Action, Close, Cue, Cut, Known, Start, Unready, airing_key, all_ready
from player.session import LEAD, PREPARE_AHEAD, TUNE_AHEAD, Scene, Study, Wish, end_of, study

HANDOVER = timedelta(milliseconds=250)
"""How far two items may overlap on paper and still count as one after the other."""

KEPT_FREE = timedelta(seconds=30)
"""How long before a repeat of an emergency nothing else begins, only to be cut by it at once."""

OVERRUN = timedelta(seconds=2)
"""How much longer than its signed length an item may sound."""


def cue(
    playlist: Playlist, now: datetime, done: Mapping[str, Known], unready: Unready = all_ready, *, kept: bool = True
) -> Cue:
    """Decide what is to be done at `now` (aware UTC), by a clock that something keeps or, if not `kept`, nothing.

    `done` maps airing keys to what is known of them; every final row that could meet a slot of `playlist` again must
    be in it. Doing the actions and asking again at the same instant brings nothing new.
    """
    scene = Scene(playlist, now, done, unready, kept=kept)
    studies = [study(scene, slot) for slot in playlist.slots if scene.concerns(slot)]
    wakes = [slot.starts_at - LEAD for slot in playlist.slots]
    wakes += [acts_at for one in studies if (acts_at := one.acts_at)]
    return Cue(
        actions=(*(action for one in studies for action in one.actions), *_stops(scene), *_arbitrate(scene, studies)),
        prepare=_to_prepare(scene, studies),
        next_at=min((wake for wake in wakes if wake > now), default=None),
        held="" if scene.trusted else orders.HELD_CLOCK,
        tune=_to_tune(scene, studies),
        sounds_at=min((one.starts_at for one in studies if one.live or one.wish), default=None),
    )


def _stops(scene: Scene) -> Iterator[Action]:
    """Stop what is live, and close what is interrupted, when the playlist or the quiet hours no longer allow it."""
    slots = {slot.key: slot for slot in scene.playlist.slots} if scene.unsettled else {}
    for key, known in scene.unsettled.items():
        reason = _stop_reason(scene, slots, key, known)
        if reason and known.live:
            yield Cut(key, scene.now, reason)
        elif reason == orders.WITHDRAWN:
            yield Close(key, reason)


def _stop_reason(scene: Scene, slots: Mapping[str, PlaylistSlot], key: str, known: Known) -> str:
    slot_key, _, position = key.removeprefix(f"{scene.playlist.machine_id}/").rpartition("/")
    slot = slots.get(slot_key)
    if slot is None or int(position) >= len(slot.items) or known.clip_hash not in scene.named:
        return orders.WITHDRAWN
    item = slot.items[int(position)]
    if slot.refusal or item.refusal:
        return slot.refusal or item.refusal
    if known.started and scene.now - known.base > end_of(item) + OVERRUN:
        return orders.OVERRUN
    sounding = known.base + item.offset <= scene.now
    return _EDGES.get(scene.barred(slot, scene.now), "") if sounding else ""


_EDGES = {orders.QUIET: orders.QUIET_EDGE, orders.SILENCE: orders.SILENCE_EDGE}
"""Why what already sounds is ended, by what bars it now."""


def _arbitrate(scene: Scene, studies: list[Study]) -> Iterator[Action]:
    """Give the loudspeaker to the weightiest session; one that yields is cut at the instant the other starts."""
    floor = max((one for one in studies if _holds_floor(scene, one)), key=_weight, default=None)
    if floor:
        yield from _yielding(scene, studies, floor, floor.starts_at)
    coming = any(_comes(scene, slot) for slot in scene.playlist.slots)
    for one, wish in sorted(((one, one.wish) for one in studies if one.wish), key=_turn):
        due = one.acts_at is not None and one.acts_at <= scene.now
        if coming and one.slot.priority is not Priority.EMERGENCY and floor is not one:
            continue
        if due and _may_start(floor, one, wish) and not scene.over(one.slot, wish):
            scene.take(one.slot, wish)
            yield _start(scene, one.slot, wish)
            yield from _yielding(scene, studies, one, wish.at)
            floor = one


def _holds_floor(scene: Scene, one: Study) -> bool:
    between_items = one.begun and one.wish is not None and not one.wish.again and one.wish.at > scene.now
    return bool(one.live) or between_items


def _comes(scene: Scene, slot: PlaylistSlot) -> bool:
    """Tell whether `slot` is a repeat of an emergency that is soon to sound."""
    return slot.key.startswith(ALARM_KEY) and scene.now < slot.starts_at <= scene.now + KEPT_FREE


def _weight(one: Study) -> tuple[Priority, datetime]:
    return one.slot.priority, one.ends_at


def _turn(pair: tuple[Study, Wish]) -> tuple[int, datetime, datetime, str]:
    one, wish = pair
    return -one.slot.priority, wish.at, one.slot.starts_at, one.slot.key


def _may_start(floor: Study | None, one: Study, wish: Wish) -> bool:
    if floor is None:
        return True
    if floor is one:
        return not one.live or wish.at >= one.free_at - HANDOVER
    return one.slot.priority > floor.slot.priority or wish.at >= floor.ends_at - HANDOVER


def _yielding(scene: Scene, studies: list[Study], winner: Study, at: datetime) -> Iterator[Cut]:
    """Cut the live items of weaker sessions that would overlap what the winner sounds from `at` on."""
    at = max(at, scene.now)
    for one in studies:
        if one is winner or not one.live or one.slot.priority >= winner.slot.priority:
            continue
        for position in one.live:
            if winner.slot.duck_mb and goes_under(one.slot, position):
                continue
            begins = one.base + one.slot.items[position].offset
            ends = one.base + end_of(one.slot.items[position])
            if ends > at + HANDOVER and begins < winner.ends_at - HANDOVER:
                yield Cut(airing_key(scene.playlist, one.slot, position), at, orders.PREEMPTED, preempted=True)


def _start(scene: Scene, slot: PlaylistSlot, wish: Wish) -> Start:
    until, why = scene.edge(slot, wish)
    return Start(slot, wish.position, wish.at, wish.base, wish.skip, until, wish.follow, why)


def goes_under(slot: PlaylistSlot, position: int) -> bool:
    """Tell whether an item may go on, softer, under a session that ducks: a relay or music, but no bulletin's words."""
    return slot.items[position].source is not None or slot.priority is Priority.FILLER


def _to_tune(scene: Scene, studies: list[Study]) -> tuple[tuple[PlaylistSlot, int], ...]:
    """Return the items whose source from outside is to be open by now, the soonest first."""
    wanted: list[tuple[datetime, PlaylistSlot, int]] = []
    for one in studies:
        base = one.wish.base if one.wish else one.base
        for position, item in enumerate(one.slot.items):
            at = base + item.offset
            soon = at <= scene.now + TUNE_AHEAD and scene.now < at + item.length
            if item.source and soon and not _settled(scene, one.slot, position) and not scene.barred(one.slot, at):
                wanted.append((at, one.slot, position))
    return tuple((slot, position) for _, slot, position in sorted(wanted, key=lambda found: found[0]))


def _settled(scene: Scene, slot: PlaylistSlot, position: int) -> bool:
    """Tell whether nothing need be made ready for an item: it is live, over, or refused."""
    known = scene.known(slot, position)
    refused = slot.refusal or slot.items[position].refusal
    return bool(refused) or (known is not None and (known.live or known.outcome is not AiringOutcome.PLAYING))


def _to_prepare(scene: Scene, studies: list[Study]) -> tuple[str, ...]:
    """Return the clips to have ready for what sounds within PREPARE_AHEAD, most urgent first, each once."""
    wanted: list[tuple[datetime, str]] = []
    for one in studies:
        base = one.wish.base if one.wish else one.base
        first = min([*one.lacking, one.wish.position if one.wish else len(one.slot.items)])
        for position in range(first, len(one.slot.items)):
            item = one.slot.items[position]
            soon = base + item.offset <= scene.now + PREPARE_AHEAD
            if soon and item.clip_hash and not _settled(scene, one.slot, position):
                wanted.append((base + item.offset, item.clip_hash))
    return tuple(dict.fromkeys(clip_hash for _, clip_hash in sorted(wanted)))
