"""Two workers on one database, killed at any moment: what they keep is what one alone would have kept."""

import random
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from scheduler.signing import StationKey
from scheduler.worker import TimetableWorker
from store import machines, tables, timetable
from store.engine import Database
from store.migrate import copy_database
from tests.fakes import START, ExampleStation, FakeClock, example_station, wait_for
from tests.integration.test_plan_to_playlist import enrolled, produce_all

HOUR = timedelta(hours=1)
_OTHER = "cum-sung-phai"
HALF, WHOLE = 30, 60
"""Hours that the workers live through; between them a rule is stopped and another is moved."""

WORKER = """
import sys
from datetime import timedelta
from pathlib import Path
from scheduler.signing import StationKey
from scheduler.worker import TimetableWorker
from store.engine import Database
from tests.fakes import START, FakeClock

folder, diary, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
clock = FakeClock(START)
worker = TimetableWorker(Database(folder / "tiengloa.db"), StationKey.load_or_create(folder / "key"), clock)
for hour in range(int(diary.read_text() or 0), last + 1):
    clock.at = START + timedelta(hours=hour)
    worker.tick()
    beside = diary.with_suffix(".new")
    beside.write_text(str(hour))
    beside.replace(diary)  # whole, or a worker killed just then would begin at hour 0 again
"""


def rows(database: Database) -> list[list[tuple[object, ...]]]:
    """Return the occurrences and the slots as they are kept, every column of them."""
    with database.read() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(table.c.key))]
            for table in (tables.occurrence, tables.slot)
        ]


def fingerprints(station: ExampleStation) -> dict[str, str]:
    with station.database.read() as connection:
        every = [machines.published(connection, one.id) for one in machines.everything(connection)]
    return {one.machine_id: one.fingerprint for one in every if one is not None}


def edit(station: ExampleStation) -> None:
    """Stop one rule and give another a second time, as a person would."""
    with station.database.write() as connection:
        first, second, *_ = sorted(timetable.rules(connection).values(), key=lambda one: one.id)
        timetable.put_rule(connection, replace(first, enabled=False))
        timetable.put_rule(connection, replace(second, times=(*second.times, second.times[0].replace(minute=41))))


def alone(station: ExampleStation, hours: range) -> None:
    clock = FakeClock(START)
    worker = TimetableWorker(station.database, StationKey.load_or_create(station.folder / "key"), clock)
    for hour in hours:
        clock.at = START + hour * HOUR
        worker.tick()


class Killed:
    """One worker process that is killed again and again, and started again where its diary says."""

    def __init__(self, folder: Path, name: str, seed: int) -> None:
        self.folder, self.diary = folder, folder / f"diary-{name}"
        self.diary.write_text("0")
        self.chance = random.Random(seed)
        self.kills = 0

    def live_to(self, hour: int) -> None:
        """Live to an hour of the simulated clock; killed three times on the way, in mid-tick as chance has it."""
        for left in (3, 2, 1, 0):
            process = self.start(hour)
            if left and self.wait_for_a_tick(process):
                process.kill()
                self.kills += process.wait() == -9
            elif process.wait(60) == 0:
                return
        raise AssertionError("a worker that was left alone did not end well")

    def start(self, hour: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", WORKER, str(self.folder), str(self.diary), str(hour)]
        return subprocess.Popen(command, cwd=Path(__file__).parents[2])

    def wait_for_a_tick(self, process: subprocess.Popen[bytes]) -> bool:
        before = self.diary.read_text()
        wait_for(lambda: process.poll() is not None or self.diary.read_text() != before, 30, "a tick")
        threading.Event().wait(self.chance.uniform(0, 0.15))
        return process.poll() is None


@pytest.mark.timeout(240)
def test_two_workers_that_are_killed_keep_what_one_alone_keeps(tmp_path: Path) -> None:
    with ExitStack() as stack:
        (tmp_path / "one").mkdir()
        one = stack.enter_context(example_station(tmp_path / "one"))
        for cluster in ("cum-san-thang", _OTHER):
            enrolled(one, cluster)
        produce_all(one)
        StationKey.load_or_create(one.folder / "key")
        both = _copy_of(one, tmp_path / "two", stack)
        _live_apart(both.folder, HALF)
        edit(both)
        kills = _live_apart(both.folder, WHOLE)
        alone(one, range(HALF + 1))
        edit(one)
        alone(one, range(HALF, WHOLE + 1))
        alone(both, range(WHOLE, WHOLE + 1))
        assert kills > 0
        assert rows(both.database) == rows(one.database)
        assert len(rows(one.database)[0]) > 30
        assert fingerprints(both) == fingerprints(one) != {}


def _copy_of(station: ExampleStation, folder: Path, stack: ExitStack) -> ExampleStation:
    folder.mkdir()
    made = stack.enter_context(example_station(folder))
    made.database.close()
    copy_database(station.database.path, folder / "tiengloa.db")
    (folder / "key").write_bytes((station.folder / "key").read_bytes())
    (folder / "key").chmod(0o600)
    made.database = Database(folder / "tiengloa.db")
    return made


def _live_apart(folder: Path, hour: int) -> int:
    """Let two workers live to `hour` side by side; return how often one was killed in mid-life."""
    workers = [Killed(folder, name, seed) for seed, name in enumerate("ab")]
    for worker in workers:
        worker.diary.write_text(str(max(hour - HALF, 0)))
    threads = [threading.Thread(target=worker.live_to, args=(hour,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(int(worker.diary.read_text()) == hour for worker in workers)
    return sum(worker.kills for worker in workers)
