"""Emergencies: standard messages, requests and their ends, what machines report, the signed orders, and the acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from domain.emergencies import LONGEST, Emergency, MessageState, StandardMessage
from domain.emergency_set import pattern_document, read_pattern
from domain.errors import NotFoundError
from store import station, tables


@dataclass(frozen=True, slots=True)
class Report:
    """How an alert stands on one machine, as it last said; `alert_id` is the emergency's, or that of its all-clear."""

    machine_id: str
    alert_id: str
    emergency_id: str
    heard: int
    began_at: datetime
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did to an emergency or a message; machines act when people at the loudspeaker do."""

    at: datetime
    user_id: str | None
    machine_id: str | None
    subject_id: str
    act: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PublishedOrders:
    """The signed sheet that a machine is served; `clips` are those it names, media type by hash."""

    machine_id: str
    counter: int
    fingerprint: str
    etag: str
    body: bytes
    clips: Mapping[str, str]
    expires_at: datetime


def versions(connection: Connection) -> tuple[int, int]:
    """Return two numbers: one grows with all that may change orders, the other with each sheet that is signed."""
    row = connection.execute(select(tables.emergency_version)).one_or_none()
    return (0, 0) if row is None else (row.asked, row.signed)


def changed(connection: Connection) -> None:
    """Note that orders may be different now, so that the worker signs anew at once."""
    _raise(connection, "asked")


def _raise(connection: Connection, which: str) -> None:
    table = tables.emergency_version
    first = {"only": 1, "asked": 0, "signed": 0, which: 1}
    grown = {which: table.c[which] + 1}
    connection.execute(upsert(table).values(first).on_conflict_do_update(index_elements=["only"], set_=grown))


def put_message(connection: Connection, message: StandardMessage) -> None:
    """Add a standard message, or write what it has become."""
    values = {
        "id": message.id,
        "title": message.title,
        "message_hash": message.message_hash,
        "chime_hash": message.chime_hash,
        "all_clear_hash": message.all_clear_hash,
        "pattern": pattern_document(message.pattern),
        "local": message.local,
        "state": message.state.value,
        "proposed_by": message.proposed_by,
        "proposed_at": message.proposed_at,
        "agreed_by": message.agreed_by,
        "agreed_at": message.agreed_at,
        "leaving_by": message.leaving_by,
    }
    _write(connection, tables.standard_message, values)
    station.plan_changed(connection)


def messages(connection: Connection) -> tuple[StandardMessage, ...]:
    """Return every standard message that is not done with, by title."""
    table = tables.standard_message
    gone = (MessageState.RETIRED.value, MessageState.REFUSED.value)
    rows = connection.execute(select(table).where(table.c.state.not_in(gone)).order_by(table.c.title, table.c.id))
    return tuple(_message(row) for row in rows)


def message(connection: Connection, message_id: str) -> StandardMessage:
    """Return a standard message. Raises NotFoundError."""
    table = tables.standard_message
    row = connection.execute(select(table).where(table.c.id == message_id)).one_or_none()
    if row is None:
        raise NotFoundError("Không có thông điệp mẫu này.")
    return _message(row)


def put(connection: Connection, one: Emergency) -> None:
    """Add an emergency, or write what has become of it."""
    values = {
        "id": one.id,
        "title": one.title,
        "message_hash": one.message_hash,
        "chime_hash": one.chime_hash,
        "all_clear_hash": one.all_clear_hash,
        "drill_hash": one.drill_hash,
        "pattern": pattern_document(one.pattern),
        "area_ids": sorted(one.area_ids),
        "except_area_ids": sorted(one.except_area_ids),
        "drill": one.drill,
        "asked_by": one.asked_by or None,
        "asked_at": one.asked_at,
        "confirmed_by": one.confirmed_by,
        "started_at": one.started_at,
        "declined_by": one.declined_by,
        "stopped_by": one.stopped_by,
        "stopped_at": one.stopped_at,
        "cleared_by": one.cleared_by,
        "cleared_at": one.cleared_at,
        "machine_id": one.machine_id,
        "ended_reason": one.ended_reason,
    }
    _write(connection, tables.emergency, values)
    changed(connection)


def get(connection: Connection, emergency_id: str) -> Emergency:
    """Return an emergency. Raises NotFoundError."""
    found = find(connection, emergency_id)
    if found is None:
        raise NotFoundError("Không có lần phát khẩn này.")
    return found


def find(connection: Connection, emergency_id: str) -> Emergency | None:
    """Return an emergency, or None."""
    table = tables.emergency
    row = connection.execute(select(table).where(table.c.id == emergency_id)).one_or_none()
    return None if row is None else _emergency(row)


def since(connection: Connection, instant: datetime) -> tuple[Emergency, ...]:
    """Return the emergencies asked for, started or ended from `instant` on, the newest first."""
    table = tables.emergency.c
    recent = or_(table.asked_at >= instant, table.started_at >= instant, table.stopped_at >= instant)
    rows = connection.execute(select(tables.emergency).where(recent).order_by(table.asked_at.desc(), table.id))
    return tuple(_emergency(row) for row in rows)


def drills(connection: Connection, instant: datetime) -> frozenset[str]:
    """Return the ids of the drills that may have sounded from `instant` on."""
    return frozenset(one.id for one in since(connection, instant - LONGEST) if one.drill)


def at_hand(connection: Connection, now: datetime) -> tuple[Emergency, ...]:
    """Return the emergencies that wait for a second person or run at `now`, the newest first."""
    table = tables.emergency.c
    query = select(tables.emergency).where(
        table.asked_at > now - timedelta(hours=25), table.stopped_at.is_(None), table.declined_by.is_(None)
    )
    found = (_emergency(row) for row in connection.execute(query.order_by(table.asked_at.desc(), table.id)))
    return tuple(one for one in found if one.state_at(now).is_open)


def keep_report(connection: Connection, report: Report, now: datetime) -> None:
    """Keep how an alert stands on a machine."""
    values = {
        "machine_id": report.machine_id,
        "alert_id": report.alert_id,
        "emergency_id": report.emergency_id,
        "heard": report.heard,
        "began_at": report.began_at,
        "ended_at": report.ended_at,
        "reason": report.reason,
        "received_at": now,
    }
    _write(connection, tables.emergency_report, values)


def reports(connection: Connection, emergency_id: str) -> tuple[Report, ...]:
    """Return how an emergency and its all-clear stand on each machine that has said so."""
    table = tables.emergency_report.c
    rows = connection.execute(select(tables.emergency_report).where(table.emergency_id == emergency_id))
    return tuple(
        Report(row.machine_id, row.alert_id, row.emergency_id, row.heard, row.began_at, row.ended_at, row.reason)
        for row in rows
    )


def note(connection: Connection, act: Act) -> None:
    """Write down who did what; nothing of it can be changed or removed afterwards."""
    connection.execute(
        insert(tables.emergency_act).values(
            at=act.at,
            user_id=act.user_id,
            machine_id=act.machine_id,
            subject_id=act.subject_id,
            act=act.act,
            detail=act.detail,
        )
    )


def acts(connection: Connection, subject_id: str) -> tuple[Act, ...]:
    """Return what was done to an emergency or a message, in order."""
    table = tables.emergency_act.c
    query = select(tables.emergency_act).where(table.subject_id == subject_id).order_by(table.number)
    return tuple(
        Act(row.at, row.user_id, row.machine_id, row.subject_id, row.act, row.detail)
        for row in connection.execute(query)
    )


def published(connection: Connection, machine_id: str) -> PublishedOrders | None:
    """Return the sheet last signed for a machine."""
    table = tables.published_orders
    row = connection.execute(select(table).where(table.c.machine_id == machine_id)).one_or_none()
    return None if row is None else _sheet(row)


def in_force(connection: Connection, now: datetime) -> dict[str, PublishedOrders]:
    """Return by machine the sheets that are not over at `now`."""
    table = tables.published_orders
    rows = connection.execute(select(table).where(table.c.expires_at > now))
    return {row.machine_id: _sheet(row) for row in rows}


def publish(connection: Connection, sheet: PublishedOrders) -> None:
    """Put a newly signed sheet in place of the one a machine had."""
    values = {
        "machine_id": sheet.machine_id,
        "counter": sheet.counter,
        "fingerprint": sheet.fingerprint,
        "etag": sheet.etag,
        "body": sheet.body,
        "clips": dict(sheet.clips),
        "expires_at": sheet.expires_at,
    }
    _write(connection, tables.published_orders, values)
    _raise(connection, "signed")


def _sheet(row: Row[Any]) -> PublishedOrders:
    return PublishedOrders(
        row.machine_id, row.counter, row.fingerprint, row.etag, row.body, dict(row.clips), row.expires_at
    )


def _write(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Add a row, or put it in the place of the one that has its key."""
    keys = [column.name for column in table.primary_key]
    connection.execute(upsert(table).values(values).on_conflict_do_update(index_elements=keys, set_=values))


def _message(row: Row[Any]) -> StandardMessage:
    return StandardMessage(
        id=row.id,
        title=row.title,
        message_hash=row.message_hash,
        chime_hash=row.chime_hash,
        all_clear_hash=row.all_clear_hash,
        pattern=read_pattern(row.pattern),
        local=row.local,
        state=MessageState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        agreed_by=row.agreed_by,
        agreed_at=row.agreed_at,
        leaving_by=row.leaving_by,
    )


def _emergency(row: Row[Any]) -> Emergency:
    return Emergency(
        id=row.id,
        title=row.title,
        message_hash=row.message_hash,
        chime_hash=row.chime_hash,
        all_clear_hash=row.all_clear_hash,
        drill_hash=row.drill_hash,
        pattern=read_pattern(row.pattern),
        area_ids=frozenset(row.area_ids),
        except_area_ids=frozenset(row.except_area_ids),
        drill=row.drill,
        asked_by=row.asked_by or "",
        asked_at=row.asked_at,
        confirmed_by=row.confirmed_by,
        started_at=row.started_at,
        declined_by=row.declined_by,
        stopped_by=row.stopped_by,
        stopped_at=row.stopped_at,
        cleared_by=row.cleared_by,
        cleared_at=row.cleared_at,
        machine_id=row.machine_id,
        ended_reason=row.ended_reason,
    )
