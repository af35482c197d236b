"""What an edit of the timetable would silence, shown before it is saved, with the ways out as buttons."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import BadInputError
from domain.timetable import Layer
from scheduler.conflicts import Conflict, ConflictKind, Offer, OfferKind
from scheduler.desk import Draft
from scheduler.editing import Target, read_key
from scheduler.words import clock
from web.context import me, services
from web.formats import local
from web.session_form import SessionForm

STOPPING = frozenset({ConflictKind.CLASH, ConflictKind.POLICY})
"""What a person must look at before an edit is saved; the rest is only told."""
_DAILY = "mỗi ngày"


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a clash: a button that sends `value`, or only words when a person must do it by hand."""

    words: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """One clash in words with its ways out."""

    sentence: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Clashes:
    """The clashes of an edit: `seal` names exactly these, and may be sent to save nevertheless when `may_save`."""

    found: tuple[Clash, ...]
    seal: str
    may_save: bool


def stopping(draft: Draft, conflicts: Iterable[Conflict], *, in_form: bool = True) -> Clashes | None:
    """Return what a person must look at before the edit is saved, or None when nothing clashes.

    Only the form of a session can drop one of its bulletins; elsewhere that is told in words.
    """
    held = [one for one in conflicts if one.kind in STOPPING]
    if not held:
        return None
    own = {one.programme_id for one in draft.edit.rules} | {one.id for one in draft.edit.programmes}
    found = tuple(Clash(one.sentence, tuple(_way(one, offer, own, in_form) for offer in one.offers)) for one in held)
    seal = hashlib.sha256("\n".join(one.sentence for one in held).encode()).hexdigest()[:32]
    return Clashes(found, seal, all(map(_yields, held)))


def told(conflicts: Iterable[Conflict]) -> list[str]:
    """Return in words what does not keep an edit from being saved, such as a bulletin without sound yet."""
    return [one.sentence for one in conflicts if one.kind not in STOPPING]


def _yields(one: Conflict) -> bool:
    """Tell whether only a lower session gives way, or a day has its own reason for silence."""
    if one.kind is ConflictKind.POLICY:
        return _DAILY not in one.policy
    if one.winner is None:
        return False
    urgent = one.winner.layer is Layer.URGENT and one.loser.layer is not Layer.URGENT
    return one.winner.priority > one.loser.priority or urgent


def _way(one: Conflict, offer: Offer, own: set[str], in_form: bool) -> Way:
    whose = "own" if offer.programme_id in own else "other"
    if offer.kind is OfferKind.MOVE and offer.starts_at is not None:
        old, new = local(read_key(one.loser.key)[1]), local(offer.starts_at)
        always = "always" if len(one.days) > 1 else "once"
        return Way(offer.words, f"move|{whose}|{one.loser.key}|{old.isoformat()}|{new.isoformat()}|{always}")
    if offer.kind is OfferKind.ORDER:
        return Way(offer.words, f"order|{whose}|{offer.programme_id}|{offer.rank}")
    if in_form and whose == "own" and offer.item is not None and one.loser.programme_id == offer.programme_id:
        bulletin_id = one.loser.items[offer.item].bulletin_id
        return Way(offer.words, f"shorten|own|{bulletin_id}") if bulletin_id else Way(offer.words)
    return Way(offer.words)


@dataclass(frozen=True, slots=True)
class Taken:
    """An offer that was taken: the form after it, and what was said and done to another session, if anything."""

    form: SessionForm
    words: str = ""


def take(offer: str, form: SessionForm) -> Taken:
    """Take an offer: change the form when it is about the session in it, else save the change of the other.

    Raises BadInputError when the offer is none of ours.
    """
    kind, _, rest = offer.partition("|")
    parts = rest.split("|")
    try:
        if kind == "shorten" and parts[0] == "own":
            left = tuple(one for one in form.bulletin_ids if one != parts[1])
            return Taken(replace(form, bulletin_ids=left))
        if kind == "order":
            return _ordered(form, parts)
        if kind == "move":
            return _moved(form, parts)
    except (IndexError, ValueError) as error:
        raise BadInputError(_STRANGE) from error
    raise BadInputError(_STRANGE)


def take_elsewhere(offer: str) -> str:
    """Take an offer about another session, or the order of programmes, and return what was done in words."""
    kind, _, rest = offer.partition("|")
    whose, _, rest = rest.partition("|")
    if kind == "move" and whose == "own":
        return ""
    return take(f"{kind}|other|{rest}", SessionForm()).words


_STRANGE = "Cách gỡ trùng này không còn dùng được. Hãy xem lại rồi lưu lại."


def _ordered(form: SessionForm, parts: list[str]) -> Taken:
    whose, programme_id, rank = parts
    if whose == "own":
        return Taken(replace(form, rank=str(int(rank))))
    draft = services().timetable.drafting(me()).rank(programme_id, int(rank))
    services().timetable.save(me(), draft)
    return Taken(form, draft.words)


def _moved(form: SessionForm, parts: list[str]) -> Taken:
    whose, key, old, new, always = parts
    was, to = datetime.fromisoformat(old), datetime.fromisoformat(new)
    if whose == "own":
        times = [one for one in form.times.replace(",", " ").split() if one != clock(was.time())]
        return Taken(replace(form, times=" ".join([*times, clock(to.time())]), daypart_ids=frozenset()))
    target = Target(to.date(), to.time())
    draft = services().timetable.drafting(me()).move(key, target, always=always == "always")
    services().timetable.save(me(), draft)
    return Taken(form, f"Đã {draft.action}: {draft.words}.")
