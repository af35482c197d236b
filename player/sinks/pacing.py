"""The pace of a sound device that is not there: a buffer of 20 ms that empties by the monotonic clock.

Nobody listens to such a device as it is written, so a writer that stalls for less than STALL_S catches up without a
gap, as with a deeper buffer; a longer stall is silence, and the schedule moves.
"""

import time
from collections.abc import Callable

from domain.ports import Clock

BUFFER_S = 0.020
STALL_S = 0.250

rest = time.sleep


class Pace:
    """Counts frames against an absolute schedule, so that no error adds up however long it runs."""

    def __init__(self, clock: Clock, sleep: Callable[[float], None], rate: int, buffer: float = BUFFER_S) -> None:
        self._clock = clock
        self._sleep = sleep
        self._rate = rate
        self._buffer = buffer
        self._origin = clock.monotonic()
        self.frames = 0
        self.underruns = 0

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next frame sounds; a long stall has moved the schedule."""
        now = self._clock.monotonic()
        due = self._origin + self.frames / self._rate
        if due >= now - (STALL_S if self.frames else 0.0):
            return due
        self.underruns += bool(self.frames)
        self._origin = now - self.frames / self._rate
        return now

    def wait_for_room(self, frames: int) -> float:
        """Wait until `frames` more fit into the buffer, count them, and return when the first of them sounds."""
        due = self.next_frame_at()
        self.frames += frames
        wait = due + frames / self._rate - self._buffer - self._clock.monotonic()
        if wait > 0:
            self._sleep(wait)
        return due

    def drain(self) -> None:
        """Wait until the last counted frame has sounded."""
        wait = self._origin + self.frames / self._rate - self._clock.monotonic()
        if wait > 0:
            self._sleep(wait)
