"""The station's columns (chuyên mục), kept from a section of the programmes' page."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bulletins.columns import ColumnDesk
from web.context import me, services

blueprint = Blueprint("columns", __name__, url_prefix="/chuyen-muc")


@blueprint.post("")
def add() -> ResponseReturnValue:
    """Add a column."""
    ColumnDesk(services().database).put(me(), request.form.get("name", ""))
    flash("Đã thêm chuyên mục.", "success")
    return _back()


@blueprint.post("/<column_id>")
def rename(column_id: str) -> ResponseReturnValue:
    """Rename a column; bulletins and programmes keep it."""
    ColumnDesk(services().database).put(me(), request.form.get("name", ""), column_id)
    flash("Đã đổi tên chuyên mục.", "success")
    return _back()


@blueprint.post("/<column_id>/xoa")
def remove(column_id: str) -> ResponseReturnValue:
    """Remove a column that nothing names."""
    ColumnDesk(services().database).remove(me(), column_id)
    flash("Đã bỏ chuyên mục.", "success")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("programmes.page", _anchor="chuyen-muc"), 303)
