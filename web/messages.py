"""Standard messages: what machines hold ready, proposed by one person and agreed to by another."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.bulletins import BulletinState
from domain.emergencies import MessageState, Pattern
from domain.errors import BadInputError, NotFoundError
from domain.people import Role
from scheduler.emergency_desk import ALL_CLEAR_TITLE, CHIME_TITLE, NOTICE_TITLE, may_ask, own_sound
from scheduler.message_desk import Proposal, require_proposer
from store import bulletins, emergencies, people
from web.context import me, services
from web.emergency_view import pattern_words

blueprint = Blueprint("messages", __name__, url_prefix="/khan-cap/mau")

_FIELDS = {"times": ("3", "lần"), "gap": ("10", "giây"), "every": ("5", "phút"), "longest": ("60", "phút")}
"""Fields of the pattern: what stands in them at first, and their unit."""


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show the messages and the form for a new one."""
    return _page({}, {}, 200)


@blueprint.post("")
def propose() -> ResponseReturnValue:
    """Put a new message before a second person."""
    require_proposer(me())
    typed = {name: request.form.get(name, "")[:200] for name in ("title", "bulletin", "all_clear", *_FIELDS)}
    typed["local"] = "1" if request.form.get("local") else ""
    typed["chime"] = "1" if request.form.get("chime") else ""
    try:
        pattern = _pattern(typed)
    except BadInputError as error:
        return _page(typed, {"pattern": error.sentence}, 422)
    proposal = Proposal(
        title=typed["title"],
        bulletin_id=typed["bulletin"],
        all_clear_bulletin_id=typed["all_clear"],
        chime=bool(typed["chime"]),
        pattern=pattern,
        local=bool(typed["local"]),
    )
    try:
        services().messages.propose(me(), proposal)
    except (BadInputError, NotFoundError) as error:
        place = "title" if "tên" in error.sentence else "bulletin"
        return _page(typed, {place: error.sentence}, 422)
    flash("Đã đề nghị. Máy phát chỉ giữ thông điệp này khi một người duyệt khác đồng ý.", "success")
    return redirect(url_for("messages.page"), 303)


@blueprint.post("/<message_id>/dong-y")
def agree(message_id: str) -> ResponseReturnValue:
    """Agree to what another person proposed."""
    one = services().messages.agree(me(), message_id)
    gone = one.state is MessageState.RETIRED
    flash("Đã bỏ thông điệp." if gone else "Đã đồng ý. Các máy phát đang tải thông điệp về.", "success")
    return redirect(url_for("messages.page"), 303)


@blueprint.post("/<message_id>/khong-dong-y")
def refuse(message_id: str) -> ResponseReturnValue:
    """Say no to what was proposed."""
    services().messages.refuse(me(), message_id)
    flash("Đã bỏ đề nghị này.", "success")
    return redirect(url_for("messages.page"), 303)


@blueprint.post("/<message_id>/bo")
def remove(message_id: str) -> ResponseReturnValue:
    """Ask that a message goes."""
    services().messages.remove(me(), message_id)
    flash("Đã đề nghị bỏ. Máy phát vẫn giữ cho đến khi một người duyệt khác đồng ý.", "success")
    return redirect(url_for("messages.page"), 303)


def _pattern(typed: dict[str, str]) -> Pattern:
    numbers = {}
    for name in _FIELDS:
        text = typed[name].strip()
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise BadInputError("Số lần và các khoảng thời gian phải là số nguyên, ví dụ 3, 10, 5, 60.")
        numbers[name] = int(text)
    return Pattern(
        numbers["times"],
        timedelta(seconds=numbers["gap"]),
        timedelta(minutes=numbers["every"]),
        timedelta(minutes=numbers["longest"]),
    )


def _page(typed: dict[str, str], problems: dict[str, str], status: int) -> ResponseReturnValue:
    first = {name: usual for name, (usual, _) in _FIELDS.items()}
    values = typed or {**first, "title": "", "bulletin": "", "all_clear": "", "chime": "1", "local": ""}
    with services().database.read() as connection:
        names = {user.id: user.name for user in people.everyone(connection)}
        held = emergencies.messages(connection)
        own = {title: own_sound(connection, title) for title in (CHIME_TITLE, NOTICE_TITLE, ALL_CLEAR_TITLE)}
        ready = [one for one in bulletins.newest(connection) if one.state is BulletinState.APPROVED and one.clip_hash]
    return render_template(
        "messages.html",
        lines=[(one, pattern_words(one.pattern)) for one in held],
        names=names,
        bulletins=ready,
        values=values,
        problems=problems,
        units={name: unit for name, (_, unit) in _FIELDS.items()},
        missing=[title for title, clip in own.items() if clip is None],
        may_ask=may_ask(me()),
        may_agree=me().may(Role.APPROVER),
        my_id=me().id,
    ), status
