"""An output that keeps time and makes no sound: for a machine under test, or one that is muted on purpose."""

from collections.abc import Callable

from domain.audio import SAMPLE_RATE
from domain.errors import SinkError
from domain.ports import Clock
from player.sinks.pacing import Pace, rest


class SilentSink:
    """Takes blocks at the pace of a sound device and discards them."""

    name = "im lặng"
    rate = SAMPLE_RATE

    def __init__(self, clock: Clock, sleep: Callable[[float], None] = rest) -> None:
        self._clock = clock
        self._sleep = sleep
        self._pace: Pace | None = None

    def open(self) -> None:
        """Start to count."""
        self._pace = Pace(self._clock, self._sleep, self.rate)

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next frame would sound. Raises SinkError when not open."""
        return self._opened().next_frame_at()

    def write(self, block: bytes) -> None:
        """Take one block once there is room for it. Raises SinkError when not open."""
        self._opened().wait_for_room(len(block) // 2)

    @property
    def frames(self) -> int:
        """Return how many frames were taken since `open`."""
        return self._pace.frames if self._pace else 0

    def close(self) -> None:
        """Wait until what was taken would have sounded."""
        if self._pace:
            self._pace.drain()

    def _opened(self) -> Pace:
        if self._pace is None:
            raise SinkError("Đầu ra âm thanh chưa được mở.")
        return self._pace
