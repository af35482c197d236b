"""The machine's SQLite file: one connection behind one lock, and transactions that survive a power cut."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import StorageError, StorageFullError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS playlist (
    id INTEGER PRIMARY KEY CHECK (id = 1), envelope BLOB NOT NULL, etag TEXT NOT NULL,
    epoch INTEGER NOT NULL, counter INTEGER NOT NULL, accepted INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS airings (
    key TEXT PRIMARY KEY, slot TEXT NOT NULL, position INTEGER NOT NULL, title TEXT NOT NULL, clip TEXT,
    planned INTEGER NOT NULL, outcome TEXT NOT NULL, started INTEGER, ended INTEGER,
    rendered INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', base INTEGER NOT NULL,
    seen INTEGER NOT NULL, preempted INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1, acknowledged INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS airings_unsent ON airings (planned) WHERE acknowledged < version;
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY CHECK (id = 1), etag TEXT NOT NULL, digest TEXT NOT NULL,
    epoch INTEGER NOT NULL, counter INTEGER NOT NULL, issued INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS obeyed (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
    key TEXT PRIMARY KEY, document TEXT NOT NULL, ended INTEGER, told INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID;
"""
_LATER_COLUMNS = {
    "airings": (
        "rms INTEGER",
        "peak INTEGER",
        "dead INTEGER",
        "clipped INTEGER",
        "hearing TEXT",
        "score INTEGER",
    ),
}
"""Columns by table that files of the first version lack; what they hold is optional."""


class DamagedDatabaseError(StorageError):
    """The database file is torn or is no database; what it held cannot be had."""


class Database:
    """One SQLite connection shared by the machine's threads; every write is one short FULL transaction."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        with _as_storage_errors():
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        # FULL: a row that was acknowledged or a start that was claimed must survive a power cut.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-512"):
            self._connection.execute(f"PRAGMA {pragma}")
        verdict = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        self._connection.executescript(_SCHEMA)
        for table, columns in _LATER_COLUMNS.items():
            present = {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}
            for column in columns:
                if column.partition(" ")[0] not in present:
                    self._connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction. Raises StorageError, StorageFullError."""
        with self._lock, _as_storage_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def read(self, query: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Return the rows of `query`. Raises StorageError."""
        with self._lock, _as_storage_errors():
            return self._connection.execute(query, parameters).fetchall()

    def close(self) -> None:
        """Close the file; further use is an error."""
        with self._lock:
            self._connection.close()


@contextmanager
def _as_storage_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise StorageFullError("Ổ đĩa của máy phát đã đầy; dữ liệu cũ còn nguyên. Hãy giải phóng ổ đĩa.") from error
        raise StorageError(f"Không ghi được cơ sở dữ liệu của máy phát ({error}).") from error
    except sqlite3.DatabaseError as error:
        raise DamagedDatabaseError(f"Cơ sở dữ liệu của máy phát bị hỏng ({error}).") from error
