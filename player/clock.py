"""The real clocks, and the bridge between the wall clock and the clock that never steps."""

import time
from datetime import UTC, datetime

from domain.ports import Clock

_TRIES = 3


class SystemClock:
    """The operating system's wall clock and monotonic clock."""

    def now(self) -> datetime:
        """Return the wall clock as aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds of a clock that never steps."""
        return time.monotonic()


def wall_offset(clock: Clock) -> float:
    """Return wall time (seconds since 1970) minus monotonic time, as of now.

    The tightest of a few readings is taken, so that a thread switch between two clocks costs no accuracy.
    """
    best, width = 0.0, float("inf")
    for _ in range(_TRIES):
        before = clock.monotonic()
        wall = clock.now().timestamp()
        after = clock.monotonic()
        if after - before < width:
            best, width = wall - (before + after) / 2, after - before
        if width < 20e-6:
            break
    return best
