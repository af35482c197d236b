"""The conflict check: what an edit of the timetable would silence, said in words before it is saved. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.airtime import AirtimePolicy
from domain.machines import Machine
from domain.timetable import STATION_ZONE, Slot
from scheduler.edits import Edit, Loss, Outlook, Pair
from scheduler.inputs import Inputs, local_date
from scheduler.losses import losses
from scheduler.offers import Offer, OfferKind, Scene, offers_for, shorter
from scheduler.policy import spoken_length, stagger_of
from scheduler.spans import in_words
from scheduler.stand_ins import is_stand_in, stand_ins

__all__ = ["Conflict", "ConflictKind", "Edit", "Offer", "OfferKind", "Outlook", "conflicts"]

MOST_NAMED = 3
_YEAR = Outlook()
_ZONE = ZoneInfo(STATION_ZONE)


class ConflictKind(StrEnum):
    """Why something would not sound as asked."""

    CLASH = "clash"
    POLICY = "policy"
    CONTENT = "content"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that an edit makes worse, on the same days at the same machines.

    `loser` is what will not sound as asked, on the first of `days`, and `winner` what takes its time, when that is
    why; `policy` is the line of the policy, when that is. `sentence` says all of it in Vietnamese. CONTENT is an
    item that cannot sound; LENGTH, which silences nothing, is a session that does not fit its booked place.
    """

    kind: ConflictKind
    sentence: str
    loser: Slot
    days: tuple[date, ...]
    machine_ids: tuple[str, ...] = ()
    area_ids: frozenset[str] = frozenset()
    winner: Slot | None = None
    policy: str = ""
    offers: tuple[Offer, ...] = ()


def conflicts(
    inputs: Inputs, machines: tuple[Machine, ...], edit: Edit, now: datetime, outlook: Outlook = _YEAR
) -> tuple[Conflict, ...]:
    """Return what `edit` would make worse on `machines` from `now` to the end of the outlook, the first to come first.

    What was wrong before is not told again. Where a rule of the edit reaches no machine yet, the places that it reaches
    are looked at as if one stood on each. Raises BadInputError as `expand` does.
    """
    pair = Pair(inputs, edit.applied(inputs), now)
    standing = tuple(one for one in machines if one.revoked_at is None)
    found = _alike(losses(pair, (*standing, *stand_ins(pair, standing, edit)), edit, outlook))
    last = local_date(now) + timedelta(days=outlook.days - 1)
    told = [_conflict(group, last, inputs.terms.policy) for group in found]
    return tuple(sorted(told, key=lambda one: (one.days[0], one.loser.starts_at, one.loser.key)))


@dataclass(frozen=True, slots=True)
class _Group:
    """Losses that are told as one: the same pair at the same time, at some machines on the same days."""

    first: Loss
    machines: tuple[Machine, ...]
    days: tuple[date, ...]


def _alike(found: Iterable[Loss]) -> list[_Group]:
    """Return the losses of one pair on one machine as one, and those of machines with the same days as one again."""
    days: dict[tuple[object, str], set[date]] = {}
    machines: dict[str, Machine] = {}
    firsts: dict[tuple[object, str], Loss] = {}
    for loss in found:
        likeness = _likeness(loss)
        for machine in loss.machines:
            key = likeness, machine.id
            machines[machine.id] = machine
            days.setdefault(key, set()).update(loss.days)
            held = firsts.setdefault(key, loss)
            if loss.slot.starts_at < held.slot.starts_at:
                firsts[key] = loss
    merged: dict[tuple[object, frozenset[date]], list[str]] = {}
    for (alike, machine_id), held_days in days.items():
        merged.setdefault((alike, frozenset(held_days)), []).append(machine_id)
    return [
        _Group(firsts[alike, ids[0]], tuple(machines[one] for one in ids), tuple(sorted(held)))
        for (alike, held), ids in merged.items()
    ]


def _likeness(loss: Loss) -> tuple[object, ...]:
    slot, winner = loss.slot, loss.winner
    if loss.misfit:
        return slot.programme_id, loss.misfit
    reason = loss.item.refusal if loss.item else ("" if winner else slot.refusal)
    return (
        slot.rule_id,
        slot.programme_id,
        slot.starts_at.astimezone(_ZONE).time(),
        loss.item.title if loss.item else "",
        winner and (winner.rule_id, winner.programme_id, winner.starts_at.astimezone(_ZONE).time()),
        re.sub(r"\d+", "", reason),
    )


def _conflict(group: _Group, last: date, policy: AirtimePolicy) -> Conflict:
    first = group.first
    kind = _kind(first)
    return Conflict(
        kind=kind,
        sentence=_sentence(group, last),
        loser=first.slot,
        days=group.days,
        machine_ids=tuple(one.id for one in group.machines if not is_stand_in(one)),
        area_ids=frozenset(one.area_id for one in group.machines),
        winner=first.winner,
        policy=first.slot.refusal if kind is ConflictKind.POLICY else "",
        offers=_offers(first, policy),
    )


def _offers(loss: Loss, policy: AirtimePolicy) -> tuple[Offer, ...]:
    if loss.misfit > timedelta():
        return (shorter(loss.slot, loss.misfit),)
    if loss.misfit or loss.item is not None:
        return ()
    on = local_date(loss.slot.starts_at)
    near = [one for one in loss.beside() if abs(local_date(one.starts_at) - on) <= timedelta(days=1)]
    return offers_for(
        loss.slot, loss.winner, Scene(policy, loss.area_ids, tuple(near), stagger_of(policy, loss.area_ids))
    )


def _kind(loss: Loss) -> ConflictKind:
    if loss.misfit:
        return ConflictKind.LENGTH
    if loss.slot.yields_to:
        return ConflictKind.CLASH
    if loss.item is not None or not loss.slot.length:
        return ConflictKind.CONTENT
    return ConflictKind.POLICY


def _sentence(group: _Group, last: date) -> str:
    loss = group.first
    slot = loss.slot
    what = f"«{slot.title}» lúc {_clock(slot.starts_at)}"
    if loss.item is not None:
        what = f"«{loss.item.title}» trong {what}"
    if loss.misfit:
        long = "dài hơn" if loss.misfit > timedelta() else "ngắn hơn"
        return f"{what} {in_words(group.days, last)} {long} chỗ đã dành {spoken_length(abs(loss.misfit))}."
    where = _where(group.machines)
    return f"{what} {in_words(group.days, last)} sẽ không phát tại {where}: {_because(loss)}."


def _because(loss: Loss) -> str:
    if loss.winner is None:
        reason = loss.item.refusal if loss.item else loss.slot.refusal
        return (reason[:1].lower() + reason[1:]).rstrip(".")
    winner = loss.winner
    why = "có mức ưu tiên cao hơn" if winner.priority > loss.slot.priority else "được xếp trước"
    return f"trùng với «{winner.title}» phát {_clock(winner.starts_at)}–{_clock(winner.ends_at)}, {why}"


def _where(machines: Sequence[Machine]) -> str:
    named = sorted(one.name for one in machines)
    if len(named) <= MOST_NAMED:
        return ", ".join(named)
    what = "nơi" if any(map(is_stand_in, machines)) else "máy"
    return f"{', '.join(named[: MOST_NAMED - 1])} và {len(named) - MOST_NAMED + 1} {what} khác"


def _clock(instant: datetime) -> str:
    local = instant.astimezone(_ZONE)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
