"""Voices and how a block is mixed from them: the arithmetic of the sound engine, without thread or clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from domain.audio import SAMPLE_RATE
from domain.timetable import Priority
from player.decode import Frames
from player.meter import Meter
from player.volume import CEILING, Sound

RAMP = SAMPLE_RATE * 15 // 1000
"""Frames over which a voice fades when it is cut, or joined in the middle."""
DUCK_RAMP = SAMPLE_RATE * 50 // 1000
"""Frames over which a voice gets softer before another sounds over it, and loud again after."""
_LOWEST, _HIGHEST = -32768, 32767


class Stop(Enum):
    """Why a voice is over."""

    DONE = "done"
    CUT = "cut"
    EDGE = "edge"
    LATE = "late"
    SINK = "sink"


@dataclass(slots=True, eq=False)
class Voice:
    """A clip on its way to the loudspeaker; `at`, `until` and `cut_at` are wall clock seconds since 1970.

    With `follow` it joins where the clock says it would be, should it start late: `left_out` counts the frames before
    that. `meter` measures what is heard while it sounds. One with `over` below 1 sounds over those that may go `under`,
    which are at that level meanwhile; `level` is where such a voice has got to.
    """

    key: str
    reel: Sound
    at: float
    until: float | None = None
    follow: bool = False
    fade_in: bool = False
    over: float = 1.0
    under: bool = False
    level: float = 1.0
    cut_at: float | None = None
    started: bool = False
    played: int = 0
    left_out: int = 0
    priority: Priority = Priority.NORMAL
    title: str = ""
    meter: Meter = field(default_factory=Meter)

    @property
    def ends_at(self) -> float | None:
        """Return the instant at which it must be silent, or None when it may end by itself."""
        limits = [limit for limit in (self.until, self.cut_at) if limit is not None]
        return min(limits, default=None)

    def put_off(self, at: float) -> None:
        """Let none of its limits come before `at`."""
        self.until = None if self.until is None else max(self.until, at)
        self.cut_at = None if self.cut_at is None else max(self.cut_at, at)

    @property
    def stop(self) -> Stop:
        """Return which of its limits comes first."""
        return Stop.EDGE if self.ends_at == self.until else Stop.CUT


@dataclass(frozen=True, slots=True)
class Part:
    """What one voice gives to one block: `frames` from index `start` on; `ended` once no more will come.

    One that is `under` others never makes them clip: what of it does not fit beneath the ceiling is left out.
    """

    start: int
    frames: Frames
    gain: npt.NDArray[np.float32] | None = None
    ended: bool = False
    meter: Meter | None = None
    under: bool = False


def part_of(voice: Voice, start: int, count: int, end: int | None) -> Part:
    """Take from `voice` its part of a block of `count` frames, silent from index `end` on, faded before it."""
    room = count - start if end is None else min(count, max(end, start)) - start
    frames = voice.reel.take(room)
    gain = _gain(voice, start, len(frames), end)
    voice.played += len(frames)
    ended = voice.reel.exhausted or (end is not None and end <= count)
    return Part(start, frames, gain, ended, voice.meter)


def mixed(parts: list[Part], count: int) -> Frames:
    """Return the sum of `parts` as one block; a lone whole part at unity gain is passed as it is."""
    if len(parts) == 1 and parts[0].gain is None:
        only = parts[0]
        if len(only.frames) == count:
            return only.frames
        block = np.zeros(count, np.int16)
        block[only.start : only.start + len(only.frames)] = only.frames
        return block
    total = _sum((part for part in parts if not part.under), count)
    if any(part.under for part in parts):
        room = np.maximum(CEILING - np.abs(total), 0) if len(parts) > 1 else np.float32(_HIGHEST)
        total += np.clip(_sum((part for part in parts if part.under), count), -room, room)
    return np.clip(np.rint(total), _LOWEST, _HIGHEST).astype(np.int16)


def _sum(parts: Iterable[Part], count: int) -> npt.NDArray[np.float32]:
    total = np.zeros(count, np.float32)
    for part in parts:
        span = slice(part.start, part.start + len(part.frames))
        total[span] += part.frames if part.gain is None else part.frames * part.gain
    return total


def softened(voice: Voice, part: Part, spans: Iterable[tuple[int, int, float]]) -> Part:
    """Return `part` of a voice under others: `spans` are (start, end, level) of those, in frames of the block.

    The level falls before a span, so that it is there when the span starts, and rises after it.
    """
    first, count = part.start, len(part.frames)
    aims = np.ones(count, np.float32)
    for start, end, level in spans:
        aims[max(start - DUCK_RAMP - first, 0) : max(end - first, 0)] = level
    if not count or (voice.level == 1.0 and aims.min() == 1.0):
        return part
    gain = np.empty(count, np.float32)
    edges = [0, *(np.flatnonzero(np.diff(aims)) + 1), count]
    for begin, end in pairwise(edges):
        aim, steps = float(aims[begin]), np.arange(1, end - begin + 1, dtype=np.float32) / DUCK_RAMP
        down = voice.level > aim
        gain[begin:end] = np.maximum(voice.level - steps, aim) if down else np.minimum(voice.level + steps, aim)
        voice.level = float(gain[end - 1])
    return replace(part, gain=gain if part.gain is None else part.gain * gain, under=True)


def measure(parts: list[Part], block: Frames) -> None:
    """Let each voice's meter see what is handed to the output while it sounds."""
    for part in parts:
        if part.meter:
            part.meter.add(block[part.start : part.start + len(part.frames)])


def _gain(voice: Voice, start: int, length: int, end: int | None) -> npt.NDArray[np.float32] | None:
    fading_out = end is not None and end - start - length < RAMP
    fading_in = voice.fade_in and voice.played < RAMP
    if not length or not (fading_out or fading_in):
        return None
    steps = np.arange(length, dtype=np.float32)
    gain = np.ones(length, np.float32)
    if fading_in:
        gain *= np.clip((voice.played + steps) / RAMP, 0, 1)
    if fading_out and end is not None:
        gain *= np.clip((end - start - steps) / RAMP, 0, 1)
    return gain
