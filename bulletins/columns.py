"""The station's columns (chuyên mục): added, renamed and removed by editors and schedulers."""

from dataclasses import dataclass

from domain.bulletins import NewsColumn
from domain.errors import BadInputError, NotAllowedError, NotFoundError
from domain.people import Role, User
from domain.text import tidy
from store import columns
from store.engine import Database, new_id

NAME_LIMIT = 80
MOST_COLUMNS = 100
_GONE = "Không còn chuyên mục này. Hãy tải lại trang."


@dataclass(frozen=True, slots=True)
class ColumnDesk:
    """Keeps the columns. A refusal raises NotAllowedError, NotFoundError or BadInputError, and changes nothing."""

    database: Database

    def put(self, user: User, name: str, column_id: str = "") -> str:
        """Add a column, or rename the one of its id; return the id."""
        _require(user)
        clean = tidy(name)
        with self.database.write() as connection:
            held = columns.everything(connection)
            if column_id and column_id not in {one.id for one in held}:
                raise NotFoundError(_GONE)
            if not clean or len(clean) > NAME_LIMIT:
                raise BadInputError(f"Tên chuyên mục không được trống và dài tối đa {NAME_LIMIT} ký tự.")
            if not column_id and len(held) >= MOST_COLUMNS:
                raise BadInputError(f"Đã có {MOST_COLUMNS} chuyên mục; hãy bỏ bớt rồi thêm.")
            made = NewsColumn(column_id or new_id(), clean)
            columns.put(connection, made)
        return made.id

    def remove(self, user: User, column_id: str) -> None:
        """Remove a column that nothing names."""
        _require(user)
        with self.database.write() as connection:
            if not columns.remove(connection, column_id):
                raise NotFoundError(_GONE)


def may_keep_columns(user: User) -> bool:
    """Tell whether `user` may change the columns."""
    return user.may(Role.EDITOR, Role.SCHEDULER)


def _require(user: User) -> None:
    if not may_keep_columns(user):
        raise NotAllowedError("Tài khoản của bạn không có quyền đổi chuyên mục. Chưa có gì thay đổi.")
