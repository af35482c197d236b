"""What was changed in the timetable, by whom, and what was there before, so that it can be undone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from store import tables


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a rule or programme; `before` is a document of what it was, `None` when it was not there."""

    number: int
    at: datetime
    user_id: str
    user_name: str
    action: str
    subject_id: str
    words: str
    before: dict[str, Any] | None
    undone: bool


def note(connection: Connection, change: Change) -> int:
    """Write down a change and return its number; the number that came with it is not looked at."""
    written = connection.execute(
        insert(tables.timetable_change).values(
            at=change.at,
            user_id=change.user_id,
            action=change.action,
            subject_id=change.subject_id,
            words=change.words,
            before=change.before,
            undone=False,
        )
    )
    assert written.inserted_primary_key is not None
    return int(written.inserted_primary_key[0])


def get(connection: Connection, number: int) -> Change | None:
    """Return one change, or None."""
    return next(iter(_some(connection, tables.timetable_change.c.number == number, 1)), None)


def newest(connection: Connection, subject_id: str | None = None, limit: int = 50) -> tuple[Change, ...]:
    """Return the newest changes, of one rule or programme or of all."""
    table = tables.timetable_change
    return _some(connection, True if subject_id is None else table.c.subject_id == subject_id, limit)


def newest_by(connection: Connection, user_id: str) -> Change | None:
    """Return the newest change of a person that was not undone, or None."""
    table = tables.timetable_change
    condition = (table.c.user_id == user_id) & table.c.undone.is_(False)
    return next(iter(_some(connection, condition, 1)), None)


def claim_undo(connection: Connection, number: int) -> bool:
    """Mark a change as undone; tell whether this call was the first to do so."""
    table = tables.timetable_change
    done = connection.execute(
        update(table).where(table.c.number == number, table.c.undone.is_(False)).values(undone=True)
    )
    return done.rowcount == 1


def _some(connection: Connection, condition: Any, limit: int) -> tuple[Change, ...]:
    table = tables.timetable_change
    query = (
        select(table, tables.user.c.name.label("user_name"))
        .join(tables.user, tables.user.c.id == table.c.user_id)
        .where(condition)
        .order_by(table.c.number.desc())
        .limit(limit)
    )
    return tuple(
        Change(
            row.number,
            row.at,
            row.user_id,
            row.user_name,
            row.action,
            row.subject_id,
            row.words,
            row.before,
            row.undone,
        )
        for row in connection.execute(query)
    )
