"""The database file from birth to upgrade: whole or refused, and never harmed."""

import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from domain.errors import StorageError
from store import migrate
from store.engine import Database
from store.tables import metadata
from tests.fakes import START, example_database

NEXT = """
    from alembic import op

    revision, down_revision = "9999", {head!r}
    branch_labels = depends_on = None

    def upgrade():
        op.execute("CREATE TABLE later (number INTEGER PRIMARY KEY)")
        op.execute("INSERT INTO later VALUES (1)")
        {more}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tiengloa.db"


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that makes the product one migration newer than it is."""
    folder = tmp_path / "migrations"
    shutil.copytree(Path(migrate.__file__).parent / "migrations", folder)

    def make(more: str = "pass") -> None:
        script = textwrap.dedent(NEXT).format(head=head(), more=more)
        (folder / "versions" / "9999_later.py").write_text(script)
        config = Config()
        config.set_main_option("script_location", str(folder))
        monkeypatch.setattr(migrate, "_config", lambda: config)

    return make


def head() -> str:
    from alembic.script import ScriptDirectory

    found = ScriptDirectory.from_config(migrate._config()).get_current_head()
    assert found is not None
    return found


def opened(path: Path, say: Callable[[str], None] = lambda _: None) -> None:
    with closing(Database(path)) as database:
        migrate.upgrade(database, path.parent / "backups", START, say)


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def tables_of(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def copies(path: Path) -> list[Path]:
    folder = path.parent / "backups"
    return sorted(folder.iterdir()) if folder.exists() else []


def everything_in(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_a_new_database_is_exactly_what_the_tables_say(path: Path) -> None:
    opened(path)
    with closing(Database(path)) as database, database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
    assert [one.name for one in path.parent.iterdir()] == ["tiengloa.db"]


def test_upgrading_twice_changes_nothing_and_keeps_no_copy(path: Path) -> None:
    opened(path)
    before = path.read_bytes()
    opened(path)
    assert path.read_bytes() == before
    assert copies(path) == []


def test_an_older_database_is_upgraded_and_its_copy_is_whole(path: Path, next_version: Callable[[], None]) -> None:
    path.write_bytes(example_database())
    old = revision(path)
    next_version()
    said: list[str] = []
    opened(path, said.append)
    assert revision(path) == "9999"
    assert said == ["Sao lưu cơ sở dữ liệu trước khi nâng cấp"]
    (copy,) = copies(path)
    assert copy.name == f"20261123T023100-{old}.db"
    assert revision(copy) == old
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM bulletin").fetchone() == (3,)


def test_what_was_written_but_not_yet_in_the_main_file_is_in_the_copy(
    path: Path, next_version: Callable[[], None]
) -> None:
    path.write_bytes(example_database())
    next_version()
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("UPDATE station SET name = 'Đài đã đổi tên'")
        writer.commit()
        opened(path)
    with closing(sqlite3.connect(copies(path)[0])) as connection:
        assert connection.execute("SELECT name FROM station").fetchone() == ("Đài đã đổi tên",)


def test_an_upgrade_that_fails_leaves_the_old_form(path: Path, next_version: Callable[[str], None]) -> None:
    path.write_bytes(example_database())
    old = revision(path)
    next_version("op.execute('INSERT INTO no_such_table VALUES (1)')")
    with pytest.raises(StorageError, match="Chưa có gì thay đổi"):
        opened(path)
    assert revision(path) == old
    assert "later" not in tables_of(path)


def test_no_copy_no_upgrade(path: Path, next_version: Callable[[], None]) -> None:
    path.write_bytes(example_database())
    old = revision(path)
    next_version()
    (path.parent / "backups").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="Không sao lưu được"):
        opened(path)
    assert revision(path) == old


def test_a_database_of_a_newer_version_is_refused_and_untouched(path: Path) -> None:
    path.write_bytes(example_database())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = everything_in(path.parent)
    with pytest.raises(StorageError, match="phiên bản mới hơn"):
        opened(path)
    assert everything_in(path.parent) == before


def damaged_pages(whole: bytes) -> bytes:
    return whole[:8192] + b"\xa5" * (len(whole) - 8192)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "zero bytes": lambda _whole: b"",
    "half written": lambda whole: whole[: len(whole) // 2],
    "cut inside a page": lambda whole: whole[: len(whole) - 1000],
    "cut in the header": lambda whole: whole[:60],
    "pages of noise": damaged_pages,
    "all zeros": lambda whole: bytes(len(whole)),
    "text": lambda _whole: "Kính thưa bà con\n".encode() * 500,
    "a few letters": lambda _whole: b"xin",
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_file_that_is_no_whole_database_is_refused_in_one_sentence_and_untouched(damage: str, path: Path) -> None:
    path.write_bytes(DAMAGES[damage](example_database()))
    before = everything_in(path.parent)
    with pytest.raises(StorageError, match=r"bị hỏng hoặc mới ghi dở.*giữ nguyên") as refusal:
        opened(path)
    assert "\n" not in refusal.value.sentence
    left = everything_in(path.parent)
    assert {name: left[name] for name in before} == before
    assert all(not data for name, data in left.items() if name.endswith("-wal"))


def test_the_log_of_a_damaged_file_is_not_written_into_it(path: Path) -> None:
    path.write_bytes(example_database())
    writer = sqlite3.connect(path)
    try:
        writer.execute("UPDATE station SET name = 'Đài đã đổi tên'")
        writer.commit()
        log = path.with_name("tiengloa.db-wal").read_bytes()
        shm = path.with_name("tiengloa.db-shm").read_bytes()
    finally:
        writer.close()
    path.write_bytes(damaged_pages(example_database()))
    path.with_name("tiengloa.db-wal").write_bytes(log)
    path.with_name("tiengloa.db-shm").write_bytes(shm)
    with pytest.raises(StorageError):
        opened(path)
    assert path.read_bytes() == damaged_pages(example_database())
    assert path.with_name("tiengloa.db-wal").read_bytes() == log


def test_another_programs_database_is_refused_and_untouched(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (line TEXT)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="không phải của Tiếng Loa"):
        opened(path)
    assert tables_of(path) == {"notes"}
    assert len(path.read_bytes()) == len(before)


def test_a_log_without_its_database_is_refused_and_kept(path: Path) -> None:
    log = path.with_name("tiengloa.db-wal")
    log.write_bytes(b"what was said last")
    with pytest.raises(StorageError, match="không còn"):
        opened(path)
    assert everything_in(path.parent) == {log.name: b"what was said last"}


def test_a_folder_in_the_place_of_the_database_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StorageError):
        opened(path)
    assert list(path.iterdir()) == []


KILLED = """
    import os, shutil, signal, sys
    from contextlib import closing
    from pathlib import Path
    from sqlalchemy import Engine, event
    from store import migrate
    from store.engine import Database
    from tests.fakes import START

    folder, step, config = Path(sys.argv[1]), int(sys.argv[2]), None
    if len(sys.argv) > 3:
        from alembic.config import Config
        config = Config()
        config.set_main_option("script_location", sys.argv[3])
        migrate._config = lambda: config

    def upgrade(path):
        with closing(Database(path)) as database:
            migrate.upgrade(database, path.parent / "backups", START)

    def killed_at(number, path):
        count = 0
        def hit(*_):
            nonlocal count
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
        for moment in ("after_cursor_execute", "commit"):
            event.listen(Engine, moment, hit)
        upgrade(path)
        os._exit(0)

    number, ended = 0, False
    while not ended:
        number += step
        place = folder / f"{number}"
        place.mkdir()
        path = place / "tiengloa.db"
        if config is not None:
            shutil.copy(folder / "old.db", path)
        child = os.fork()
        if child == 0:
            killed_at(number, path)
        _, status = os.waitpid(child, 0)
        ended = os.WIFEXITED(status)
        assert ended or os.WTERMSIG(status) == signal.SIGKILL, status
    print(number)
"""


def kill_everywhere(folder: Path, step: int, *more: str) -> Iterator[Path]:
    """Begin an upgrade again and again, killed `step` statements later each time; yield each file that was left."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), str(step), *more],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    last = int(done.stdout)
    assert last > 8 * step
    yield from (folder / str(number) / "tiengloa.db" for number in range(step, last + 1, step))


def test_killed_at_any_statement_of_its_birth_the_database_is_whole_or_absent(tmp_path: Path) -> None:
    for path in kill_everywhere(tmp_path, 3):
        assert not path.exists() or revision(path) == head()
        if not path.exists():
            opened(path)
        assert revision(path) == head()
        assert sorted(one.name for one in path.parent.iterdir()) == ["tiengloa.db"]


def test_killed_at_any_statement_of_an_upgrade_the_form_is_the_old_or_the_new(
    tmp_path: Path, next_version: Callable[[], None]
) -> None:
    (tmp_path / "old.db").write_bytes(example_database())
    old = revision(tmp_path / "old.db")
    next_version()
    seen = set()
    for path in kill_everywhere(tmp_path, 1, str(tmp_path / "migrations")):
        seen.add(revision(path))
        assert ("later" in tables_of(path)) == (revision(path) == "9999")
        opened(path)
        assert revision(path) == "9999"
    assert seen == {old, "9999"}


def test_a_busy_database_is_said_to_be_busy_not_damaged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(example_database())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").close()
    monkeypatch.setattr(migrate, "_PATIENCE_S", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="đang bận"):
            opened(path)


def test_a_written_row_survives_as_foreign_keys_hold(path: Path) -> None:
    path.write_bytes(example_database())
    with closing(Database(path)) as database:
        with pytest.raises(StorageError, match="IntegrityError"), database.write() as connection:
            connection.execute(text("UPDATE bulletin SET approved_by = 'khong-ai'"))
        with database.read() as connection:
            assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
            assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
