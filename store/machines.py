"""Machines: their keys, their heartbeats, and the playlist last published to each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, null, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from domain.errors import NotFoundError
from domain.machines import Heartbeat, Machine
from store import station, tables
from store.heartbeats import from_document, to_document


@dataclass(frozen=True, slots=True)
class Published:
    """The playlist that a machine is served: signed bytes, and what is needed to renew them.

    `held` tells of each slot in it since which counter it has been told as it is now, and the digest of that.
    """

    machine_id: str
    counter: int
    fingerprint: str
    etag: str
    body: bytes
    issued_at: datetime
    expires_at: datetime
    held: Mapping[str, tuple[int, str]] = field(default_factory=dict)


def add(connection: Connection, machine: Machine) -> None:
    """Add a machine that a technician said yes to; from now on it is planned for."""
    connection.execute(
        insert(tables.machine).values(
            id=machine.id,
            name=machine.name,
            area_id=machine.area_id,
            public_key=machine.public_key,
            enrolled_at=machine.enrolled_at,
        )
    )
    station.plan_changed(connection)


def everything(connection: Connection) -> tuple[Machine, ...]:
    """Return every machine, by name."""
    rows = connection.execute(select(tables.machine).order_by(tables.machine.c.name, tables.machine.c.id))
    return tuple(_machine(row) for row in rows)


def roster(connection: Connection) -> tuple[Machine, ...]:
    """Return every machine, by name, without what it last said of itself: to ask where it hangs, not how it is."""
    table = tables.machine
    columns = [null().label(one.name) if one.name == "heartbeat" else one for one in table.c]
    return tuple(map(_machine, connection.execute(select(*columns).order_by(table.c.name, table.c.id))))


def get(connection: Connection, machine_id: str) -> Machine:
    """Return the machine. Raises NotFoundError."""
    machine = find(connection, machine_id)
    if machine is None:
        raise NotFoundError("Không có máy phát này.")
    return machine


@dataclass(frozen=True, slots=True)
class Polled:
    """What is to be known of a machine that asks for its playlist."""

    public_key: str
    etag: str


def find(connection: Connection, machine_id: str) -> Machine | None:
    """Return the machine, or `None`: what a caller says of itself may be anything."""
    row = connection.execute(select(tables.machine).where(tables.machine.c.id == machine_id)).one_or_none()
    return None if row is None else _machine(row)


def keys_in_force(connection: Connection) -> dict[str, str]:
    """Return the public key of every machine that is not revoked, by the machine's id."""
    table = tables.machine
    rows = connection.execute(select(table.c.id, table.c.public_key).where(table.c.revoked_at.is_(None)))
    return {row.id: row.public_key for row in rows}


def revoke(connection: Connection, machine_id: str, now: datetime) -> None:
    """Take a machine's rights away; what it reported stays."""
    table = tables.machine
    connection.execute(
        update(table).where(table.c.id == machine_id, table.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    station.plan_changed(connection)


def set_gain(connection: Connection, machine_id: str, gain_mb: int) -> None:
    """Set how much louder a machine is than its clips, in hundredths of a dB."""
    connection.execute(update(tables.machine).where(tables.machine.c.id == machine_id).values(gain_mb=gain_mb))
    station.plan_changed(connection)


def keep_heartbeat(connection: Connection, machine_id: str, heartbeat: Heartbeat) -> None:
    """Keep what a machine last said of itself."""
    connection.execute(
        update(tables.machine).where(tables.machine.c.id == machine_id).values(heartbeat=to_document(heartbeat))
    )


def polled(connection: Connection, machine_id: str) -> Polled | None:
    """Return the key and the playlist's ETag of a machine in force that has one; made to be asked very often."""
    row = connection.execute(_POLLED, {"machine_id": machine_id}).one_or_none()
    return None if row is None else Polled(row.public_key, row.etag)


_POLLED = (
    select(tables.machine.c.public_key, tables.published_playlist.c.etag)
    .join(tables.published_playlist, tables.published_playlist.c.machine_id == tables.machine.c.id)
    .where(tables.machine.c.id == bindparam("machine_id"), tables.machine.c.revoked_at.is_(None))
)


def published(connection: Connection, machine_id: str) -> Published | None:
    """Return the playlist last published to a machine."""
    table = tables.published_playlist
    row = connection.execute(select(table).where(table.c.machine_id == machine_id)).one_or_none()
    if row is None:
        return None
    return Published(
        machine_id=row.machine_id,
        counter=row.counter,
        fingerprint=row.fingerprint,
        etag=row.etag,
        body=row.body,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        held=_held(row.held),
    )


def given(connection: Connection) -> dict[str, tuple[datetime, dict[str, int]]]:
    """Return for each machine when its playlist was issued, and since which counter it tells each slot as it does."""
    table = tables.published_playlist
    rows = connection.execute(select(table.c.machine_id, table.c.issued_at, table.c.held))
    return {row.machine_id: (row.issued_at, {key: since for key, (since, _) in row.held.items()}) for row in rows}


def published_etag(connection: Connection, machine_id: str) -> str | None:
    """Return the ETag of a machine's playlist, without its body."""
    table = tables.published_playlist
    query = select(table.c.etag).where(table.c.machine_id == machine_id)
    return connection.execute(query).scalar_one_or_none()


def publish(connection: Connection, one: Published) -> bool:
    """Replace the playlist of a machine by one of a higher counter; tell whether it was higher."""
    values = {
        "machine_id": one.machine_id,
        "counter": one.counter,
        "fingerprint": one.fingerprint,
        "etag": one.etag,
        "body": one.body,
        "issued_at": one.issued_at,
        "expires_at": one.expires_at,
        "held": {key: list(since) for key, since in one.held.items()},
    }
    table = tables.published_playlist
    changed = connection.execute(
        upsert(table)
        .values(values)
        .on_conflict_do_update(index_elements=["machine_id"], set_=values, where=table.c.counter < one.counter)
    )
    return changed.rowcount == 1


def unpublish(connection: Connection, machine_id: str) -> None:
    """Take back the playlist of a machine that may have none any more."""
    connection.execute(delete(tables.published_playlist).where(tables.published_playlist.c.machine_id == machine_id))


def _held(document: dict[str, list[Any]]) -> dict[str, tuple[int, str]]:
    return {key: (since, digest) for key, (since, digest) in document.items()}


def _machine(row: Row[Any]) -> Machine:
    return Machine(
        id=row.id,
        name=row.name,
        area_id=row.area_id,
        public_key=row.public_key,
        enrolled_at=row.enrolled_at,
        revoked_at=row.revoked_at,
        heartbeat=None if row.heartbeat is None else from_document(row.heartbeat),
        gain_mb=row.gain_mb,
    )
