"""What a recording says: when each frame lay in time, where sound begins, and how far that is from the plan. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 48_000
LOUD = 0.1
GAP_S = 0.002
"""A tone that stays below LOUD for so long has a hole in it."""
QUIET_S = 0.1
"""How long it must have been below LOUD before a sample above it counts as an onset."""
ENVELOPE_S = 4.0


class Timeline:
    """Tells when a frame lay in time, from blocks of which each was seen some time after its first frame was due.

    A block is seen late, never early: the lower envelope of (seen - frame / rate) is the graph's own clock. It is taken
    over ENVELOPE_S about each block, so that a graph that skips (an xrun) is followed.
    """

    def __init__(self, frames: Sequence[int], seen: Sequence[float], rate: int = RATE) -> None:
        self._rate = rate
        self._frames = np.asarray(frames, np.float64)
        late = np.asarray(seen, np.float64) - self._frames / rate
        length = float(np.median(np.diff(self._frames))) if len(late) > 1 else 512.0
        reach = max(round(ENVELOPE_S / 2 * rate / length), 1)
        padded = np.concatenate((np.full(reach, np.inf), late, np.full(reach, np.inf)))
        self._envelope = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
        self.jitter = late - self._envelope

    def at(self, frame: float) -> float:
        """Return the instant of `frame`, in the seconds that the blocks were seen in."""
        block = int(np.clip(np.searchsorted(self._frames, frame, "right") - 1, 0, len(self._frames) - 1))
        return float(self._envelope[block] + frame / self._rate)


def onsets(frames: Sequence[int], blocks: npt.NDArray[np.float32], quiet_s: float = QUIET_S) -> list[int]:
    """Return the frames at which sound begins after at least `quiet_s` of silence.

    Block i starts at `frames[i]`, and what lies between blocks is silence.
    """
    found: list[int] = []
    last = -(10**12)
    for start, block in zip(frames, blocks, strict=True):
        loud = np.flatnonzero(np.abs(block) > LOUD)
        if not len(loud):
            continue
        gaps = np.diff(np.concatenate(([last - start], loud)))
        found += [int(start + loud[index]) for index in np.flatnonzero(gaps > quiet_s * RATE)]
        last = int(start + loud[-1])
    return found


@dataclass(frozen=True, slots=True)
class Score:
    """How the planned instants were kept: errors in ms, those never heard, and those heard more than once."""

    errors_ms: tuple[float, ...]
    missed: int
    doubled: int

    def document(self) -> dict[str, object]:
        """Return the figures as JSON."""
        sizes = sorted(abs(error) for error in self.errors_ms)
        return {
            "n": len(self.errors_ms) + self.missed,
            "p50_ms": _rounded(percentile(sizes, 50)),
            "p99_ms": _rounded(percentile(sizes, 99)),
            "max_ms": _rounded(max(sizes, default=None)),
            "mean_ms": _rounded(sum(self.errors_ms) / len(sizes) if sizes else None),
            "sd_ms": _rounded(float(np.std(self.errors_ms)) if sizes else None),
            "missed": self.missed,
            "doubled": self.doubled,
        }


def score(planned: Sequence[float], heard: Sequence[float], early_s: float, late_s: float) -> Score:
    """Match each planned instant with the first onset from `early_s` before to `late_s` after it, in seconds."""
    errors, missed, doubled = [], 0, 0
    for at in planned:
        near = [one - at for one in heard if -early_s <= one - at < late_s]
        missed += not near
        doubled += max(len(near) - 1, 0)
        errors += [near[0] * 1000] if near else []
    return Score(tuple(errors), missed, doubled)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the nearest-rank percentile of `values`, or None when there are none."""
    if not values:
        return None
    rank = max(int(np.ceil(percent / 100 * len(values))), 1)
    return sorted(values)[rank - 1]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
