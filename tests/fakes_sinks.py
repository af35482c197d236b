"""Outputs that go wrong in every way that devices do, in real time and by the test's order."""

import random
import threading
from enum import Enum

from domain.errors import SinkError
from domain.timetable import Priority
from player.clock import SystemClock
from player.sinks.pacing import Pace, rest

RATE = 48_000


class Mood(Enum):
    """How the devices of a bench behave."""

    WELL = "well"
    BLOCKS = "a write never returns"
    CRAWLS = "takes half of real time"
    GONE = "raises what a driver raises"
    HANGS_OPEN = "opening never returns"
    FLAKY = "fails at random"


class Bench:
    """A socket into which devices are plugged: the test sets their mood and reads what sounded."""

    def __init__(self, name: str, seed: int = 1) -> None:
        self.name = name
        self.mood = Mood.WELL
        self.sounded: list[tuple[float, bytes]] = []
        self.told: list[tuple[Priority | None, str]] = []
        self.opened = 0
        self.freed = threading.Event()
        self.random = random.Random(seed)

    def plug(self) -> "Device":
        return Device(self)

    @property
    def frames(self) -> int:
        return sum(len(block) // 2 for _, block in self.sounded)

    def loud_after(self, instant: float) -> bool:
        """Tell whether anything but silence sounded after a monotonic instant."""
        return any(at > instant and any(block) for at, block in tuple(self.sounded))


class Device:
    """A paced output that obeys its bench's mood."""

    rate = RATE

    def __init__(self, bench: Bench) -> None:
        self.name = bench.name
        self._bench = bench
        self._pace: Pace | None = None

    def open(self) -> None:
        self._suffer(opening=True)
        self._bench.opened += 1
        self._pace = Pace(SystemClock(), rest, self.rate)

    def next_frame_at(self) -> float:
        return self._live().next_frame_at()

    def told(self, priority: Priority | None, title: str) -> None:
        self._bench.told.append((priority, title))

    def write(self, block: bytes) -> None:
        pace = self._live()
        self._suffer(opening=False)
        due = pace.wait_for_room(len(block) // 2)
        if self._bench.mood is Mood.CRAWLS:
            rest(2 * len(block) / 2 / self.rate)
        self._bench.sounded.append((due, block))

    @property
    def frames(self) -> int:
        return self._pace.frames if self._pace else 0

    def close(self) -> None:
        self._pace = None

    def _live(self) -> Pace:
        if self._pace is None:
            raise SinkError("Thiết bị âm thanh chưa được mở.")
        return self._pace

    def _suffer(self, *, opening: bool) -> None:
        mood = self._bench.mood
        if mood is Mood.GONE or (mood is Mood.FLAKY and self._bench.random.random() < (0.3 if opening else 0.02)):
            raise SinkError(f"Thiết bị âm thanh {self.name}: không phát ra được (No such device).")
        if (mood is Mood.BLOCKS and not opening) or (mood is Mood.HANGS_OPEN and opening):
            self._bench.freed.wait(60)
