"""Which programme a session of the form sounds, and what of the shelf must change for it."""

from dataclasses import replace

from domain.bulletins import Bulletin, BulletinState
from domain.errors import BadInputError, NotFoundError
from domain.timetable import Programme, ProgrammeItem, Rule
from scheduler.items import Shelf
from scheduler.sessions import CHOSEN_PRIORITIES, NAME_LIMIT, NewSession, programme_of
from store.engine import new_id


def programme_for(shelf: Shelf, wanted: NewSession, old: Rule | None) -> tuple[str, tuple[Programme, ...]]:
    """Return the id of the programme to sound, and the programmes that must be put in place for it.

    Raises BadInputError and NotFoundError with a sentence for the person.
    """
    own = _own(shelf, old)
    if wanted.programme_id is not None:
        if wanted.programme_id not in shelf.programmes:
            raise BadInputError("Chương trình đã chọn không còn. Hãy chọn chương trình khác.")
        return wanted.programme_id, _stored(shelf, wanted, old, own)
    for one in wanted.bulletin_ids:
        _require_schedulable(bulletin_of(shelf, one))
    fresh = programme_of(own.id if own else new_id(), wanted)
    if own is not None:
        fresh = replace(fresh, rank=own.rank) if wanted.rank is None else fresh
        fresh = fresh if own.priority in CHOSEN_PRIORITIES else replace(fresh, priority=own.priority)
        held = {item.bulletin_id: item for item in own.items}
        fresh = replace(fresh, items=tuple(held.get(one.bulletin_id, one) for one in fresh.items))
    return fresh.id, () if fresh == own else (fresh,)


def _stored(shelf: Shelf, wanted: NewSession, old: Rule | None, own: Programme | None) -> tuple[Programme, ...]:
    """Return the stored programme of `wanted` if it must change: what it is, only its own page changes.

    Its place among programmes of one priority belongs to the timetable, and so does a grace that was asked for.
    """
    held = shelf.programmes[wanted.programme_id or ""]
    same = old is None or old.programme_id == held.id
    kept = replace(held, rank=wanted.rank) if same and wanted.rank is not None else held
    if own is not None and own.id == held.id and wanted.grace is not None:
        kept = replace(kept, grace=wanted.grace)
    return () if kept == held else (kept,)


def _own(shelf: Shelf, old: Rule | None) -> Programme | None:
    """Return the programme of `old` when nothing else sounds it, so that it may be changed with the rule."""
    if old is None:
        return None
    others = [one for one in shelf.rules.values() if one.id != old.id]
    used = {one.programme_id for one in others}
    used |= {one.programme_id or "" for rule in shelf.rules.values() for one in rule.exceptions}
    return None if old.programme_id in used else shelf.programmes.get(old.programme_id)


def of_one_bulletin(shelf: Shelf, bulletin_id: str, like: Programme) -> Programme:
    """Return a programme of one approved bulletin, else `like` another. Raises NotFoundError, BadInputError."""
    bulletin = bulletin_of(shelf, bulletin_id)
    _require_schedulable(bulletin)
    item = ProgrammeItem(bulletin_id=bulletin_id)
    return replace(like, id=new_id(), name=bulletin.title[:NAME_LIMIT], items=(item,), booked=None)


def bulletin_of(shelf: Shelf, bulletin_id: str) -> Bulletin:
    """Return a bulletin of the shelf. Raises NotFoundError."""
    found = shelf.bulletins.get(bulletin_id)
    if found is None:
        raise NotFoundError("Không có bản tin này.")
    return found


def _require_schedulable(bulletin: Bulletin) -> None:
    if bulletin.state is not BulletinState.APPROVED:
        raise BadInputError(f"Bản tin «{bulletin.title}» chưa được duyệt nên chưa xếp lịch được.")
