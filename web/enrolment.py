"""How a technician lets a box in: a code to type, the fingerprints to compare, a yes with a place, or a no."""

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import BadInputError, NotFoundError, WrongStateError
from domain.machines import Enrolment, EnrolmentState
from domain.people import Role
from scheduler.enrolment import NewCode, checked_name, only_a_technician
from scheduler.machines import fingerprint_of
from store import enrolments, places
from web.context import me, own_station, services
from web.fragments import fragment
from web.machine_list import area_choices, list_page

blueprint = Blueprint("enrolment", __name__, url_prefix="/may-phat")

_GONE = "Mã ghép máy này không còn. Hãy tạo mã mới ở trang «Máy phát»."
_COMPARE = "Hãy so cả hai vân tay với máy rồi đánh dấu ở đây; máy lạ được vào thì ai đó có thể nghe lịch của đài."


@blueprint.post("/them")
def add() -> ResponseReturnValue:
    """Make a one-use code and show, once, what to type on the box."""
    only_a_technician(me(), "thêm")
    area_id, name = request.form.get("area", ""), request.form.get("name", "")
    if area_id and area_id not in {one.id for one in area_choices()}:
        return list_page({"area": "Hãy chọn nơi đặt máy trong danh sách, hoặc để trống."}, 422, name, area_id)
    try:
        made = services().office.enrolment.new_code(me(), area_id, name)
    except BadInputError as error:
        return list_page({"name": error.sentence}, 422, name, area_id)
    return _code_page(made)


@blueprint.get("/ma/<code_id>/tinh-trang")
def code_state(code_id: str) -> ResponseReturnValue:
    """Answer the piece that tells whether a box has used a code."""
    return fragment("_machine_code.html", **_state(code_id))


@blueprint.get("/cho-xac-nhan/<enrolment_id>")
def compare(enrolment_id: str) -> ResponseReturnValue:
    """Show the fingerprints of a box that waits, and ask for a yes and a place."""
    asked = _waiting(enrolment_id)
    return _compare_page(asked, {}, 200, {"name": asked.name, "area": asked.area_id or "", "compared": ""})


@blueprint.post("/cho-xac-nhan/<enrolment_id>")
def confirm(enrolment_id: str) -> ResponseReturnValue:
    """Make a waiting box a machine."""
    only_a_technician(me(), "xác nhận")
    asked = _waiting(enrolment_id)
    given = {name: request.form.get(name, "") for name in ("name", "area", "compared")}
    problems = _problems(given)
    if problems:
        return _compare_page(asked, problems, 422, given)
    services().office.enrolment.confirm(me(), enrolment_id, given["area"], given["name"])
    flash("Đã cho máy vào. Máy sẽ nhận danh sách phát và tải âm thanh trong nửa phút.", "success")
    return redirect(url_for("machines.show", machine_id=enrolment_id), 303)


@blueprint.post("/cho-xac-nhan/<enrolment_id>/tu-choi")
def refuse(enrolment_id: str) -> ResponseReturnValue:
    """Send a waiting box away."""
    services().office.enrolment.refuse(me(), enrolment_id)
    flash("Đã từ chối. Máy đó không nhận được gì; muốn ghép lại phải có mã mới.", "success")
    return redirect(url_for("machines.page"), 303)


def _code_page(made: NewCode) -> ResponseReturnValue:
    server = services().public_address or request.host_url.rstrip("/")
    command = f"tiengloa machine enrol --server {server} --code {made.code}"
    picture = segno.make(command, error="m").svg_inline(omitsize=True, dark="#1d2621", light="#ffffff")
    return render_template(
        "machine_code.html",
        name=made.machine_name,
        code=made.code,
        server=server,
        command=command,
        picture=picture,
        **_state(made.id),
    )


def _state(code_id: str) -> dict[str, object]:
    """Return a code, and the box that used it, as the piece about them shows them."""
    with services().database.read() as connection:
        code = enrolments.code(connection, code_id)
        asked = enrolments.of_code(connection, code_id)
    if code is None:
        raise NotFoundError(_GONE)
    return {"made": code, "asked": asked, "now": services().clock.now()}


def _waiting(enrolment_id: str) -> Enrolment:
    with services().database.read() as connection:
        asked = enrolments.find(connection, enrolment_id)
    if asked is None or asked.state is EnrolmentState.REFUSED:
        raise NotFoundError("Máy này không còn chờ xác nhận: đã bị từ chối hoặc chờ quá lâu.")
    if asked.state is EnrolmentState.CONFIRMED:
        raise WrongStateError(f"Máy «{asked.name}» đã được xác nhận rồi. Chưa có gì thay đổi.")
    return asked


def _problems(given: dict[str, str]) -> dict[str, str]:
    problems = {}
    try:
        checked_name(given["name"])
    except BadInputError as error:
        problems["name"] = error.sentence
    if given["area"] not in {one.id for one in area_choices()}:
        problems["area"] = "Hãy chọn nơi mà máy này phục vụ."
    if given["compared"] != "1":
        problems["compared"] = _COMPARE
    return problems


def _compare_page(
    asked: Enrolment, problems: dict[str, str], status: int, given: dict[str, str]
) -> ResponseReturnValue:
    with services().database.read() as connection:
        names = {one.id: one.name for one in places.areas(connection)}
    return render_template(
        "machine_confirm.html",
        asked=asked,
        area_name=names.get(asked.area_id or "", ""),
        machine_fingerprint=fingerprint_of(asked.public_key),
        station_fingerprint=fingerprint_of(own_station().public_key),
        areas=area_choices(),
        given=given,
        problems=problems,
        may_manage=me().may(Role.TECHNICIAN),
    ), status
