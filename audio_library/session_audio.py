"""One file of sound for a whole session, as a machine would sound it: clips in their places, pauses, volume."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from audio_library.codec import decode_blocks, write_flac
from domain.audio import SAMPLE_RATE
from domain.errors import BadInputError, StorageError
from domain.playlist import PlaylistItem, PlaylistSlot
from domain.ports import BlobStore

LONGEST = timedelta(hours=2)
MOST_KEPT_BYTES = 500_000_000
"""How much the folder of made sessions may hold; the least lately heard go first."""

_BLOCK = 65_536
_FORM = "2"
"""Changes when the same session would be rendered otherwise, so that what was made before is not taken for it."""
_LOWEST, _HIGHEST = -32768, 32767


@dataclass(frozen=True, slots=True)
class SessionAudio:
    """Makes the sound of sessions from the library's `blobs` and keeps it in `folder` by its content."""

    blobs: BlobStore
    folder: Path

    def file_of(self, slot: PlaylistSlot) -> Path:
        """Return the FLAC file of a session, made now unless it was made before.

        Raises BadInputError when nothing of it sounds or it is longer than LONGEST, NotFoundError when a clip is
        gone, AudioError when one is broken, StorageError when the file cannot be kept.
        """
        sounding = _sounding(slot)
        place = self.folder / f"{_name(sounding, slot.gain_mb)}.flac"
        try:
            if place.is_file():
                os.utime(place)
                return place
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make(place, sounding, slot.gain_mb)
            self._forget_old(place)
        except OSError as error:
            raise StorageError(
                "Không ghi được bản nghe trước: hãy kiểm tra dung lượng đĩa. Lịch còn nguyên."
            ) from error
        return place

    def _make(self, place: Path, sounding: tuple[PlaylistItem, ...], gain_mb: int) -> None:
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        os.close(descriptor)
        try:
            write_flac(Path(name), pcm_of(sounding, gain_mb, self.blobs))
            Path(name).replace(place)
        finally:
            Path(name).unlink(missing_ok=True)

    def _forget_old(self, newest: Path) -> None:
        found = []
        for one in self.folder.glob("*.flac"):
            with contextlib.suppress(FileNotFoundError):  # another process may forget it first
                found.append((one.stat().st_mtime, one.stat().st_size, one))
        held = sum(size for _, size, _ in found)
        for _, size, one in sorted(found):
            if held <= MOST_KEPT_BYTES:
                return
            if one != newest:
                one.unlink(missing_ok=True)
                held -= size


def pcm_of(items: tuple[PlaylistItem, ...], gain_mb: int, blobs: BlobStore) -> Iterator[bytes]:
    """Yield the mono 48 kHz 16 bit PCM of `items`, each at its offset, silence between, a block at a time.

    A clip is cut at the length of its item, and silence follows one that is shorter. `gain_mb` is in hundredths of a
    dB; what it makes louder than full scale is cut off, where a machine's limiter would bend it.
    """
    at = 0
    for item in items:
        begins, ends = _frames(item.offset), _frames(item.offset + item.length)
        yield from _silence(begins - at)
        at = begins
        for block in _blocks(item, blobs):
            part = block[: 2 * (ends - at)]
            at += len(part) // 2
            yield _at_gain(part, gain_mb + item.gain_mb)
            if at >= ends:
                break
        yield from _silence(ends - at)
        at = ends


def _blocks(item: PlaylistItem, blobs: BlobStore) -> Iterator[bytes]:
    """Yield the blocks of a clip; of one that stands in for a source, over and over."""
    sounded = again = True
    while sounded and again:
        sounded, again = False, item.source is not None
        for block in decode_blocks(blobs.path(item.clip_hash or "")):
            sounded = True
            yield block


def _sounding(slot: PlaylistSlot) -> tuple[PlaylistItem, ...]:
    items = tuple(one for one in slot.items if one.clip_hash and one.length and not one.refusal and not slot.refusal)
    if not items:
        raise BadInputError("Buổi này không phát nên không có gì để nghe trước.")
    if items[-1].offset + items[-1].length > LONGEST:
        raise BadInputError("Buổi này dài quá 2 giờ nên không nghe trước cả buổi được. Hãy nghe từng nội dung.")
    return items


def _name(items: tuple[PlaylistItem, ...], gain_mb: int) -> str:
    told = [
        f"{one.clip_hash} {_frames(one.offset)} {_frames(one.length)} {one.gain_mb} {one.source is not None}"
        for one in items
    ]
    return hashlib.sha256("\n".join([_FORM, str(gain_mb), *told]).encode()).hexdigest()


def _frames(length: timedelta) -> int:
    return length // timedelta(microseconds=1) * SAMPLE_RATE // 1_000_000


def _silence(frames: int) -> Iterator[bytes]:
    for start in range(0, max(0, frames), _BLOCK):
        yield bytes(2 * min(_BLOCK, frames - start))


def _at_gain(block: bytes, gain_mb: int) -> bytes:
    if not gain_mb:
        return block
    louder = np.frombuffer(block, dtype="<i2") * 10 ** (gain_mb / 2000)
    return np.clip(np.rint(louder), _LOWEST, _HIGHEST).astype("<i2").tobytes()
