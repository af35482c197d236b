"""Machines: how each one is, what it will sound and has sounded, and how it is taken out of use."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import BadInputError
from domain.machines import LACK_WORDS
from domain.people import Role
from domain.proof import HEARING_LABELS
from scheduler.machines import fingerprint_of
from scheduler.noting import require
from store import airings, enrolments, machines, places, plans
from web.context import me, services
from web.fragments import fragment
from web.machine_list import board as machine_board
from web.machine_list import list_page
from web.states import airing_mark, machine_mark
from web.typed import Typed

blueprint = Blueprint("machines", __name__, url_prefix="/may-phat")

_AHEAD = timedelta(days=2)
_MOST_AHEAD = 6
_MOST_AIRED = 8
_MOST_ACTS = 20


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show the machines."""
    return list_page()


@blueprint.get("/bang")
def board() -> ResponseReturnValue:
    """Answer the piece that tells how the machines are."""
    return fragment("_machines.html", **machine_board())


@blueprint.get("/<machine_id>")
def show(machine_id: str) -> ResponseReturnValue:
    """Show one machine."""
    return _page(machine_id)


@blueprint.post("/<machine_id>/am-luong")
def set_gain(machine_id: str) -> ResponseReturnValue:
    """Set how much louder a machine is than its clips."""
    require(me(), Role.TECHNICIAN)
    typed = Typed(request.form)
    gain_db = typed.decimal("gain")
    if not typed.text("gain").strip():
        typed.problems["gain"] = "Hãy ghi số dB, ví dụ −6; ghi 0 nếu muốn giữ nguyên âm thanh gốc."
    if typed.problems:
        return _page(machine_id, typed)
    try:
        services().office.set_gain(me(), machine_id, gain_db)
    except BadInputError as error:
        typed.problems["gain"] = error.sentence
        return _page(machine_id, typed)
    flash("Đã đặt âm lượng; máy nhận được khi tải danh sách phát tiếp theo, thường trong một phút.", "success")
    return redirect(url_for("machines.show", machine_id=machine_id), 303)


def _page(machine_id: str, typed: Typed | None = None) -> ResponseReturnValue:
    standing = _standing(machine_id)
    with services().database.read() as connection:
        machine = machines.get(connection, machine_id)
        done = enrolments.acts(connection, [machine_id], _MOST_ACTS)
    return render_template(
        "machine.html",
        **standing,
        fingerprint=fingerprint_of(machine.public_key),
        acts=done,
        gain=typed.text("gain") if typed else f"{machine.gain_db:g}".replace(".", ","),
        problems=typed.problems if typed else {},
        may_manage=me().may(Role.TECHNICIAN),
    ), 422 if typed else 200


@blueprint.get("/<machine_id>/tinh-trang")
def standing(machine_id: str) -> ResponseReturnValue:
    """Answer the piece that tells how one machine is."""
    return fragment("_machine.html", **_standing(machine_id))


@blueprint.post("/<machine_id>/thu-hoi")
def revoke(machine_id: str) -> ResponseReturnValue:
    """Take a machine's rights away."""
    services().office.revoke(me(), machine_id)
    flash(
        "Đã thu hồi quyền của máy phát. Từ lần hỏi tiếp theo, máy không nhận được gì nữa; nếu máy còn liên lạc được "
        "với trung tâm thì các buổi phát thường dừng trong vòng hai phút. Nếu không liên lạc được, máy vẫn phát theo "
        "lịch đang giữ: hãy đến tận nơi tắt máy.",
        "success",
    )
    return redirect(url_for("machines.show", machine_id=machine_id), 303)


def _standing(machine_id: str) -> dict[str, object]:
    now = services().clock.now()
    with services().database.read() as connection:
        machine = machines.get(connection, machine_id)
        names = {one.id: one.name for one in places.areas(connection)}
        ahead = plans.slots(connection, now, now + _AHEAD, machine_id)[:_MOST_AHEAD]
        aired = airings.newest_of(connection, machine_id, _MOST_AIRED)
    return {
        "machine": machine,
        "area": names.get(machine.area_id, ""),
        "mark": machine_mark(machine.state_at(now)),
        "state": machine.state_at(now),
        "ahead": ahead,
        "short": {one.slot_key: one for one in (machine.heartbeat.shortfalls if machine.heartbeat else ())},
        "lack_words": LACK_WORDS,
        "aired": [(one, airing_mark(one.outcome)) for one in aired],
        "hearing": HEARING_LABELS,
        "now": now,
    }
