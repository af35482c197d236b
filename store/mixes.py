"""Clips that have been laid over a bed of music, by the key of what was mixed."""

from collections.abc import Collection

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert

from store import station, tables


def everything(connection: Connection) -> dict[str, str]:
    """Return the hash of each mixed clip by its key."""
    return {row.key: row.clip_hash for row in connection.execute(select(tables.bed_mix))}


def some(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """Return the hash of each mixed clip whose key is among `keys`."""
    return {key: clip_hash for key, clip_hash in everything(connection).items() if key in keys} if keys else {}


def add(connection: Connection, key: str, clip_hash: str) -> None:
    """Note a mixed clip; the first of a key stays."""
    connection.execute(upsert(tables.bed_mix).values(key=key, clip_hash=clip_hash).on_conflict_do_nothing())
    station.plan_changed(connection)
