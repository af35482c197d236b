"""People's recordings for bulletins, as far as the database knows them; their sound is in the blob store."""

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from domain.bulletins import Recording
from domain.errors import NotFoundError
from store import tables


def keep(connection: Connection, recording: Recording) -> None:
    """Keep a recording in the place of what stood for the same words before."""
    table = tables.recording
    same = (table.c.bulletin_id == recording.bulletin_id, table.c.sentence_hash == recording.key)
    connection.execute(delete(table).where(*same))
    connection.execute(
        insert(table).values(
            id=recording.id,
            bulletin_id=recording.bulletin_id,
            sentence_hash=recording.key,
            sentence=recording.sentence,
            blob_hash=recording.blob_hash,
            length=recording.length,
            made_by=recording.made_by,
            made_at=recording.made_at,
        )
    )


def remove(connection: Connection, recording: Recording) -> None:
    """Take a recording away; its sound stays in the blob store."""
    connection.execute(delete(tables.recording).where(tables.recording.c.id == recording.id))


def of_bulletin(connection: Connection, bulletin_id: str) -> tuple[Recording, ...]:
    """Return the recordings of a bulletin, the oldest first."""
    table = tables.recording
    query = _with_names().where(table.c.bulletin_id == bulletin_id).order_by(table.c.made_at, table.c.id)
    return tuple(_recording(row) for row in connection.execute(query))


def get(connection: Connection, bulletin_id: str, recording_id: str) -> Recording:
    """Return a recording of the bulletin. Raises NotFoundError."""
    table = tables.recording
    query = _with_names().where(table.c.id == recording_id, table.c.bulletin_id == bulletin_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError("Không có bản thu này, hoặc bản thu đã được bỏ.")
    return _recording(row)


def _with_names() -> Any:
    return select(tables.recording, tables.user.c.name).join(
        tables.user, tables.user.c.id == tables.recording.c.made_by
    )


def _recording(row: Row[Any]) -> Recording:
    return Recording(
        id=row.id,
        bulletin_id=row.bulletin_id,
        key=row.sentence_hash,
        sentence=row.sentence,
        blob_hash=row.blob_hash,
        length=row.length,
        made_by=row.made_by,
        made_by_name=row.name,
        made_at=row.made_at,
    )
