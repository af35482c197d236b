"""Machines: how each one is, and how one joins or leaves."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import BadInputError
from domain.machines import Machine
from domain.people import Role
from scheduler.machines import CODE_LIFE, fingerprint_of
from store import machines, places
from web.area_tree import Branch, flat, tree
from web.context import me, own_station, services
from web.formats import local
from web.fragments import fragment
from web.states import Mark, machine_mark

blueprint = Blueprint("machines", __name__, url_prefix="/may-phat")


@dataclass(frozen=True, slots=True)
class MachineLine:
    """A machine as the page shows it."""

    machine: Machine
    area: str
    mark: Mark
    fingerprint: str


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show every machine."""
    return _page({}, 200)


@blueprint.get("/bang")
def board() -> ResponseReturnValue:
    """Answer the piece that tells how the machines are."""
    return fragment("_machines.html", **_board())


@blueprint.post("/them")
def add() -> ResponseReturnValue:
    """Make a one-use code and show, once, what to type on the box."""
    area_id, name = request.form.get("area", ""), request.form.get("name", "")
    known = {one.id for one in _area_choices()}
    if area_id not in known:
        return _page({"area": "Hãy chọn nơi đặt máy."}, 422, name, area_id)
    try:
        code = services().office.new_code(me(), area_id, name)
    except BadInputError as error:
        return _page({"name": error.sentence}, 422, name, area_id)
    expires_at = services().clock.now() + CODE_LIFE
    server = services().public_address or request.host_url.rstrip("/")
    return render_template("machine_code.html", code=code, name=name.strip(), expires_at=expires_at, server=server)


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
    return redirect(url_for("machines.page"), 303)


def _page(problems: dict[str, str], status: int, name: str = "", area_id: str = "") -> ResponseReturnValue:
    return render_template(
        "machines.html",
        problems=problems,
        name=name,
        area_id=area_id,
        areas=_area_choices(),
        **_board(),
    ), status


def _board() -> dict[str, object]:
    now = services().clock.now()
    with services().database.read() as connection:
        every = machines.everything(connection)
        names = {one.id: one.name for one in places.areas(connection)}
    lines = [
        MachineLine(one, names.get(one.area_id, ""), machine_mark(one.state_at(now)), fingerprint_of(one.public_key))
        for one in every
    ]
    order = {"bad": 0, "warn": 1, "good": 2, "calm": 3, "quiet": 4}
    lines.sort(key=lambda line: (order[line.mark.tone], line.machine.name))
    return {
        "lines": lines,
        "now": now,
        "may_manage": me().may(Role.TECHNICIAN),
        "station_fingerprint": fingerprint_of(own_station().public_key),
    }


def _area_choices() -> tuple[Branch, ...]:
    today = local(services().clock.now())
    with services().database.read() as connection:
        return flat(tree(places.areas(connection), places.levels(connection), today.date()))
