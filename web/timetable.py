"""The timetable: a week of an area as its machines will sound it, the rules behind it, and a new session."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.bulletins import Bulletin, BulletinState
from domain.errors import BadInputError, NotAllowedError
from domain.machines import Machine, MachineState
from domain.people import Role
from domain.timetable import Priority, Programme, Rule, Slot
from scheduler.desk import NewSession
from store import bulletins, clips, machines, places, timetable
from web.area_tree import Branch, flat, tree
from web.context import me, own_station, services
from web.formats import SHORT_WEEKDAYS, ZONE, local, moment, read_day
from web.session_form import SessionForm, as_typed, on_day, refused_field, to_session
from web.week import monday_of, table

blueprint = Blueprint("timetable", __name__, url_prefix="/lich")
_LOOK_AHEAD = timedelta(days=8)
_FARTHEST = timedelta(days=6 * 366)
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in words."""

    rule: Rule
    programme: Programme
    areas: tuple[str, ...]
    days: str
    over: bool


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show a week of one area."""
    now = services().clock.now()
    today = local(now).date()
    monday = monday_of(_asked_day() or today)
    areas = _areas(today)
    area_id = _area_id(areas)
    start = datetime.combine(monday, time(), ZONE)
    slots = services().timetable.will_sound(area_id, start, start + timedelta(days=7)) if area_id else ()
    return render_template(
        "timetable.html",
        areas=areas,
        area=next((one for one in areas if one.id == area_id), None),
        today=today,
        monday=monday,
        days=[monday + timedelta(days=number) for number in range(7)],
        week=timedelta(days=7),
        rows=table(monday, slots),
        slots=slots,
        slots_of=lambda day: [slot for slot in slots if local(slot.starts_at).date() == day],
        rules=_rule_lines(areas, now),
        station=own_station(),
        may_schedule=me().may(Role.SCHEDULER),
    )


@blueprint.get("/moi")
def new() -> ResponseReturnValue:
    """Show the form of a new session, for one bulletin when asked."""
    _require_scheduler()
    today = local(services().clock.now()).date()
    chosen = request.args.getlist("bulletin")[:20]
    standing = _standing()
    only = frozenset(one.area_id for one in standing) if len(standing) == 1 else frozenset()
    form = SessionForm(bulletin_ids=tuple(chosen), area_ids=only, day=on_day(today))
    for one in _approved():
        if chosen and one.id == chosen[0]:
            form = replace(form, name=one.title[:80])
    return _form_page(form, {})


@blueprint.post("/moi")
def add() -> ResponseReturnValue:
    """Add a session."""
    now = services().clock.now()
    form = as_typed(request.form, now)
    wanted, problems = to_session(form, local(now).date())
    if wanted is None:
        return _form_page(form, problems, 422)
    before = _silent(wanted, now)
    try:
        services().timetable.add(me(), wanted)
    except BadInputError as error:
        approved = frozenset(one.id for one in _approved())
        areas = frozenset(one.id for one in _areas(local(now).date()))
        return _form_page(form, {refused_field(form, approved, areas): error.sentence}, 422)
    warnings = _warnings(wanted, {key: words for key, words in _silent(wanted, now).items() if key not in before}, now)
    if warnings:
        flash(f"Đã xếp lịch, nhưng {' '.join(warnings)}", "warning")
    else:
        flash("Đã xếp lịch. Máy phát sẽ nhận lịch mới trong ít giây.", "success")
    area_id = min(wanted.area_ids)
    day = min(wanted.dates) if wanted.dates else None
    return redirect(url_for("timetable.page", area=area_id, day=day.isoformat() if day else None), 303)


@blueprint.post("/<rule_id>/dung")
def stop(rule_id: str) -> ResponseReturnValue:
    """Switch a rule off."""
    services().timetable.stop(me(), rule_id)
    flash("Đã dừng dòng lịch này. Những gì đã phát vẫn còn trong nhật ký.", "success")
    return redirect(url_for("timetable.page") + "#dong-lich", 303)


@blueprint.post("/<rule_id>/phat-lai")
def resume(rule_id: str) -> ResponseReturnValue:
    """Switch a rule on again."""
    services().timetable.resume(me(), rule_id)
    flash("Dòng lịch này đã được phát trở lại.", "success")
    return redirect(url_for("timetable.page") + "#dong-lich", 303)


def _form_page(form: SessionForm, problems: dict[str, str], status: int = 200) -> ResponseReturnValue:
    now = services().clock.now()
    approved = _approved()
    with services().database.read() as connection:
        shelf = clips.some(connection, [one.clip_hash for one in approved if one.clip_hash])
        branches = tree(places.areas(connection), places.levels(connection), local(now).date())
    return render_template(
        "session.html",
        form=form,
        problems=problems,
        approved=approved,
        shelf=shelf,
        tree=branches,
        reached=_reached(branches, frozenset(one.area_id for one in _standing())),
        weekdays=tuple(enumerate(SHORT_WEEKDAYS, 1)),
        priorities=(Priority.NORMAL, Priority.PRIORITY),
        station=own_station(),
        now=now,
    ), status


def _approved() -> tuple[Bulletin, ...]:
    with services().database.read() as connection:
        return bulletins.newest(connection, (BulletinState.APPROVED,))


def _areas(today: date) -> tuple[Branch, ...]:
    with services().database.read() as connection:
        return flat(tree(places.areas(connection), places.levels(connection), today))


def _standing() -> tuple[Machine, ...]:
    with services().database.read() as connection:
        return tuple(one for one in machines.everything(connection) if one.revoked_at is None)


def _reached(branches: tuple[Branch, ...], standing: frozenset[str]) -> frozenset[str]:
    """Return the ids of the areas on which a machine hangs, there or anywhere below."""
    every = flat(branches)
    return frozenset(one.id for one in every if any(below.id in standing for below in flat((one,))))


def _silent(wanted: NewSession, now: datetime) -> dict[tuple[str, str], str]:
    """Return, in words, what will not sound where `wanted` is meant, in its first eight days.

    By area and session: adding one can also silence another that was there before.
    """
    today = local(now).date()
    first = min(wanted.dates, default=wanted.valid_from) or today
    # Nothing has been checked yet: a first day may be any that the calendar knows.
    begin = max(today, min(first, today + _FARTHEST))
    start = max(now, datetime.combine(begin, time(), ZONE))
    areas = {one.area_id for one in services().timetable.machines_under(wanted.area_ids)}
    planned = services().timetable.will_sound_at(areas, start, start + _LOOK_AHEAD)
    return {(area, slot.key): _why(slot) for area, slots in planned.items() for slot in slots if _why(slot)}


def _why(slot: Slot) -> str:
    reason = slot.refusal or "; ".join(f"«{one.title}» {one.refusal}" for one in slot.items if one.refusal)
    return f"«{slot.title}» lúc {moment(slot.starts_at)} ({reason.rstrip('.')})" if reason else ""


def _warnings(wanted: NewSession, silent: dict[tuple[str, str], str], now: datetime) -> list[str]:
    """Return a sentence for each thing that keeps the session from sounding as it was asked for."""
    said = []
    under = services().timetable.machines_under
    names = {one.id: one.name for one in _areas(local(now).date())}
    bare = [names[one] for one in names if one in wanted.area_ids and not under(frozenset({one}))]
    if bare:
        said.append(f"nơi này chưa có máy phát nên ở đó chưa có gì phát lên: {', '.join(bare)}.")
    lost = [one.name for one in under(wanted.area_ids) if one.state_at(now) is MachineState.OFFLINE]
    if lost:
        said.append(f"máy đang mất kết nối, chỉ nhận lịch mới khi có mạng lại: {', '.join(lost)}.")
    told = list(dict.fromkeys(silent.values()))
    if told:
        more = f" và {len(told) - _MOST_TOLD} buổi khác" if len(told) > _MOST_TOLD else ""
        said.append(f"tính đến lúc này sẽ không phát hoặc không phát đủ: {', '.join(told[:_MOST_TOLD])}{more}.")
    return [said[0], *(one[0].upper() + one[1:] for one in said[1:])] if said else []


def _area_id(areas: tuple[Branch, ...]) -> str:
    """Return the area asked for, else one where a machine stands, else the first."""
    asked = request.args.get("area", "")
    known = [one.id for one in areas]
    if asked in known:
        return asked
    with services().database.read() as connection:
        standing = {one.area_id for one in machines.everything(connection) if one.revoked_at is None}
    return next((one for one in known if one in standing), known[0] if known else "")


def _asked_day() -> date | None:
    try:
        day = read_day(request.args.get("day", ""))
    except BadInputError:
        return None
    return day if day is not None and 1970 <= day.year <= 2100 else None


def _rule_lines(areas: tuple[Branch, ...], now: datetime) -> list[RuleLine]:
    names = {one.id: one.name for one in areas}
    with services().database.read() as connection:
        rules, programmes = timetable.rules(connection), timetable.programmes(connection)
    lines = [
        RuleLine(
            rule,
            programmes[rule.programme_id],
            tuple(name for area_id, name in names.items() if area_id in rule.area_ids),
            _days_in_words(rule),
            _is_over(rule, now),
        )
        for rule in rules.values()
    ]
    return sorted(lines, key=lambda line: (line.over, not line.rule.enabled, line.rule.times, line.programme.name))


def _days_in_words(rule: Rule) -> str:
    if len(rule.weekdays) == 7:
        words = ["hằng ngày"]
    else:
        words = [", ".join(SHORT_WEEKDAYS[number - 1] for number in sorted(rule.weekdays))] if rule.weekdays else []
    words += [on_day(one) for one in sorted(rule.dates)]
    if rule.valid_from:
        words.append(f"từ {on_day(rule.valid_from)}")
    if rule.valid_until:
        words.append(f"đến {on_day(rule.valid_until)}")
    return ", ".join(words)


def _is_over(rule: Rule, now: datetime) -> bool:
    last = max(rule.dates, default=date.min)
    if rule.weekdays:
        last = max(last, rule.valid_until or date.max)
    return last < local(now).date() or (last < date.max and datetime.combine(last, max(rule.times), ZONE) <= now)


def _require_scheduler() -> None:
    if not me().may(Role.SCHEDULER):
        raise NotAllowedError("Tài khoản của bạn không có quyền xếp lịch. Chưa có gì thay đổi.")
