"""Turns: of one visitor, one thing at a time is worked on, and only the newest of what waits behind it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import BusyError


class OvertakenError(BusyError):
    """The same visitor has asked for something newer; the answer to this would be thrown away."""


class Turns:
    """Holds back what a visitor asks for while an earlier request of theirs is worked on."""

    def __init__(self, patience_seconds: float = 20) -> None:
        self._patience_seconds = patience_seconds
        self._changed = threading.Condition()
        self._working: set[str] = set()
        self._newest: dict[str, int] = {}

    @contextmanager
    def take(self, visitor: str) -> Iterator[None]:
        """Wait for the turn of `visitor`. Raises OvertakenError once a newer request waits, BusyError after long."""
        with self._changed:
            mine = self._newest[visitor] = self._newest.get(visitor, 0) + 1
            self._changed.notify_all()
            self._wait(visitor, mine)
            self._working.add(visitor)
        try:
            yield
        finally:
            with self._changed:
                self._working.discard(visitor)
                if self._newest.get(visitor) == mine:
                    del self._newest[visitor]
                self._changed.notify_all()

    def _wait(self, visitor: str, mine: int) -> None:
        until = time.monotonic() + self._patience_seconds
        while visitor in self._working:
            if self._newest.get(visitor) != mine:
                raise OvertakenError("Đã có yêu cầu mới hơn nên yêu cầu này được bỏ qua.")
            left = until - time.monotonic()
            if left <= 0:
                raise BusyError("Máy chủ đang bận. Hãy thử lại sau vài giây.")
            self._changed.wait(left)
        if self._newest.get(visitor) != mine:
            raise OvertakenError("Đã có yêu cầu mới hơn nên yêu cầu này được bỏ qua.")
