"""The floor: the newest (epoch, counter) a machine ever accepted, kept apart from all that it came with.

A torn database is put aside so that the machine can speak again; an old playlist must not slip in by that.
"""

import hashlib
import json
from pathlib import Path

from player.whole import write_whole

_MOST = 2**53


class Floor:
    """A small file that only grows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pair(self) -> tuple[int, int]:
        """Return the pair that was raised to last, (0, 0) when there is none to be read."""
        try:
            told = json.loads(self._path.read_bytes()[:200])
            epoch, counter = told["epoch"], told["counter"]
            if told["check"] != _check(epoch, counter):
                return (0, 0)
        except (OSError, ValueError, KeyError, TypeError):
            return (0, 0)
        known = type(epoch) is int and type(counter) is int and 0 <= epoch <= _MOST and 0 <= counter <= _MOST
        return (epoch, counter) if known else (0, 0)

    def raise_to(self, epoch: int, counter: int) -> None:
        """Keep a pair on the disk unless it is the one held. Raises OSError."""
        if (epoch, counter) != self.pair():
            told = {"epoch": epoch, "counter": counter, "check": _check(epoch, counter)}
            write_whole(self._path, json.dumps(told).encode())


def _check(epoch: object, counter: object) -> str:
    """Return what tells a floor that was written from one that rotted: too high a floor would silence the machine."""
    return hashlib.sha256(f"{epoch} {counter}".encode()).hexdigest()[:16]
