"""Judges an output by its sample counter: does it take sound, does it keep time, when to try it again. Pure."""

from collections import deque
from dataclasses import dataclass

SLOWEST = 0.9
"""An output that takes less sound than this share of real time is too slow to follow."""
_STEPS = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an output is waited for, in seconds.

    `tick`: how often a waiting writer looks up; `blocked`: no frame taken; `opening` and `closing`: a call that
    hangs; `window`: over how long slowness is judged; `probe`: how long a mended output must take silence; `settle`:
    how long a mended output waits for a silent moment; `calm`: after which time its failures are forgotten.
    """

    tick: float = 0.25
    blocked: float = 3.0
    opening: float = 5.0
    closing: float = 2.0
    window: float = 4.0
    probe: float = 1.0
    settle: float = 10.0
    calm: float = 60.0
    back_off: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0, 10.0)


class Tempo:
    """Tells from what each write took how fast an output takes sound while there is sound to take.

    Time in which the writer had nothing to give does not count: then it is the machine that is slow. Nor does more
    than `tick` of one look: then the whole process stood still.
    """

    def __init__(self, patience: Patience, rate: int) -> None:
        self._step = patience.window / _STEPS
        self._rate = rate
        self._frames = 0
        self._busy = 0.0
        self._past: deque[tuple[int, float]] = deque(maxlen=_STEPS)

    def took(self, frames: int, busy: float) -> None:
        """Note that a write of `frames` took `busy` seconds."""
        self._frames += frames
        self._busy += busy
        if self._busy >= self._step:
            self._past.append((self._frames, self._busy))
            self._frames, self._busy = 0, 0.0

    @property
    def pace(self) -> float | None:
        """Return sound taken as a share of real time over the last window, or None before the first is full."""
        if len(self._past) < _STEPS:
            return None
        return sum(frames for frames, _ in self._past) / self._rate / sum(busy for _, busy in self._past)

    @property
    def is_slow(self) -> bool:
        """Tell whether it is too slow to follow."""
        pace = self.pace
        return pace is not None and pace < SLOWEST


class BackOff:
    """How long to wait before an output is tried again: longer each time, until it has been well for a while."""

    def __init__(self, patience: Patience) -> None:
        self._steps = patience.back_off
        self._calm = patience.calm
        self._tries = 0
        self._well_since: float | None = None

    def next_wait(self) -> float:
        """Return the seconds until the next try, and count it."""
        wait = self._steps[min(self._tries, len(self._steps) - 1)]
        self._tries += 1
        return wait

    def well(self, now: float) -> None:
        """Note that it works since `now`."""
        self._well_since = now

    def failed(self, now: float) -> None:
        """Note that it broke; its earlier failures are forgotten when it had been well long enough."""
        if self._well_since is not None and now - self._well_since >= self._calm:
            self._tries = 0
        self._well_since = None


@dataclass(frozen=True, slots=True)
class Duty:
    """Which output sounds, whether it is the reserve, and why, in a sentence; empty while all is well."""

    name: str
    on_reserve: bool = False
    sentence: str = ""
