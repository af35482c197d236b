"""How late the alarm's decisions are among a quarter of a million occurrences, and how quickly a burst is claimed.

A decision is late by the time from its instant until the rows that are due have been read from the database. A claim
is a row of its own for each start, all in one transaction that is on the disk (synchronous=FULL).
"""

import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, insert, select
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
_MILLISECOND = timedelta(milliseconds=1)
_CLAIM = Table("claim", MetaData(), Column("key", String(80), primary_key=True))


@dataclass(slots=True)
class _Station:
    """Decides what is due and notes how late it knew; a burst it claims too, each start once, in one transaction."""

    database: Database
    clock: SystemClock
    seen: datetime
    late_ms: dict[str, float] = field(default_factory=dict)
    claimed_ms: dict[str, float] = field(default_factory=dict)

    def next_transition(self, _now: datetime) -> datetime | None:
        """Return the first instant not seen yet: what fell due while the last was decided is still to come."""
        starts_at = tables.occurrence.c.starts_at
        first = select(starts_at).where(starts_at > self.seen).order_by(starts_at).limit(1)
        with self.database.read() as connection:
            return connection.execute(first).scalar_one_or_none()

    def act(self) -> None:
        """Decide what is due by now."""
        with self.database.read() as connection:
            due = plans.occurrences(connection, self.seen + _MILLISECOND, self.clock.now() + _MILLISECOND)
        known = time.time()
        for one in due:
            self.seen = one.starts_at
            self.late_ms[one.key] = _since(one, known)
        if len(due) > 1:
            self._claim(due)

    def _claim(self, due: tuple[Occurrence, ...]) -> None:
        with self.database.write() as connection:
            connection.execute(upsert(_CLAIM).on_conflict_do_nothing(), [{"key": one.key} for one in due])
        claimed = time.time()
        self.claimed_ms |= {one.key: _since(one, claimed) for one in due}


def _since(one: Occurrence, instant: float) -> float:
    return (instant - one.starts_at.timestamp()) * 1000


def measure() -> dict[str, float]:
    """Return the lateness of FIRES decisions (p50, p99, worst) and the time until BURST starts at once are claimed."""
    with tempfile.TemporaryDirectory() as folder:
        database = fill(Path(folder))
        first = _whole_ms(datetime.now(UTC) + timedelta(seconds=15))
        _put_rows(database, first)
        station = _Station(database, SystemClock(), first - timedelta(seconds=1))
        alarm = Alarm(station.clock, station.next_transition, station.act)
        alarm.start()
        ends = time.monotonic() + 120
        while len(station.claimed_ms) < BURST and time.monotonic() < ends:
            threading.Event().wait(0.2)
        alarm.stop()
        database.close()
    waiting = bare()
    late = sorted(ms for key, ms in station.late_ms.items() if key.startswith("fire"))
    burst = [ms for key, ms in station.claimed_ms.items() if key.startswith("burst")]
    assert (len(late), len(burst)) == (FIRES, BURST), "some were never decided"
    return {
        "late_p50_ms": late[len(late) // 2],
        "late_p99_ms": late[-(len(late) // 100) - 1],
        "late_max_ms": late[-1],
        "bare_wait_p99_ms": waiting,
        "burst_500_ms": max(burst),
    }


def bare() -> float:
    """Return the p99, in ms, by which a thread that does nothing but wait is late: what the machine itself takes."""
    late = []
    for _ in range(FIRES):
        wanted = time.time() + APART.total_seconds()
        threading.Event().wait(APART.total_seconds())
        late.append((time.time() - wanted) * 1000)
    return sorted(late)[-(FIRES // 100) - 1]


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
