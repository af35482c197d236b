"""Live broadcasts: who may speak into which session, by which key, until when."""

from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from domain.live import LiveSession
from store import station, tables


def add(connection: Connection, session: LiveSession) -> None:
    """Open a session, in place of any that was open for the same slot; machines are told at the next plan."""
    close_slot(connection, session.slot_key, session.opened_at)
    connection.execute(
        insert(tables.live_session).values(
            id=session.id,
            slot_key=session.slot_key,
            public_key=session.public_key,
            opened_by=session.opened_by,
            opened_at=session.opened_at,
            ends_at=session.ends_at,
        )
    )
    station.plan_changed(connection)


def get(connection: Connection, session_id: str) -> LiveSession | None:
    """Return a session, or None when there is none or it was closed."""
    table = tables.live_session
    row = connection.execute(select(table).where(table.c.id == session_id, table.c.closed_at.is_(None))).one_or_none()
    return None if row is None else _session(row)


def close_slot(connection: Connection, slot_key: str, now: datetime) -> None:
    """Close whatever is open for a slot."""
    table = tables.live_session
    found = table.c.slot_key == slot_key, table.c.closed_at.is_(None)
    if connection.execute(update(table).where(*found).values(closed_at=now)).rowcount:
        station.plan_changed(connection)


def open_at(connection: Connection, now: datetime) -> dict[str, LiveSession]:
    """Return the sessions that are open at `now`, by the key of their slot."""
    table = tables.live_session
    rows = connection.execute(select(table).where(table.c.closed_at.is_(None), table.c.ends_at > now))
    return {row.slot_key: _session(row) for row in rows}


def _session(row: Row[tuple[object, ...]]) -> LiveSession:
    return LiveSession(row.id, row.slot_key, row.public_key, row.opened_by, row.opened_at, row.ends_at)
