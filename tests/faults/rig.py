"""A real machine in a process of its own, on a clock, a line and a disk that the test breaks."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.playlist import Playlist, PlaylistSlot
from tests.fakes_player import Sound, item, playlist, slot, sound
from tests.faults.centre import RoughCentre
from tests.faults.shim import ShiftedClock

_SET_PIPE_SIZE = 1031
ROOT = Path(__file__).parents[2]
# The command line as it is, with quicker rounds: a test has no minutes for their pauses.
_CHILD = """
import functools, sys
from player import rounds
from player.machine import MachineSettings
from tiengloa import cli, machine
rounds.MOST_BACK_OFF_S = 1.0
machine.MachineSettings = functools.partial(MachineSettings, poll=0.2, heartbeat=0.3)
sys.exit(cli.main(sys.argv[1:]))
"""


class WaitedInVainError(AssertionError):
    """What had to happen did not happen in time."""


def wait_for(true: Callable[[], object], seconds: float, what: str) -> None:
    """Return as soon as `true` holds. Raises WaitedInVainError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise WaitedInVainError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


@dataclass
class Child:
    """One run of the machine's process; `events` are the JSON lines that it printed."""

    process: subprocess.Popen[bytes]
    started: float
    events: list[dict[str, Any]] = field(default_factory=list)
    reader: threading.Thread | None = None

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with suppress(ValueError):
                self.events.append(json.loads(line))

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in tuple(self.events) if event["event"] == kind]

    def until(self, kind: str, count: int = 1, seconds: float = 20.0) -> None:
        wait_for(lambda: len(self.told(kind)) >= count, seconds, f"{count} {kind}")


@dataclass
class Rig:
    """A centre, the folder of one machine that is enrolled there, and what its virtual output wrote."""

    place: Path
    centre: RoughCentre
    clock: ShiftedClock
    home: Path
    heard: Path
    clips: dict[str, Sound] = field(default_factory=dict)
    slots: list[PlaylistSlot] = field(default_factory=list)
    runs: list[Child] = field(default_factory=list)
    arguments: tuple[str, ...] = ()

    @property
    def child(self) -> Child:
        return self.runs[-1]

    def now(self) -> datetime:
        """Return the machine's wall clock."""
        return datetime.now(UTC) + self.clock.shift

    def line_up(self, count: int, first: float, apart: float = 1.2, seconds: float = 0.6, **changes: Any) -> None:
        """Plan `count` sessions of one clip each, the first `first` seconds from now, `apart` seconds apart."""
        begin = self.now() + timedelta(seconds=first)
        for number in range(count):
            self.plan(begin + timedelta(seconds=number * apart), seconds, **changes)

    def plan(self, at: datetime, seconds: float = 0.6, **changes: Any) -> str:
        """Plan one session at `at` with a clip of its own, and return its key."""
        key = f"s{len(self.slots)}"
        self.clips[key] = sound(seconds, seed=1000 + len(self.slots))
        self.slots.append(slot(key, at, item(self.clips[key], title=key), **changes))
        return key

    def publish(self, counter: int = 1, **changes: Any) -> Playlist:
        """Sign all that is planned and serve it."""
        usual: dict[str, Any] = {"counter": counter, "issued_at": self.now() - timedelta(seconds=1)}
        if self.centre.clock_key:
            usual["clock_key"] = self.centre.clock_key.public_key().public_bytes_raw().hex()
        made = playlist(self.slots, self.clips.values(), self.now(), **{**usual, **changes})
        self.centre.publish(made, *self.clips.values())
        return made

    @property
    def reserve(self) -> Path:
        """Return where a reserve output may write."""
        return self.place / "reserve"

    def start(self, *, read: bool = True) -> Child:
        """Start the machine's process; unless its output is `read`, nobody takes what it prints."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TIENGLOA_")}
        environment |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **self.clock.environment}
        arguments = ["machine", "run", "--dir", str(self.home), "--sink", "virtual", "--json", *self.arguments]
        process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=ROOT,
        )
        child = Child(process, time.time())
        self.runs.append(child)
        child.reader = threading.Thread(target=child.read, daemon=True)
        if read:
            child.reader.start()
        else:
            fcntl.fcntl(process.stdout, _SET_PIPE_SIZE, 4096)
        return child

    def kill(self) -> None:
        """End the process as a power cut would: at once."""
        self._end(signal.SIGKILL)

    def end(self) -> None:
        """End the process in order."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        child = self.child
        child.process.send_signal(number)
        assert child.reader is not None
        if child.reader.ident is None:
            child.reader.start()
        try:
            child.process.wait(15)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        child.reader.join(5)
        assert child.process.stdout is not None
        child.process.stdout.close()

    def synced(self, seconds: float = 20.0) -> None:
        """Wait until the machine says that it holds every clip."""
        needed = len(self.clips)
        beats = len(self.centre.heartbeats)

        def holds_all() -> bool:
            return any(beat["clips_held"] == needed for beat in self.centre.heartbeats[beats:])

        wait_for(holds_all, seconds, "the clips")

    def stock(self, first: float, *, signed_late: bool = False) -> None:
        """Run the machine until it holds every clip and a playlist whose first session is `first` seconds from then on.

        With `signed_late` it is signed as if a second after that session was due.
        """
        planned = min(one.starts_at for one in self.slots)
        self._move(timedelta(hours=1))
        self.publish()
        self.start()
        self.synced(40)
        self._move(self.now() + timedelta(seconds=first) - planned - timedelta(hours=1))
        due = min(one.starts_at for one in self.slots)
        self.publish(counter=2, **({"issued_at": due + timedelta(seconds=1)} if signed_late else {}))
        wait_for(lambda: any(told["counter"] == 2 for told in self.child.told("PlaylistAccepted")), 20, "the playlist")
        self.kill()  # at once: an end in order can take longer than there is until the first session

    def _move(self, by: timedelta) -> None:
        self.slots = [replace(one, starts_at=one.starts_at + by) for one in self.slots]

    def settled(self, keys: set[str] | None = None) -> bool:
        """Tell whether the centre has a final row for each of `keys`, by default for every session."""
        rows = {row["slot"] for row in tuple(self.centre.airings.values()) if row["outcome"] != "playing"}
        return rows >= ({one.key for one in self.slots} if keys is None else keys)

    def until_settled(self, seconds: float = 30.0, keys: set[str] | None = None) -> None:
        """Wait until the centre knows how everything ended."""
        wait_for(lambda: self.settled(keys), seconds, "the rows of all sessions")


@contextmanager
def rig(place: Path, home: Path | None = None, heard: Path | None = None) -> Iterator[Rig]:
    """Give a centre and an enrolled machine that is not started yet.

    `home` is its folder and `heard` where its virtual output writes, if not in `place`; never on one disk, so that only
    one of them fails.
    """
    place.mkdir(parents=True, exist_ok=True)
    centre = RoughCentre()
    made = Rig(place, centre, ShiftedClock(place), home or place / "machine", heard or place / "heard")
    centre.enrolled(made.home)
    made.heard.mkdir()
    (made.home / "recordings").symlink_to(made.heard)
    try:
        yield made
    finally:
        for child in made.runs:
            if child.process.poll() is None:
                child.process.kill()
                child.process.wait()
            if child.reader is not None and child.reader.ident is not None:
                child.reader.join(5)
            if child.process.stdout is not None:
                child.process.stdout.close()
        centre.close()
