"""Programmes: the list, and the form in which one is put together item by item, its length told as it grows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audio_library.library import KINDS
from bulletins.columns import may_keep_columns
from domain.audio import Clip, ClipKind
from domain.bulletins import Bulletin, BulletinState
from domain.errors import BadInputError, WrongStateError
from domain.people import Role
from domain.timetable import ITEM_KIND_LABELS, ItemKind, Programme, Rule
from scheduler.inputs import Inputs
from scheduler.lengths import Span, against, in_words, length_of
from scheduler.named import load_named
from scheduler.noting import require
from scheduler.programme_checks import item_problem
from scheduler.programme_desk import Preview, ProgrammeDesk, frozen_words, lengths
from scheduler.snapshots import programmes_of
from store import bulletins, campaigns, clips, columns, timetable
from store.engine import new_id
from web.area_names import area_names
from web.clip_kinds import CLIP_KIND_LABELS
from web.confirming import digest_of, is_confirmed, stamp_for, stamp_seen
from web.context import me, services
from web.formats import local
from web.fragments import fragment
from web.programme_form import (
    PRIORITIES,
    ItemForm,
    ProgrammeForm,
    as_typed,
    of_programme,
    to_programme,
    with_problems,
)
from web.rule_lines import is_over
from web.session_form import LATE_LABELS

blueprint = Blueprint("programmes", __name__, url_prefix="/chuong-trinh")
_WITH_SOUND = (BulletinState.APPROVED,)
_FIRST_KINDS = {
    ItemKind.IDENT: (ClipKind.IDENT, ClipKind.STING),
    ItemKind.ANNOUNCEMENT: (ClipKind.ANNOUNCEMENT,),
    ItemKind.BED: (ClipKind.BED,),
}
_FIELDS = (("Tên chương trình", "name"), ("đặt tên", "name"), ("phát bù", "grace"), ("Chỗ trong", "booked"))


@dataclass(frozen=True, slots=True)
class Line:
    """A programme in the list: its length, how it stands to its place, and how many rules use it."""

    programme: Programme
    length: Span
    note: str
    used: int


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show every programme, those in use first, and the columns."""
    with services().database.read() as connection:
        inputs = load_named(connection)
        every = columns.everything(connection)
    now = services().clock.now()
    rules = inputs.shelf.rules.values()
    alive = [one for one in rules if not is_over(one, inputs.calendar, now)]
    used = Counter(held for one in alive if one.enabled for held in programmes_of(one))
    on = local(now).date()
    lines = [_line(one, inputs, on, used[one.id]) for one in inputs.shelf.programmes.values()]
    lines.sort(key=lambda line: (not line.used, line.programme.name.casefold()))
    over = _over(rules, alive)
    return render_template(
        "programmes.html",
        lines=[one for one in lines if one.programme.id not in over],
        past=[one for one in lines if one.programme.id in over],
        in_words=in_words,
        kinds=ITEM_KIND_LABELS,
        columns=every,
        may_schedule=me().may(Role.SCHEDULER),
        may_keep_columns=may_keep_columns(me()),
    )


def _line(one: Programme, inputs: Inputs, on: date, used: int) -> Line:
    length = length_of(lengths(one, inputs, on))
    return Line(one, length, against(length, one.booked), used)


def _over(rules: Iterable[Rule], alive: Iterable[Rule]) -> frozenset[str]:
    """Return the programmes of which every rule is over, such as those that were played once."""
    named = frozenset(held for one in alive for held in programmes_of(one))
    return frozenset(one.programme_id for one in rules) - named


@blueprint.get("/moi")
def new() -> ResponseReturnValue:
    """Show the form of a new programme."""
    require(me(), Role.SCHEDULER)
    return _form_page(None, ProgrammeForm(items=(ItemForm(ItemKind.IDENT), ItemForm(ItemKind.BULLETIN))))


@blueprint.post("/moi")
def add() -> ResponseReturnValue:
    """Do what a button of a new programme's form asks."""
    return _act(None)


@blueprint.get("/<programme_id>")
def show(programme_id: str) -> ResponseReturnValue:
    """Show the form of a programme."""
    require(me(), Role.SCHEDULER)
    one = _desk().get(programme_id)
    return _form_page(one, of_programme(one))


@blueprint.post("/<programme_id>")
def change(programme_id: str) -> ResponseReturnValue:
    """Do what a button of a programme's form asks."""
    return _act(_desk().get(programme_id))


@blueprint.post("/do-dai")
def measure() -> ResponseReturnValue:
    """Answer how long the programme as typed is."""
    require(me(), Role.SCHEDULER)
    programme, _ = to_programme(as_typed(request.form), request.form.get("programme", "")[:40])
    return fragment("_programme_length.html", **_told(programme, _desk().length(programme)))


@blueprint.post("/<programme_id>/nhan-doi")
def duplicate(programme_id: str) -> ResponseReturnValue:
    """Make a copy and show it."""
    made = _desk().duplicate(me(), programme_id)
    flash("Đã tạo bản sao. Hãy đổi tên rồi sửa các mục.", "success")
    return redirect(url_for("programmes.show", programme_id=made), 303)


@blueprint.post("/<programme_id>/xoa")
def remove(programme_id: str) -> ResponseReturnValue:
    """Remove a programme that nothing uses."""
    _desk().remove(me(), programme_id)
    flash("Đã xóa chương trình.", "success")
    return redirect(url_for("programmes.page"), 303)


def _act(old: Programme | None) -> ResponseReturnValue:
    require(me(), Role.SCHEDULER)
    form, desk = as_typed(request.form), _desk()
    if request.form.get("do", "save") != "save":
        return _form_page(old, form)
    programme, problems = to_programme(form, *((new_id(), 0) if old is None else (old.id, old.rank)))
    if problems:
        return _form_page(old, with_problems(form, problems), status=422)
    if old is not None and not is_confirmed(programme):
        preview = desk.preview(programme)
        if preview.effects:
            return _form_page(old, form, preview=preview, confirmed=digest_of(programme))
    try:
        late = desk.too_late_for(programme.id)
        desk.save(me(), programme, stamp_seen() if old is not None else None)
    except BadInputError as error:
        return _form_page(old, with_problems(form, _at_field(error, programme)), status=422)
    except WrongStateError as error:
        flash(error.sentence, "problem")
        return _form_page(old, form, status=409)
    words = frozen_words(late, services().clock.now())
    flash(f"Đã lưu chương trình «{programme.name.strip()}». {words}".strip(), "warning" if words else "success")
    return redirect(url_for("programmes.page"), 303)


def _at_field(error: BadInputError, programme: Programme) -> dict[str, str]:
    """Return the sentence at the field or item that it is about."""
    with services().database.read() as connection:
        shelf = load_named(connection, programmes=(programme,)).shelf
    for number, item in enumerate(programme.items):
        if error.sentence.endswith(item_problem(item, shelf) or "\0"):
            return {f"item-{number}": error.sentence}
    return {next((name for words, name in _FIELDS if words in error.sentence), "items"): error.sentence}


def _form_page(
    old: Programme | None,
    form: ProgrammeForm,
    status: int = 200,
    preview: Preview | None = None,
    confirmed: str = "",
) -> ResponseReturnValue:
    programme, _ = to_programme(form, *(("", 0) if old is None else (old.id, old.rank)))
    with services().database.read() as connection:
        shelf = clips.of_kinds(connection, KINDS)
        approved = bulletins.newest(connection, _WITH_SOUND)
        named = bulletins.some(connection, (one.bulletin for one in form.items if one.bulletin))
        held = campaigns.everything(connection)
        every = columns.everything(connection)
        used = 0 if old is None else sum(one.programme_id == old.id for one in timetable.rules(connection).values())
    return render_template(
        "programme.html",
        old=old,
        seen=stamp_for(old),
        form=form,
        used=used,
        confirmed=confirmed,
        blocking=preview is not None,
        kinds=ITEM_KIND_LABELS,
        late_labels=LATE_LABELS,
        priorities=PRIORITIES,
        bulletins=_choices(approved, named, form),
        clips=_by_kind(shelf),
        first_kinds=_FIRST_KINDS,
        clip_kinds=CLIP_KIND_LABELS,
        campaigns=held,
        columns=every,
        **_told(programme, preview or _desk().length(programme)),
    ), status


def _told(programme: Programme, preview: Preview) -> dict[str, object]:
    """Return what the piece about the length shows."""
    return {
        "preview": preview,
        "effects": preview.effects,
        "names": area_names() if preview.effects else {},
        "length_words": in_words(preview.length),
        "against": against(preview.length, programme.booked),
        "item_words": [in_words(one.span) if one.span.most > timedelta() else "" for one in preview.items],
        "booked": programme.booked,
    }


def _choices(approved: tuple[Bulletin, ...], named: dict[str, Bulletin], form: ProgrammeForm) -> list[Bulletin]:
    """Return the bulletins to choose from: the approved ones, and whatever the programme names already."""
    own = [named[one.bulletin] for one in form.items if one.bulletin in named]
    return list({one.id: one for one in (*approved, *own)}.values())


def _by_kind(shelf: dict[str, Clip]) -> dict[ClipKind, list[Clip]]:
    held = sorted(shelf.values(), key=lambda one: one.title.casefold())
    return {kind: [one for one in held if one.kind is kind] for kind in KINDS}


def _desk() -> ProgrammeDesk:
    return ProgrammeDesk(services().database, services().clock)
