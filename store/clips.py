"""Clips of the library, as far as the database knows them; their bytes are in the blob store."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.sqlite import insert

from domain.audio import Clip, ClipKind, Loudness, VoiceStamp
from domain.errors import NotFoundError
from store import tables

_AT_ONCE = 5000
"""How many values one query names: a database takes no more than some tens of thousands."""


def put(connection: Connection, clip: Clip) -> None:
    """Add a clip; the same bytes may be added again."""
    connection.execute(
        insert(tables.clip)
        .values(
            hash=clip.hash,
            size=clip.size,
            media_type=clip.media_type,
            length=clip.length,
            lufs=clip.loudness.integrated_lufs,
            true_peak=clip.loudness.true_peak_dbtp,
            loudness_range=clip.loudness.range_lu,
            kind=clip.kind.value,
            title=clip.title,
            created_at=clip.created_at,
            voice=None if clip.voice is None else _voice_document(clip.voice),
            preset=clip.preset,
        )
        .on_conflict_do_nothing()
    )


def get(connection: Connection, clip_hash: str) -> Clip:
    """Return the clip. Raises NotFoundError."""
    row = connection.execute(select(tables.clip).where(tables.clip.c.hash == clip_hash)).one_or_none()
    if row is None:
        raise NotFoundError("Trong kho không có âm thanh này.")
    return _clip(row)


def some(connection: Connection, clip_hashes: Iterable[str]) -> dict[str, Clip]:
    """Return those of the named clips that are held, by hash."""
    wanted = sorted(set(clip_hashes))
    parts = (wanted[begin : begin + _AT_ONCE] for begin in range(0, len(wanted), _AT_ONCE))
    queries = (select(tables.clip).where(tables.clip.c.hash.in_(part)) for part in parts)
    return {row.hash: _clip(row) for query in queries for row in connection.execute(query)}


def of_kinds(connection: Connection, kinds: Iterable[ClipKind]) -> dict[str, Clip]:
    """Return the clips of some kinds by hash."""
    query = select(tables.clip).where(tables.clip.c.kind.in_([one.value for one in kinds]))
    return {row.hash: _clip(row) for row in connection.execute(query)}


def titled(connection: Connection, title: str) -> tuple[Clip, ...]:
    """Return the clips of a title, the newest first."""
    table = tables.clip
    rows = connection.execute(select(table).where(table.c.title == title).order_by(table.c.created_at.desc()))
    return tuple(_clip(row) for row in rows)


def everything(connection: Connection) -> dict[str, Clip]:
    """Return every clip by its hash."""
    return {row.hash: _clip(row) for row in connection.execute(select(tables.clip))}


def _voice_document(voice: VoiceStamp) -> dict[str, Any]:
    return {
        "engine": voice.engine,
        "voice": voice.voice,
        "version": voice.version,
        "backup": voice.backup,
        "why": voice.why,
        "recorded": voice.recorded,
    }


def _clip(row: Row[Any]) -> Clip:
    return Clip(
        hash=row.hash,
        size=row.size,
        media_type=row.media_type,
        length=row.length,
        loudness=Loudness(row.lufs, row.true_peak, row.loudness_range),
        kind=ClipKind(row.kind),
        title=row.title,
        created_at=row.created_at,
        voice=None if row.voice is None else VoiceStamp(**row.voice),
        preset=row.preset,
    )
