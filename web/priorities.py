"""The order of PRIORITY programmes: which goes first when two of them meet."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import BadInputError
from domain.people import Role
from domain.timetable import Priority, Programme
from scheduler.inputs import Inputs
from web.context import me, own_station, services
from web.rule_lines import rule_lines
from web.timetable import require_scheduler

blueprint = Blueprint("priorities", __name__, url_prefix="/lich/uu-tien")
_MOST_TOLD = 3
_STEPS = {"len": -1, "xuong": 1, "giu": 0}


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show the PRIORITY programmes in their order."""
    programmes = _in_order(services().timetable.inputs())
    return render_template(
        "priorities.html",
        programmes=programmes,
        level=len({one.rank for one in programmes}) < len(programmes),
        station=own_station(),
        may_schedule=me().may(Role.SCHEDULER),
    )


@blueprint.post("")
def step() -> ResponseReturnValue:
    """Move a programme one place up or down, or keep all as they are shown."""
    require_scheduler()
    order = [one.id for one in _in_order(services().timetable.inputs())]
    programme_id, way = request.form.get("programme", ""), _STEPS.get(request.form.get("step", ""))
    if programme_id not in order or way is None:
        raise BadInputError("Không có chương trình ưu tiên này. Hãy tải lại trang rồi chọn lại.")
    place = order.index(programme_id)
    other = min(max(place + way, 0), len(order) - 1)
    order[place], order[other] = order[other], order[place]
    desk = services().timetable
    draft = desk.drafting(me(), ()).order(order)
    found = desk.clashes(draft)
    desk.save(me(), draft, found)
    if found:
        # That another one goes first is what was asked for; which sessions give way for it is told.
        flash(f"Theo thứ tự này: {' '.join(one.sentence for one in found[:_MOST_TOLD])}", "warning")
    flash("Đã xếp lại thứ tự ưu tiên. Máy phát sẽ nhận trong ít giây.", "success")
    return redirect(url_for("priorities.page"), 303)


def _in_order(inputs: Inputs) -> list[Programme]:
    """Return the PRIORITY programmes that some rule still sounds, the first to win first."""
    lines = rule_lines(inputs, {}, services().clock.now())
    used = {line.programme.id for line in lines if not line.over and line.rule.enabled}
    held = [one for one in inputs.shelf.programmes.values() if one.priority is Priority.PRIORITY and one.id in used]
    return sorted(held, key=lambda one: (one.rank, one.name, one.id))
