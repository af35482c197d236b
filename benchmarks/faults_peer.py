"""The faults that a naive player (APScheduler and ffplay) can fairly be put through beside ours, in the same harness.

It gets the same centre, clock, list and files, and is started anew as often. SDL writes what ffplay would have sounded.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np

from tests.faults.centre import RoughCentre
from tests.faults.ear import Recording, pieces
from tests.faults.rig import ROOT, Child, Rig, wait_for
from tests.faults.scenes_power import begin_in_spite_of_kills
from tests.faults.shim import ShiftedClock, can_shift
from tests.faults.verdict import Outcome

_AFTER_S = 3.0
_LATE_S = 1.5


class Naive(Rig):
    """The naive player in the machine's place."""

    def start(self, *, read: bool = True) -> Child:
        """Start its process."""
        assert read
        command = [sys.executable, "-m", "benchmarks.naive_player", self.centre.url, str(self.home), str(self.heard)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.clock.environment}
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=quiet, stderr=quiet, start_new_session=True
        )
        self.runs.append(Child(process, time.time()))
        return self.child

    def kill(self) -> None:
        """End it and the players that it started, as a supervisor would."""
        os.killpg(self.child.process.pid, signal.SIGKILL)
        self.child.process.wait()

    def holds_all(self) -> bool:
        """Tell whether it has every file."""
        return all((self.home / clip.hash).exists() for clip in self.clips.values())

    def until_over(self, seconds: float = _AFTER_S) -> None:
        """Wait until the last session has had its time."""
        last = max(one.starts_at.timestamp() for one in self.slots)
        wait_for(lambda: time.time() > last + seconds, 120, "the last session")

    def outcome(self, within: float = _LATE_S, silent: frozenset[str] = frozenset()) -> Outcome:
        """Judge what was heard: each session once, in full, no later than `within` seconds."""
        self.kill()
        heard = pieces(_recordings(self.heard), self.clips)
        full = Counter(piece.key for piece in heard if piece.whole)
        due = {one.key: one.starts_at.timestamp() for one in self.slots if one.key not in silent}
        on_time = {piece.key for piece in heard if piece.key in due and abs(piece.at - due[piece.key]) <= within}
        twice = tuple(f"{key} was heard {count} times in full" for key, count in full.items() if count > 1)
        return Outcome(sum(full[key] == 1 and key in on_time for key in due), len(due), twice)


def _recordings(folder: Path) -> list[Recording]:
    true_offset = time.time() - time.monotonic()
    found = []
    for path in sorted(folder.glob("*.raw")):
        raw = path.read_bytes()
        samples = np.frombuffer(raw[: len(raw) // 2 * 2], np.int16)
        if samples.any():
            found.append(Recording(samples, ((int(np.flatnonzero(samples)[0]), float(path.stem) + true_offset),)))
    return found


def _stalled_download(made: Naive) -> Outcome:
    made.line_up(6, first=16)
    made.publish()
    made.centre.stalls[made.clips["s0"].hash] = 1000
    made.start()
    made.until_over()
    return made.outcome(silent=frozenset({"s0"}))


def _server_down_at_boot(made: Naive) -> Outcome:
    made.line_up(6, first=8)
    made.publish()
    made.start()
    wait_for(made.holds_all, 7, "the files")
    made.kill()
    made.centre.stop()
    made.start()
    made.until_over()
    return made.outcome()


def _stepped(made: Naive, seconds: float) -> Outcome:
    made.line_up(7, first=6)
    made.publish()
    made.start()
    third = made.slots[2].starts_at.timestamp()
    wait_for(lambda: time.time() > third - 0.4, 30, "two sessions")
    made.clock.step_to(timedelta(seconds=seconds))
    made.until_over()
    return made.outcome()


def _kill_9(made: Naive, kills: int = 5, seed: int = 1) -> Outcome:
    begin_in_spite_of_kills(made, kills, seed)
    made.until_over(20)
    return made.outcome(within=60)


SCENES: Mapping[str, Callable[[Naive], Outcome]] = {
    "stalled_download": _stalled_download,
    "server_down_at_boot": _server_down_at_boot,
    "clock_plus_90_s": partial(_stepped, seconds=90),
    "clock_minus_90_s": partial(_stepped, seconds=-90),
    "clock_plus_2_h": partial(_stepped, seconds=7200),
    "clock_minus_2_h": partial(_stepped, seconds=-7200),
    "kill_9": _kill_9,
}


def can_play() -> bool:
    """Tell whether ffplay and a compiler are here."""
    return shutil.which("ffplay") is not None and can_shift()


def play(name: str) -> Outcome:
    """Put the naive player through the fault `name`."""
    with tempfile.TemporaryDirectory(prefix="naive-") as folder:
        place = Path(folder)
        centre = RoughCentre(open_to_all=True)
        made = Naive(place, centre, ShiftedClock(place), place / "player", place / "heard")
        made.home.mkdir()
        made.heard.mkdir()
        try:
            return SCENES[name](made)
        finally:
            centre.close()
