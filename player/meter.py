"""Measures what is handed to the output while an item sounds: level, peak, dead air, clipping."""

import math
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from domain.audio import SAMPLE_RATE
from domain.proof import DEAD_AFTER, DEAD_DB, QUIETEST_MB, Level

_FULL = 32768.0
_TOP = 32767
_DEAD_POWER = (_FULL * 10 ** (DEAD_DB / 20)) ** 2
_DEAD_FRAMES = round(DEAD_AFTER.total_seconds() * SAMPLE_RATE)


class Meter:
    """Adds up the blocks of one item; a few microseconds a block, for it runs in the sound thread."""

    def __init__(self) -> None:
        self._frames = 0
        self._energy = 0.0
        self._peak = 0
        self._clipped = 0
        self._dead = 0
        self._longest = 0
        self._was_hushed = False

    def add(self, frames: npt.NDArray[np.int16]) -> None:
        """Take the samples of a block that belong to the item."""
        count = len(frames)
        if not count:
            return
        samples = frames.astype(np.float32)
        energy = float(np.dot(samples, samples))
        peak = max(int(frames.max()), -int(frames.min()))
        if peak >= _TOP:
            self._clipped += int(np.count_nonzero(np.abs(samples) >= _TOP))
        self._frames += count
        self._energy += energy
        self._peak = max(self._peak, peak)
        self._dead = self._dead + count if energy < _DEAD_POWER * count else 0
        self._longest = max(self._longest, self._dead)

    @property
    def hushed(self) -> bool:
        """Tell whether there has been nothing to hear for longer than DEAD_AFTER, up to now."""
        return self._dead > _DEAD_FRAMES

    def changed(self) -> bool:
        """Tell, once for each change, whether `hushed` is no longer what it was."""
        before, self._was_hushed = self._was_hushed, self.hushed
        return before != self._was_hushed

    def level(self) -> Level | None:
        """Return what was measured, or None when nothing was."""
        if not self._frames:
            return None
        return Level(
            rms_mb=_millibels(math.sqrt(self._energy / self._frames)),
            peak_mb=_millibels(self._peak),
            dead=timedelta(milliseconds=round(self._longest * 1000 / SAMPLE_RATE)),
            clipped_ppm=round(1_000_000 * self._clipped / self._frames),
        )


def _millibels(amplitude: float) -> int:
    return round(2000 * math.log10(amplitude / _FULL)) if amplitude > 0 else QUIETEST_MB
