"""One sounding of a rule: moved, skipped, replaced, put back, or urgently sent anew."""

from dataclasses import dataclass
from datetime import date, datetime, time

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.bulletins import BulletinState
from domain.errors import BadInputError, NotFoundError, WrongStateError
from domain.people import Role
from scheduler.conflicts import Conflict
from scheduler.desk import Draft, Sounding
from scheduler.editing import Target
from scheduler.inputs import Inputs
from scheduler.words import clock, exception_words, outermost, rule_words
from store import bulletins
from web.clashes import NOTHING_PENDING, Clashes, Pending, in_words_only, stopping, take_elsewhere, told
from web.context import me, own_station, services
from web.formats import local, read_day, read_time
from web.review import Act, reviewed, unseen, where
from web.timetable import require_scheduler

blueprint = Blueprint("soundings", __name__, url_prefix="/lich/buoi")
_LISTED = 50


@dataclass(frozen=True, slots=True)
class SoundingForm:
    """What was typed about one sounding; `sending` it urgently as it stands is all that was asked for."""

    day: str
    time: str
    scope: str = "once"
    note: str = ""
    instead: str = ""
    urgent: bool = False
    sending: bool = False


@blueprint.get("/<key>")
def page(key: str) -> ResponseReturnValue:
    """Show one sounding and what may be done about it."""
    return _page(services().timetable.sounding(key), None, {})


@blueprint.post("/<key>/doi")
def move(key: str) -> ResponseReturnValue:
    """Move a sounding, this time only or every time."""
    held = services().timetable.sounding(key)
    form = _typed(held)
    problems: dict[str, str] = {}
    day, moment = _read_day(form, problems), _read_time(form, problems)
    if form.scope not in {"once", "always"}:
        problems["scope"] = "Hãy chọn chỉ dời lần này hay dời mọi lần."
    if day is None or moment is None or problems:
        return _page(held, form, problems, 422)
    try:
        target = Target(day, moment, form.note)
        drafting, urgent = services().timetable.drafting(me(), ()), form.urgent and bool(held.given)
        draft = drafting.move(key, target, always=form.scope == "always", urgent=urgent)
    except BadInputError as error:
        return _page(held, form, {"time": error.sentence}, 422)
    return _keep(held, form, draft)


@blueprint.post("/<key>/bo")
def skip(key: str) -> ResponseReturnValue:
    """Skip a sounding."""
    note = request.form.get("note", "")
    return reviewed(Act("Bỏ buổi này"), lambda drafting: drafting.skip(key, note))


@blueprint.post("/<key>/thay")
def replace(key: str) -> ResponseReturnValue:
    """Sound another programme or bulletin instead."""
    held = services().timetable.sounding(key)
    form = _typed(held)
    if not form.instead:
        return _page(held, form, {"instead": "Hãy chọn chương trình hoặc bản tin để phát thay."}, 422)
    try:
        drafting, urgent = services().timetable.drafting(me(), (form.instead,)), form.urgent and bool(held.given)
        draft = drafting.replace(key, form.instead, form.note, urgent=urgent)
    except (BadInputError, NotFoundError) as error:
        return _page(held, form, {"instead": error.sentence}, 422)
    return _keep(held, form, draft)


@blueprint.post("/<key>/khoi-phuc")
def restore(key: str) -> ResponseReturnValue:
    """Take back what is different about a sounding."""
    return reviewed(Act("Bỏ ngoại lệ"), lambda drafting: drafting.restore(key))


@blueprint.post("/<key>/gui-gap")
def send_urgently(key: str) -> ResponseReturnValue:
    """Take a sounding off the machines and urgently send what it was to become."""
    desk = services().timetable
    try:
        drafting = desk.drafting(me(), ())
        draft = drafting.urgent(key)
        found = desk.clashes(draft)
        clashes = _to_look_at(draft, found, drafting.inputs)
        if clashes is not None:
            held = desk.sounding(key)
            fresh = _fresh(held)
            form = SoundingForm(fresh.day, fresh.time, sending=True)
            return _page(held, form, {}, 409, Pending(in_words_only(clashes)))
        return _done(draft, found)
    except WrongStateError as error:
        flash(error.sentence, "warning")
        return _back()


def _keep(held: Sounding, form: SoundingForm, draft: Draft) -> ResponseReturnValue:
    """Save a draft unless something clashes that has not been looked at yet."""
    drafting = services().timetable.drafting(me(), ())
    try:
        beside = take_elsewhere(drafting)
        both = drafting.together(draft, (one.draft for one in beside))
    except BadInputError as error:
        return _page(held, form, {_field(form): error.sentence}, 422)
    found = services().timetable.clashes(both)
    clashes = _to_look_at(draft, found, drafting.inputs)
    if clashes is not None:
        return _page(held, form, {}, 409, Pending(clashes, beside))
    try:
        return _done(both, found)
    except WrongStateError as error:
        return _page(held, form, {_field(form): error.sentence}, 409, Pending(None, beside))


def _field(form: SoundingForm) -> str:
    return "instead" if form.instead else "time"


def _to_look_at(draft: Draft, found: tuple[Conflict, ...], inputs: Inputs) -> Clashes | None:
    """Return what clashes and has not been looked at yet, if anything."""
    return unseen(stopping(draft, found, inputs, in_form=False))


def _done(draft: Draft, found: tuple[Conflict, ...]) -> ResponseReturnValue:
    services().timetable.save(me(), draft, found)
    if told(found):
        flash(f"Tính đến lúc này: {' '.join(told(found)[:3])}", "warning")
    flash(f"Đã {draft.action}: {draft.words}.", "success")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("timetable.page", **where()), 303)


def _page(
    held: Sounding,
    form: SoundingForm | None,
    problems: dict[str, str],
    status: int = 200,
    pending: Pending = NOTHING_PENDING,
) -> ResponseReturnValue:
    inputs = services().timetable.inputs()
    now = services().clock.now()
    instead = held.exception.programme_id if held.exception else None
    named = inputs.shelf.programmes.get(instead or "")
    names = {one.id: one.name for one in inputs.areas}
    with services().database.read() as connection:
        approved = bulletins.newest(connection, (BulletinState.APPROVED,))[:_LISTED]
    return render_template(
        "sounding.html",
        key=held.asked.key,
        held=held,
        at=held.stands.starts_at if held.stands else held.asked.starts_at,
        is_past=(held.stands or held.asked).starts_at <= now,
        different=exception_words(held.exception, named.name if named else "") if held.exception else "",
        rule_words=rule_words(outermost(held.rule, inputs.areas), inputs.calendar, names),
        given_since=held.given[0].starts_at - inputs.freeze if held.given else None,
        form=form or _fresh(held),
        problems=problems,
        pending=pending,
        programmes=sorted(
            (one for one in inputs.shelf.programmes.values() if one.id != held.programme.id), key=lambda one: one.name
        ),
        approved=approved,
        station=own_station(),
        may_schedule=me().may(Role.SCHEDULER),
        back={name: request.values[name][:40] for name in ("area", "xem") if request.values.get(name)},
    ), status


def _fresh(held: Sounding) -> SoundingForm:
    at = local(held.stands.starts_at if held.stands else held.asked.starts_at)
    asked_day, asked_time = request.args.get("ngay", ""), request.args.get("gio", "")
    return SoundingForm(asked_day[:20] or f"{at:%d/%m/%Y}", asked_time[:20] or clock(at.time()))


def _typed(held: Sounding) -> SoundingForm:
    require_scheduler()
    fresh = _fresh(held)
    offered = _offered(request.form.get("offer", ""))
    return SoundingForm(
        day=f"{offered:%d/%m/%Y}" if offered else request.form.get("ngay", fresh.day),
        time=clock(offered.time()) if offered else request.form.get("gio", fresh.time),
        scope=request.form.get("scope", "once"),
        note=request.form.get("note", ""),
        instead=request.form.get("instead", ""),
        urgent="urgent" in request.form,
    )


def _offered(offer: str) -> datetime | None:
    """Return the day and time of an offer to move this sounding elsewhere; other offers are for other pages."""
    parts = offer.split("|")
    if len(parts) != 6 or parts[:2] != ["move", "own"]:
        return None
    try:
        return datetime.fromisoformat(parts[4])
    except ValueError:
        return None


def _read_day(form: SoundingForm, problems: dict[str, str]) -> date | None:
    try:
        day = read_day(form.day)
        if day is None:
            problems["day"] = "Hãy ghi ngày phát, ví dụ 09/01/2027."
    except BadInputError as error:
        problems["day"] = error.sentence
        return None
    return day


def _read_time(form: SoundingForm, problems: dict[str, str]) -> time | None:
    try:
        return read_time(form.time)
    except BadInputError as error:
        problems["time"] = error.sentence
        return None
