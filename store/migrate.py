"""Bring a database to the newest form: a copy first, then each step in one transaction."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from domain.errors import StorageError
from store.engine import Database

_QUICK_CHECK_BELOW = 256 * 1024 * 1024


def upgrade(database: Database, backups: Path, now: datetime, say: Callable[[str], None] = lambda _: None) -> None:
    """Upgrade `database` to the newest migration, keeping a copy of an older one in `backups`.

    Raises StorageError when the file is damaged, or made by a newer version of the product; it is left as it was.
    """
    _refuse_damage(database.path)
    script = ScriptDirectory.from_config(_config())
    head = script.get_current_head()
    with database.read() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    if current is not None:
        say("Sao lưu cơ sở dữ liệu trước khi nâng cấp")
        copy_database(database.path, backups / f"{now:%Y%m%dT%H%M%S}-{current}.db")
    try:
        with database.write() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(
            "Cơ sở dữ liệu này do một phiên bản mới hơn của Tiếng Loa tạo ra. Không có gì bị thay đổi; "
            "hãy cài phiên bản mới hơn."
        ) from error


def copy_database(source: Path, target: Path) -> None:
    """Copy a live database file whole to `target`. Raises StorageError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"Không sao lưu được cơ sở dữ liệu vào «{target}»; chưa nâng cấp gì.") from error


def _refuse_damage(path: Path) -> None:
    if not path.exists() or path.stat().st_size > _QUICK_CHECK_BELOW:
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        verdict = (str(error),)
    if verdict is None or verdict[0] != "ok":
        raise StorageError(
            f"Tệp cơ sở dữ liệu «{path}» bị hỏng hoặc mới ghi dở. Tệp được giữ nguyên; hãy chép lại bản sao gần nhất "
            "trong thư mục «backups», hoặc chuyển tệp này đi nơi khác rồi chạy lại."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
