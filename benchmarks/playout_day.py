"""A day of the machine in virtual time, so that it takes a minute: `python -m benchmarks.playout_day SLOTS`.

The cabinet, the playlist (signed, verified and stored), the cue, the conductor, the deck, the decoders, the mixer and
the journal are the machine's own, the clips are files; the clocks and the output are not, nor is the alarm, whose place
a loop takes: it acts whenever the machine asks to be woken, and the clock leaps over what is silent. Nine in ten
sessions lie in the allowed hours, evenly, each on a millisecond of its own, every hundredth an emergency; the rest lie
in quiet hours and must be refused. What sounded is read from the output's own samples: each clip is a level of its own,
so that a session that sounds with another's clip counts as missed. Start errors are by the virtual clock.
"""

import json
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random

import numpy as np
import psutil

from benchmarks.playout_hearing import RATE, percentile
from domain.airtime import QuietHours
from domain.playlist import PlaylistSlot
from domain.timetable import Priority
from player import memory, orders
from player.cabinet import Cabinet, open_cabinet, write_identity
from player.conductor import Conductor, Desk
from player.deck import Deck
from player.engine import Engine
from player.faults import Faults
from player.journal import Journal
from player.owed import Owed
from player.trust import Identity
from tests.fakes_player import MACHINE, STATION, Sound, Still, item, playlist, signed, slot, wav

MIDNIGHT = datetime(2026, 11, 23, 17, tzinfo=UTC)
"""Midnight in Vietnam."""
QUIET = (time(21, 30), time(5, 0))
DAY_S, OPENS_S, SHUTS_S = 86_400.0, 5 * 3600.0, 21.5 * 3600
CLIPS = 7
_CLIP_S = 0.5
_QUIET_SHARE = 10
_EMERGENCY_EVERY = 100
_LONGEST_LEAP_S = 30.0


@dataclass(frozen=True, slots=True)
class Session:
    """A planned session: its instant in seconds of the day, which clip it plays, and whether it is to sound."""

    at: float
    clip: int
    urgent: bool = False
    sounds: bool = True


class LeapingSink:
    """An output in virtual time that keeps only where sound begins, and at which level."""

    name = "một ngày"
    rate = RATE

    def __init__(self, clock: Still) -> None:
        self._clock = clock
        self.frames = 0
        self.onsets: list[tuple[float, int]] = []
        self._loud = False

    def open(self) -> None:
        """Begin."""

    def next_frame_at(self) -> float:
        """Return the clock: there is no buffer."""
        return self._clock.monotonic()

    def write(self, block: bytes) -> None:
        """Take a block, and let the clock go on by it."""
        samples = np.frombuffer(block, np.int16)
        heard = np.flatnonzero(samples)
        if len(heard) and not self._loud:
            first = int(heard[0])
            self.onsets.append((self._clock.now().timestamp() + first / RATE, int(samples[first])))
        self._loud = bool(len(heard)) and bool(samples[-1])
        self.frames += len(samples)
        self._clock.rest(len(samples) / RATE)

    def close(self) -> None:
        """End."""


def level(clip: int) -> int:
    """Return the sample value that a clip is made of."""
    return 4000 + 1000 * clip


def sessions(count: int) -> list[Session]:
    """Return the day's plan."""
    draw = Random(count)
    refused = count // _QUIET_SHARE
    spread = (SHUTS_S - OPENS_S - 10) / (count - refused)
    found = []
    for number in range(count - refused):
        at = round(OPENS_S + 5 + number * spread + draw.random() * (spread - 2 * _CLIP_S), 3)
        found.append(Session(at, draw.randrange(CLIPS), urgent=number % _EMERGENCY_EVERY == 7))
    for number in range(refused):
        at = round((SHUTS_S + 60 + number * ((DAY_S - SHUTS_S + OPENS_S - 120) / refused)) % DAY_S, 3)
        found.append(Session(at, draw.randrange(CLIPS), sounds=False))
    return sorted(found, key=lambda one: one.at)


class Day:
    """The machine of one day, and what became of it."""

    def __init__(self, folder: Path, plan: Sequence[Session]) -> None:
        self.plan = plan
        self._instants = [one.at for one in plan]
        self.clock = Still(MIDNIGHT - timedelta(minutes=1))
        self.cabinet = _cabinet(folder, plan, self.clock)
        self.journal = Journal(self.cabinet.database)
        faults = Faults(lambda _area, _sentence: None)
        self.deck = Deck(self.cabinet, lambda: None, lambda _hash: None)
        self.sink = LeapingSink(self.clock)
        desk = Desk(self.journal, Owed(faults, self.cabinet.free_reserve), self.deck, faults)
        self.conductor = Conductor(desk, self.clock, lambda _event: None)
        self.engine = Engine(self.sink, self.clock, self.conductor.post)
        self.conductor.engine = self.engine
        held = self.cabinet.playlist()
        assert held is not None
        self.conductor.take_up(held)

    def run(self) -> None:
        """Let the day pass."""
        end = MIDNIGHT + timedelta(seconds=DAY_S + 60)
        while self.clock.now() < end:
            self.conductor.act()
            self._wait_for_decoders()
            self.conductor.act()
            self._sound_until(min(self._next_wake(), end))
        self.conductor.act()
        self.conductor.settle()

    def _next_wake(self) -> datetime:
        """Return when the alarm would have acted, leaving out most of the seconds in which it finds nothing to do."""
        now = self.clock.now()
        wakes = [now + timedelta(seconds=_LONGEST_LEAP_S), self.conductor.next_transition(now)]
        following = bisect_right(self._instants, (now - MIDNIGHT).total_seconds())
        wakes += [MIDNIGHT + timedelta(seconds=at) for at in self._instants[following : following + 1]]
        return min(wake for wake in wakes if wake and wake > now)

    def _wait_for_decoders(self) -> None:
        for reel in tuple(self.deck._reels.values()):
            reel.ready.wait(10)

    def _sound_until(self, due: datetime) -> None:
        """Feed while anything is armed or sounds, then leap to when the machine wishes to be woken."""
        while self.clock.now() < due and (self.engine._voices or self.engine._orders):
            voices = len(self.engine._voices)
            self.engine.feed()
            if len(self.engine._voices) < voices:
                return
        ahead = (due - self.clock.now()).total_seconds()
        if ahead > 0:
            self.clock.rest(ahead)


def _cabinet(folder: Path, plan: Sequence[Session], clock: Still) -> Cabinet:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    station, machine = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    pinned = station.public_key().public_bytes_raw()
    write_identity(folder, Identity(MACHINE, "Loa thôn Một", STATION, "http://127.0.0.1:1", pinned), machine)
    cabinet = open_cabinet(folder)
    clips = [_clip(number) for number in range(CLIPS)]
    for clip in clips:
        cabinet.partial_path(clip.hash).write_bytes(clip.data)
        cabinet.shelve(clip.hash)
    slots = [_slot(number, one, clips[one.clip]) for number, one in enumerate(plan)]
    quiet = (QuietHours(*QUIET),)
    cabinet.accept(signed(playlist(slots, clips, clock.now(), quiet=quiet), station), "", clock.now())
    return cabinet


def _clip(number: int) -> Sound:
    samples = np.full(round(_CLIP_S * RATE), level(number), np.int16)
    return Sound(samples, wav(samples))


def _slot(number: int, one: Session, clip: Sound) -> PlaylistSlot:
    at = MIDNIGHT + timedelta(seconds=one.at)
    priority = Priority.EMERGENCY if one.urgent else Priority.NORMAL
    return slot(f"buoi-{number:05}", at, item(clip), priority=priority, title=f"Chương trình {number % 40}")


def judge(day: Day) -> dict[str, object]:
    """Return how the day's plan was kept, by the samples and by the journal."""
    base = MIDNIGHT.timestamp()
    heard = Counter((round((at - base) * 10), value) for at, value in day.sink.onsets)
    wanted = [(one, base + one.at) for one in day.plan if one.sounds]
    onsets = sorted(day.sink.onsets)
    errors, missed, at = [], 0, 0
    for one, due in wanted:
        while at < len(onsets) and onsets[at][0] < due - 0.5:
            at += 1
        hit = at < len(onsets) and onsets[at][0] < due + 0.5 and onsets[at][1] == level(one.clip)
        missed += not hit
        errors += [abs(onsets[at][0] - due) * 1000] if hit else []
    rows = Counter(row[0] for row in day.cabinet.database.read("SELECT outcome FROM airings"))
    quiet = day.cabinet.database.read("SELECT count(*) FROM airings WHERE reason = ?", (orders.QUIET,))
    return {
        "slots": len(day.plan),
        "to_sound": len(wanted),
        "refused": len(day.plan) - len(wanted),
        "heard": len(onsets),
        "missed": missed,
        "doubled": sum(count - 1 for count in heard.values()) + max(len(onsets) - len(wanted) + missed, 0),
        "journal": {**dict(sorted(rows.items())), "for_quiet_hours": quiet[0][0]},
        "unaccounted": len(day.plan) - sum(rows[name] for name in ("played", "cut", "missed")),
        "p99_ms": round(percentile(errors, 99) or 0, 3),
        "max_ms": round(max(errors, default=0), 3),
    }


def measure(slots: int) -> dict[str, object]:
    """Return the figures of a day in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.playout_day", str(slots)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Pass a day and print its figures as JSON."""
    from time import perf_counter, process_time

    with tempfile.TemporaryDirectory(prefix="tiengloa-day-") as folder:
        day = Day(Path(folder), sessions(int(sys.argv[1])))
        me = psutil.Process()
        before, began, used = me.memory_info().rss, perf_counter(), process_time()
        day.run()
        wall, cpu, after = perf_counter() - began, process_time() - used, me.memory_info().rss
        memory.give_back()  # as a machine does each ten minutes, and this day lasts half a minute
        found = {
            **judge(day),
            "wall_s": round(wall, 1),
            "cpu_s": round(cpu, 1),
            "rss_mb": round(after / 1e6, 1),
            "rss_grown_mb": round((after - before) / 1e6, 1),
            "rss_grown_once_given_back_mb": round((me.memory_info().rss - before) / 1e6, 1),
        }
        day.cabinet.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
