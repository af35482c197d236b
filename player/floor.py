"""The floor: the newest (epoch, counter) a machine ever accepted, kept apart from all that it came with.

A torn database is put aside so that the machine can speak again; an old playlist must not slip in by that.
"""

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
        except (OSError, ValueError, KeyError, TypeError):
            return (0, 0)
        known = type(epoch) is int and type(counter) is int and 0 <= epoch <= _MOST and 0 <= counter <= _MOST
        return (epoch, counter) if known else (0, 0)

    def raise_to(self, epoch: int, counter: int) -> None:
        """Keep a pair on the disk unless it is the one held. Raises OSError."""
        if (epoch, counter) != self.pair():
            write_whole(self._path, json.dumps({"epoch": epoch, "counter": counter}).encode())
