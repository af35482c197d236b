"""Bring a database to the newest form: a copy first, then each step in one transaction."""

import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from domain.errors import StorageError
from store.engine import Database, named_failure

_QUICK_CHECK_BELOW = 256 * 1024 * 1024
_PATIENCE_S = 10.0


def upgrade(database: Database, backups: Path, now: datetime, say: Callable[[str], None] = lambda _: None) -> None:
    """Make the database if there is none, or upgrade it to the newest migration, a copy kept in `backups` first.

    Raises StorageError when the file is damaged, is not ours, or was made by a newer version of the product; it is
    left as it was. One process at a time.
    """
    path = database.path
    if not path.exists():
        _create(path)
        return
    _refuse_damage(path)
    script = ScriptDirectory.from_config(_config())
    with database.read() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    _refuse_newer(script, current)
    say("Sao lưu cơ sở dữ liệu trước khi nâng cấp")
    copy_database(path, backups / f"{now:%Y%m%dT%H%M%S}-{current}.db")
    _migrate(database)


def copy_database(source: Path, target: Path) -> None:
    """Copy a live database file to `target`, whole or not at all. Raises StorageError."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(beside)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE").close()  # one file, with nothing beside it
        _put_in_place(beside, target)
    except (OSError, sqlite3.Error) as error:
        _remove(beside)
        raise StorageError(f"Không sao lưu được cơ sở dữ liệu vào «{target}». Hãy kiểm tra ổ đĩa.") from error


def _create(path: Path) -> None:
    """Make the database beside its name and put it there when it is whole, whenever the power goes."""
    log = _beside(path, "-wal")
    if log.exists() and log.stat().st_size:
        raise StorageError(
            f"Tệp cơ sở dữ liệu «{path}» không còn, nhưng phần ghi dở «{log.name}» của nó còn đó. Chưa có gì thay đổi; "
            "hãy chép lại bản sao gần nhất trong thư mục «backups», hoặc chuyển tệp này đi nơi khác rồi chạy lại."
        )
    new = path.with_name(f".{path.name}.new")
    _remove(new)
    database = Database(new)
    try:
        with closing(database):
            _migrate(database)
        _put_in_place(new, path)
    except OSError as error:
        raise StorageError(f"Không tạo được tệp cơ sở dữ liệu «{path}». Hãy kiểm tra quyền ghi và ổ đĩa.") from error
    finally:
        _remove(new)


def _migrate(database: Database) -> None:
    with database.write() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_newer(script: ScriptDirectory, current: str | None) -> None:
    if current is None:
        raise StorageError(
            "Tệp cơ sở dữ liệu không phải của Tiếng Loa hoặc mới ghi dở. Tệp được giữ nguyên; hãy chép lại bản sao gần "
            "nhất trong thư mục «backups», hoặc chuyển tệp này đi nơi khác rồi chạy lại."
        )
    try:
        script.get_revision(current)
    except CommandError as error:
        raise StorageError(
            "Cơ sở dữ liệu này do một phiên bản mới hơn của Tiếng Loa tạo ra. Không có gì bị thay đổi; "
            "hãy cài phiên bản mới hơn."
        ) from error


def _refuse_damage(path: Path) -> None:
    """Raise StorageError for a file that is not a whole database, without writing a byte to it."""
    verdict = "ok"
    try:
        if _is_cut(path):
            verdict = "cut"
        elif path.stat().st_size <= _QUICK_CHECK_BELOW:
            verdict = _quick_check(path)
    except sqlite3.OperationalError as error:
        raise named_failure(error) from error
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    except OSError as error:
        raise StorageError(f"Không đọc được tệp cơ sở dữ liệu «{path}». Hãy kiểm tra quyền của tệp.") from error
    if verdict != "ok":
        raise StorageError(
            f"Tệp cơ sở dữ liệu «{path}» bị hỏng hoặc mới ghi dở. Tệp được giữ nguyên; hãy chép lại bản sao gần nhất "
            "trong thư mục «backups», hoặc chuyển tệp này đi nơi khác rồi chạy lại."
        )


def _is_cut(path: Path) -> bool:
    """Tell whether the file is empty or shorter than its header says, with no log that holds the rest."""
    log = _beside(path, "-wal")
    if log.exists() and log.stat().st_size:
        return False
    with path.open("rb") as file:
        header = file.read(100)
    # https://www.sqlite.org/fileformat2.html section 1.3: page size at 16 (1 means 65536), pages at 28.
    page_size, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    return not header or path.stat().st_size < (65_536 if page_size == 1 else page_size) * pages


def _quick_check(path: Path) -> str:
    # Read-only: even closing an ordinary connection would write the log of a damaged file into it.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)) as connection:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])


def _put_in_place(beside: Path, target: Path) -> None:
    _fsync(beside)
    beside.replace(target)
    _fsync(target.parent)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    for name in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            _beside(path, name).unlink()


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
