"""A thread that does one thing again and again, so that a stalled link delays nothing else."""

import hashlib
import threading
import time
from collections.abc import Callable

from domain.errors import TiengLoaError

MOST_BACK_OFF_S = 30.0
_STOP_TIMEOUT_S = 3.0


class Rounds:
    """Calls `step` each `interval` seconds, sooner when nudged, and more rarely while it fails.

    A failure is told to `on_fault` as a sentence, and a success as an empty one. `jitter` in [0, 1) sets the phase,
    so that many machines do not ask at the same moment. `rarer` tells by which factor a step may come more rarely now.
    """

    def __init__(
        self, name: str, step: Callable[[], None], interval: float, jitter: float, on_fault: Callable[[str], None]
    ) -> None:
        self._step = step
        self._interval = interval
        self._jitter = jitter
        self._on_fault = on_fault
        self._failures = 0
        self._nudged = threading.Event()
        self._stopping = False
        self._left_at: float | None = None
        self.rarer: Callable[[], float] = lambda: 1.0
        self._name = name
        self._thread = self._new_thread()

    @property
    def stopping(self) -> bool:
        """Tell whether a long step should end early."""
        return self._stopping

    def start(self) -> None:
        """Begin; the first step is at once."""
        self._thread.start()

    def revive(self) -> None:
        """Start the thread anew when it has died, which no error that is known of can bring about, and tell of it."""
        if not self._stopping and not self._thread.is_alive():
            self._thread = self._new_thread()
            self._on_fault(f"Luồng «{self._name}» của máy phát dừng bất thường; đã chạy lại.")
            self._thread.start()

    def nudge(self) -> None:
        """Ask for a step soon; many nudges before it make one."""
        self._nudged.set()

    def leave_off(self) -> None:
        """Ask for the end, and do not wait for it."""
        self._left_at = self._left_at or time.monotonic()
        self._stopping = True
        self._nudged.set()

    def stop(self) -> None:
        """End after the step that is running, or leave it behind when it waits for the network.

        It is waited for from `leave_off` on: many that are asked to leave off first are waited for together.
        """
        self.leave_off()
        if self._thread.is_alive() and self._left_at is not None:
            self._thread.join(max(self._left_at + _STOP_TIMEOUT_S - time.monotonic(), 0.0))

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name=self._name, daemon=True)

    def _run(self) -> None:
        while not self._stopping:
            self._go()
            self._nudged.wait(self._pause())
            self._nudged.clear()

    def _go(self) -> None:
        try:
            self._step()
        except TiengLoaError as error:
            self._failures += 1
            self._on_fault(error.sentence)
        except Exception as error:  # noqa: BLE001 - recorded, and the loop goes on: silence would be worse
            self._failures += 1
            self._on_fault(f"Lỗi ngoài dự kiến: {type(error).__name__}: {error}"[:300])
        else:
            self._failures = 0
            self._on_fault("")

    def _pause(self) -> float:
        interval = self._interval * max(1.0, self.rarer())
        slower = min(interval * 2.0 ** min(self._failures, 10), max(MOST_BACK_OFF_S, interval))
        return slower * (0.9 + 0.2 * self._jitter)


def jitter_of(machine_id: str) -> float:
    """Return a number in [0, 1) that is always the same for a machine, and spread evenly over machines."""
    return int(hashlib.sha256(machine_id.encode()).hexdigest()[:8], 16) / 2**32
