"""Why something sounds at a moment or nothing does, and a day to hear before it comes."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, flash, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from domain.calendar import DAY_TYPE_LABELS
from domain.errors import BadInputError, NotFoundError
from domain.machines import Machine
from domain.timetable import Slot
from scheduler.build import playlist_slot
from scheduler.inquiry import Answer, DayPlan, TimetableInquiry
from scheduler.levels import levelled
from scheduler.why import VERDICT_LABELS, Verdict
from store import clips, places
from web.area_tree import Branch, flat, tree
from web.context import own_station, services
from web.formats import ZONE, local, read_day, read_time
from web.listening import turn
from web.states import Mark, line_mark

blueprint = Blueprint("why", __name__, url_prefix="/lich")

_AREA = "dia-ban:"
_FIRST_YEAR, _LAST_YEAR = 1976, 2099
_TONES = {
    Verdict.SOUNDS: ("check-circle-fill", "good"),
    Verdict.PARTLY: ("exclamation-triangle-fill", "warn"),
    Verdict.YIELDS: ("arrow-return-left", "warn"),
    Verdict.POLICY: ("slash-circle", "bad"),
    Verdict.CONTENT: ("file-earmark-text", "bad"),
    Verdict.SKIPPED: ("calendar-x", "calm"),
    Verdict.MOVED: ("arrow-repeat", "calm"),
    Verdict.DAY: ("calendar-week", "quiet"),
    Verdict.OFF: ("pause-circle", "quiet"),
    Verdict.AREA: ("diagram-3", "quiet"),
    Verdict.HOURS: ("clock", "quiet"),
}


@dataclass(frozen=True, slots=True)
class Places:
    """What may be asked about: machines, and the areas of the tree; `chosen` as the form names it."""

    machines: tuple[Machine, ...]
    areas: tuple[Branch, ...]
    chosen: str

    @property
    def codes(self) -> list[str]:
        """Return every choice of the form."""
        return [one.id for one in self.machines] + [_AREA + one.id for one in self.areas]


@blueprint.get("/vi-sao")
def page() -> ResponseReturnValue:
    """Tell why something sounds at a place at a moment, or nothing does."""
    now, found = services().clock.now(), _places()
    at = _asked_instant(now)
    answer = _answer(found.chosen, at) if found.chosen else None
    return render_template(
        "why.html",
        spots=found,
        at=at,
        answer=answer,
        verdict_mark=verdict_mark,
        day_type_labels=DAY_TYPE_LABELS,
        lines=[(one, line_mark(one.outcome)) for one in answer.past.lines] if answer and answer.past else [],
        station=own_station(),
        nowhere=not found.codes,
        quarter=timedelta(minutes=15),
    )


@blueprint.get("/nghe-truoc")
def day() -> ResponseReturnValue:
    """Show what a day will be like at a place, each session to be heard as one sound."""
    found = _places()
    today = local(services().clock.now()).date()
    tomorrow = today + timedelta(days=1)
    on = _asked_day(tomorrow)
    plan = _day_plan(found.chosen, on) if found.chosen else None
    return render_template(
        "dry_run.html",
        spots=found,
        on=on,
        today=today,
        tomorrow=tomorrow,
        plan=plan,
        reported=[(one, line_mark(one.outcome)) for one in plan.lines] if plan else [],
        offsets=_offsets,
        sound=lambda slot: url_for("why.sound", may=found.chosen, ngay=on.isoformat(), buoi=slot.key),
        station=own_station(),
        one_day=timedelta(days=1),
    )


@blueprint.get("/nghe-truoc/am-thanh")
def sound() -> ResponseReturnValue:
    """Answer one session of a day as one FLAC file, in ranges when asked."""
    found = _places()
    on = _asked_day(local(services().clock.now()).date())
    plan = _day_plan(found.chosen, on) if found.chosen else None
    wanted = request.args.get("buoi", "")
    slot = next((one for one in plan.slots if one.key == wanted), None) if plan is not None else None
    if slot is None:
        raise NotFoundError("Lịch ngày này không còn buổi phát đó. Hãy tải lại trang.")
    with services().database.read() as connection:
        shelf = clips.some(connection, (one.clip_hash for one in slot.items if one.clip_hash))
    told = levelled(playlist_slot(slot), shelf)
    with turn():
        place = services().sessions.file_of(told)
    return _send(place.stem, slot, plan, place)


def _send(name: str, slot: Slot, plan: DayPlan | None, place: object) -> Response:
    answer = send_file(str(place), mimetype="audio/flac", conditional=True, etag=name, last_modified=None)
    answer.headers["Cache-Control"] = "private, no-cache"
    stamp = f"{local(slot.starts_at):%Y-%m-%d-%H%M}"
    answer.headers["Content-Disposition"] = f'inline; filename="nghe-truoc-{stamp}.flac"'
    return answer


def verdict_mark(verdict: Verdict) -> Mark:
    """Return how the reason of a rule looks."""
    icon, tone = _TONES[verdict]
    return Mark(icon, VERDICT_LABELS[verdict], tone)


def _inquiry() -> TimetableInquiry:
    return TimetableInquiry(services().database, services().clock)


def _answer(code: str, at: datetime) -> Answer:
    if code.startswith(_AREA):
        return _inquiry().why_at_area(code.removeprefix(_AREA), at)
    return _inquiry().why_at_machine(code, at)


def _day_plan(code: str, on: date) -> DayPlan:
    if code.startswith(_AREA):
        return _inquiry().day_at_area(code.removeprefix(_AREA), on)
    return _inquiry().day_at_machine(code, on)


def _places() -> Places:
    """Return what may be chosen; what was asked for and no longer exists is told, and the first taken instead."""
    with services().database.read() as connection:
        today = local(services().clock.now()).date()
        areas = flat(tree(places.areas(connection), places.levels(connection), today))
    found = Places(_inquiry().machines(), areas, "")
    asked = request.args.get("may", "")
    codes = found.codes
    if asked and asked not in codes:
        flash("Không còn máy phát hoặc địa bàn đã hỏi. Dưới đây là nơi đầu tiên trong danh sách.", "problem")
    chosen = asked if asked in codes else next(iter(codes), "")
    return Places(found.machines, areas, chosen)


def _asked_instant(now: datetime) -> datetime:
    """Return the moment asked for, as `luc` (ISO, as links carry it) or as `ngay` and `gio`; else now."""
    try:
        given = request.args.get("luc", "").strip()
        if given:
            return _in_reach(_iso(given))
        on = read_day(request.args.get("ngay", "")) or local(now).date()
        typed = request.args.get("gio", "").strip()
        return _in_reach(datetime.combine(on, read_time(typed) if typed else local(now).time(), ZONE))
    except BadInputError as error:
        flash(error.sentence, "problem")
        return local(now)


def _iso(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise BadInputError(f"«{text[:30]}» không phải là thời điểm. Hãy ghi ngày và giờ vào hai ô.") from error
    return read.replace(tzinfo=ZONE) if read.tzinfo is None else read


def _in_reach(instant: datetime) -> datetime:
    if not _FIRST_YEAR < instant.year < _LAST_YEAR:
        raise BadInputError(f"Chỉ hỏi được trong các năm {_FIRST_YEAR + 1} đến {_LAST_YEAR - 1}.")
    return local(instant)


def _asked_day(otherwise: date) -> date:
    try:
        on = read_day(request.args.get("ngay", "")) or otherwise
        return _in_reach(datetime.combine(on, time(), ZONE)).date()
    except BadInputError as error:
        flash(error.sentence, "problem")
        return otherwise


def _offsets(slot: Slot) -> list[datetime]:
    """Return the instant at which each item of a session begins."""
    at, found = slot.starts_at, []
    for item in slot.items:
        at += timedelta() if item.refusal else item.lead
        found.append(at)
        at += timedelta() if item.refusal else item.length
    return found
