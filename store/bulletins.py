"""Bulletins, every version of their scripts, and the steps of their review.

Each change of state is an UPDATE guarded by what was read: when another person was faster it raises
WrongStateError and changes nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, insert, not_, or_, select, union, update
from sqlalchemy.dialects.sqlite import insert as upsert

from domain.bulletins import AcceptedReading, Bulletin, BulletinState, Genre, Review
from domain.errors import NotFoundError, WrongStateError
from domain.people import User
from domain.playlist import MAX_LENGTH
from store import station, tables

_ITSELF = "tu-dong"
_AT_ONCE = 5000
"""How many values one query names."""
_TOO_LATE = "Bản tin đã được người khác thay đổi. Chưa ghi gì thêm; hãy mở lại trang để xem bản mới nhất."


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author fills in."""

    title: str
    script: str
    genre: Genre = Genre.NEWS
    topic_id: str | None = None
    campaign_id: str | None = None
    readings: tuple[AcceptedReading, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    column_id: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, and when."""

    user: User
    at: datetime


def add(connection: Connection, bulletin_id: str, draft: Draft, act: Act) -> None:
    """Add a bulletin as a draft with its first version."""
    connection.execute(
        insert(tables.bulletin).values(
            id=bulletin_id,
            state=BulletinState.DRAFT.value,
            version=1,
            author_name=act.user.name,
            updated_at=act.at,
            **_columns(draft),
        )
    )
    _add_version(connection, bulletin_id, 1, draft, act)


def revise(connection: Connection, bulletin: Bulletin, draft: Draft, act: Act) -> None:
    """Keep a new version of a draft or returned bulletin, which becomes a draft again."""
    version = bulletin.version + 1
    _guarded(
        connection,
        bulletin,
        state=BulletinState.DRAFT.value,
        version=version,
        updated_at=act.at,
        backup_voice_ok_by=None,
        **_columns(draft),
    )
    _add_version(connection, bulletin.id, version, draft, act)


def change_state(
    connection: Connection, bulletin: Bulletin, state: BulletinState, now: datetime, **columns: Any
) -> None:
    """Move the bulletin to `state`, with further columns (approved_by, return_note...)."""
    _guarded(connection, bulletin, state=state.value, updated_at=now, **columns)


def attach_clip(connection: Connection, bulletin_id: str, version: int, clip_hash: str) -> bool:
    """Give an approved version its finished sound; tell whether that version still stood."""
    changed = connection.execute(
        update(tables.bulletin)
        .where(
            tables.bulletin.c.id == bulletin_id,
            tables.bulletin.c.version == version,
            tables.bulletin.c.state == BulletinState.APPROVED.value,
        )
        .values(clip_hash=clip_hash, clip_version=version)
    )
    station.plan_changed(connection)
    return changed.rowcount == 1


def choose_preset(connection: Connection, bulletin: Bulletin, preset: str) -> None:
    """Note how the sound of the bulletin is to be finished."""
    _guarded(connection, bulletin, preset=preset)


def seal(connection: Connection, bulletin: Bulletin, approved_seal: str) -> None:
    """Keep another seal of what was approved."""
    _guarded(connection, bulletin, approved_seal=approved_seal)


def accept_backup_voice(connection: Connection, bulletin: Bulletin, user_id: str) -> None:
    """Note who said yes to a backup voice for this version."""
    _guarded(connection, bulletin, backup_voice_ok_by=user_id)


def note(connection: Connection, bulletin: Bulletin, act: Act, action: str, text: str = "") -> None:
    """Add a step to the bulletin's history."""
    connection.execute(
        insert(tables.review).values(
            bulletin_id=bulletin.id,
            at=act.at,
            user_id=act.user.id,
            action=action,
            version=bulletin.version,
            note=text,
        )
    )


def note_by_itself(connection: Connection, bulletin: Bulletin, at: datetime, action: str) -> None:
    """Add a step that no person took: it stands under the name of the machine."""
    connection.execute(
        upsert(tables.user)
        .values(id=_ITSELF, login=f"#{_ITSELF}", name="Máy tự động", roles=[], active=False)
        .on_conflict_do_nothing()
    )
    note(connection, bulletin, Act(User(_ITSELF, f"#{_ITSELF}", "Máy tự động", frozenset()), at), action)


def done_by_itself(connection: Connection, since: datetime) -> tuple[tuple[Bulletin, Review], ...]:
    """Return what the machine did to bulletins since then, the newest first."""
    table = tables.review
    query = select(table.c.bulletin_id, table.c.number).where(table.c.user_id == _ITSELF, table.c.at > since)
    found = connection.execute(query.order_by(table.c.number.desc())).all()
    every = {row.bulletin_id: get(connection, row.bulletin_id) for row in found}
    steps = ((one, step) for one in every.values() for step in reversed(one.history))
    return tuple((one, step) for one, step in steps if step.user_id == _ITSELF and step.at > since)


def get(connection: Connection, bulletin_id: str) -> Bulletin:
    """Return the bulletin with its history. Raises NotFoundError."""
    row = connection.execute(select(tables.bulletin).where(tables.bulletin.c.id == bulletin_id)).one_or_none()
    if row is None:
        raise NotFoundError("Không có bản tin này, hoặc bản tin đã bị xóa.")
    return _bulletin(row, authors_of(connection, (bulletin_id,))[bulletin_id], _history(connection, bulletin_id))


def newest(connection: Connection, states: Iterable[BulletinState] = (), limit: int = 200) -> tuple[Bulletin, ...]:
    """Return bulletins without their history, the newest first; of all states when none is named."""
    query = select(tables.bulletin).order_by(tables.bulletin.c.updated_at.desc()).limit(limit)
    wanted = [state.value for state in states]
    if wanted:
        query = query.where(tables.bulletin.c.state.in_(wanted))
    return tuple(_bulletin(row, frozenset(), ()) for row in connection.execute(query))


def everything(connection: Connection) -> dict[str, Bulletin]:
    """Return every bulletin by id, without history, for planning."""
    return {row.id: _bulletin(row, frozenset(), ()) for row in connection.execute(select(tables.bulletin))}


def some(connection: Connection, bulletin_ids: Iterable[str]) -> dict[str, Bulletin]:
    """Return those of the named bulletins that there are, by id, without history."""
    wanted = sorted(set(bulletin_ids))
    parts = (wanted[begin : begin + _AT_ONCE] for begin in range(0, len(wanted), _AT_ONCE))
    queries = (select(tables.bulletin).where(tables.bulletin.c.id.in_(part)) for part in parts)
    return {row.id: _bulletin(row, frozenset(), ()) for query in queries for row in connection.execute(query)}


def latest_of_column(connection: Connection, column_id: str) -> dict[str, Bulletin]:
    """Return by id, without history, the approved bulletins of a column of which any may be its newest on some day."""
    return _latest(connection, tables.bulletin.c.column_id == column_id)


def latest_of_topic(connection: Connection, topic_id: str) -> dict[str, Bulletin]:
    """Return by id, without history, the approved bulletins of a topic of which any may be its newest on some day."""
    return _latest(connection, tables.bulletin.c.topic_id == topic_id)


def _latest(connection: Connection, is_of: ColumnElement[bool]) -> dict[str, Bulletin]:
    """Return what is approved, back to the newest that sounds on any day: nothing before that is ever the newest."""
    table, clip = tables.bulletin.c, tables.clip.c
    approved = is_of & (table.state == BulletinState.APPROVED.value)
    is_backup = func.coalesce(clip.voice["backup"].as_boolean(), false())
    always = and_(
        table.valid_from.is_(None),
        table.valid_until.is_(None),
        table.clip_version == table.version,
        clip.size > 0,
        clip.length > timedelta(),
        clip.length <= MAX_LENGTH,
        or_(not_(is_backup), table.backup_voice_ok_by.is_not(None)),
    )
    newest = select(table.approved_at).join(tables.clip, clip.hash == table.clip_hash).where(approved, always)
    since = connection.execute(newest.order_by(table.approved_at.desc()).limit(1)).scalar_one_or_none()
    query = select(tables.bulletin).where(approved)
    rows = connection.execute(query if since is None else query.where(table.approved_at >= since))
    return {row.id: _bulletin(row, frozenset(), ()) for row in rows}


def counts(connection: Connection) -> dict[BulletinState, int]:
    """Return how many bulletins stand in each state."""
    query = select(tables.bulletin.c.state, func.count()).group_by(tables.bulletin.c.state)
    return {BulletinState(state): count for state, count in connection.execute(query)}


def _guarded(connection: Connection, bulletin: Bulletin, **columns: Any) -> None:
    changed = connection.execute(
        update(tables.bulletin)
        .where(
            tables.bulletin.c.id == bulletin.id,
            tables.bulletin.c.state == bulletin.state.value,
            tables.bulletin.c.version == bulletin.version,
        )
        .values(**columns)
    )
    if changed.rowcount != 1:
        raise WrongStateError(_TOO_LATE)
    station.plan_changed(connection)


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "script": draft.script,
        "genre": draft.genre.value,
        "topic_id": draft.topic_id,
        "campaign_id": draft.campaign_id,
        "readings": [[one.written, one.spoken] for one in draft.readings],
        "valid_from": draft.valid_from,
        "valid_until": draft.valid_until,
        "column_id": draft.column_id,
    }


def _add_version(connection: Connection, bulletin_id: str, version: int, draft: Draft, act: Act) -> None:
    connection.execute(
        insert(tables.script_version).values(
            bulletin_id=bulletin_id,
            version=version,
            title=draft.title,
            script=draft.script,
            author_id=act.user.id,
            at=act.at,
        )
    )


def authors_of(connection: Connection, bulletin_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Return for each bulletin who wrote any version of it, and who lent it their voice."""
    written, read = tables.script_version.c, tables.recording.c
    query = union(
        select(written.bulletin_id, written.author_id).where(written.bulletin_id.in_(bulletin_ids)),
        select(read.bulletin_id, read.made_by).where(read.bulletin_id.in_(bulletin_ids)),
    )
    found: dict[str, set[str]] = {one: set() for one in bulletin_ids}
    for bulletin_id, user_id in connection.execute(query):
        found[bulletin_id].add(user_id)
    return {bulletin_id: frozenset(people) for bulletin_id, people in found.items()}


def _history(connection: Connection, bulletin_id: str) -> tuple[Review, ...]:
    table = tables.review
    rows = connection.execute(
        select(table, tables.user.c.name)
        .join(tables.user, tables.user.c.id == table.c.user_id)
        .where(table.c.bulletin_id == bulletin_id)
        .order_by(table.c.number)
    )
    return tuple(Review(row.at, row.user_id, row.name, row.action, row.version, row.note) for row in rows)


def _bulletin(row: Row[Any], authors: frozenset[str], history: tuple[Review, ...]) -> Bulletin:
    return Bulletin(
        id=row.id,
        title=row.title,
        script=row.script,
        genre=Genre(row.genre),
        state=BulletinState(row.state),
        version=row.version,
        author_ids=authors,
        author_name=row.author_name,
        updated_at=row.updated_at,
        topic_id=row.topic_id,
        campaign_id=row.campaign_id,
        readings=tuple(AcceptedReading(written, spoken) for written, spoken in row.readings),
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        return_note=row.return_note,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        clip_hash=row.clip_hash,
        clip_version=row.clip_version,
        backup_voice_ok_by=row.backup_voice_ok_by,
        preset=row.preset,
        approved_seal=row.approved_seal,
        column_id=row.column_id,
        history=history,
    )
