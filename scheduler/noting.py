"""Writing down who changed what of the timetable, in the transaction of the change itself."""

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from domain.errors import NotAllowedError, WrongStateError
from domain.people import Role, User
from store import changes
from store.changes import Change


@dataclass(frozen=True, slots=True)
class Deed:
    """Who acts, and when."""

    user: User
    at: datetime


def note(
    connection: Connection, deed: Deed, action: str, told: tuple[str, str], before: dict[str, Any] | None = None
) -> None:
    """Write down a change; `told` is what was changed (its id) and how, in words."""
    subject_id, words = told
    changes.note(
        connection, Change(0, deed.at, deed.user.id, deed.user.name, action, subject_id, words, before, undone=False)
    )


def stamp_of(value: object) -> str:
    """Return a short mark of a value, to tell whether it is still what a person was shown; equal values have one."""
    return hashlib.sha256(_spelt(value).encode("utf-8", "replace")).hexdigest()[:16]


def _spelt(value: object) -> str:
    """Return the `repr` of a value, but of its sets in an order that is the same in every process."""
    if isinstance(value, frozenset | set):
        return f"{{{', '.join(sorted(map(_spelt, value)))}}}"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_spelt, value))})"
    if is_dataclass(value):
        return f"{type(value).__name__}({', '.join(_spelt(getattr(value, one.name)) for one in fields(value))})"
    return repr(value)


def refuse_if_moved(seen: str | None, now: object) -> None:
    """Refuse an edit of what is no longer what its form showed. Raises WrongStateError."""
    if seen is not None and seen != stamp_of(now):
        raise WrongStateError(
            "Phần này vừa được người khác sửa nên chưa lưu. Hãy mở lại trang để xem bản mới nhất rồi sửa lại."
        )


def require(user: User, *roles: Role) -> None:
    """Refuse a person who holds none of `roles`. Raises NotAllowedError."""
    if not user.may(*roles):
        raise NotAllowedError("Tài khoản của bạn không có quyền đổi phần này. Chưa có gì thay đổi.")
