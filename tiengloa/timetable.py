"""`tiengloa timetable show | why`: what sounds where, and why, by the code that plans."""

import argparse
from datetime import date, datetime, timedelta
from typing import Any

from domain.errors import BadInputError
from domain.formats import ZONE, clock_ms, clock_s, day, difference, duration, local, read_day, read_time, weekday
from domain.timetable import Slot
from scheduler.inquiry import Answer, DayPlan, TimetableInquiry
from scheduler.reconcile import LINE_LABELS, LogLine
from scheduler.why import VERDICT_LABELS, RuleReason, Sounding, Verdict
from store import places
from tiengloa import exits
from tiengloa.centre import opened
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal
from tiengloa.wiring import Centre

MOST_DAYS = 31
_YEARS = range(1977, 2099)


def show(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Print what will sound at a place on a day or on several."""
    days = _days(options.days)
    with opened(settings) as centre:
        today = local(centre.clock.now()).date()
        first = _in_reach(read_day(options.day) or today)
        plans = [_plan(centre, options, first + timedelta(days=number)) for number in range(days)]
    if options.json:
        terminal.document([_plan_document(plan) for plan in plans])
        return exits.OK
    for plan in plans:
        _say_plan(plan, terminal)
    return exits.OK


def why(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Print why something sounds at a place at a moment, or why nothing does."""
    with opened(settings) as centre:
        at = _moment(options.at, local(centre.clock.now()))
        inquiry = TimetableInquiry(centre.database, centre.clock)
        if options.machine is not None:
            answer = inquiry.why_at_machine(_machine_id(inquiry, options.machine), at)
        else:
            answer = inquiry.why_at_area(_area_id(centre, options.area), at)
    if options.json:
        terminal.document(_answer_document(answer))
    else:
        _say_answer(answer, terminal)
    return exits.OK


def _plan(centre: Centre, options: argparse.Namespace, on: date) -> DayPlan:
    inquiry = TimetableInquiry(centre.database, centre.clock)
    if options.machine is not None:
        return inquiry.day_at_machine(_machine_id(inquiry, options.machine), on)
    return inquiry.day_at_area(_area_id(centre, options.area), on)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 0 < int(text) <= MOST_DAYS):
        raise BadInputError(f"--days phải là số ngày từ 1 đến {MOST_DAYS}.")
    return int(text)


def _moment(text: str, now: datetime) -> datetime:
    """Return the moment of `text`: a time of today, a time and a date in either order, or one in ISO 8601."""
    parts = text.split()
    try:
        if "T" in text:
            read = datetime.fromisoformat(text)
            _in_reach(read.date())
            return read.replace(tzinfo=ZONE) if read.tzinfo is None else local(read)
    except ValueError as error:
        raise BadInputError(_NO_MOMENT.format(text[:30])) from error
    dates = [part for part in parts if "/" in part or part.count("-") == 2]
    times = [part for part in parts if part not in dates]
    if len(dates) > 1 or len(times) != 1:
        raise BadInputError(_NO_MOMENT.format(text[:30]))
    on = _in_reach((read_day(dates[0]) if dates else None) or now.date())
    return datetime.combine(on, read_time(times[0]), ZONE)


_NO_MOMENT = "«{}» không phải là thời điểm. Hãy ghi ví dụ «05:30», «05:30 24/11/2026» hoặc 2026-11-24T05:30."


def _in_reach(on: date) -> date:
    if on.year not in _YEARS:
        raise BadInputError(f"Chỉ hỏi được trong các năm {_YEARS.start} đến {_YEARS.stop - 1}.")
    return on


def _machine_id(inquiry: TimetableInquiry, name: str) -> str:
    return _only("máy phát", name, [(one.id, one.name) for one in inquiry.machines()], "xem trang «Máy phát»")


def _area_id(centre: Centre, name: str | None) -> str:
    with centre.database.read() as connection:
        known = [(one.id, one.name) for one in places.areas(connection)]
    if name is None:
        if not known:
            raise BadInputError("Chưa có địa bàn nào. Thêm bằng: tiengloa area add")
        return known[0][0]
    return _only("địa bàn", name, known, "tiengloa area list --json")


def _only(what: str, name: str, known: list[tuple[str, str]], where: str) -> str:
    found = [key for key, called in known if name == key or called.casefold() == name.casefold()]
    if len(found) != 1:
        which = "Không có" if not found else "Có nhiều"
        raise BadInputError(f"{which} {what} tên «{name}». Danh sách: {where}")
    return found[0]


def _say_plan(plan: DayPlan, terminal: Terminal) -> None:
    terminal.say(f"{weekday(plan.on)}, {day(plan.on)}, tại {plan.place.name}:")
    for slot in plan.slots:
        _say_slot(slot, terminal)
    if plan.forgotten:
        terminal.say("  ngày đã qua, không còn giữ lịch nào đã giao cho máy ở đây")
    elif not plan.slots:
        terminal.say("  không có buổi phát nào")
    if plan.lines:
        terminal.say("  Máy đã báo:")
    for line in plan.lines:
        whose = f"{plan.machines[line.machine_id]}: " if len(plan.machines) > 1 else ""
        terminal.say(f"  {whose}{_line_in_words(line)}")
    terminal.say(f"  đã dùng {duration(plan.used)}, còn lại {duration(plan.left)} trong ngày")


def _say_slot(slot: Slot, terminal: Terminal) -> None:
    if slot.refusal:
        terminal.say(f"  {clock_s(slot.starts_at)}  {slot.title} (không phát: {slot.refusal.rstrip('.')})")
        return
    terminal.say(f"  {clock_s(slot.starts_at)}  {slot.title} ({duration(slot.length)})")
    for item in slot.items:
        note = f" (không phát: {item.refusal.rstrip('.')})" if item.refusal else f" {duration(item.length)}"
        terminal.say(f"            {item.title}{note}")


def _say_answer(answer: Answer, terminal: Terminal) -> None:
    if answer.past is not None:
        terminal.say(answer.past.summary)
        terminal.say(f"Theo lịch đã giao cho máy: {answer.explanation.summary}")
    else:
        terminal.say(answer.explanation.summary)
    for line in answer.past.lines if answer.past is not None else ():
        whose = f"{answer.machines[line.machine_id]}: " if len(answer.machines) > 1 else ""
        terminal.say(f"  {whose}{_line_in_words(line)}")
    terminal.say("Từng dòng lịch:")
    elsewhere = sum(one.verdict is Verdict.AREA for one in answer.explanation.reasons)
    for one in answer.explanation.reasons:
        if one.verdict is Verdict.AREA:
            continue
        when = clock_s(one.at) if one.at is not None else "--:--:--"
        terminal.say(f"  {when}  {one.title}: {VERDICT_LABELS[one.verdict]}; {one.words.rstrip('.')}")
    if elsewhere:
        terminal.say(f"  và {elsewhere} dòng lịch dành cho nơi khác (xem bằng --json)")


def _line_in_words(line: LogLine) -> str:
    began = ""
    if line.started_at is not None:
        began = f", phát lúc {clock_ms(line.started_at)}"
        began += f" ({difference(line.late_ms)})" if line.late_ms is not None else ""
    reason = f", {line.reason.rstrip('.')}" if line.reason else ""
    return f"{clock_s(line.planned_start)}  {line.title}: {LINE_LABELS[line.outcome]}{began}{reason}"


def _plan_document(plan: DayPlan) -> dict[str, Any]:
    return {
        "day": plan.on.isoformat(),
        "place": {"id": plan.place.id, "name": plan.place.name},
        "used_s": plan.used.total_seconds(),
        "left_s": plan.left.total_seconds(),
        "sessions": [_slot_document(slot) for slot in plan.slots],
        "reported": [_line_document(line) for line in plan.lines],
        "forgotten": plan.forgotten,
    }


def _slot_document(slot: Slot) -> dict[str, Any]:
    return {
        "key": slot.key,
        "rule": slot.rule_id,
        "programme": slot.programme_id,
        "title": slot.title,
        "starts_at": local(slot.starts_at).isoformat(),
        "length_s": slot.length.total_seconds(),
        "layer": slot.layer.value,
        "priority": slot.priority.name.lower(),
        "gain_db": slot.gain_db,
        "refusal": slot.refusal,
        "yields_to": slot.yields_to,
        "items": [
            {"title": item.title, "length_s": item.length.total_seconds(), "refusal": item.refusal}
            for item in slot.items
        ],
    }


def _answer_document(answer: Answer) -> dict[str, Any]:
    found, past = answer.explanation, answer.past
    return {
        "at": local(found.at).isoformat(),
        "summary": past.summary if past is not None else found.summary,
        "planned": found.summary,
        "day_type": found.day_type.value,
        "special_day": found.special.name if found.special is not None else None,
        "gain_db": found.gain_db,
        "stagger_s": found.stagger.total_seconds(),
        "sounding": _sounding_document(found.sounding),
        "reasons": [_reason_document(one) for one in found.reasons],
        "reported": None if past is None else [_line_document(line) for line in past.lines],
    }


def _sounding_document(one: Sounding | None) -> dict[str, Any] | None:
    if one is None:
        return None
    item = one.item.title if one.item is not None else None
    session = _slot_document(one.slot)
    return {"item": item, "position": one.position, "offset_s": one.offset.total_seconds(), "session": session}


def _reason_document(one: RuleReason) -> dict[str, Any]:
    return {
        "rule": one.rule_id,
        "title": one.title,
        "at": local(one.at).isoformat() if one.at is not None else None,
        "verdict": one.verdict.value,
        "why": one.words,
        "winner": one.winner.key if one.winner is not None else None,
    }


def _line_document(line: LogLine) -> dict[str, Any]:
    return {
        "title": line.title,
        "planned_start": local(line.planned_start).isoformat(),
        "started_at": local(line.started_at).isoformat() if line.started_at is not None else None,
        "late_ms": line.late_ms,
        "outcome": line.outcome.value,
        "reason": line.reason,
    }
