"""Special days with their lunar dates, dayparts with summer and winter hours, and the seasons."""

from dataclasses import dataclass, field, replace
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.calendar import DAY_TYPE_LABELS, Calendar, Daypart, DayType, MonthDay, Seasons, SpecialDay
from domain.errors import BadInputError, NotFoundError, WrongStateError
from domain.people import Role
from scheduler.calendar_desk import CalendarDesk, month_day, with_day, with_daypart, with_seasons, without_day
from scheduler.calendar_outlook import CalendarOutlook
from scheduler.lunar import lunar_date
from scheduler.noting import require, stamp_of
from store import changes
from store.engine import new_id
from web.area_names import area_names
from web.confirming import digest, digest_of, is_confirmed, is_stale, stamp_for, stamp_seen
from web.context import me, services
from web.errors import status_of
from web.formats import day, local
from web.typed import Typed

blueprint = Blueprint("calendar", __name__, url_prefix="/lich/ngay")
_HISTORY = 8
_NOTHING = CalendarOutlook()


@dataclass(frozen=True, slots=True)
class DayForm:
    """The fields of a special day as typed, and a sentence for each that cannot be used."""

    name: str = ""
    kind: str = DayType.MOURNING.value
    first: str = ""
    last: str = ""
    problems: dict[str, str] = field(default_factory=dict)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show the special days of a year, the dayparts and the seasons."""
    return _page()


@blueprint.get("/moi")
def new() -> ResponseReturnValue:
    """Show the form of a new special day."""
    _require_scheduler()
    return _day_page(None, DayForm())


@blueprint.post("/moi")
def add() -> ResponseReturnValue:
    """Add a special day, its effect shown first."""
    return _keep_day(None)


@blueprint.get("/<day_id>")
def show(day_id: str) -> ResponseReturnValue:
    """Show the form of a special day."""
    _require_scheduler()
    one = _special(day_id)
    return _day_page(one, DayForm(one.name, one.day_type.value, day(one.first), day(one.last)))


@blueprint.post("/<day_id>")
def change(day_id: str) -> ResponseReturnValue:
    """Change a special day, its effect shown first."""
    return _keep_day(_special(day_id))


@blueprint.post("/<day_id>/tat")
def switch_off(day_id: str) -> ResponseReturnValue:
    """Treat the day as its weekday tells."""
    asked = _ask_to_switch(day_id, enabled=False)
    if asked is not None:
        return asked
    one = _desk().switch_day(me(), day_id, enabled=False)
    flash(f"Đã tắt «{one.name}»; ngày này được coi như ngày bình thường.", "success")
    return _back(one.first.year)


@blueprint.post("/<day_id>/bat")
def switch_on(day_id: str) -> ResponseReturnValue:
    """Treat the day as special again."""
    asked = _ask_to_switch(day_id, enabled=True)
    if asked is not None:
        return asked
    one = _desk().switch_day(me(), day_id, enabled=True)
    flash(f"Đã dùng lại «{one.name}».", "success")
    return _back(one.first.year)


@blueprint.post("/<day_id>/xoa")
def remove(day_id: str) -> ResponseReturnValue:
    """Remove a day that a person added."""
    _require_scheduler()
    one, held = _special(day_id), _desk().get()
    asked = None if one.seeded else _ask(f"Xóa «{one.name}»", without_day(held, day_id))
    if asked is not None:
        return asked
    _desk().remove_day(me(), day_id)
    flash(f"Đã xóa «{one.name}».", "success")
    return _back(one.first.year)


@blueprint.post("/khung-gio")
def put_daypart() -> ResponseReturnValue:
    """Add or change a daypart, its effect shown first."""
    _require_scheduler()
    typed, desk = Typed(request.form), _desk()
    summer, winter = typed.time("summer"), typed.time("winter")
    if summer is None and "summer" not in typed.problems:
        typed.problems["summer"] = "Hãy ghi giờ, ví dụ 05:30."
    if typed.problems or summer is None:
        return _page(422, daypart_problem=next(iter(typed.problems.values())))
    wanted = Daypart(typed.text("id")[:40] or new_id(), typed.text("name"), summer, winter or summer)
    held = desk.get()
    if wanted.id in held.dayparts and not is_confirmed():
        found = desk.outlook(with_daypart(held, wanted))
        if found.effects:
            return _page(daypart=wanted, found=found)
    try:
        desk.put_daypart(me(), wanted, stamp_seen())
    except (BadInputError, WrongStateError) as error:
        return _page(status_of(error), daypart_problem=error.sentence)
    flash(f"Đã lưu khung giờ «{wanted.name.strip()}».", "success")
    return _back(anchor="khung-gio")


@blueprint.post("/khung-gio/<daypart_id>/xoa")
def remove_daypart(daypart_id: str) -> ResponseReturnValue:
    """Remove a daypart that no rule names."""
    try:
        _desk().remove_daypart(me(), daypart_id)
    except BadInputError as error:
        return _page(422, daypart_problem=error.sentence)
    flash("Đã xóa khung giờ.", "success")
    return _back(anchor="khung-gio")


@blueprint.post("/mua")
def set_seasons() -> ResponseReturnValue:
    """Change when summer and winter hours begin."""
    _require_scheduler()
    try:
        chosen = Seasons(_month_day("summer_from"), _month_day("winter_from"))
        held = _desk().get()
        if chosen.summer_from != chosen.winter_from and not is_stale(held.seasons):
            asked = _ask("Đổi ngày bắt đầu mùa", with_seasons(held, chosen))
            if asked is not None:
                return asked
        _desk().set_seasons(me(), chosen, stamp_seen())
    except (BadInputError, WrongStateError) as error:
        return _page(status_of(error), season_problem=error.sentence)
    flash("Đã đổi ngày bắt đầu giờ mùa hè và giờ mùa đông.", "success")
    return _back(anchor="mua")


def _keep_day(old: SpecialDay | None) -> ResponseReturnValue:
    _require_scheduler()
    typed, desk = Typed(request.form), _desk()
    form = DayForm(typed.text("name"), typed.text("kind"), typed.text("first"), typed.text("last"), typed.problems)
    first, last = typed.day("first"), typed.day("last")
    if first is None and "first" not in typed.problems:
        typed.problems["first"] = "Hãy ghi ngày, ví dụ 02/09/2027."
    if form.kind not in set(DayType):
        typed.problems["kind"] = "Hãy chọn một loại ngày trong danh sách."
    if typed.problems or first is None:
        return _day_page(old, form, status=422)
    own_id, enabled = (new_id(), True) if old is None else (old.id, old.enabled)
    wanted = SpecialDay(own_id, form.name, DayType(form.kind), first, last or first, enabled=enabled)
    if not is_confirmed() and wanted.last >= wanted.first and form.name.strip():
        found = desk.outlook(with_day(desk.get(), wanted))
        if found.effects:
            return _day_page(old, form, found)
    try:
        desk.put_day(me(), wanted, stamp_seen())
    except BadInputError as error:
        typed.problems["last" if "gày" in error.sentence and form.name.strip() else "name"] = error.sentence
        return _day_page(old, form, status=422)
    except WrongStateError as error:
        flash(error.sentence, "problem")
        return _day_page(old, form, status=409)
    flash(f"Đã lưu «{form.name.strip()}».", "success")
    return _back(first.year)


def _page(
    status: int = 200,
    *,
    daypart: Daypart | None = None,
    found: CalendarOutlook = _NOTHING,
    daypart_problem: str = "",
    season_problem: str = "",
) -> ResponseReturnValue:
    held, today = _desk().get(), local(services().clock.now()).date()
    years = sorted({one.first.year for one in held.special} | {today.year})
    year = _asked_year(years, today)
    with services().database.read() as connection:
        history = [one for one in changes.newest(connection, limit=60) if one.action.startswith("calendar")]
    return render_template(
        "calendar.html",
        years=years,
        year=year,
        days=[one for one in held.special if one.first.year <= year <= one.last.year],
        labels=DAY_TYPE_LABELS,
        lunar=lunar_words,
        dayparts=held.dayparts.values(),
        seasons=held.seasons,
        summer=held.seasons.is_summer(today),
        waiting=daypart,
        stamp=stamp_of,
        kept=request.form if daypart_problem or season_problem else {},
        outlook=found,
        effects=found.effects,
        names=area_names() if found.effects else {},
        confirmed=digest(request.form),
        daypart_problem=daypart_problem,
        season_problem=season_problem,
        today=today,
        history=history[:_HISTORY],
        may_change=me().may(Role.SCHEDULER),
    ), status


def _day_page(
    one: SpecialDay | None, form: DayForm, found: CalendarOutlook = _NOTHING, status: int = 200
) -> ResponseReturnValue:
    return render_template(
        "special_day.html",
        day=one,
        seen=stamp_for(one) if one is not None else "",
        form=form,
        labels=DAY_TYPE_LABELS,
        outlook=found,
        effects=found.effects,
        names=area_names() if found.effects else {},
        confirmed=digest(request.form),
    ), status


def _ask_to_switch(day_id: str, *, enabled: bool) -> ResponseReturnValue | None:
    _require_scheduler()
    one, held = _special(day_id), _desk().get()
    heading = f"{'Dùng lại' if enabled else 'Tắt'} «{one.name}»"
    return _ask(heading, with_day(held, replace(one, enabled=enabled)))


def _ask(heading: str, changed: Calendar) -> ResponseReturnValue | None:
    """Return the page that shows what `changed` would do and asks for a yes, unless that is nothing or was said."""
    found = _desk().outlook(changed)
    meaning = request.path, digest(request.form), found.meaning
    if not found.effects or is_confirmed(meaning):
        return None
    return render_template(
        "calendar_confirm.html",
        heading=heading,
        outlook=found,
        effects=found.effects,
        names=area_names(),
        confirmed=digest_of(meaning),
    )


def lunar_words(on: date) -> str:
    """Return the lunar date of a day as people say it, as in 15/7 âm lịch."""
    found = lunar_date(on)
    return f"{found.day}/{found.month}{' nhuận' if found.leap else ''} âm lịch"


def _asked_year(years: list[int], today: date) -> int:
    asked = request.args.get("year", "")
    found = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else today.year
    return found if found in years else today.year


def _month_day(name: str) -> MonthDay:
    parts = request.form.get(name, "").strip().split("/")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 3 for part in parts):
        raise BadInputError("Hãy ghi ngày/tháng, ví dụ 16/4.")
    return month_day(int(parts[1]), int(parts[0]))


def _special(day_id: str) -> SpecialDay:
    for one in _desk().get().special:
        if one.id == day_id:
            return one
    raise NotFoundError("Không có ngày đặc biệt này.")


def _back(year: int | None = None, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("calendar.page", year=year, _anchor=anchor), 303)


def _require_scheduler() -> None:
    require(me(), Role.SCHEDULER)


def _desk() -> CalendarDesk:
    return CalendarDesk(services().database, services().clock)
