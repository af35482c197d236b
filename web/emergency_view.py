"""Emergencies as pages show them: what sounds where, since when, how often, by whom, and what a person may do."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.checks import Check, Finding
from domain.emergencies import EMERGENCY_LABELS, Emergency, EmergencyState, Pattern
from domain.errors import StorageError
from domain.people import Role
from scheduler.emergency_desk import may_ask, may_stop
from scheduler.inputs import Paths, local_date
from scheduler.ordering import reaches
from scheduler.timespan import spoken
from store import checks, emergencies, machines, people, places
from store.emergencies import Act, Report
from web.context import me, services, visitor
from web.states import Mark


@dataclass(frozen=True, slots=True)
class Shown:
    """An emergency in words, and what the person who looks may do about it."""

    id: str
    title: str
    drill: bool
    state: EmergencyState
    mark: Mark
    where: str
    asked_by: str
    asked_at: datetime
    confirmed_by: str
    started_at: datetime | None
    expires_at: datetime | None
    stopped_by: str
    stopped_at: datetime | None
    pattern: str
    at_machine: str
    reason: str
    cleared: bool
    may_confirm: bool
    may_decline: bool
    may_stop: bool
    may_clear: bool


@dataclass(frozen=True, slots=True)
class Place:
    """How an emergency stands on one machine: `heard` repeats began; not `told` when the machine has said nothing."""

    machine: str
    told: bool
    heard: int
    ended_at: datetime | None
    reason: str


def shown(connection: Connection, one: Emergency, now: datetime) -> Shown:
    """Return an emergency as the person who is signed in sees it."""
    names = {user.id: user.name for user in people.everyone(connection)}
    box = machines.find(connection, one.machine_id) if one.machine_id else None
    areas = {area.id: area.name for area in places.areas(connection)}
    state = one.state_at(now)
    person = me()
    return Shown(
        id=one.id,
        title=one.title,
        drill=one.drill,
        state=state,
        mark=_mark(one, state),
        where=where_words(one.area_ids, one.except_area_ids, areas),
        asked_by=names.get(one.asked_by, ""),
        asked_at=one.asked_at,
        confirmed_by=names.get(one.confirmed_by or "", ""),
        started_at=one.started_at,
        expires_at=one.expires_at,
        stopped_by=names.get(one.stopped_by or "", ""),
        stopped_at=one.stopped_at,
        pattern=pattern_words(one.pattern),
        at_machine=box.name if box else "",
        reason=one.ended_reason,
        cleared=one.cleared_at is not None,
        may_confirm=state is EmergencyState.ASKED and person.may(Role.APPROVER) and person.id != one.asked_by,
        may_decline=state is EmergencyState.ASKED and (person.may(Role.APPROVER) or person.id == one.asked_by),
        may_stop=state is EmergencyState.RUNNING and may_stop(person),
        may_clear=one.started_at is not None
        and one.cleared_at is None
        and one.all_clear_hash is not None
        and may_ask(person),
    )


def bar() -> tuple[Shown, ...]:
    """Return what every page must show: what runs, and what waits for a second person.

    Nothing while the database cannot be read: the page that says so must come.
    """
    if visitor() is None:
        return ()
    now = services().clock.now()
    try:
        with services().database.read() as connection:
            return tuple(shown(connection, one, now) for one in emergencies.at_hand(connection, now))
    except StorageError:
        return ()


def unsigned() -> tuple[Finding, ...]:
    """Return which machines' orders could not be signed, and why, for a person who can do something about it."""
    if not (may_ask(me()) or may_stop(me())):
        return ()
    with services().database.read() as connection:
        return tuple(one for one in checks.findings(connection) if one.check is Check.UNSIGNED)


def places_of(connection: Connection, one: Emergency, now: datetime) -> tuple[Place, ...]:
    """Return how an emergency stands on each machine that it is for, as the machines have said."""
    told = {
        report.machine_id: report for report in emergencies.reports(connection, one.id) if report.alert_id == one.id
    }
    paths = Paths(places.areas(connection), local_date(now))
    meant = (
        box
        for box in machines.roster(connection)
        if box.id in told or (box.revoked_at is None and reaches(one, box, paths.of(box.area_id)))
    )
    return tuple(_place(box.name, told.get(box.id)) for box in meant)


def acts_of(connection: Connection, one: Emergency) -> tuple[tuple[Act, str], ...]:
    """Return what was done to an emergency, each with who did it."""
    names = {user.id: user.name for user in people.everyone(connection)}
    boxes = {box.id: box.name for box in machines.roster(connection)}
    found = emergencies.acts(connection, one.id)
    return tuple((act, names.get(act.user_id or "", "") or boxes.get(act.machine_id or "", "")) for act in found)


def where_words(area_ids: frozenset[str], except_ids: frozenset[str], names: dict[str, str]) -> str:
    """Return the places, as in “Phường Tân Phong, trừ Bản San Thàng”."""
    inside = ", ".join(name for area_id, name in names.items() if area_id in area_ids)
    outside = ", ".join(name for area_id, name in names.items() if area_id in except_ids)
    return f"{inside}, trừ {outside}" if outside else inside


def pattern_words(pattern: Pattern) -> str:
    """Return how a message is repeated, in words."""
    first = "1 lần" if pattern.times == 1 else f"{pattern.times} lần liền, nghỉ {spoken(pattern.gap)}"
    then = f", rồi cứ {spoken(pattern.every)} một lần" if pattern.every else ""
    return f"{first}{then}; tự dừng sau {spoken(pattern.longest)}"


def _place(name: str, report: Report | None) -> Place:
    if report is None:
        return Place(name, told=False, heard=0, ended_at=None, reason="")
    return Place(name, told=True, heard=report.heard, ended_at=report.ended_at, reason=report.reason)


def _mark(one: Emergency, state: EmergencyState) -> Mark:
    icon, tone = {
        EmergencyState.ASKED: ("hourglass-split", "warn"),
        EmergencyState.LAPSED: ("slash-circle", "quiet"),
        EmergencyState.DECLINED: ("slash-circle", "quiet"),
        EmergencyState.RUNNING: ("broadcast", "calm" if one.drill else "bad"),
        EmergencyState.STOPPED: ("stop-circle", "good"),
        EmergencyState.OVER: ("check2", "quiet"),
    }[state]
    return Mark(icon, EMERGENCY_LABELS[state], tone)
