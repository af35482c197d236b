"""The machine's journal of airings: claimed before sound, finished after it, kept until the centre has them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.machines import AiringOutcome
from domain.playlist import PlaylistSlot, from_ms, length_ms, to_ms
from domain.proof import Level, Proof
from player.database import Database
from player.orders import Known

KEEP = timedelta(days=90)
BATCH, NEWEST = 200, 20
MOST_REPORT = 400_000
"""Bytes of one report: the centre takes a megabyte, and a thin line needs a minute for less."""
_COLUMNS = (
    "SELECT key, slot, position, title, clip, planned, outcome, started, ended, rendered, reason, version,"
    " rms, peak, dead, clipped, hearing, score FROM airings"
)
_TOLD = (
    "key",
    "slot",
    "position",
    "title",
    "clip",
    "planned",
    "outcome",
    "started",
    "ended",
    "rendered",
    "reason",
)
_MEASURED = ("rms", "peak", "dead", "clipped", "hearing", "score")
_UNSENT_AFTER = f"{_COLUMNS} WHERE acknowledged < version AND (planned, key) > (?, ?) ORDER BY planned, key LIMIT ?"
_NEWEST = (
    f"{_COLUMNS} WHERE started IS NOT NULL OR outcome <> 'playing'"  # claimed only, it has not sounded yet
    " ORDER BY planned DESC, position DESC LIMIT ?"
)
_UNSENT = f"{_COLUMNS} WHERE acknowledged < version ORDER BY planned, key LIMIT ?"
_UNSENT_NEWEST = f"{_COLUMNS} WHERE acknowledged < version ORDER BY planned DESC, key DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """An airing as it is told to the centre; instants and lengths in milliseconds."""

    key: str
    slot: str
    position: int
    title: str
    clip: str | None
    planned: int
    outcome: str
    started: int | None
    ended: int | None
    rendered: int
    reason: str
    version: int
    rms: int | None = None
    peak: int | None = None
    dead: int | None = None
    clipped: int | None = None
    hearing: str | None = None
    score: int | None = None

    def document(self) -> dict[str, object]:
        """Return the JSON object of the report; what was not measured is left out."""
        told = {name: getattr(self, name) for name in _TOLD}
        return told | {name: value for name in _MEASURED if (value := getattr(self, name)) is not None}


class Journal:
    """Airings of this machine. Claims and ends are written by one thread; reports are read by another."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self) -> dict[str, Known]:
        """Return what is known of every kept airing; none is live."""
        rows = self._database.read("SELECT key, outcome, clip, base, seen, started, preempted, rendered FROM airings")
        return {
            str(key): Known(
                outcome=AiringOutcome(str(outcome)),
                clip_hash=clip,  # type: ignore[arg-type]
                base=from_ms(base),  # type: ignore[arg-type]
                seen_at=from_ms(seen),  # type: ignore[arg-type]
                started=started is not None,
                preempted=bool(preempted),
                rendered=timedelta(milliseconds=rendered),  # type: ignore[arg-type]
            )
            for key, outcome, clip, base, seen, started, preempted, rendered in rows
        }

    def claim(self, key: str, slot: PlaylistSlot, position: int, base: datetime, now: datetime) -> None:
        """Commit that an item is about to sound, before it does; a claim of an interrupted item renews it."""
        item = slot.items[position]
        planned = to_ms(slot.starts_at + item.offset)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO airings (key, slot, position, title, clip, planned, outcome, base, seen)"
                " VALUES (?, ?, ?, ?, ?, ?, 'playing', ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET base = excluded.base, seen = excluded.seen, preempted = 0"
                " WHERE outcome = 'playing'",
                (key, slot.key, position, item.title, item.clip_hash, planned, to_ms(base), to_ms(now)),
            )

    def started(self, key: str, at: datetime, base: datetime) -> None:
        """Note the instant of the first sample; the first start stays when an item goes on after a break."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE airings SET started = coalesce(started, ?), base = ?, seen = ?, version = version + 1"
                " WHERE key = ? AND outcome = 'playing'",
                (to_ms(at), to_ms(base), to_ms(at), key),
            )

    def progress(self, key: str, rendered_ms: int, at: datetime) -> None:
        """Note how much has sounded so far; not worth a report of its own."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE airings SET rendered = ?, seen = ? WHERE key = ? AND outcome = 'playing'",
                (rendered_ms, to_ms(at), key),
            )

    def interrupted(self, key: str, at: datetime, rendered_ms: int, *, preempted: bool) -> None:
        """Note that an item stopped and may go on later."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE airings SET rendered = ?, seen = ?, ended = ?, preempted = ?, version = version + 1"
                " WHERE key = ? AND outcome = 'playing'",
                (rendered_ms, to_ms(at), to_ms(at), preempted, key),
            )

    def finish(self, key: str, outcome: AiringOutcome, at: datetime, rendered_ms: int, reason: str) -> None:
        """Commit how an item ended; one whose sound never began is missed, whatever `outcome` says."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE airings SET outcome = CASE WHEN started IS NULL THEN 'missed' ELSE ? END, seen = ?,"
                " ended = CASE WHEN started IS NULL THEN NULL ELSE ? END, rendered = ?, reason = ?,"
                " version = version + 1 WHERE key = ? AND outcome = 'playing'",
                (outcome.value, to_ms(at), to_ms(at), rendered_ms, reason, key),
            )

    def measured(self, key: str, level: Level) -> None:
        """Note how loud an item was; told with the next state of its row."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE airings SET rms = ?, peak = ?, dead = ?, clipped = ?, version = version + 1 WHERE key = ?",
                (level.rms_mb, level.peak_mb, length_ms(level.dead), level.clipped_ppm, key),
            )

    def proved(self, key: str, proof: Proof) -> None:
        """Note whether the loop-back or microphone heard an item."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE airings SET hearing = ?, score = ?, version = version + 1 WHERE key = ?",
                (proof.hearing.value, proof.score, key),
            )

    def close(self, key: str, reason: str) -> None:
        """Commit that an interrupted item stays as it is: cut, or missed when it never sounded."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE airings SET outcome = CASE WHEN started IS NULL THEN 'missed' ELSE 'cut' END, reason = ?,"
                " ended = CASE WHEN started IS NULL THEN NULL ELSE coalesce(ended, seen) END, version = version + 1"
                " WHERE key = ? AND outcome = 'playing'",
                (reason, key),
            )

    def miss(self, key: str, slot: PlaylistSlot, position: int, reason: str, now: datetime) -> None:
        """Commit that an item, or a session without items, did not sound, and why."""
        item = slot.items[position] if slot.items else None
        planned = slot.starts_at + (item.offset if item else timedelta())
        title, clip = (item.title, item.clip_hash) if item else (slot.title, None)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO airings (key, slot, position, title, clip, planned, outcome, base, seen, reason)"
                " VALUES (?, ?, ?, ?, ?, ?, 'missed', ?, ?, ?)",
                (key, slot.key, position, title, clip, to_ms(planned), to_ms(slot.starts_at), to_ms(now), reason),
            )

    def entry(self, key: str) -> Entry | None:
        """Return one airing as it stands, or None when there is none."""
        rows = self._database.read(f"{_COLUMNS} WHERE key = ?", (key,))
        return Entry(*rows[0]) if rows else None  # type: ignore[arg-type]

    def newest(self, most: int) -> tuple[Entry, ...]:
        """Return the newest airings that sounded or are given up, by their planned start, the newest first."""
        rows = self._database.read(_NEWEST, (most,))
        return tuple(Entry(*row) for row in rows)  # type: ignore[arg-type]

    def unsent(self) -> tuple[Entry, ...]:
        """Return airings whose newest state the centre has not acknowledged, BATCH at most and MOST_REPORT bytes.

        The newest come first, then the oldest: after weeks without a line what sounds now is known at once, and
        nothing waits for ever.
        """
        newest = [Entry(*row) for row in self._database.read(_UNSENT_NEWEST, (NEWEST,))]  # type: ignore[arg-type]
        oldest = [Entry(*row) for row in self._database.read(_UNSENT, (BATCH - NEWEST,))]  # type: ignore[arg-type]
        return _fitting({one.key: one for one in (*newest, *oldest)}.values())

    def all_unsent(self) -> Iterator[Entry]:
        """Yield every airing whose newest state the centre has not acknowledged, the oldest first."""
        after: tuple[object, ...] = (-1, "")
        while rows := self._database.read(_UNSENT_AFTER, (*after, BATCH)):
            entries = [Entry(*row) for row in rows]  # type: ignore[arg-type]
            yield from entries
            after = (entries[-1].planned, entries[-1].key)

    def acknowledge(self, entries: tuple[Entry, ...]) -> None:
        """Note that the centre has these states; a state that has changed since is sent again."""
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE airings SET acknowledged = max(acknowledged, ?) WHERE key = ?",
                [(entry.version, entry.key) for entry in entries],
            )

    def purge(self, now: datetime) -> frozenset[str]:
        """Forget airings planned more than KEEP before `now`, and return their keys."""
        before = (to_ms(now - KEEP),)
        with self._database.write() as connection:
            gone = connection.execute("SELECT key FROM airings WHERE planned < ?", before).fetchall()
            connection.execute("DELETE FROM airings WHERE planned < ?", before)
        return frozenset(str(row[0]) for row in gone)


def _fitting(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return as many of `entries` as one report may hold, one at least."""
    taken: list[Entry] = []
    size = 0
    for one in entries:
        size += len(json.dumps(one.document(), ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if taken and size > MOST_REPORT:
            break
        taken.append(one)
    return tuple(taken)
