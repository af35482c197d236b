"""Play now: an approved bulletin sounds in a minute in chosen areas, through the timetable like everything else."""

from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.bulletins import Bulletin, BulletinState
from domain.errors import BadInputError, NotFoundError, WrongStateError
from domain.machines import Machine
from domain.people import Role
from domain.playlist import to_ms
from domain.timetable import Layer, Rule
from scheduler.conflicts import Conflict
from scheduler.desk import Draft
from scheduler.inputs import Inputs
from scheduler.receipts import OVER, receipts
from scheduler.sessions import soundings
from scheduler.stopping import STOPPING
from scheduler.words import areas_words, outermost
from store import bulletins, clips, places
from web.area_tree import tree
from web.clashes import told
from web.context import me, own_station, services
from web.formats import ZONE, local
from web.fragments import fragment
from web.timetable import require_scheduler

blueprint = Blueprint("play_now", __name__, url_prefix="/lich/phat-ngay")
_MOST_AREAS = 500


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Let a person choose where, and then confirm."""
    require_scheduler()
    bulletin = _bulletin(request.args.get("bulletin", ""))
    area_ids = frozenset(request.args.getlist("area")[:_MOST_AREAS])
    if not area_ids:
        asked = "area" in request.args or "chon" in request.args
        return _choose(bulletin, area_ids, "Hãy chọn ít nhất một địa bàn để phát." if asked else "")
    drafting = services().timetable.drafting(me(), (bulletin.id,))
    try:
        draft = drafting.play_now(bulletin.id, area_ids)
    except BadInputError as error:
        return _choose(bulletin, area_ids, error.sentence, 422)
    return _confirm(bulletin, draft, area_ids, known=drafting.inputs)


@blueprint.post("")
def play() -> ResponseReturnValue:
    """Have the bulletin sound in a minute."""
    require_scheduler()
    bulletin = _bulletin(request.form.get("bulletin", ""))
    area_ids = frozenset(request.form.getlist("area")[:_MOST_AREAS])
    try:
        draft = services().timetable.drafting(me(), (bulletin.id,)).play_now(bulletin.id, area_ids)
    except BadInputError as error:
        return _choose(bulletin, area_ids, error.sentence, 422)
    found = services().timetable.clashes(draft)
    if _is_lost(draft, found):
        return _confirm(bulletin, draft, area_ids, 409)
    try:
        services().timetable.save(me(), draft, found)
    except WrongStateError:  # what clashes since is on the page that asks once more
        return _confirm(bulletin, draft, area_ids, 409)
    return redirect(url_for("play_now.progress", rule_id=draft.subject_id), 303)


@blueprint.get("/<rule_id>")
def progress(rule_id: str) -> ResponseReturnValue:
    """Show which machines have taken the session in."""
    return render_template("play_now_progress.html", station=own_station(), **_progress(rule_id))


@blueprint.get("/<rule_id>/may")
def receipts_piece(rule_id: str) -> ResponseReturnValue:
    """Answer the piece about the machines."""
    return fragment("_receipts.html", **_progress(rule_id))


def _choose(bulletin: Bulletin, area_ids: frozenset[str], problem: str, status: int = 200) -> ResponseReturnValue:
    now = services().clock.now()
    with services().database.read() as connection:
        branches = tree(places.areas(connection), places.levels(connection), local(now).date())
    return render_template(
        "play_now.html",
        bulletin=bulletin,
        tree=branches,
        chosen=area_ids,
        problems={"area": problem} if problem else {},
        draft=None,
        station=own_station(),
    ), status


def _is_lost(draft: Draft, found: tuple[Conflict, ...]) -> bool:
    """Tell whether it would sound on none of the machines that it is meant for, or silence one that is as urgent."""
    own = {one.id for one in draft.edit.rules}
    if any(one.loser.layer is Layer.URGENT and one.loser.rule_id not in own for one in found):
        return True
    silent = {one for held in found if held.loser.rule_id in own and held.kind in STOPPING for one in held.machine_ids}
    return bool(silent) and {one.id for one in _meant(draft.edit.rules[0])} <= silent


def _confirm(
    bulletin: Bulletin, draft: Draft, area_ids: frozenset[str], status: int = 200, known: Inputs | None = None
) -> ResponseReturnValue:
    """Ask before it sounds; `known` is the timetable that the draft was made of, if it was read just now."""
    now = services().clock.now()
    found = services().timetable.clashes(draft, known)
    inputs = known or services().timetable.inputs()
    rule = draft.edit.rules[0]
    with services().database.read() as connection:
        clip = clips.get(connection, bulletin.clip_hash) if bulletin.clip_hash else None
    names = {one.id: one.name for one in inputs.areas}
    return render_template(
        "play_now.html",
        bulletin=bulletin,
        draft=draft,
        chosen=area_ids,
        where=areas_words(outermost(rule, inputs.areas), names).removeprefix("ở "),
        at=soundings(rule, now, inputs.calendar)[0].starts_at,
        clip=clip,
        meant=_meant(rule),
        clashes=[one.sentence for one in found if one.sentence not in told(found)],
        warnings=told(found),
        lost=_is_lost(draft, found),
        problems={},
        station=own_station(),
    ), status


def _progress(rule_id: str) -> dict[str, object]:
    inputs, now = services().timetable.inputs(), services().clock.now()
    rule = inputs.shelf.rules.get(rule_id)
    if rule is None or not rule.urgent or not rule.dates or not rule.times:
        raise NotFoundError("Không có buổi phát gấp này.")
    day, moment = min(rule.dates), min(rule.times)
    starts_at = datetime.combine(day, moment, ZONE)
    key = f"{rule.id}@{to_ms(starts_at)}"
    with services().database.read() as connection:
        held = receipts(connection, key, starts_at, _meant(rule), now)
    names = {one.id: one.name for one in inputs.areas}
    return {
        "rule": rule,
        "title": inputs.shelf.programmes[rule.programme_id].name,
        "at": starts_at,
        "where": areas_words(outermost(rule, inputs.areas), names).removeprefix("ở "),
        "receipts": held,
        "working": bool(held) and any(one.state not in OVER for one in held),
        "may_schedule": me().may(Role.SCHEDULER),
    }


def _meant(rule: Rule) -> tuple[Machine, ...]:
    every = services().timetable.machines_under(rule.area_ids)
    out = (
        {one.id for one in services().timetable.machines_under(rule.except_area_ids)} if rule.except_area_ids else set()
    )
    return tuple(one for one in every if one.id not in out)


def _bulletin(bulletin_id: str) -> Bulletin:
    with services().database.read() as connection:
        found = bulletins.get(connection, bulletin_id)
    if found.state is not BulletinState.APPROVED:
        raise BadInputError(f"Bản tin «{found.title}» chưa được duyệt nên chưa phát được.")
    return found
