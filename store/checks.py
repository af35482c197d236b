"""What the worker found when it looked at the timetable, and how its chores went."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from domain.checks import Check, Chore, ChoreRun, Finding, Tone
from store import tables


def findings(connection: Connection) -> tuple[Finding, ...]:
    """Return all that stands to be seen to, by the instant it is about."""
    table = tables.finding
    return tuple(_finding(row) for row in connection.execute(select(table).order_by(table.c.at, table.c.key)))


def keep_findings(connection: Connection, checks: Collection[Check], found: Collection[Finding]) -> tuple[Finding, ...]:
    """Make the findings of `checks` exactly `found`, and return those that were not there before.

    What was found before keeps the instant at which it was first seen.
    """
    table = tables.finding
    held = {one.key: one for one in findings(connection) if one.check in checks}
    kept = [replace(one, first_seen=held[one.key].first_seen) if one.key in held else one for one in found]
    if set(kept) != set(held.values()):
        connection.execute(delete(table).where(table.c.check.in_([one.value for one in checks])))
        if kept:
            connection.execute(insert(table), [_finding_row(one) for one in kept])
    return tuple(one for one in kept if one.key not in held)


def note_chore(connection: Connection, chore: Chore, now: datetime, sentence: str = "") -> None:
    """Note that a chore was tried at `now`: it succeeded, or failed as `sentence` tells."""
    values: dict[str, Any] = {"tried_at": now, "sentence": sentence}
    if not sentence:
        values["done_at"] = now
    statement = upsert(tables.chore_run).values(chore=chore.value, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["chore"], set_=values))


def chores(connection: Connection) -> dict[Chore, ChoreRun]:
    """Return how each chore that was ever tried went."""
    rows = connection.execute(select(tables.chore_run))
    return {Chore(row.chore): ChoreRun(Chore(row.chore), row.tried_at, row.done_at, row.sentence) for row in rows}


def _finding_row(one: Finding) -> dict[str, Any]:
    return {
        "key": one.key,
        "check": one.check.value,
        "tone": one.tone.value,
        "title": one.title,
        "detail": one.detail,
        "at": one.at,
        "first_seen": one.first_seen,
        "machine_id": one.machine_id,
    }


def _finding(row: Row[Any]) -> Finding:
    return Finding(
        row.key, Check(row.check), Tone(row.tone), row.title, row.detail, row.at, row.first_seen, row.machine_id
    )
