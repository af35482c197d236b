"""Listening lines: for each the hash of its secret, the place it tells of, and until when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from domain.people import User
from store import tables
from store.engine import hash_secret


@dataclass(frozen=True, slots=True)
class ListeningLine:
    """A secret address of a place; `made_by` is a person's name, `asked_at` when a player last asked."""

    id: str
    area_id: str
    name: str
    made_by: str
    made_at: datetime
    expires_at: datetime | None = None
    asked_at: datetime | None = None


def add(connection: Connection, line: ListeningLine, user: User, token: str) -> None:
    """Keep a line that `user` made; of its token only the hash."""
    connection.execute(
        insert(tables.listening_line).values(
            id=line.id,
            area_id=line.area_id,
            name=line.name,
            token_hash=hash_secret(token),
            made_by=user.id,
            made_at=line.made_at,
            expires_at=line.expires_at,
        )
    )


def everything(connection: Connection) -> tuple[ListeningLine, ...]:
    """Return every line, the newest first."""
    return tuple(map(_line, connection.execute(_WITH_NAMES.order_by(tables.listening_line.c.made_at.desc()))))


def by_token(connection: Connection, token: str, now: datetime) -> ListeningLine | None:
    """Return the line of a token that is in force, or None."""
    row = connection.execute(_WITH_NAMES.where(tables.listening_line.c.token_hash == hash_secret(token))).one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return _line(row)


def asked(connection: Connection, line_id: str, now: datetime) -> None:
    """Note that a player asked."""
    table = tables.listening_line
    connection.execute(update(table).where(table.c.id == line_id).values(asked_at=now))


def remove(connection: Connection, line_id: str) -> bool:
    """Take a line away; tell whether there was one."""
    gone = connection.execute(delete(tables.listening_line).where(tables.listening_line.c.id == line_id))
    return gone.rowcount > 0


_WITH_NAMES = select(tables.listening_line, tables.user.c.name.label("person")).join(
    tables.user, tables.user.c.id == tables.listening_line.c.made_by
)


def _line(row: Row[Any]) -> ListeningLine:
    return ListeningLine(row.id, row.area_id, row.name, row.person, row.made_at, row.expires_at, row.asked_at)
