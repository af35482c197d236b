"""People, their sessions in the panel, and one-time sign-in lines."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from domain.errors import BadInputError, NotFoundError
from domain.people import Role, User
from store import tables
from store.engine import hash_secret

SESSION_IDLE = timedelta(hours=12)
SESSION_LONGEST = timedelta(days=7)


def add(connection: Connection, user: User) -> None:
    """Add a person. Raises BadInputError when the login is taken."""
    taken = connection.execute(select(tables.user.c.id).where(tables.user.c.login == user.login)).first()
    if taken is not None:
        raise BadInputError(f"Tên đăng nhập «{user.login}» đã có người dùng. Hãy chọn tên khác.")
    connection.execute(
        insert(tables.user).values(
            id=user.id,
            login=user.login,
            name=user.name,
            roles=sorted(role.value for role in user.roles),
            active=user.active,
        )
    )


def by_itself(connection: Connection, user_id: str, name: str) -> User:
    """Return somebody who is no person and never signs in, known from the first time that it did something."""
    login = f"#{user_id}"
    connection.execute(
        upsert(tables.user).values(id=user_id, login=login, name=name, roles=[], active=False).on_conflict_do_nothing()
    )
    return User(user_id, login, name, frozenset(), active=False)


def get(connection: Connection, user_id: str) -> User:
    """Return the person. Raises NotFoundError."""
    row = connection.execute(select(tables.user).where(tables.user.c.id == user_id)).one_or_none()
    if row is None:
        raise NotFoundError("Không có người dùng này.")
    return _user(row)


def by_login(connection: Connection, login: str) -> tuple[User, str] | None:
    """Return the active person of `login` with the stored password hash, or `None`."""
    row = connection.execute(
        select(tables.user).where(tables.user.c.login == login, tables.user.c.active)
    ).one_or_none()
    return None if row is None else (_user(row), row.password_hash)


def everyone(connection: Connection) -> tuple[User, ...]:
    """Return all people, by name."""
    rows = connection.execute(select(tables.user).order_by(tables.user.c.name))
    return tuple(_user(row) for row in rows)


def set_password_hash(connection: Connection, user_id: str, password_hash: str) -> None:
    """Keep a new password hash."""
    connection.execute(update(tables.user).where(tables.user.c.id == user_id).values(password_hash=password_hash))


def add_sign_in_token(connection: Connection, user_id: str, token: str, expires_at: datetime) -> None:
    """Keep the hash of a one-time sign-in token."""
    connection.execute(
        insert(tables.sign_in_token).values(token_hash=hash_secret(token), user_id=user_id, expires_at=expires_at)
    )


def peek_sign_in_token(connection: Connection, token: str, now: datetime) -> User | None:
    """Return whose token it is, without using it up; `None` too when that person may no longer sign in."""
    row = connection.execute(
        select(tables.sign_in_token.c.user_id).where(
            tables.sign_in_token.c.token_hash == hash_secret(token), tables.sign_in_token.c.expires_at > now
        )
    ).one_or_none()
    if row is None:
        return None
    user = get(connection, row.user_id)
    return user if user.active else None


def use_sign_in_token(connection: Connection, token: str, now: datetime) -> User | None:
    """Use the token up and return whose it was; `None` when it is unknown, used or too old."""
    user = peek_sign_in_token(connection, token, now)
    used = connection.execute(
        delete(tables.sign_in_token).where(tables.sign_in_token.c.token_hash == hash_secret(token))
    )
    return user if used.rowcount == 1 else None


def drop_sign_in_tokens(connection: Connection, user_id: str) -> None:
    """Forget the unused tokens of a person, so that only the newest line works."""
    connection.execute(delete(tables.sign_in_token).where(tables.sign_in_token.c.user_id == user_id))


def open_session(connection: Connection, user_id: str, token: str, now: datetime) -> None:
    """Begin a session in the panel."""
    connection.execute(
        insert(tables.session).values(token_hash=hash_secret(token), user_id=user_id, created_at=now, seen_at=now)
    )


def session_user(connection: Connection, token: str, now: datetime) -> tuple[User, datetime] | None:
    """Return the person of a living session and when it was last seen, or `None`."""
    row = connection.execute(
        select(tables.session).where(
            tables.session.c.token_hash == hash_secret(token),
            tables.session.c.seen_at > now - SESSION_IDLE,
            tables.session.c.created_at > now - SESSION_LONGEST,
        )
    ).one_or_none()
    if row is None:
        return None
    user = get(connection, row.user_id)
    return (user, row.seen_at) if user.active else None


def touch_session(connection: Connection, token: str, now: datetime) -> None:
    """Note that the session is in use."""
    connection.execute(
        update(tables.session).where(tables.session.c.token_hash == hash_secret(token)).values(seen_at=now)
    )


def close_session(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(delete(tables.session).where(tables.session.c.token_hash == hash_secret(token)))


def close_other_sessions(connection: Connection, user_id: str, token: str) -> None:
    """End every session of a person but the one of `token`."""
    session = tables.session.c
    connection.execute(
        delete(tables.session).where(session.user_id == user_id, session.token_hash != hash_secret(token))
    )


def note_failed_sign_in(connection: Connection, subject: str, now: datetime) -> None:
    """Remember a failed sign-in of `subject` (a login or an address)."""
    connection.execute(insert(tables.sign_in_attempt).values(subject=subject, at=now))


def failed_sign_ins(connection: Connection, subject: str, since: datetime) -> int:
    """Return how many sign-ins of `subject` failed since then."""
    attempt = tables.sign_in_attempt.c
    query = select(func.count()).select_from(tables.sign_in_attempt)
    return connection.execute(query.where(attempt.subject == subject, attempt.at > since)).scalar_one()


def forget_failed_sign_ins(connection: Connection, subject: str, since: datetime) -> None:
    """Forget the failures of `subject` from `since` on, once it has proved who it is."""
    attempt = tables.sign_in_attempt.c
    connection.execute(delete(tables.sign_in_attempt).where(attempt.subject == subject, attempt.at >= since))


def purge(connection: Connection, now: datetime) -> None:
    """Remove sessions, tokens and attempts that no longer matter."""
    session = tables.session.c
    over = or_(session.seen_at <= now - SESSION_IDLE, session.created_at <= now - SESSION_LONGEST)
    connection.execute(delete(tables.session).where(over))
    connection.execute(delete(tables.sign_in_token).where(tables.sign_in_token.c.expires_at < now))
    connection.execute(delete(tables.sign_in_attempt).where(tables.sign_in_attempt.c.at < now - timedelta(days=1)))


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        active=row.active,
    )
