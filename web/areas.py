"""The tree of places (địa bàn): as it is, as it was, and what took the place of what."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.areas import Area, descendants
from domain.errors import BadInputError, WrongStateError
from domain.people import Role
from scheduler.area_desk import AreaDesk, area_of
from scheduler.effects import Effect
from scheduler.noting import require
from scheduler.succession import Outdated, heirs_of, is_over, outdated_among, predecessors, predecessors_of
from store import changes, machines, places, timetable
from store.engine import new_id
from web.area_names import area_names
from web.area_tree import Branch, flat, tree
from web.confirming import digest, is_confirmed, stamp_for, stamp_seen
from web.context import me, services
from web.formats import day, local
from web.typed import Typed

blueprint = Blueprint("areas", __name__, url_prefix="/dia-ban")
_HISTORY = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """Which button of a place's page is to be pressed once more, and what it would do to the coming sessions."""

    button: str = ""
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class AreaForm:
    """The fields of a place as typed, and a sentence for each that cannot be used."""

    name: str = ""
    level: str = ""
    parent: str = ""
    code: str = ""
    valid_from: str = ""
    last_day: str = ""
    heirs: frozenset[str] = frozenset()
    problems: dict[str, str] = field(default_factory=dict)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show the places of today as a tree, those that are over, and what still names them."""
    with services().database.read() as connection:
        every, levels = places.areas(connection), places.levels(connection)
        standing = [one for one in machines.roster(connection) if one.revoked_at is None]
        history = [one for one in changes.newest(connection, limit=60) if one.action == "area"]
    today = _today()
    known = {one.id: one for one in every}
    return render_template(
        "areas.html",
        tree=tree(every, levels, today),
        known=known,
        before=predecessors(every),
        over=[one for one in every if is_over(one, today)],
        coming=[one for one in every if one.valid_from is not None and one.valid_from > today],
        heirs={one.id: heirs_of(one, known, today) for one in every if is_over(one, today)},
        level_names={one.code: one.name for one in levels},
        machines=Counter(one.area_id for one in standing),
        outdated=outdated_rules(today),
        history=history[:_HISTORY],
        may_change=me().may(Role.TECHNICIAN),
    )


@blueprint.get("/moi")
def new() -> ResponseReturnValue:
    """Show the form of a new place."""
    require(me(), Role.TECHNICIAN)
    return _form_page(None, AreaForm(parent=request.args.get("in", "")))


@blueprint.post("/moi")
def add() -> ResponseReturnValue:
    """Add a place."""
    return _keep(None)


@blueprint.get("/<area_id>")
def show(area_id: str) -> ResponseReturnValue:
    """Show the forms of a place: what it is, and its end."""
    require(me(), Role.TECHNICIAN)
    one = _area(area_id)
    return _form_page(one, _form_of(one))


@blueprint.post("/<area_id>")
def change(area_id: str) -> ResponseReturnValue:
    """Rename, move or correct a place; what that does to sessions is shown first."""
    return _keep(_area(area_id))


@blueprint.post("/<area_id>/ket-thuc")
def end(area_id: str) -> ResponseReturnValue:
    """End a place on a date, with those that take its place; what that does to sessions is shown first."""
    require(me(), Role.TECHNICIAN)
    one, typed = _area(area_id), Typed(request.form)
    heirs, last_day = frozenset(request.form.getlist("heir")), typed.day("last_day")
    form = replace(_form_of(one), last_day=typed.text("last_day"), heirs=heirs, problems=typed.problems)
    if last_day is None:
        typed.problems.setdefault("last_day", "Hãy ghi ngày cuối cùng còn địa bàn này, ví dụ 30/06/2025.")
        return _form_page(one, form, 422)
    try:
        found = _effects_of(replace(one, valid_until=last_day, successor_ids=heirs))
        if found:
            return _form_page(one, form, asked=Asked("end", found))
        _desk().end(me(), area_id, last_day, heirs, stamp_seen())
    except BadInputError as error:
        typed.problems["heir" if "thay" in error.sentence else "last_day"] = error.sentence
        return _form_page(one, form, 422)
    except WrongStateError as error:
        flash(error.sentence, "problem")
        return _form_page(one, form, 409)
    left = _desk().left_behind(area_id)
    if left:
        names = ", ".join(f"«{each.name}»" for each in left)
        flash(f"Đã ghi. Còn {names} nằm trong «{one.name}»: hãy chuyển từng nơi vào địa bàn mới.", "warning")
    else:
        flash(f"Đã ghi ngày kết thúc của «{one.name}».", "success")
    return redirect(url_for("areas.page"), 303)


@blueprint.post("/<area_id>/con")
def go_on(area_id: str) -> ResponseReturnValue:
    """Take back the end of a place; what that does to sessions is shown first."""
    require(me(), Role.TECHNICIAN)
    one = _area(area_id)
    try:
        found = _effects_of(replace(one, valid_until=None, successor_ids=frozenset()))
        if found:
            return _form_page(one, _form_of(one), asked=Asked("go_on", found))
        _desk().go_on(me(), area_id, stamp_seen())
    except WrongStateError as error:
        flash(error.sentence, "problem")
        return _form_page(one, _form_of(one), 409)
    flash("Đã bỏ ngày kết thúc.", "success")
    return redirect(url_for("areas.page"), 303)


def outdated_rules(on: date) -> list[tuple[str, tuple[Outdated, ...]]]:
    """Return the running rules that name a place which is over, as (name of the programme, the places)."""
    with services().database.read() as connection:
        known = {one.id: one for one in places.areas(connection)}
        programmes = timetable.programmes(connection)
        rules = [one for one in timetable.rules(connection).values() if one.enabled]
    alive = [one for one in rules if one.valid_until is None or one.valid_until >= on]
    found = [(programmes[one.programme_id].name, outdated_among(one, known, on)) for one in alive]
    return sorted((one for one in found if one[1]), key=lambda one: one[0].casefold())


def _keep(old: Area | None) -> ResponseReturnValue:
    require(me(), Role.TECHNICIAN)
    typed = Typed(request.form)
    valid_from = typed.day("valid_from")
    form = AreaForm(
        typed.text("name"),
        typed.text("level"),
        typed.text("parent"),
        typed.text("code"),
        typed.text("valid_from"),
        problems=typed.problems,
    )
    wanted = Area(
        id=new_id() if old is None else old.id,
        name=form.name,
        level=form.level,
        parent_id=form.parent or None,
        official_code=form.code,
        valid_from=valid_from,
        valid_until=None if old is None else old.valid_until,
        successor_ids=frozenset() if old is None else old.successor_ids,
    )
    if typed.problems:
        return _form_page(old, form, 422)
    try:
        found = () if old is None else _effects_of(wanted)
        if found:
            return _form_page(old, form, asked=Asked("change", found))
        _write(old, wanted)
    except BadInputError as error:
        typed.problems[_field_of(error.sentence)] = error.sentence
        return _form_page(old, form, 422)
    except WrongStateError as error:
        flash(error.sentence, "problem")
        return _form_page(old, form, 409)
    flash(f"Đã lưu «{form.name.strip()}».", "success")
    return redirect(url_for("areas.page"), 303)


def _write(old: Area | None, wanted: Area) -> None:
    if old is None:
        _desk().add(me(), wanted)
    else:
        _desk().change(me(), wanted, stamp_seen())


def _effects_of(wanted: Area) -> tuple[Effect, ...]:
    """Return what is to be shown before a place is made `wanted`: nothing when the person has been shown it."""
    return () if is_confirmed() else _desk().effects_of(wanted)


def _field_of(sentence: str) -> str:
    by_words = (("một cấp", "level"), ("Mã hành chính", "code"), ("nằm trong", "parent"), ("gày", "valid_from"))
    return next((name for words, name in by_words if words in sentence), "name")


def _form_page(one: Area | None, form: AreaForm, status: int = 200, *, asked: Asked = Asked()) -> ResponseReturnValue:
    with services().database.read() as connection:
        every, levels = places.areas(connection), places.levels(connection)
    own = frozenset[str]() if one is None else descendants(every, one.id)
    choices = [branch for branch in flat(tree(every, levels, _today())) if branch.id not in own]
    return render_template(
        "area.html",
        area=one,
        seen="" if one is None else stamp_for(one),
        form=form,
        asked=asked,
        effects=asked.effects,
        names=area_names() if asked.effects else {},
        confirmed=digest(request.form),
        levels=levels,
        choices=_with_own(choices, every, form),
        before=() if one is None else predecessors_of(one.id, every),
    ), status


def _with_own(choices: list[Branch], every: tuple[Area, ...], form: AreaForm) -> list[Branch]:
    """Return the places to choose from, and the parent and heirs that are chosen already although they are over."""
    known, named = {one.id for one in choices}, {form.parent, *form.heirs}
    return [*choices, *(Branch(one.id, one.name, "", 0, ()) for one in every if one.id in named - known)]


def _form_of(one: Area) -> AreaForm:
    return AreaForm(
        name=one.name,
        level=one.level,
        parent=one.parent_id or "",
        code=one.official_code,
        valid_from="" if one.valid_from is None else day(one.valid_from),
        last_day="" if one.valid_until is None else day(one.valid_until),
        heirs=one.successor_ids,
    )


def _area(area_id: str) -> Area:
    with services().database.read() as connection:
        return area_of({one.id: one for one in places.areas(connection)}, area_id)


def _today() -> date:
    return local(services().clock.now()).date()


def _desk() -> AreaDesk:
    return AreaDesk(services().database, services().clock)
