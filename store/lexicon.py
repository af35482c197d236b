"""The site's own readings: what is said for what is written, every change, and a number that grows with each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from domain.errors import NotFoundError
from domain.reading import LexiconEntry
from store import tables
from store.bulletins import Act
from store.engine import new_id

ADDED, CHANGED, REMOVED = "thêm", "sửa", "bỏ"


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """A reading of the site, with who last changed it and when."""

    id: str
    reading: LexiconEntry
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the site's lexicon; `spoken` is `None` when the reading was taken away."""

    at: datetime
    user_name: str
    action: str
    written: str
    spoken: str | None


def version(connection: Connection) -> int:
    """Return a number that grows with every change of the site's lexicon."""
    return connection.execute(select(tables.station.c.lexicon_version)).scalar_one_or_none() or 0


def everything(connection: Connection) -> tuple[SiteEntry, ...]:
    """Return every entry, the latest change first."""
    table = tables.lexicon_entry
    return tuple(map(_entry, connection.execute(_entries().order_by(table.c.changed_at.desc(), table.c.written))))


def get(connection: Connection, entry_id: str) -> SiteEntry:
    """Return one entry. Raises NotFoundError."""
    row = connection.execute(_entries().where(tables.lexicon_entry.c.id == entry_id)).one_or_none()
    if row is None:
        raise NotFoundError("Từ này không còn trong từ điển của đài. Hãy mở lại trang «Từ điển» để xem.")
    return _entry(row)


def find(connection: Connection, written: str) -> SiteEntry | None:
    """Return the entry for exactly `written`, if there is one."""
    row = connection.execute(_entries().where(tables.lexicon_entry.c.written == written)).one_or_none()
    return None if row is None else _entry(row)


def readings(connection: Connection) -> tuple[LexiconEntry, ...]:
    """Return what the reader needs of every entry, always in the same order."""
    table = tables.lexicon_entry
    rows = connection.execute(select(table).order_by(table.c.written))
    return tuple(LexiconEntry(row.written, row.spoken, row.note, row.match_case) for row in rows)


def add(connection: Connection, reading: LexiconEntry, act: Act) -> str:
    """Add an entry and return its id; the caller has made sure that it is new."""
    entry_id = new_id()
    connection.execute(insert(tables.lexicon_entry).values(id=entry_id, **_columns(reading, act)))
    _note(connection, ADDED, reading.written, reading.spoken, act)
    return entry_id


def change(connection: Connection, entry_id: str, reading: LexiconEntry, act: Act) -> None:
    """Replace an entry. Raises NotFoundError."""
    before = get(connection, entry_id)
    table = tables.lexicon_entry
    connection.execute(update(table).where(table.c.id == entry_id).values(**_columns(reading, act)))
    if before.reading.written != reading.written:
        _note(connection, REMOVED, before.reading.written, None, act)
    _note(connection, CHANGED, reading.written, reading.spoken, act)


def remove(connection: Connection, entry_id: str, act: Act) -> SiteEntry:
    """Take an entry away and return it; its history stays. Raises NotFoundError."""
    gone = get(connection, entry_id)
    connection.execute(delete(tables.lexicon_entry).where(tables.lexicon_entry.c.id == entry_id))
    _note(connection, REMOVED, gone.reading.written, None, act)
    return gone


def history(connection: Connection, written: str = "", limit: int = 200) -> tuple[Change, ...]:
    """Return the latest changes, of one written form when it is given."""
    table = tables.lexicon_change
    query = (
        select(table, tables.user.c.name)
        .join(tables.user, tables.user.c.id == table.c.user_id)
        .order_by(table.c.number.desc())
        .limit(limit)
    )
    if written:
        query = query.where(table.c.written == written)
    return tuple(Change(row.at, row.name, row.action, row.written, row.spoken) for row in connection.execute(query))


def _entries() -> "Select[Any]":
    table = tables.lexicon_entry
    return select(table, tables.user.c.name).join(tables.user, tables.user.c.id == table.c.changed_by)


def _entry(row: Row[Any]) -> SiteEntry:
    return SiteEntry(row.id, LexiconEntry(row.written, row.spoken, row.note, row.match_case), row.name, row.changed_at)


def _columns(reading: LexiconEntry, act: Act) -> dict[str, Any]:
    return {
        "written": reading.written,
        "spoken": reading.spoken,
        "note": reading.note,
        "match_case": reading.match_case,
        "changed_by": act.user.id,
        "changed_at": act.at,
    }


def _note(connection: Connection, action: str, written: str, spoken: str | None, act: Act) -> None:
    """Write the change down and raise the version, in the transaction of the change itself."""
    connection.execute(
        insert(tables.lexicon_change).values(
            written=written, spoken=spoken, action=action, user_id=act.user.id, at=act.at
        )
    )
    raised = tables.station.c.lexicon_version + 1
    connection.execute(update(tables.station).values(lexicon_version=raised))
