"""The timetable: a week or a day as machines will sound it, the rules behind it, and the form of a session."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.bulletins import Bulletin, BulletinState
from domain.calendar import DAY_TYPE_LABELS
from domain.errors import BadInputError, NotAllowedError, NotFoundError, TiengLoaError, WrongStateError
from domain.machines import Machine
from domain.people import Role
from domain.timetable import LAYER_LABELS, Layer, Priority, Slot
from scheduler.conflicts import Conflict
from scheduler.desk import Draft, NewSession
from scheduler.drafts import Drafting, stamp_of
from scheduler.inputs import Inputs
from scheduler.sessions import never_sounds, soundings
from store import bulletins, clips, machines, places
from web.area_tree import Branch, flat, tree
from web.clashes import NOTHING_PENDING, Pending, Taken, stopping, take, told
from web.context import me, own_station, services
from web.errors import status_of
from web.formats import SHORT_WEEKDAYS, WEEKDAYS, ZONE, local, read_day
from web.fragments import fragment
from web.machine_list import page_number
from web.review import Act, reviewed, undone
from web.rule_lines import rule_lines
from web.session_form import (
    LATE_LABELS,
    LUNAR_PRESETS,
    PRESETS,
    SessionForm,
    as_typed,
    filled_by,
    of_rule,
    on_day,
    refused_field,
    to_session,
    with_preset,
)
from web.session_said import in_words, warnings_of
from web.week import PARTS, day_table, heads, monday_of, table, week_of

blueprint = Blueprint("timetable", __name__, url_prefix="/lich")
UNDO_SHOWN = timedelta(seconds=10)
_PLACES = 20
"""How many places a page of one day holds below the area on show."""
_RULES = 40
"""How many rules a page lists, those that run first."""
_LARGEST_NUMBER = 2**53
_RULE_CHANGED = (
    "Dòng lịch này vừa được người khác sửa nên chưa lưu. Những gì bạn gõ vẫn còn nguyên bên dưới. Hãy xem bản mới; nếu "
    "vẫn muốn lấy bản của bạn thì bấm «Lưu» lần nữa."
)
_RULE_GONE = (
    "Dòng lịch này không còn nữa nên chưa lưu. Những gì bạn gõ vẫn còn nguyên bên dưới; bấm «Xếp lịch» để thêm thành "
    "một dòng mới."
)
_BULLETIN_GONE = "Có bản tin đã chọn không còn nữa nên chưa xếp lịch. Hãy chọn lại bản tin."
NTH_LABELS = (("1", "đầu tiên"), ("2", "lần thứ 2"), ("3", "lần thứ 3"), ("4", "lần thứ 4"), ("-1", "cuối cùng"))


@dataclass(frozen=True, slots=True)
class Place:
    """What is on show: an area, a day, one day or its week, and the layers that are not hidden."""

    areas: tuple[Branch, ...]
    area_id: str
    day: date
    one_day: bool
    layers: tuple[Layer, ...]

    @property
    def area(self) -> Branch | None:
        """Return the area, if there is one."""
        return next((one for one in self.areas if one.id == self.area_id), None)

    def shown(self, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        """Return those of `slots` whose layer is on show."""
        return tuple(slot for slot in slots if slot.layer in self.layers)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show a week, or a day, of one area."""
    now = services().clock.now()
    today = local(now).date()
    place = _place(today)
    days = (place.day,) if place.one_day else week_of(monday_of(place.day))
    start = datetime.combine(days[0], time(), ZONE)
    area_ids, pages = _area_ids(place)
    sight = services().timetable.sight(area_ids, start, start + timedelta(days=len(days)))
    inputs, by_area = sight.inputs, sight.slots
    own = by_area.get(place.area_id, ())
    names = {one.id: one.name for one in place.areas}
    rule_pages = max(1, -(-len(inputs.shelf.rules) // _RULES))
    rule_page = min(page_number("dong"), rule_pages)
    by_name = {names[area_id]: place.shown(slots) for area_id, slots in by_area.items()}
    return render_template(
        "timetable.html",
        place=place,
        today=today,
        days=heads(days, own, inputs.calendar, inputs.terms.policy),
        step=timedelta(days=len(days)),
        rows=day_table(place.day, by_name, inputs.calendar)
        if place.one_day
        else table(days[0], place.shown(own), inputs.calendar),
        parts=PARTS,
        slots=place.shown(own),
        slots_of=lambda day: [slot for slot in place.shown(own) if local(slot.starts_at).date() == day],
        layer_labels=LAYER_LABELS,
        rules=rule_lines(inputs, names, now, slice((rule_page - 1) * _RULES, rule_page * _RULES)),
        rule_page=rule_page,
        rule_pages=rule_pages,
        forgotten=[one for one in days if one < today and not any(local(slot.starts_at).date() == one for slot in own)],
        late=sight.late,
        number=min(page_number(), pages),
        pages=pages,
        undo=services().timetable.undoable(me(), UNDO_SHOWN) if me().may(Role.SCHEDULER) else None,
        station=own_station(),
        may_schedule=me().may(Role.SCHEDULER),
    )


@blueprint.get("/moi")
def new() -> ResponseReturnValue:
    """Show the form of a new session, for one bulletin or like another session when asked."""
    require_scheduler()
    chosen = request.args.getlist("bulletin")[:20]
    inputs = services().timetable.inputs(chosen)
    like = inputs.shelf.rules.get(request.args.get("giong", ""))
    if like is not None:
        copied = of_rule(like, inputs.shelf.programmes[like.programme_id])
        return render_template("session.html", **_shown(replace(copied, rank=""), inputs))
    standing = _standing()
    only = frozenset(one.area_id for one in standing) if len(standing) == 1 else frozenset()
    title = next((one.title for one in _approved() if one.id in chosen[:1]), "")
    today = on_day(local(services().clock.now()).date())
    form = SessionForm(title[:80], tuple(chosen), area_ids=only, day=today)
    return render_template("session.html", **_shown(form, inputs))


@blueprint.post("/moi")
def add() -> ResponseReturnValue:
    """Add a session."""
    return _keep(None)


@blueprint.get("/<rule_id>/sua")
def edit(rule_id: str) -> ResponseReturnValue:
    """Show the form of a session that is there."""
    require_scheduler()
    inputs = services().timetable.inputs()
    rule = inputs.shelf.rules.get(rule_id)
    if rule is None:
        raise NotFoundError("Không có dòng lịch này.")
    form = of_rule(rule, inputs.shelf.programmes[rule.programme_id], stamp_of(inputs, rule_id))
    return render_template("session.html", **{**_shown(form, inputs), "rule_id": rule_id})


@blueprint.post("/<rule_id>/sua")
def change(rule_id: str) -> ResponseReturnValue:
    """Change a session."""
    return _keep(rule_id)


@blueprint.post("/loi")
def say() -> ResponseReturnValue:
    """Answer in words what the form asks for, as it is being filled in."""
    require_scheduler()
    form = as_typed(request.form, services().clock.now())
    words, problem = in_words(form)
    return fragment("_rule_words.html", words=words, problem=problem)


@blueprint.post("/<rule_id>/dung")
def stop(rule_id: str) -> ResponseReturnValue:
    """Switch a rule off."""
    done = "Đã dừng dòng lịch này. Những gì đã phát vẫn còn trong nhật ký."
    act = Act("Dừng dòng lịch", done, "dong-lich", rule_id)
    return reviewed(act, lambda drafting: drafting.switch(rule_id, on=False))


@blueprint.post("/<rule_id>/phat-lai")
def resume(rule_id: str) -> ResponseReturnValue:
    """Switch a rule on again."""
    act = Act("Phát lại dòng lịch", "Dòng lịch này đã được phát trở lại.", "dong-lich", rule_id)
    return reviewed(act, lambda drafting: drafting.switch(rule_id, on=True))


@blueprint.post("/hoan-tac/<int:number>")
def undo(number: int) -> ResponseReturnValue:
    """Take back a change of one's own."""
    if number > _LARGEST_NUMBER:
        raise NotFoundError("Không có thay đổi này để hoàn tác.")
    return undone(number)


def require_scheduler() -> None:
    """Refuse whoever may not change the timetable. Raises NotAllowedError."""
    if not me().may(Role.SCHEDULER):
        raise NotAllowedError("Tài khoản của bạn không có quyền xếp lịch. Chưa có gì thay đổi.")


def _keep(rule_id: str | None) -> ResponseReturnValue:
    """Save the form, or show it again with what must be looked at first."""
    require_scheduler()
    now = services().clock.now()
    form = as_typed(request.form, now)
    if rule_id is not None and rule_id not in services().timetable.inputs().shelf.rules:
        return _gone(form)
    if request.form.get("preset"):
        calendar = services().timetable.inputs().calendar
        return _form_page(with_preset(form, request.form["preset"], calendar), {}, rule_id=rule_id)
    drafting, pending = services().timetable.drafting(me(), form.bulletin_ids), NOTHING_PENDING
    try:
        taken = take(form, drafting)
        form, pending = taken.form, Pending(None, taken.beside)
        wanted, problems = to_session(form, local(now).date())
        if wanted is None:
            return _form_page(form, problems, 422, rule_id=rule_id, pending=pending)
        return _put(taken, wanted, rule_id, drafting)
    except BadInputError as error:
        problems = {_field_of(form, now): error.sentence}
        return _form_page(form, problems, 422, rule_id=rule_id, pending=pending)
    except (NotFoundError, WrongStateError) as error:
        return _overtaken(form, error, rule_id)


def _put(taken: Taken, wanted: NewSession, rule_id: str | None, drafting: Drafting) -> ResponseReturnValue:
    """Put the session in the timetable, and what was taken beside it, unless something is to be looked at first."""
    desk, form = services().timetable, taken.form
    own = drafting.session(wanted, rule_id, form.stamp)
    draft = drafting.together(own, (one.draft for one in taken.beside))
    found = desk.clashes(draft)
    clashes = stopping(own, found, drafting.inputs)
    if clashes is not None and not (clashes.may_save and request.form.get("anyway") == clashes.seal):
        return _form_page(form, {}, 409, rule_id=rule_id, pending=Pending(clashes, taken.beside))
    desk.save(me(), draft, found)
    for one in taken.beside:
        flash(f"Đã {one.words}. Hoàn tác thì cả hai thay đổi cùng được bỏ.", "success")
    return _saved(own, wanted, found)


def _overtaken(form: SessionForm, error: TiengLoaError, rule_id: str | None) -> ResponseReturnValue:
    """Show the form again as it was typed, when what it is about was changed or taken away by somebody else."""
    inputs = services().timetable.inputs(form.bulletin_ids)
    if rule_id is not None and rule_id not in inputs.shelf.rules:
        return _gone(form)
    if not inputs.shelf.bulletins.keys() >= set(form.bulletin_ids):
        return _form_page(form, {"bulletin": _BULLETIN_GONE}, 422, rule_id=rule_id)
    stamp = stamp_of(inputs, rule_id) if rule_id is not None else form.stamp
    if form.stamp and stamp != form.stamp:
        return _form_page(replace(form, stamp=stamp), {"form": _RULE_CHANGED}, 409, rule_id=rule_id)
    return _form_page(form, {"form": error.sentence}, status_of(error), rule_id=rule_id)


def _gone(form: SessionForm) -> ResponseReturnValue:
    """Show the form of a rule that is no longer there, as it was typed, to be kept as a new one."""
    return _form_page(replace(form, stamp=""), {"form": _RULE_GONE}, 404)


def _saved(draft: Draft, wanted: NewSession, found: tuple[Conflict, ...]) -> ResponseReturnValue:
    now = services().clock.now()
    never = never_sounds(draft.edit.rules[0], now, services().timetable.inputs().calendar)
    warnings = warnings_of(wanted, [one for one in (never, *told(found)) if one], now)
    done = "Đã sửa dòng lịch" if draft.action == "sửa dòng lịch" else "Đã xếp lịch"
    if warnings:
        flash(f"{done}, nhưng {' '.join(warnings)}", "warning")
    else:
        flash(f"{done}: {draft.words}. Máy phát sẽ nhận lịch mới trong ít giây.", "success")
    asked = soundings(draft.edit.rules[0], now, services().timetable.inputs().calendar)
    day = on_day(local(asked[0].starts_at).date()) if asked else None
    return redirect(url_for("timetable.page", area=min(wanted.area_ids), day=day), 303)


def _field_of(form: SessionForm, now: datetime) -> str:
    approved = frozenset(one.id for one in _approved())
    areas = frozenset(one.id for one in _areas(local(now).date()))
    return refused_field(form, approved, areas)


def _form_page(
    form: SessionForm,
    problems: dict[str, str],
    status: int = 200,
    *,
    rule_id: str | None = None,
    pending: Pending = NOTHING_PENDING,
) -> ResponseReturnValue:
    shown = _shown(form, services().timetable.inputs(form.bulletin_ids), problems)
    return render_template("session.html", **{**shown, "rule_id": rule_id, "pending": pending}), status


def _shown(form: SessionForm, inputs: Inputs, problems: dict[str, str] | None = None) -> dict[str, object]:
    """Return what the page of a new session shows, of a timetable that holds the bulletins of the form."""
    now = services().clock.now()
    approved = _choices(form, inputs)
    with services().database.read() as connection:
        shelf = clips.some(connection, [one.clip_hash for one in approved if one.clip_hash])
        branches = tree(inputs.areas, places.levels(connection), local(now).date())
    words, problem = ("", "") if problems else in_words(form, inputs)
    return {
        "form": form,
        "problems": problems or {},
        "pending": NOTHING_PENDING,
        "rule_id": None,
        "words": words,
        "problem_words": problem,
        "approved": approved,
        "shelf": shelf,
        "programmes": sorted(inputs.shelf.programmes.values(), key=lambda one: one.name),
        "tree": branches,
        "flat_areas": flat(branches),
        "reached": _reached(branches, frozenset(one.area_id for one in _standing())),
        "weekdays": tuple(enumerate(SHORT_WEEKDAYS, 1)),
        "long_weekdays": tuple(enumerate(WEEKDAYS, 1)),
        "nth_labels": NTH_LABELS,
        "dayparts": inputs.calendar.dayparts.values(),
        "day_types": DAY_TYPE_LABELS,
        "usual_day_types": SessionForm().day_types,
        "lunar": LUNAR_PRESETS,
        "late_labels": LATE_LABELS,
        "presets": [(one, filled_by(one, inputs.calendar)) for one in PRESETS],
        "priorities": (Priority.NORMAL, Priority.PRIORITY),
        "station": own_station(),
        "now": now,
    }


def _choices(form: SessionForm, inputs: Inputs) -> tuple[Bulletin, ...]:
    """Return the bulletins to choose from: those chosen in their order, then the newest approved ones."""
    held = inputs.shelf.bulletins
    chosen = tuple(held[one] for one in form.bulletin_ids if one in held)
    return (*chosen, *(one for one in _approved() if one.id not in form.bulletin_ids))


def _approved() -> tuple[Bulletin, ...]:
    with services().database.read() as connection:
        return bulletins.newest(connection, (BulletinState.APPROVED,))


def _areas(today: date) -> tuple[Branch, ...]:
    with services().database.read() as connection:
        return flat(tree(places.areas(connection), places.levels(connection), today))


def _standing() -> tuple[Machine, ...]:
    with services().database.read() as connection:
        return tuple(one for one in machines.roster(connection) if one.revoked_at is None)


def _reached(branches: tuple[Branch, ...], standing: frozenset[str]) -> frozenset[str]:
    """Return the ids of the areas on which a machine hangs, there or anywhere below."""
    every = flat(branches)
    return frozenset(one.id for one in every if any(below.id in standing for below in flat((one,))))


def _place(today: date) -> Place:
    areas = _areas(today)
    asked = [one for one in Layer if one.value in request.args.getlist("lop")]
    return Place(
        areas=areas,
        area_id=_area_id(areas),
        day=_asked_day() or today,
        one_day=request.args.get("xem") == "ngay",
        layers=tuple(asked) if "loc" in request.args else tuple(Layer),
    )


def _area_ids(place: Place) -> tuple[tuple[str, ...], int]:
    """Return the area on show and, for one day, a page of the places with machines below it; and how many pages."""
    if not place.one_day or place.area is None:
        return ((place.area_id,) if place.area_id else ()), 1
    standing = {one.area_id for one in _standing()}
    below = [one.id for one in flat((place.area,)) if one.id in standing and one.id != place.area_id]
    pages = max(1, -(-len(below) // _PLACES))
    number = min(page_number(), pages)
    return (place.area_id, *below[(number - 1) * _PLACES : number * _PLACES]), pages


def _area_id(areas: tuple[Branch, ...]) -> str:
    """Return the area asked for, else one where a machine stands, else the first."""
    asked = request.args.get("area", "")
    known = [one.id for one in areas]
    if asked in known:
        return asked
    standing = {one.area_id for one in _standing()}
    return next((one for one in known if one in standing), known[0] if known else "")


def _asked_day() -> date | None:
    try:
        day = read_day(request.args.get("day", ""))
    except BadInputError:
        return None
    return day if day is not None and 1977 <= day.year <= 2098 else None
