"""One database: how it is opened, how a piece of work begins and ends, and how its failures are named."""

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from sqlalchemy.pool import QueuePool

from domain.errors import BadInputError, StorageError, StorageFullError

_WRITE = "tiengloa_write"
_PATIENCE_S = 10.0


def new_id() -> str:
    """Return a new random identifier of 16 hex digits."""
    return secrets.token_hex(8)


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a random secret in hex; only this is ever kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Database:
    """The station's database file.

    Every write is one BEGIN IMMEDIATE transaction, so that a reader never upgrades half-way (SQLite answers
    that with "locked" at once). `synchronous=FULL`: an acknowledged approval or airing survives a power cut.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = threading.Lock()
        self._engine = create_engine(
            f"sqlite+pysqlite:///{path}",
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=40,
            pool_timeout=10,
            json_deserializer=_parsed,
        )
        event.listen(self._engine, "connect", _on_connect)
        event.listen(self._engine, "begin", _on_begin)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the database. Raises StorageError."""
        with _named_failures(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together, or not at all. Raises StorageError."""
        with self._turn(), _named_failures(), self._engine.connect() as connection:
            writer = connection.execution_options(**{_WRITE: True})
            with writer.begin():
                yield writer

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one thread of this process write at a time: SQLite makes the others sleep longer than they need to."""
        if not self._writing.acquire(timeout=_PATIENCE_S):
            raise StorageError(_BUSY)
        try:
            yield
        finally:
            self._writing.release()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _parsed(document: str) -> Any:
    """Return what a column of JSON holds; most of those of a rule are empty lists, which want no parser."""
    return [] if document == "[]" else json.loads(document)


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise named_failure(error.orig) from error
    except NoFreeConnectionError as error:
        raise StorageError(_BUSY) from error
    except UnicodeEncodeError as error:
        raise BadInputError(
            "Có ký tự không ghi được vào cơ sở dữ liệu. Chưa có gì thay đổi; hãy gõ lại chữ."
        ) from error


_FULL = "Ổ đĩa đã đầy nên chưa ghi được thay đổi này. Dữ liệu cũ còn nguyên. Hãy giải phóng chỗ trống rồi làm lại."
_DAMAGED = (
    "Tệp cơ sở dữ liệu bị hỏng nên không đọc được. Tệp được giữ nguyên; "
    "hãy chép lại bản sao gần nhất trong thư mục «backups»."
)
_FORBIDDEN = "Không ghi được vào cơ sở dữ liệu. Hãy kiểm tra quyền ghi của thư mục dữ liệu."
_BUSY = "Cơ sở dữ liệu đang bận. Chưa có gì thay đổi; hãy làm lại sau vài giây."
_DISK = "Ổ đĩa báo lỗi khi đọc hoặc ghi cơ sở dữ liệu. Chưa có gì thay đổi; hãy kiểm tra ổ đĩa và chỗ trống."

_BY_CODE = {
    "FULL": _FULL,
    "CORRUPT": _DAMAGED,
    "NOTADB": _DAMAGED,
    "READONLY": _FORBIDDEN,
    "CANTOPEN": _FORBIDDEN,
    "PERM": _FORBIDDEN,
    "BUSY": _BUSY,
    "LOCKED": _BUSY,
    "IOERR": _DISK,
}


def named_failure(error: BaseException | None) -> StorageError:
    """Return a failure of SQLite in words."""
    code = str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_").split("_")[0]
    if code == "FULL":
        return StorageFullError(_FULL)
    return StorageError(_BY_CODE.get(code, f"Cơ sở dữ liệu báo lỗi ({type(error).__name__}). Chưa có gì thay đổi."))
