"""Airings as machines reported them; they outlive the clips and programmes they name."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, not_, or_, select
from sqlalchemy.dialects.sqlite import insert

from domain.emergencies import ALARM_KEY, CLEAR_KEY, ENDED_BY_PEOPLE
from domain.machines import Airing, AiringOutcome
from domain.proof import Hearing, Level, Proof
from store import tables


def keep(connection: Connection, airings: Iterable[Airing], now: datetime) -> None:
    """Keep reports, however often they come; "playing" never takes the place of an ending."""
    for airing in airings:
        values = _values(airing, now)
        statement = insert(tables.airing).values(values)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_=values,
                where=or_(
                    tables.airing.c.outcome == AiringOutcome.PLAYING.value,
                    statement.excluded.outcome != AiringOutcome.PLAYING.value,
                )
                & (tables.airing.c.machine_id == airing.machine_id),
            )
        )


def between(
    connection: Connection, start: datetime, end: datetime, machine_id: str | Collection[str] | None = None
) -> tuple[Airing, ...]:
    """Return the airings planned in [start, end), of one machine, of some or of all, in order."""
    table = tables.airing
    query = select(table).where(table.c.planned_start >= start, table.c.planned_start < end)
    if machine_id is not None:
        query = query.where(table.c.machine_id.in_([machine_id] if isinstance(machine_id, str) else machine_id))
    rows = connection.execute(query.order_by(table.c.planned_start, table.c.machine_id, table.c.position))
    return tuple(_airing(row) for row in rows)


def newest_of(connection: Connection, machine_id: str, limit: int) -> tuple[Airing, ...]:
    """Return the newest airings of a machine by their planned start, the newest first."""
    table = tables.airing
    query = select(table).where(table.c.machine_id == machine_id)
    rows = connection.execute(query.order_by(table.c.planned_start.desc(), table.c.position.desc()).limit(limit))
    return tuple(_airing(row) for row in rows)


def silent(connection: Connection, start: datetime, end: datetime, limit: int) -> tuple[Airing, ...]:
    """Return the newest airings planned in [start, end) of which nothing sounded, but for what people had ended."""
    table = tables.airing
    urgent = or_(table.c.slot_key.startswith(ALARM_KEY), table.c.slot_key.startswith(CLEAR_KEY))
    rows = connection.execute(
        select(table)
        .where(
            table.c.outcome == AiringOutcome.MISSED.value,
            table.c.planned_start >= start,
            table.c.planned_start < end,
            not_(and_(urgent, table.c.reason.in_(ENDED_BY_PEOPLE))),
        )
        .order_by(table.c.planned_start.desc())
        .limit(limit)
    )
    return tuple(_airing(row) for row in rows)


def troubled(connection: Connection, start: datetime, end: datetime) -> frozenset[str]:
    """Return the machines on which something planned in [start, end) was silent or cut short."""
    table = tables.airing.c
    wrong = table.outcome.in_([AiringOutcome.MISSED.value, AiringOutcome.CUT.value])
    query = select(table.machine_id).where(wrong, table.planned_start >= start, table.planned_start < end)
    return frozenset(connection.execute(query.distinct()).scalars())


def on_air(connection: Connection, now: datetime, since: datetime) -> tuple[Airing, ...]:
    """Return what machines said they were playing and have not said they ended, since a given instant."""
    table = tables.airing
    rows = connection.execute(
        select(table)
        .where(
            table.c.outcome == AiringOutcome.PLAYING.value,
            table.c.started_at >= since,
            table.c.started_at <= now,
        )
        .order_by(table.c.started_at)
    )
    return tuple(_airing(row) for row in rows)


def _values(airing: Airing, now: datetime) -> dict[str, Any]:
    return {
        "key": f"{airing.machine_id}:{airing.key}",
        "machine_id": airing.machine_id,
        "slot_key": airing.slot_key,
        "position": airing.position,
        "title": airing.title,
        "clip_hash": airing.clip_hash,
        "planned_start": airing.planned_start,
        "outcome": airing.outcome.value,
        "started_at": airing.started_at,
        "ended_at": airing.ended_at,
        "rendered": airing.rendered,
        "reason": airing.reason,
        "received_at": now,
        **_measured(airing),
    }


def _measured(airing: Airing) -> dict[str, Any]:
    level, proof = airing.level, airing.proof
    return {
        "rms_mb": level and level.rms_mb,
        "peak_mb": level and level.peak_mb,
        "dead": level and level.dead,
        "clipped_ppm": level and level.clipped_ppm,
        "hearing": proof and proof.hearing.value,
        "score": proof and proof.score,
    }


def _airing(row: Row[Any]) -> Airing:
    return Airing(
        key=row.key.removeprefix(f"{row.machine_id}:"),
        machine_id=row.machine_id,
        slot_key=row.slot_key,
        position=row.position,
        title=row.title,
        clip_hash=row.clip_hash,
        planned_start=row.planned_start,
        outcome=AiringOutcome(row.outcome),
        started_at=row.started_at,
        ended_at=row.ended_at,
        rendered=row.rendered,
        reason=row.reason,
        level=None if row.rms_mb is None else Level(row.rms_mb, row.peak_mb, row.dead, row.clipped_ppm),
        proof=None if row.hearing is None else Proof(Hearing(row.hearing), row.score),
    )
