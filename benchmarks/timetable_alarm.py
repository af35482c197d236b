"""How late the alarm's decisions are among a quarter of a million occurrences, and how quickly a burst is claimed."""

import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from benchmarks.timetable_town import fill
from domain.playlist import from_ms, to_ms
from domain.timetable import Occurrence
from player.clock import SystemClock
from scheduler.alarm import Alarm
from store import plans, tables
from store.engine import Database

ROWS = 250_000
FIRES, APART = 200, timedelta(milliseconds=50)
BURST = 500
_LEAD = timedelta(seconds=3)
_CLAIM = Table("claim", MetaData(), Column("key", String(80), primary_key=True))


@dataclass(slots=True)
class _Station:
    """Claims what is due, each once, and notes how late it knew and when it had claimed."""

    database: Database
    clock: SystemClock
    seen: datetime
    late_ms: dict[str, float] = field(default_factory=dict)
    claimed_ms: dict[str, float] = field(default_factory=dict)

    def next_transition(self, now: datetime) -> datetime | None:
        starts_at = tables.occurrence.c.starts_at
        with self.database.read() as connection:
            # What fell due while the last was claimed is still to come.
            found = connection.execute(select(func.min(starts_at)).where(starts_at > self.seen)).scalar_one()
        return None if found is None else from_ms(found) if isinstance(found, int) else found

    def act(self) -> None:
        now = self.clock.now()
        with self.database.read() as connection:
            due = plans.occurrences(connection, self.seen + timedelta(milliseconds=1), now + timedelta(microseconds=1))
        if not due:
            return
        known = time.time()
        with self.database.write() as connection:
            connection.execute(upsert(_CLAIM).on_conflict_do_nothing(), [{"key": one.key} for one in due])
        claimed = time.time()
        self.seen = due[-1].starts_at
        for one in due:
            self.late_ms[one.key] = (known - one.starts_at.timestamp()) * 1000
            self.claimed_ms[one.key] = (claimed - one.starts_at.timestamp()) * 1000


def measure() -> dict[str, float]:
    """Return the lateness of FIRES decisions (p50, p99, worst) and the time until BURST starts at once are claimed."""
    with tempfile.TemporaryDirectory() as folder:
        database = fill(Path(folder))
        first = _whole_ms(datetime.now(UTC) + timedelta(seconds=15))
        _put_rows(database, first)
        station = _Station(database, SystemClock(), first - timedelta(seconds=1))
        alarm = Alarm(station.clock, station.next_transition, station.act)
        alarm.start()
        wanted = FIRES + BURST
        ends = time.monotonic() + 120
        while len(station.claimed_ms) < wanted and time.monotonic() < ends:
            threading.Event().wait(0.2)
        alarm.stop()
        database.close()
    late = sorted(ms for key, ms in station.late_ms.items() if key.startswith("fire"))
    burst = [ms for key, ms in station.claimed_ms.items() if key.startswith("burst")]
    assert (len(late), len(burst)) == (FIRES, BURST), "some were never decided"
    return {
        "late_p50_ms": late[len(late) // 2],
        "late_p99_ms": late[-(len(late) // 100) - 1],
        "late_max_ms": late[-1],
        "burst_500_ms": max(burst),
    }


def _whole_ms(instant: datetime) -> datetime:
    return from_ms(to_ms(instant))


def _put_rows(database: Database, first: datetime) -> None:
    rule_id, programme_id = "tin-0", "tin-0"
    last = first + FIRES * APART + _LEAD
    far = last + timedelta(days=1)
    starts = [(f"fire{n}", first + n * APART) for n in range(FIRES)]
    starts += [(f"burst{n}", last) for n in range(BURST)]
    starts += [(f"far{n}", far + n * timedelta(seconds=31)) for n in range(ROWS - FIRES - BURST)]
    rows = [Occurrence(key, rule_id, programme_id, starts_at) for key, starts_at in starts]
    with database.write() as connection:
        _CLAIM.create(connection)
        plans.keep_occurrences(connection, first, far + timedelta(days=365), rows)
        connection.execute(insert(_CLAIM).values(key="first"))
