"""The policy of the station and its windows of silence, with the effect of a change told before it is saved."""

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.airtime import ExclusionWindow
from domain.errors import BadInputError, WrongStateError
from domain.people import Role
from scheduler.effects import Effect
from scheduler.noting import require
from scheduler.policy import PRESETS
from scheduler.policy_desk import Consequence, PolicyDesk, window_of
from scheduler.policy_words import weekdays_in_words
from store import calendar, changes, places
from store.engine import new_id
from web.area_names import area_names
from web.area_tree import Branch, flat, tree
from web.confirming import digest, digest_of, is_confirmed, stamp_for, stamp_seen
from web.context import me, services
from web.formats import SHORT_WEEKDAYS, local
from web.policy_form import SPARE_ROWS, PolicyForm, WindowForm, of_policy, of_window, to_policy, to_window

blueprint = Blueprint("policy", __name__, url_prefix="/lich/chinh-sach")
PRESET_LABELS = {"urban": "Đô thị", "rural": "Nông thôn"}
_HISTORY = 8
_FIELD_WORDS = (
    ("session", "Mỗi buổi từ"),
    ("day", "Số phút mỗi ngày"),
    ("sessions", "Số buổi và số lần"),
    ("weekday", "ngày trong tuần"),
    ("freeze", "khóa lịch"),
    ("note", "Ghi chú"),
    ("stagger", "lệch giờ"),
    ("volume", "Âm lượng"),
)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show the policy as a form, and the windows of silence."""
    return _page(of_policy(_desk().now()))


@blueprint.post("")
def change() -> ResponseReturnValue:
    """Show what a changed policy would do, and save it when it comes back unchanged."""
    require(me(), Role.SCHEDULER)
    wanted, form = to_policy(request.form)
    if form.problems:
        return _page(form, status=422)
    try:
        if not is_confirmed(wanted):
            return _page(form, _desk().consequence(wanted), confirmed=digest_of(wanted))
        _desk().save(me(), wanted, stamp_seen())
    except BadInputError as error:
        return _page(replace(form, problems={_field_of(error): error.sentence}), status=422)
    except WrongStateError as error:
        flash(error.sentence, "problem")
        return _page(form, status=409)
    flash("Đã lưu chính sách phát. Máy phát sẽ nhận lịch mới trong ít giây.", "success")
    return redirect(url_for("policy.page"), 303)


@blueprint.post("/bo-quy-dinh")
def preset() -> ResponseReturnValue:
    """Fill the form in with a preset and show what would change; nothing is saved yet."""
    require(me(), Role.SCHEDULER)
    wanted = _desk().preset(request.form.get("preset", ""))
    return _page(of_policy(wanted), _desk().consequence(wanted), confirmed=digest_of(wanted))


@blueprint.get("/khoang-lang/moi")
def new_window() -> ResponseReturnValue:
    """Show the form of a new window of silence."""
    require(me(), Role.SCHEDULER)
    return _window_page(None, WindowForm())


@blueprint.post("/khoang-lang/moi")
def add_window() -> ResponseReturnValue:
    """Add a window of silence, its effect shown first."""
    return _keep_window(None)


@blueprint.get("/khoang-lang/<window_id>")
def show_window(window_id: str) -> ResponseReturnValue:
    """Show the form of a window of silence."""
    require(me(), Role.SCHEDULER)
    one = _window(window_id)
    return _window_page(one, of_window(one))


@blueprint.post("/khoang-lang/<window_id>")
def change_window(window_id: str) -> ResponseReturnValue:
    """Change a window of silence, its effect shown first."""
    return _keep_window(_window(window_id))


@blueprint.post("/khoang-lang/<window_id>/xoa")
def remove_window(window_id: str) -> ResponseReturnValue:
    """Remove a window of silence."""
    _desk().remove_window(me(), window_id)
    flash("Đã bỏ khoảng lặng này.", "success")
    return redirect(url_for("policy.page", _anchor="khoang-lang"), 303)


def _keep_window(old: ExclusionWindow | None) -> ResponseReturnValue:
    require(me(), Role.SCHEDULER)
    wanted, form = to_window(request.form, new_id() if old is None else old.id)
    if wanted is None:
        return _window_page(old, form, status=422)
    try:
        found = () if is_confirmed() else _desk().window_effects(wanted)
        if found:
            return _window_page(old, form, found)
        _desk().put_window(me(), wanted, stamp_seen())
    except BadInputError as error:
        name = "reason" if "ý do" in error.sentence else "weekday" if "thứ" in error.sentence else "end"
        return _window_page(old, replace(form, problems={name: error.sentence}), status=422)
    except WrongStateError as error:
        flash(error.sentence, "problem")
        return _window_page(old, form, status=409)
    flash(f"Đã lưu khoảng lặng «{form.reason.strip()}».", "success")
    return redirect(url_for("policy.page", _anchor="khoang-lang"), 303)


def _page(
    form: PolicyForm, consequence: Consequence | None = None, status: int = 200, confirmed: str = ""
) -> ResponseReturnValue:
    with services().database.read() as connection:
        windows = calendar.exclusions(connection)
        history = [one for one in changes.newest(connection, limit=60) if one.action.startswith("policy")]
    return render_template(
        "policy.html",
        form=form,
        consequence=consequence,
        seen=stamp_for(_desk().now()),
        confirmed=confirmed,
        spare=SPARE_ROWS,
        presets={name: (PRESET_LABELS[name], one.note) for name, one in PRESETS.items()},
        windows=windows,
        weekdays=tuple(enumerate(SHORT_WEEKDAYS, 1)),
        weekday_words=weekdays_in_words,
        areas=flat(_tree()),
        names=area_names(),
        history=history[:_HISTORY],
        may_change=me().may(Role.SCHEDULER),
    ), status


def _window_page(
    one: ExclusionWindow | None, form: WindowForm, found: tuple[Effect, ...] = (), status: int = 200
) -> ResponseReturnValue:
    return render_template(
        "window.html",
        window=one,
        seen=stamp_for(one) if one is not None else "",
        form=form,
        effects=found,
        names=area_names() if found else {},
        confirmed=digest(request.form),
        tree=_tree(),
        weekdays=tuple(enumerate(SHORT_WEEKDAYS, 1)),
    ), status


def _field_of(error: BadInputError) -> str:
    return next((name for name, words in _FIELD_WORDS if words in error.sentence), "quiet")


def _window(window_id: str) -> ExclusionWindow:
    with services().database.read() as connection:
        return window_of(calendar.exclusions(connection), window_id)


def _tree() -> tuple[Branch, ...]:
    with services().database.read() as connection:
        today = local(services().clock.now()).date()
        return tree(places.areas(connection), places.levels(connection), today)


def _desk() -> PolicyDesk:
    return PolicyDesk(services().database, services().clock)
