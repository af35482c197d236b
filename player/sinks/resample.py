"""Brings the mixer's 48 kHz down to a line's rate, block by block, with a low-pass so that nothing folds back."""

import numpy as np
import numpy.typing as npt

from domain.audio import SAMPLE_RATE

BLOCK = 480
_CROSSINGS = 32
"""Zero crossings of the sinc on each side: how steep the low-pass is."""
_PASS = 0.9
"""Share of the line's own band that is kept; the rest is the slope."""
_BETA = 8.0
Samples = npt.NDArray[np.int16]


class Resampler:
    """A windowed sinc in fixed phases: a block of 480 frames always gives the same number of samples.

    Its delay is half its length, `delay` seconds. `rate` must give whole samples in 10 ms.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._out = BLOCK * rate // SAMPLE_RATE
        if self._out * SAMPLE_RATE != BLOCK * rate or rate > SAMPLE_RATE:
            raise ValueError("rate")
        half = _CROSSINGS * SAMPLE_RATE // rate
        self.delay = 0.0 if rate == SAMPLE_RATE else half / SAMPLE_RATE
        positions = np.arange(self._out) * SAMPLE_RATE / rate
        first = np.ceil(positions).astype(np.intp)
        self._index = first[:, None] + np.arange(2 * half)[None, :]
        distance = self._index - half - positions[:, None]
        taps = np.sinc(distance * _PASS * rate / SAMPLE_RATE) * _window(distance / half)
        self._taps = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
        self._kept = np.zeros(2 * half, np.float32)

    def resampled(self, block: Samples) -> Samples:
        """Return the samples of one block of 480 frames."""
        if self.rate == SAMPLE_RATE:
            return block
        line = np.concatenate((self._kept, block.astype(np.float32)))
        self._kept = line[BLOCK:]
        told = np.einsum("ij,ij->i", line[self._index], self._taps)
        samples: Samples = np.clip(np.rint(told), -32768, 32767).astype(np.int16)
        return samples


def _window(place: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inside = np.sqrt(np.clip(1 - place**2, 0, None))
    return np.where(np.abs(place) <= 1, np.i0(_BETA * inside) / np.i0(_BETA), 0.0)
