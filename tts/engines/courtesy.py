"""How a guest of an online service behaves in every process of the station at once: a pace, and rests after trouble.

The state is one small file under a lock, so that the worker, the panel and the command line share it and a restart
forgets nothing. A file that cannot be read or written costs the sharing, never the speech.
"""

import contextlib
import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

_LOG = logging.getLogger(__name__)
_LONGEST_REST_S = 3600.0


@dataclass(frozen=True, slots=True)
class Rest:
    """Until when (seconds since 1970) the service is left alone, and why; `asked` is when it was last asked."""

    until: float = 0.0
    why: str = ""
    asked: float = 0.0


class Courtesy:
    """The shared manners of all processes that name the same `file`; `wall` and `wait` are for tests alone."""

    def __init__(
        self, file: Path, *, wall: Callable[[], float] = time.time, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._file = file
        self._wall = wall
        self._wait = wait

    def resting(self) -> str:
        """Return why the service is left alone now, or an empty string."""
        with self._locked() as held:
            left = held.until - self._wall()
        return held.why if 0 < left <= _LONGEST_REST_S else ""

    def rest(self, seconds: float, why: str) -> None:
        """Leave the service alone for `seconds`."""
        with self._locked() as held:
            self._write(Rest(self._wall() + seconds, why, held.asked))

    def pass_one(self, interval_s: float) -> None:
        """Return when the caller's turn has come, `interval_s` after the last one of any process."""
        with self._locked() as held:
            left = held.asked + interval_s - self._wall()
            if left > 0:
                self._wait(min(left, interval_s))
            self._write(Rest(held.until, held.why, self._wall()))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[Rest]:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            _LOG.warning("the pace of the online voice is not shared: %s", error)
            yield Rest()
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield _rest_in(self._file)
        finally:
            os.close(descriptor)

    def _write(self, rest: Rest) -> None:
        # In place: the lock is on this very file, and a torn one only costs a rest.
        with contextlib.suppress(OSError):
            self._file.write_text(json.dumps(asdict(rest), ensure_ascii=False), encoding="utf-8")


def _rest_in(file: Path) -> Rest:
    try:
        told = json.loads(file.read_bytes())
        return Rest(float(told["until"]), str(told["why"]), float(told["asked"]))
    except (OSError, ValueError, TypeError, KeyError):
        return Rest()
