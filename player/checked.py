"""A file that is what its hash says while it is read, not only when it was opened.

It is hashed whole first; each piece that is then given out is held against what it was in that pass. So a file that
is changed in place, or rots, while it sounds falls silent and is told, and what was put in its stead never sounds.
"""

import hashlib
import os
from collections import OrderedDict
from typing import BinaryIO

from domain.errors import TrustError

PIECE = 1 << 16
_MOST_KEPT = 4
_DIGEST_BYTES = 16


class CheckedFile:
    """A readable, seekable view of `stream`, whose SHA-256 must be `clip_hash`. Raises TrustError, then and later."""

    def __init__(self, stream: BinaryIO, clip_hash: str) -> None:
        self._stream = stream
        self._digests: list[bytes] = []
        self._size = 0
        self._at = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        whole = hashlib.sha256()
        while piece := stream.read(PIECE):
            whole.update(piece)
            self._digests.append(_digest(piece))
            self._size += len(piece)
        if whole.hexdigest() != clip_hash:
            raise TrustError("Tệp âm thanh trên máy bị hỏng (sai mã băm)")

    def read(self, count: int = -1) -> bytes:
        """Return up to `count` bytes from here on, all that are left when it is negative."""
        end = self._size if count < 0 else min(self._at + count, self._size)
        found = bytearray()
        while self._at < end:
            number, inside = divmod(self._at, PIECE)
            part = self._piece(number)[inside : inside + end - self._at]
            found += part
            self._at += len(part)
        return bytes(found)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place and return it, as files do."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that one can go to any place in it."""
        return True

    def _piece(self, number: int) -> bytes:
        if number in self._kept:
            return self._kept[number]
        self._stream.seek(number * PIECE)
        piece = self._stream.read(PIECE)
        if _digest(piece) != self._digests[number]:
            raise TrustError("Tệp âm thanh trên máy bị hỏng trong lúc phát")
        self._kept[number] = piece
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return piece


def _digest(piece: bytes) -> bytes:
    return hashlib.blake2b(piece, digest_size=_DIGEST_BYTES).digest()
