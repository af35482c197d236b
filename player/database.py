"""The machine's SQLite file: one connection behind one lock, and transactions that survive a power cut."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
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


_SOUND = " AND ".join(
    (
        "outcome IN ('playing', 'played', 'cut', 'missed')",
        *(f"typeof({name}) = 'text'" for name in ("key", "slot", "title", "reason")),
        "typeof(clip) IN ('text', 'null')",
        *(f"typeof({name}) = 'integer' AND {name} BETWEEN 0 AND 4102444800000" for name in ("planned", "base", "seen")),
        *(f"({name} IS NULL OR {name} BETWEEN 0 AND 4102444800000)" for name in ("started", "ended")),
        *(
            f"typeof({name}) = 'integer' AND {name} >= 0"
            for name in ("position", "rendered", "version", "acknowledged")
        ),
    )
)
SHAPE = 1
"""The number of this shape of the tables: a version that adds to them raises it, and keeps all that is here."""
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-512")
"""FULL: a row that was acknowledged or a start that was claimed must survive a power cut."""


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
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        verdict = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        _make_tables(self._connection)
        self._check_shape()
        self._check_airings()
        if self._shape_number() < SHAPE:
            with suppress(sqlite3.OperationalError):  # a full disk takes it at another start
                self._connection.execute(f"PRAGMA user_version = {SHAPE}")

    def _check_shape(self) -> None:
        """Hold the tables to what they are in a new file: a flipped bit can give a column another name.

        What a newer version has written may have more: a box whose update was taken back keeps its journal.
        """
        with closing(sqlite3.connect(":memory:")) as new:
            _make_tables(new)
            wanted, found = set(_shape(new)), set(_shape(self._connection))
        newer = self._shape_number() > SHAPE
        if not (wanted <= found if newer else wanted == found):
            raise sqlite3.DatabaseError("shape")

    def _shape_number(self) -> int:
        number: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return number

    def _check_airings(self) -> None:
        """Hold the journal to what alone was ever written there: SQLite does not notice a flipped bit in a value."""
        # S608: the text is our own.
        query = f"SELECT {_SOUND}, key, slot, title, clip, reason FROM airings"  # noqa: S608
        for row in self._connection.execute(query):
            if row[0] != 1:
                raise sqlite3.DatabaseError("airings")

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


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.executescript(_SCHEMA)
    for table, columns in _LATER_COLUMNS.items():
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for column in columns:
            if column.partition(" ")[0] not in present:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _shape(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Return (table, column, type, not null, place in the key) of every column of our tables."""
    return connection.execute(
        'SELECT t.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master t, pragma_table_info(t.name) c'
        " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.name"
    ).fetchall()


@contextmanager
def _as_storage_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise StorageFullError("Ổ đĩa của máy phát đã đầy; dữ liệu cũ còn nguyên. Hãy giải phóng ổ đĩa.") from error
        if "decode" in str(error):  # letters that are none: written so by no program
            raise DamagedDatabaseError(f"Cơ sở dữ liệu của máy phát bị hỏng ({error}).") from error
        raise StorageError(f"Không ghi được cơ sở dữ liệu của máy phát ({error}).") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise DamagedDatabaseError(f"Cơ sở dữ liệu của máy phát bị hỏng ({error}).") from error
