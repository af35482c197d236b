"""Clips held decoded in memory, so that an emergency sounds at once whatever the disk does."""

import threading
from collections.abc import Callable

import numpy as np

from domain.audio import SAMPLE_RATE
from domain.errors import AudioError, TrustError
from domain.playlist import ClipRef
from player.cabinet import Cabinet
from player.checked import CheckedFile
from player.decode import Frames, decoded

MOST_FRAMES = 250 * SAMPLE_RATE
"""Some four minutes, 24 MB; what goes beyond is read from the disk as it sounds, like any other clip."""


class MemorySound:
    """A sound whose every frame is there; implements `player.volume.Sound`."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self.failure = ""
        self.account = ""
        self.ready = threading.Event()
        self.ready.set()

    @property
    def exhausted(self) -> bool:
        """Tell whether every frame has been taken."""
        return not len(self._frames)

    def take(self, count: int) -> Frames:
        """Return the next `count` frames, or fewer at the end."""
        taken, self._frames = self._frames[:count], self._frames[count:]
        return taken

    def close(self) -> None:
        """Let go of what is left."""
        self._frames = self._frames[:0]


class Pinned:
    """The clips that must be ready at any moment; `load` fills it from one thread, any thread asks.

    `on_damage` is told the hash of a file that is not what its name says; `on_ready` is called when more is ready.
    """

    def __init__(self, cabinet: Cabinet, on_ready: Callable[[], None], on_damage: Callable[[str], None]) -> None:
        self._cabinet = cabinet
        self._on_ready = on_ready
        self._on_damage = on_damage
        self._frames: dict[str, Frames] = {}
        self._wanted: tuple[ClipRef, ...] = ()
        self._too_long: frozenset[str] = frozenset()

    def want(self, refs: tuple[ClipRef, ...]) -> bool:
        """Hold these clips, the first of them before the others, and no more; tell whether that is news."""
        if refs == self._wanted:
            return False
        self._wanted, room, left_out = refs, MOST_FRAMES, set[str]()
        for ref in refs:
            frames = round(ref.length.total_seconds() * SAMPLE_RATE)
            left_out |= {ref.hash} if frames > room else set()
            room -= frames if frames <= room else 0
        self._too_long = frozenset(left_out)
        for gone in set(self._frames) - {ref.hash for ref in refs}:
            self._frames.pop(gone, None)
        return True

    def load(self) -> None:
        """Decode what is wanted, is on the shelf and is not in memory yet."""
        for ref in self._wanted:
            if ref.hash in self._frames or ref.hash in self._too_long or not self._cabinet.holds(ref.hash):
                continue
            if self._load(ref):
                self._on_ready()

    def in_memory(self, clip_hash: str) -> bool:
        """Tell whether every frame of a clip is held."""
        return clip_hash in self._frames

    def ready(self, clip_hash: str) -> bool:
        """Tell whether a clip can sound at once, or could be made to from the disk when it is too long to be held."""
        return clip_hash in self._frames or (clip_hash in self._too_long and self._cabinet.holds(clip_hash))

    def held(self) -> tuple[int, int]:
        """Return how many of the wanted clips can sound now, and how many there are."""
        wanted = {ref.hash for ref in self._wanted}
        return sum(self.ready(one) for one in wanted), len(wanted)

    def sound(self, clip_hash: str, skip_s: float) -> MemorySound | None:
        """Return a clip from `skip_s` seconds on, or None when it is not in memory."""
        frames = self._frames.get(clip_hash)
        return None if frames is None else MemorySound(frames[round(skip_s * SAMPLE_RATE) :])

    def _load(self, ref: ClipRef) -> bool:
        try:
            with self._cabinet.clip_path(ref.hash).open("rb") as stream:
                frames = np.concatenate(list(decoded(CheckedFile(stream, ref.hash), ref.media_type)))
        except TrustError:
            self._on_damage(ref.hash)
            return False
        except (OSError, AudioError):
            return False
        self._frames[ref.hash] = frames
        if ref not in self._wanted:  # it was given up meanwhile
            self._frames.pop(ref.hash, None)
        return True
