"""What the timetable comes to: occurrences, and the slots of each machine."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    MetaData,
    Row,
    Table,
    Text,
    TypeDecorator,
    and_,
    bindparam,
    delete,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from domain.playlist import length_ms, to_ms
from domain.timetable import ItemKind, LatePolicy, Layer, Occurrence, PlannedItem, Priority, Slot
from store import tables


@dataclass(frozen=True, slots=True)
class NextSlot:
    """What sounds next on a machine."""

    title: str
    starts_at: datetime


def keep_occurrences(connection: Connection, start: datetime, end: datetime, occurrences: Iterable[Occurrence]) -> None:
    """Make the occurrences in [start, end) exactly these; earlier and later ones stay."""
    table = tables.occurrence
    connection.execute(delete(table).where(table.c.starts_at >= start, table.c.starts_at < end))
    rows = [
        {
            "key": one.key,
            "rule_id": one.rule_id,
            "programme_id": one.programme_id,
            "starts_at": one.starts_at,
            "layer": one.layer.value,
            "moved_from": one.moved_from,
        }
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
    return tuple(
        Occurrence(row.key, row.rule_id, row.programme_id, row.starts_at, Layer(row.layer), row.moved_from)
        for row in rows
    )


def keep_slots(connection: Connection, machine_id: str, start: datetime, end: datetime, slots: Iterable[Slot]) -> None:
    """Make the slots of a machine in [start, end) exactly these; earlier and later ones stay."""
    table = tables.slot
    connection.execute(
        delete(table).where(table.c.machine_id == machine_id, table.c.starts_at >= start, table.c.starts_at < end)
    )
    rows = [_slot_row(one) for one in slots]
    if rows:
        connection.execute(upsert(table).on_conflict_do_nothing(), rows)


def keep_plans(connection: Connection, start: datetime, end: datetime, plans: Mapping[str, Iterable[Slot]]) -> int:
    """Make the slots in [start, end) of the machines named exactly these; return how many rows it took.

    Only what differs is written: an edit that touches one hamlet does not rewrite a province.
    """
    starts_at = _ON_DISK.c.starts_at
    ahead = select(_ON_DISK).where(starts_at >= to_ms(start), starts_at < to_ms(end))
    held = {row.key: tuple(row) for row in connection.execute(ahead) if row.machine_id in plans}
    items: dict[int, str] = {}
    wanted = {row[0]: row for slots in plans.values() for row in (_disk_row(one, items) for one in slots)}
    gone = [{"gone": key} for key, row in held.items() if wanted.get(key) != row]
    fresh = [dict(zip(_ON_DISK.c.keys(), row, strict=True)) for key, row in wanted.items() if held.get(key) != row]
    if gone:
        connection.execute(delete(_ON_DISK).where(_ON_DISK.c.key == bindparam("gone")), gone)
    if fresh:
        connection.execute(upsert(_ON_DISK).on_conflict_do_nothing(), fresh)
    return len(gone) + len(fresh)


def slots(
    connection: Connection, start: datetime, end: datetime, machine_id: str | Collection[str] | None = None
) -> tuple[Slot, ...]:
    """Return the slots in [start, end), of one machine, of some or of all, in order."""
    table = tables.slot
    query = select(*_READ).where(table.c.starts_at >= start, table.c.starts_at < end)
    if machine_id is not None:
        query = query.where(table.c.machine_id.in_([machine_id] if isinstance(machine_id, str) else machine_id))
    known: dict[str, tuple[PlannedItem, ...]] = {}
    return tuple(_slot(row, known) for row in connection.execute(query.order_by(table.c.starts_at, table.c.key)))


def next_slots(connection: Connection, machine_ids: Iterable[str], now: datetime) -> dict[str, NextSlot]:
    """Return by machine the first slot from `now` on that is to sound."""
    table = tables.slot
    meant = (table.c.machine_id.in_(list(machine_ids)), table.c.starts_at >= now, table.c.refusal == "")
    first = select(table.c.machine_id, func.min(table.c.starts_at).label("at")).where(*meant)
    soonest = first.group_by(table.c.machine_id).subquery()
    same = and_(table.c.machine_id == soonest.c.machine_id, table.c.starts_at == soonest.c.at, table.c.refusal == "")
    rows = connection.execute(select(table.c.machine_id, table.c.starts_at, table.c.title).join(soonest, same))
    return {row.machine_id: NextSlot(row.title, row.starts_at) for row in rows}


def forget_some(connection: Connection, before: datetime, most: int = 5000) -> int:
    """Remove up to `most` occurrences and `most` slots that began before `before`; return how many it were."""
    removed = 0
    for table in (tables.occurrence, tables.slot):
        oldest = select(table.c.key).where(table.c.starts_at < before).limit(most)
        removed += connection.execute(delete(table).where(table.c.key.in_(oldest))).rowcount
    return removed


def _slot_row(slot: Slot) -> dict[str, Any]:
    return {
        "key": f"{slot.machine_id}:{slot.key}",
        "machine_id": slot.machine_id,
        "starts_at": slot.starts_at,
        "title": slot.title,
        "priority": int(slot.priority),
        "late_policy": slot.late_policy.value,
        "grace": slot.grace,
        "items": _item_values(slot),
        "refusal": slot.refusal,
        "rule_id": slot.rule_id,
        "programme_id": slot.programme_id,
        "layer": slot.layer.value,
        "rank": slot.rank,
        "yields_to": slot.yields_to,
        "gain_db": slot.gain_db,
    }


def _item_values(slot: Slot) -> list[list[Any]]:
    return [
        [
            item.title,
            item.clip_hash,
            item.length.total_seconds(),
            item.bulletin_id,
            item.refusal,
            item.kind.value,
            item.stream_url,
            item.lead.total_seconds(),
        ]
        for item in slot.items
    ]


def _raw(column: Column[Any]) -> Column[Any]:
    kind = Text() if isinstance(column.type, JSON) else column.type
    return Column(column.name, kind.impl_instance if isinstance(kind, TypeDecorator) else kind)


_ON_DISK = Table("slot", MetaData(), *map(_raw, tables.slot.columns))
"""The slots as they lie on the disk, instants as numbers and items as text: to be compared, not read."""


def _disk_row(slot: Slot, items: dict[int, str]) -> tuple[Any, ...]:
    """Return the row of `slot` in the order of the columns; `items` holds texts made before, by what they are of."""
    text = items.get(id(slot.items))
    if text is None:
        text = items[id(slot.items)] = json.dumps(_item_values(slot))
    return (
        f"{slot.machine_id}:{slot.key}",
        slot.machine_id,
        to_ms(slot.starts_at),
        slot.title,
        int(slot.priority),
        slot.late_policy.value,
        length_ms(slot.grace),
        text,
        slot.refusal,
        slot.rule_id,
        slot.programme_id,
        slot.layer.value,
        slot.rank,
        slot.yields_to,
        slot.gain_db,
    )


_READ = [type_coerce(one, Text).label(one.name) if one.name == "items" else one for one in tables.slot.columns]
"""The columns of a slot with its items as text: many machines sound the same, which is parsed once."""


def _slot(row: Row[Any], known: dict[str, tuple[PlannedItem, ...]]) -> Slot:
    """Return the slot of a row; `known` holds what texts of items come to and takes in those that it lacks."""
    items = known.get(row.items)
    if items is None:
        items = known[row.items] = tuple(map(_item, json.loads(row.items)))
    return Slot(
        key=row.key.removeprefix(f"{row.machine_id}:"),
        machine_id=row.machine_id,
        starts_at=row.starts_at,
        title=row.title,
        priority=Priority(row.priority),
        late_policy=LatePolicy(row.late_policy),
        grace=row.grace,
        items=items,
        refusal=row.refusal,
        rule_id=row.rule_id,
        programme_id=row.programme_id,
        layer=Layer(row.layer),
        rank=row.rank,
        yields_to=row.yields_to,
        gain_db=row.gain_db,
    )


def _item(values: list[Any]) -> PlannedItem:
    title, clip_hash, seconds, bulletin_id, refusal, *more = values
    kind, stream_url, lead = more or (ItemKind.BULLETIN, "", 0.0)  # rows of the first version have no more
    length = timedelta(seconds=seconds)
    lead = timedelta(seconds=lead)
    return PlannedItem(title, clip_hash, length, bulletin_id, refusal, ItemKind(kind), stream_url, lead)
