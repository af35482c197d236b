"""The store: a piece of work is kept whole or not at all, whoever else writes and whatever the disk says."""

import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError

from domain.airtime import AirtimePolicy
from domain.errors import BadInputError, NotFoundError, StorageError, StorageFullError
from domain.people import Role, User
from store import airings, bulletins, clips, machines, people, timetable
from store import station as own
from store.engine import Database, named_failure
from tests.fakes import START, ExampleStation, example_database, need_tool


def test_a_write_that_fails_half_way_leaves_nothing(station: ExampleStation) -> None:
    with station.database.read() as connection:
        before = len(people.everyone(connection))

    def begun_and_dropped() -> None:
        with station.database.write() as connection:
            people.add(connection, User("a", "a", "A", frozenset({Role.VIEWER})))
            raise RuntimeError("the caller broke down")

    with pytest.raises(RuntimeError):
        begun_and_dropped()
    with station.database.read() as connection:
        assert len(people.everyone(connection)) == before


def test_a_reader_sees_one_moment_while_another_writes(station: ExampleStation) -> None:
    with station.database.read() as reader:
        before = len(people.everyone(reader))
        station.person(Role.VIEWER)
        assert len(people.everyone(reader)) == before
    with station.database.read() as reader:
        assert len(people.everyone(reader)) == before + 1


WRITER = """
    import sys
    from contextlib import closing
    from pathlib import Path
    from sqlalchemy import text
    from store.engine import Database

    with closing(Database(Path(sys.argv[1]))) as database:
        sys.stdin.readline()
        for _ in range(50):
            with database.write() as connection:
                count = connection.execute(text("SELECT plan_version FROM station")).scalar_one()
                connection.execute(text("UPDATE station SET plan_version = :n"), {"n": count + 1})
"""


def test_two_processes_that_write_at_once_both_succeed_and_lose_no_update(station: ExampleStation) -> None:
    with station.database.read() as connection:
        before = connection.execute(text("SELECT plan_version FROM station")).scalar_one()
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(station.database.path)]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(2)]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=30)
        assert writer.returncode == 0
    with station.database.read() as connection:
        assert connection.execute(text("SELECT plan_version FROM station")).scalar_one() == before + 100


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes; needs root, and a kernel that lets it mount."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    need_tool(mounted, "root, to mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(database: Database) -> None:
    for _ in range(100):
        with database.write() as connection:
            connection.execute(text("UPDATE station SET name = 'Đài mới'"))
            connection.execute(text("INSERT INTO sign_in_attempt (subject, at) VALUES (zeroblob(100000), 1)"))


def test_a_full_disk_is_said_and_what_was_there_stays(small_disk: Path) -> None:
    path = small_disk / "tiengloa.db"
    path.write_bytes(example_database())
    with closing(Database(path)) as database:
        with pytest.raises(StorageFullError, match=r"Ổ đĩa đã đầy.*Dữ liệu cũ còn nguyên"):
            fill(database)
        with database.read() as connection:
            whole = len(connection.execute(text("SELECT number FROM sign_in_attempt")).all())
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
            assert len(bulletins.everything(connection)) == 3
        with pytest.raises(StorageFullError), database.write() as connection:
            connection.execute(text("INSERT INTO sign_in_attempt (subject, at) VALUES (zeroblob(1000000), 1)"))
    # After a restart, with some room again, everything acknowledged is there and writing goes on.
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    with closing(Database(path)) as database, database.write() as connection:
        assert len(connection.execute(text("SELECT number FROM sign_in_attempt")).all()) == whole
        connection.execute(text("DELETE FROM sign_in_attempt"))


def test_a_disk_that_is_full_at_birth_leaves_no_torn_database(small_disk: Path) -> None:
    from store.migrate import upgrade

    (small_disk / "ballast").write_bytes(bytes(1_900_000))
    with closing(Database(small_disk / "tiengloa.db")) as database, pytest.raises(StorageError):
        upgrade(database, small_disk / "backups", START)
    assert [one.name for one in small_disk.iterdir()] == ["ballast"]


def impatient(database: Database) -> None:
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
        connection.exec_driver_sql("UPDATE station SET epoch = 1")


def test_a_locked_database_is_said_to_be_busy(station: ExampleStation) -> None:
    with closing(sqlite3.connect(station.database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="đang bận"):
            impatient(station.database)


def test_too_many_at_once_is_said_to_be_busy(station: ExampleStation) -> None:
    with pytest.raises(StorageError, match="đang bận"), station.database.read():
        raise NoFreeConnectionError


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("SQLITE_CORRUPT_VTAB", "bị hỏng"),
        ("SQLITE_IOERR_WRITE", "Ổ đĩa báo lỗi"),
        ("SQLITE_READONLY_DBMOVED", "quyền ghi"),
        ("SQLITE_MISUSE", "báo lỗi"),
    ],
)
def test_failures_of_the_disk_are_named(code: str, sentence: str) -> None:
    error = sqlite3.OperationalError("words of SQLite")
    error.sqlite_errorname = code
    assert sentence in named_failure(error).sentence


def test_letters_that_cannot_be_written_are_refused(station: ExampleStation) -> None:
    with pytest.raises(BadInputError, match="ký tự không ghi được"), station.database.write() as connection:
        people.add(connection, User("a", "a", "A\ud800", frozenset()))


def test_a_naive_instant_is_a_fault_of_ours_and_changes_nothing(station: ExampleStation) -> None:
    naive = datetime(2026, 11, 23)  # noqa: DTZ001 - that is the point
    with pytest.raises(StatementError), station.database.write() as connection:
        people.note_failed_sign_in(connection, "ai", naive)
    with station.database.read() as connection:
        assert people.failed_sign_ins(connection, "ai", datetime(2000, 1, 1, tzinfo=UTC)) == 0


def test_what_is_not_there_is_not_found(station: ExampleStation) -> None:
    with station.database.read() as connection:
        for ask in (clips.get, people.get, machines.get, bulletins.get, timetable.rule):
            with pytest.raises(NotFoundError):
                ask(connection, "khong-co")


def test_a_policy_comes_back_as_it_was_put(station: ExampleStation) -> None:
    policy = AirtimePolicy(session_limit=timedelta(minutes=7, seconds=30), note="thử", sessions_per_day=3)
    with station.database.write() as connection:
        version = own.plan_version(connection)
        own.set_policy(connection, policy)
        assert own.plan_version(connection) == version + 1
    with station.database.read() as connection:
        assert own.get(connection).policy == policy


def test_asking_for_airings_of_nothing_answers_nothing(station: ExampleStation) -> None:
    with station.database.read() as connection:
        assert airings.between(connection, START, START) == ()
        assert airings.on_air(connection, START, START) == ()
