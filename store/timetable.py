"""Programmes, rules, and what they come to: occurrences and the slots of each machine."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from domain.errors import NotFoundError
from domain.timetable import (
    LatePolicy,
    Occurrence,
    PlannedItem,
    Priority,
    Programme,
    ProgrammeItem,
    Rule,
    Slot,
)
from store import station, tables


def add_programme(connection: Connection, programme: Programme) -> None:
    """Add a programme with its items."""
    connection.execute(
        insert(tables.programme).values(
            id=programme.id,
            name=programme.name,
            priority=int(programme.priority),
            late_policy=programme.late_policy.value,
            grace=programme.grace,
        )
    )
    for position, item in enumerate(programme.items):
        connection.execute(
            insert(tables.programme_item).values(
                programme_id=programme.id,
                position=position,
                bulletin_id=item.bulletin_id,
                clip_hash=item.clip_hash,
            )
        )


def programmes(connection: Connection) -> dict[str, Programme]:
    """Return every programme by id."""
    items: dict[str, list[ProgrammeItem]] = {}
    query = select(tables.programme_item).order_by(tables.programme_item.c.position)
    for row in connection.execute(query):
        items.setdefault(row.programme_id, []).append(ProgrammeItem(row.bulletin_id, row.clip_hash))
    return {
        row.id: Programme(
            id=row.id,
            name=row.name,
            items=tuple(items.get(row.id, ())),
            priority=Priority(row.priority),
            late_policy=LatePolicy(row.late_policy),
            grace=row.grace,
        )
        for row in connection.execute(select(tables.programme).order_by(tables.programme.c.name))
    }


def add_rule(connection: Connection, rule: Rule) -> None:
    """Add a rule."""
    connection.execute(
        insert(tables.rule).values(
            id=rule.id,
            programme_id=rule.programme_id,
            areas=sorted(rule.area_ids),
            except_areas=sorted(rule.except_area_ids),
            times=[moment.isoformat() for moment in rule.times],
            weekdays=sorted(rule.weekdays),
            dates=sorted(day.isoformat() for day in rule.dates),
            except_dates=sorted(day.isoformat() for day in rule.except_dates),
            valid_from=rule.valid_from,
            valid_until=rule.valid_until,
            enabled=rule.enabled,
            created_by=rule.created_by,
        )
    )
    station.plan_changed(connection)


def rules(connection: Connection) -> dict[str, Rule]:
    """Return every rule by id."""
    return {row.id: _rule(row) for row in connection.execute(select(tables.rule))}


def rule(connection: Connection, rule_id: str) -> Rule:
    """Return the rule. Raises NotFoundError."""
    row = connection.execute(select(tables.rule).where(tables.rule.c.id == rule_id)).one_or_none()
    if row is None:
        raise NotFoundError("Không có dòng lịch này.")
    return _rule(row)


def set_enabled(connection: Connection, rule_id: str, enabled: bool) -> None:
    """Switch a rule on or off; what has sounded stays in the log."""
    connection.execute(update(tables.rule).where(tables.rule.c.id == rule_id).values(enabled=enabled))
    station.plan_changed(connection)


def keep_occurrences(connection: Connection, start: datetime, end: datetime, occurrences: Iterable[Occurrence]) -> None:
    """Make the occurrences in [start, end) exactly these; earlier and later ones stay."""
    table = tables.occurrence
    connection.execute(delete(table).where(table.c.starts_at >= start, table.c.starts_at < end))
    rows = [
        {"key": one.key, "rule_id": one.rule_id, "programme_id": one.programme_id, "starts_at": one.starts_at}
        for one in occurrences
    ]
    if rows:
        connection.execute(upsert(table).on_conflict_do_nothing(), rows)


def occurrences(connection: Connection, start: datetime, end: datetime) -> tuple[Occurrence, ...]:
    """Return the occurrences in [start, end), in order."""
    table = tables.occurrence
    rows = connection.execute(
        select(table).where(table.c.starts_at >= start, table.c.starts_at < end).order_by(table.c.starts_at)
    )
    return tuple(Occurrence(row.key, row.rule_id, row.programme_id, row.starts_at) for row in rows)


def keep_slots(connection: Connection, machine_id: str, start: datetime, end: datetime, slots: Iterable[Slot]) -> None:
    """Make the slots of a machine in [start, end) exactly these; earlier and later ones stay."""
    table = tables.slot
    connection.execute(
        delete(table).where(table.c.machine_id == machine_id, table.c.starts_at >= start, table.c.starts_at < end)
    )
    rows = [_slot_row(one) for one in slots]
    if rows:
        connection.execute(upsert(table).on_conflict_do_nothing(), rows)


def slots(connection: Connection, start: datetime, end: datetime, machine_id: str | None = None) -> tuple[Slot, ...]:
    """Return the slots in [start, end), of one machine or of all, in order."""
    table = tables.slot
    query = select(table).where(table.c.starts_at >= start, table.c.starts_at < end)
    if machine_id is not None:
        query = query.where(table.c.machine_id == machine_id)
    return tuple(_slot(row) for row in connection.execute(query.order_by(table.c.starts_at, table.c.key)))


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        id=row.id,
        programme_id=row.programme_id,
        area_ids=frozenset(row.areas),
        times=tuple(time.fromisoformat(moment) for moment in row.times),
        weekdays=frozenset(row.weekdays),
        dates=frozenset(date.fromisoformat(day) for day in row.dates),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        except_dates=frozenset(date.fromisoformat(day) for day in row.except_dates),
        except_area_ids=frozenset(row.except_areas),
        enabled=row.enabled,
        created_by=row.created_by,
    )


def _slot_row(slot: Slot) -> dict[str, Any]:
    return {
        "key": f"{slot.machine_id}:{slot.key}",
        "machine_id": slot.machine_id,
        "starts_at": slot.starts_at,
        "title": slot.title,
        "priority": int(slot.priority),
        "late_policy": slot.late_policy.value,
        "grace": slot.grace,
        "items": [
            [item.title, item.clip_hash, item.length.total_seconds(), item.bulletin_id, item.refusal]
            for item in slot.items
        ],
        "refusal": slot.refusal,
    }


def _slot(row: Row[Any]) -> Slot:
    return Slot(
        key=row.key.removeprefix(f"{row.machine_id}:"),
        machine_id=row.machine_id,
        starts_at=row.starts_at,
        title=row.title,
        priority=Priority(row.priority),
        late_policy=LatePolicy(row.late_policy),
        grace=row.grace,
        items=tuple(
            PlannedItem(title, clip_hash, timedelta(seconds=seconds), bulletin_id, refusal)
            for title, clip_hash, seconds, bulletin_id, refusal in row.items
        ),
        refusal=row.refusal,
    )
