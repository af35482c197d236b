"""What an edit of the timetable would silence, shown before it is saved, with the ways out as buttons."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from flask import request

from domain.calendar import Calendar
from domain.errors import BadInputError, NotFoundError
from scheduler.conflicts import Conflict, Offer, OfferKind
from scheduler.drafts import Draft, Drafting
from scheduler.editing import Target, read_key
from scheduler.inputs import Inputs
from scheduler.stopping import STOPPING, held_up, may_save
from scheduler.words import clock
from web.formats import local, read_time
from web.session_form import SessionForm


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


@dataclass(frozen=True, slots=True)
class Pending:
    """What stands between an edit and its saving: clashes to be looked at, and what is to be saved beside it."""

    clashes: Clashes | None = None
    beside: tuple["Beside", ...] = ()


NOTHING_PENDING = Pending()


def stopping(draft: Draft, conflicts: Iterable[Conflict], inputs: Inputs, *, in_form: bool = True) -> Clashes | None:
    """Return what a person must look at before the edit is saved, or None when nothing clashes.

    `draft` is what is on the page, whatever is saved beside it, and `inputs` the timetable without it. Only the form
    of a session can drop one of its bulletins; elsewhere that is told in words.
    """
    held = held_up(conflicts)
    if not held:
        return None
    own = {one.programme_id for one in draft.edit.rules} | {one.id for one in draft.edit.programmes}
    scene = _Scene(draft.edit.applied(inputs), own, in_form)
    found = tuple(Clash(one.sentence, tuple(_way(one, offer, scene) for offer in one.offers)) for one in held)
    return Clashes(found, seal_of(held), may_save(held))


def seal_of(held: Iterable[Conflict]) -> str:
    """Return what names exactly these clashes, so that nothing is saved over others than those looked at."""
    return hashlib.sha256("\n".join(one.sentence for one in held).encode()).hexdigest()[:32]


def told(conflicts: Iterable[Conflict]) -> list[str]:
    """Return in words what does not keep an edit from being saved, such as a bulletin without sound yet."""
    return [one.sentence for one in conflicts if one.kind not in STOPPING]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What decides about the buttons: the timetable with the edit in it, and the programmes on the page."""

    after: Inputs
    own: set[str]
    in_form: bool


def _way(one: Conflict, offer: Offer, scene: _Scene) -> Way:
    whose = "own" if offer.programme_id in scene.own else "other"
    if offer.kind is OfferKind.MOVE and offer.starts_at is not None:
        old, new = local(read_key(one.loser.key)[1]), local(offer.starts_at)
        always = "always" if len(one.days) > 1 else "once"
        once = always == "once" and not (whose == "own" and scene.in_form)
        if not once and _by_season(scene.after, one.loser.rule_id, old):
            return Way(f"{offer.words} {_SEASONAL}")
        return Way(offer.words, f"move|{whose}|{one.loser.key}|{old.isoformat()}|{new.isoformat()}|{always}")
    if offer.kind is OfferKind.ORDER:
        return Way(offer.words, f"order|{whose}|{offer.programme_id}|{offer.rank}")
    droppable = scene.in_form and whose == "own" and one.loser.programme_id == offer.programme_id
    if droppable and offer.item is not None:
        bulletin_id = one.loser.items[offer.item].bulletin_id
        return Way(offer.words, f"shorten|own|{bulletin_id}") if bulletin_id else Way(offer.words)
    return Way(offer.words)


def _by_season(after: Inputs, rule_id: str, old: datetime) -> bool:
    """Tell whether a rule sounds at `old` by a daypart with other hours in the other season, which would be lost."""
    rule = after.shelf.rules.get(rule_id)
    if rule is None or old.time() in rule.times or not (rule.regular or len(rule.dates) > 1):
        return False
    parts = [one for one in rule.daypart_ids if after.calendar.time_of(one, old.date()) == old.time()]
    held = [after.calendar.dayparts[one] for one in parts]
    return any(one.summer != one.winter for one in held)


@dataclass(frozen=True, slots=True)
class Beside:
    """An offer that was taken about another session: saved with one's own edit, once that can be saved."""

    offer: str
    draft: Draft

    @property
    def words(self) -> str:
        """Return what it does."""
        return f"{self.draft.action}: {self.draft.words}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of the offers that were taken: the form after them, and what is to be saved beside it."""

    form: SessionForm
    beside: tuple[Beside, ...] = ()


def take(form: SessionForm, drafting: Drafting) -> Taken:
    """Take the offers that were sent: change the form where they are about the session in it, save nothing.

    Raises BadInputError when one is none of ours or can no longer be taken.
    """
    offer = request.form.get("offer", "")
    beside = _kept(drafting)
    if not offer:
        return Taken(form, beside)
    kind, parts = _read(offer)
    if kind == "shorten" and parts[0] == "own":
        return Taken(replace(form, bulletin_ids=tuple(one for one in form.bulletin_ids if one != parts[1])), beside)
    if kind == "order" and parts[0] == "own":
        return Taken(replace(form, rank=str(_number(parts[2]))), beside)
    if kind == "move" and parts[0] == "own":
        was, to = _instant(parts[2]), _instant(parts[3])
        return Taken(_moved(form, was, to, drafting.inputs.calendar), beside)
    return Taken(form, _with(beside, Beside(offer, _draft_of(offer, drafting))))


def take_elsewhere(drafting: Drafting) -> tuple[Beside, ...]:
    """Return what is to be saved beside one sounding that is moved or replaced; raises BadInputError as `take`."""
    offer = request.form.get("offer", "")
    beside = _kept(drafting)
    if not offer or offer.startswith("move|own|"):
        return beside
    kind, _, rest = offer.partition("|")
    offer = f"{kind}|other|{rest.partition('|')[2]}"
    return _with(beside, Beside(offer, _draft_of(offer, drafting)))


def take_after(draft: Draft, drafting: Drafting) -> tuple[Draft, tuple[Beside, ...]]:
    """Return `draft` with the offers that were taken, each made from the timetable that the ones before leave behind.

    So what is switched on again may itself be moved in the same change. Raises BadInputError as `take`.
    """
    whole = draft
    beside: tuple[Beside, ...] = ()
    offers = [*request.form.getlist("taken")[:_MOST_BESIDE], request.form.get("offer", "")]
    for offer in filter(None, offers):
        kind, _, rest = offer.partition("|")
        other = f"{kind}|other|{rest.partition('|')[2]}"
        fresh = Beside(other, _draft_of(other, drafting.after(whole)))
        whole, beside = drafting.then(whole, fresh.draft), (*beside, fresh)
    return whole, beside


def in_words_only(clashes: Clashes) -> Clashes:
    """Return clashes with their ways out in words, where none of them can be a button."""
    found = tuple(Clash(one.sentence, tuple(Way(way.words) for way in one.ways)) for one in clashes.found)
    return Clashes(found, clashes.seal, clashes.may_save)


_STRANGE = "Cách gỡ trùng này không còn dùng được. Hãy xem lại rồi lưu lại."
_SEASONAL = (
    "Buổi này theo khung giờ có giờ mùa hè và mùa đông khác nhau, đổi cả dòng thì mất giờ mùa kia: hãy sửa khung giờ "
    "hoặc dòng lịch bằng tay."
)
_MOST_BESIDE = 20


def _kept(drafting: Drafting) -> tuple[Beside, ...]:
    """Return the offers about other sessions that were taken before and are still ticked."""
    beside: tuple[Beside, ...] = ()
    for offer in request.form.getlist("taken")[:_MOST_BESIDE]:
        beside = _with(beside, Beside(offer, _draft_of(offer, drafting)))
    return beside


def _with(beside: tuple[Beside, ...], fresh: Beside) -> tuple[Beside, ...]:
    """Return `beside` with `fresh`, in the place of what changes the same rule or programme."""
    changed = _changed(fresh.draft)
    return (*(one for one in beside if not _changed(one.draft) & changed), fresh)


def _changed(draft: Draft) -> frozenset[str]:
    return frozenset({one.id for one in draft.edit.rules} | {one.id for one in draft.edit.programmes})


def _draft_of(offer: str, drafting: Drafting) -> Draft:
    """Return the edit of another session that an offer stands for."""
    kind, parts = _read(offer)
    if parts[0] != "other" or kind not in {"move", "order"}:
        raise BadInputError(_STRANGE)
    try:
        if kind == "order":
            return drafting.rank(parts[1], _number(parts[2]))
        to = _instant(parts[3])
        return drafting.move(parts[1], Target(to.date(), to.time()), always=parts[4] == "always")
    except NotFoundError as error:
        raise BadInputError(_STRANGE) from error


def _read(offer: str) -> tuple[str, list[str]]:
    kind, *parts = offer.split("|")
    if len(parts) != {"move": 5, "order": 3, "shorten": 2}.get(kind):
        raise BadInputError(_STRANGE)
    return kind, parts


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,6}", text):
        raise BadInputError(_STRANGE)
    return int(text)


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(_STRANGE) from error


def _moved(form: SessionForm, was: datetime, to: datetime, calendar: Calendar) -> SessionForm:
    """Return the form with one of its times changed: a time that was typed, else the daypart that has it that day."""
    typed = form.times.replace(",", " ").replace(";", " ").split()
    left = [one for one in typed if not _is_time(one, was)]
    times = " ".join([*left, clock(to.time())])
    if len(left) < len(typed):
        return replace(form, times=times)
    named = {one for one in form.daypart_ids if calendar.time_of(one, was.date()) == was.time()}
    return replace(form, times=times, daypart_ids=form.daypart_ids - named)


def _is_time(text: str, at: datetime) -> bool:
    try:
        return read_time(text) == at.time()
    except BadInputError:
        return False
