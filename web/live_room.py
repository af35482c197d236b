"""The newest chunks of live broadcasts, handed on from who speaks to the machines; nothing is kept on the disk."""

import threading
import time
from collections import OrderedDict, deque

from domain.live import Chunk, pack

MOST_SESSIONS = 16
MOST_CHUNKS = 32
"""Of a session: what is older than so many chunks, some fifteen seconds, is too late to be said."""
MOST_BYTES = 2 * 1024 * 1024
MOST_WAITERS = 12
"""How many machines may wait at a time, since each takes a thread of the server; others are answered at once."""


class LiveRoom:
    """Holds some seconds of each live broadcast; for all threads of one process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: OrderedDict[str, deque[Chunk]] = OrderedDict()
        self._waiting = 0

    def put(self, session: str, chunk: Chunk) -> None:
        """Take in a chunk that follows the last of its session; one that does not is dropped."""
        with self._changed:
            held = self._held.setdefault(session, deque(maxlen=MOST_CHUNKS))
            self._held.move_to_end(session)
            if len(self._held) > MOST_SESSIONS:
                self._held.popitem(last=False)
            if not held or chunk.sequence > held[-1].sequence:
                held.append(chunk)
            while sum(len(one.data) for one in held) > MOST_BYTES:
                held.popleft()
            self._changed.notify_all()

    def since(self, session: str, after: int, wait_s: float) -> bytes:
        """Return the packed chunks of a session after a sequence, once there is one or `wait_s` have passed."""
        until = time.monotonic() + wait_s
        with self._changed:
            found = self._after(session, after)
            if found or self._waiting >= MOST_WAITERS:
                return found
            self._waiting += 1
            try:
                while not found and (left := until - time.monotonic()) > 0:
                    self._changed.wait(left)
                    found = self._after(session, after)
            finally:
                self._waiting -= 1
        return found

    def forget(self, session: str) -> None:
        """Let go of a session that is over."""
        with self._changed:
            self._held.pop(session, None)

    def _after(self, session: str, after: int) -> bytes:
        return b"".join(pack(one) for one in self._held.get(session, ()) if one.sequence > after)
