"""Tells what happens to whoever runs the machine, from its own thread: a reader that stands still delays nothing."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress

from player.events import MachineEvent

MOST_WAITING = 1000
_STOP_TIMEOUT_S = 2.0


class Telling:
    """Calls `listener` with each event, in order; beyond MOST_WAITING that it has not taken, new ones are dropped."""

    def __init__(self, listener: Callable[[MachineEvent], None]) -> None:
        self._listener = listener
        self._events: queue.Queue[MachineEvent | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def tell(self, event: MachineEvent) -> None:
        """Take an event, from any thread, and never wait."""
        with suppress(queue.Full):
            self._events.put_nowait(event)

    def stop(self) -> None:
        """Tell what is left, unless the listener stands still."""
        with suppress(queue.Full):
            self._events.put_nowait(None)
            self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            with suppress(Exception):  # a listener's trouble is not the machine's
                self._listener(event)
