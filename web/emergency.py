"""Emergencies: what sounds, starting one with two people, drilling with one, stopping with one press."""

import unicodedata
from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.bulletins import BulletinState
from domain.emergencies import Emergency
from domain.errors import BadInputError, NotAllowedError, NotFoundError, WrongStateError
from scheduler.emergency_desk import Ask, may_ask, may_stop
from store import bulletins, emergencies, places
from web.area_tree import flat, tree
from web.context import me, services
from web.emergency_view import acts_of, bar, pattern_words, places_of, shown, unsigned, where_words
from web.formats import local
from web.fragments import fragment

blueprint = Blueprint("emergency", __name__, url_prefix="/khan-cap")

WORD = "THẬT"
"""What a person types to ask for a real emergency, with or without its mark."""
_RECENT = timedelta(days=30)
_MOST_AREAS = 500
_MOST_BULLETINS = 200
_WRONG_WORD = f"Hãy gõ đúng chữ {WORD} để xác nhận đây là tình huống thật."


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show what runs, what waits, and what was lately."""
    return render_template("emergency.html", **_board())


@blueprint.get("/bang")
def board() -> ResponseReturnValue:
    """Answer the piece about what runs and waits."""
    return fragment("_emergency_board.html", **_board())


@blueprint.get("/thanh")
def strip() -> ResponseReturnValue:
    """Answer the strip that stands on every page while something runs or waits."""
    return fragment("_emergency_bar.html", urgent=bar())


@blueprint.get("/that", endpoint="real")
@blueprint.get("/dien-tap", endpoint="drill")
def choose() -> ResponseReturnValue:
    """Let a person choose what and where, then ask once more in plain words."""
    _require_asker()
    drill = request.endpoint == "emergency.drill"
    ask = _ask(request.args.getlist, drill=drill)
    if "buoc" not in request.args:
        return _choose(ask, {})
    problems = _problems(ask)
    return _choose(ask, problems, 422) if problems else _confirm(ask, {})


@blueprint.post("/that", endpoint="ask_real")
@blueprint.post("/dien-tap", endpoint="start_drill")
def ask() -> ResponseReturnValue:
    """Ask for a real emergency, which waits for a second person, or start a drill."""
    _require_asker()
    asked = _ask(request.form.getlist, drill=request.endpoint == "emergency.start_drill")
    problems = _problems(asked)
    if problems:
        return _choose(asked, problems, 422)
    if not asked.drill and _plain(request.form.get("word", "")) != _plain(WORD):
        return _confirm(asked, {"word": _WRONG_WORD}, 422)
    try:
        one = services().emergencies.ask(me(), asked)
    except WrongStateError as error:
        return _choose(asked, {"message": error.sentence}, 409)
    return _to(one)


@blueprint.get("/lan/<emergency_id>")
def show(emergency_id: str) -> ResponseReturnValue:
    """Show one emergency: where it has got to, machine by machine, and who did what."""
    return render_template("emergency_one.html", **_one(emergency_id))


@blueprint.get("/lan/<emergency_id>/bang")
def show_piece(emergency_id: str) -> ResponseReturnValue:
    """Answer the piece about one emergency."""
    return fragment("_emergency_one.html", **_one(emergency_id))


@blueprint.post("/lan/<emergency_id>/dong-y")
def confirm(emergency_id: str) -> ResponseReturnValue:
    """Start what another person asked for."""
    return _to(services().emergencies.confirm(me(), emergency_id))


@blueprint.post("/lan/<emergency_id>/bo")
def decline(emergency_id: str) -> ResponseReturnValue:
    """Take a request off the desk."""
    one = services().emergencies.decline(me(), emergency_id)
    flash("Đã bỏ đề nghị. Không có gì được phát.", "success")
    return _to(one)


@blueprint.post("/lan/<emergency_id>/dung")
def stop(emergency_id: str) -> ResponseReturnValue:
    """Stop one."""
    one = services().emergencies.stop(me(), emergency_id)
    flash("Đã ra lệnh DỪNG. Máy còn nối mạng im lặng trong vài giây; bảng dưới cho biết từng máy.", "success")
    return _to(one)


@blueprint.post("/lan/<emergency_id>/bao-yen")
def all_clear(emergency_id: str) -> ResponseReturnValue:
    """Stop one and sound its all-clear."""
    one = services().emergencies.all_clear(me(), emergency_id)
    flash("Đã báo yên. Nơi nào đã nghe báo động sẽ nghe lời báo yên một lần.", "success")
    return _to(one)


@blueprint.post("/dung-tat-ca")
def stop_all() -> ResponseReturnValue:
    """Stop whatever runs."""
    count = services().emergencies.stop_all(me())
    flash(f"Đã ra lệnh DỪNG {count} lần phát." if count else "Không có gì đang phát khẩn.", "success")
    return redirect(url_for("emergency.page"), 303)


def _to(one: Emergency) -> ResponseReturnValue:
    return redirect(url_for("emergency.show", emergency_id=one.id), 303)


def _require_asker() -> None:
    if not may_ask(me()):
        raise NotAllowedError(
            "Tài khoản của bạn không có quyền phát khẩn. Chưa có gì thay đổi; hãy gọi người có quyền."
        )


def _board() -> dict[str, object]:
    now = services().clock.now()
    with services().database.read() as connection:
        every = [shown(connection, one, now) for one in emergencies.since(connection, now - _RECENT)]
        held = [one for one in emergencies.messages(connection) if one.sounds]
    return {
        "unsigned": unsigned(),
        "open": [one for one in every if one.state.is_open],
        "past": [one for one in every if not one.state.is_open][:20],
        "messages": held,
        "may_ask": may_ask(me()),
        "may_stop": may_stop(me()),
    }


def _one(emergency_id: str) -> dict[str, object]:
    now = services().clock.now()
    with services().database.read() as connection:
        one = emergencies.get(connection, emergency_id)
        return {
            "unsigned": unsigned(),
            "one": shown(connection, one, now),
            "boxes": places_of(connection, one, now),
            "acts": acts_of(connection, one),
        }


def _ask(given: Callable[[str], list[str]], *, drill: bool) -> Ask:
    lists = {name: given(name) for name in ("message", "area", "except")}
    chosen = (lists["message"] or [""])[0][:80]
    kind, _, name = chosen.partition(":")
    return Ask(
        message_id=name if kind == "mau" else "",
        bulletin_id=name if kind == "tin" else "",
        area_ids=frozenset(lists["area"][:_MOST_AREAS]),
        except_area_ids=frozenset(lists["except"][:_MOST_AREAS]),
        drill=drill,
    )


def _problems(ask: Ask) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        services().emergencies.find(ask)
    except (BadInputError, NotFoundError) as error:
        found["message"] = error.sentence
    with services().database.read() as connection:
        known = {one.id for one in places.areas(connection)}
    if not ask.area_ids & known:
        found["area"] = "Hãy chọn ít nhất một địa bàn."
    return found


def _choose(ask: Ask, problems: dict[str, str], status: int = 200) -> ResponseReturnValue:
    today = local(services().clock.now()).date()
    with services().database.read() as connection:
        branches = tree(places.areas(connection), places.levels(connection), today)
        held = [one for one in emergencies.messages(connection) if one.sounds]
        ready = [one for one in bulletins.newest(connection) if one.state is BulletinState.APPROVED and one.clip_hash][
            :_MOST_BULLETINS
        ]
    return render_template(
        "emergency_start.html",
        ask=ask,
        drill=ask.drill,
        tree=branches,
        areas=flat(branches),
        messages=[(one, pattern_words(one.pattern)) for one in held],
        bulletins=ready,
        chosen=_chosen(ask),
        problems=problems,
    ), status


def _confirm(ask: Ask, problems: dict[str, str], status: int = 200) -> ResponseReturnValue:
    said = services().emergencies.find(ask)
    with services().database.read() as connection:
        names = {one.id: one.name for one in places.areas(connection)}
    meant = {one.id: one.name for one in services().timetable.machines_under(ask.area_ids)}
    if ask.except_area_ids:
        for out in services().timetable.machines_under(ask.except_area_ids):
            meant.pop(out.id, None)
    return render_template(
        "emergency_confirm.html",
        ask=ask,
        drill=ask.drill,
        said=said,
        pattern=pattern_words(said.pattern),
        where=where_words(ask.area_ids, ask.except_area_ids, names),
        meant=sorted(meant.values()),
        chosen=_chosen(ask),
        word=WORD,
        problems=problems,
    ), status


def _chosen(ask: Ask) -> str:
    return f"mau:{ask.message_id}" if ask.message_id else f"tin:{ask.bulletin_id}" if ask.bulletin_id else ""


def _plain(word: str) -> str:
    """Return a word without its marks, in capitals: a phone in a hurry may have no Vietnamese keyboard."""
    split = unicodedata.normalize("NFD", word.strip().upper())
    return "".join(letter for letter in split if not unicodedata.combining(letter))
