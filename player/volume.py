"""The volume of a session: its frames made softer or louder, and kept from clipping by a limiter that looks ahead."""

import threading
from typing import Protocol

import numpy as np
import numpy.typing as npt

from domain.audio import SAMPLE_RATE
from player.decode import Frames

LOOK_AHEAD = SAMPLE_RATE * 5 // 1000
"""Frames over which the limiter turns down before a peak."""
CEILING = 32767 * 10 ** (-0.3 / 20)
_RELEASE = 1 / (0.3 * SAMPLE_RATE)
"""How much of full level the limiter gives back with each frame after a peak."""
_LOWEST, _HIGHEST = -32768, 32767

_Samples = npt.NDArray[np.float64]


class Sound(Protocol):
    """What a voice takes its frames from, as `player.decode.Reel` gives them."""

    @property
    def ready(self) -> threading.Event:
        """Return what is set once frames can be taken."""

    @property
    def failure(self) -> str:
        """Tell why no (further) frames will come, or an empty string."""

    @property
    def account(self) -> str:
        """Tell what it was made of where that was not one clip, or an empty string."""

    @property
    def exhausted(self) -> bool:
        """Tell whether every frame has been taken and none will come."""

    def take(self, count: int) -> Frames:
        """Return the next `count` frames, or fewer when no more are there."""

    def close(self) -> None:
        """Let go of what is left."""


def at_gain(sound: Sound, gain_mb: int) -> Sound:
    """Return `sound` louder by `gain_mb` hundredths of a dB, each frame in its place; by 0 it is passed as it is."""
    if not gain_mb:
        return sound
    return _Louder(sound, gain_mb) if gain_mb > 0 else _Softer(sound, gain_mb)


class _Softer:
    """A sound turned down: nothing can clip."""

    def __init__(self, sound: Sound, gain_mb: int) -> None:
        self._sound = sound
        self._factor = float(10 ** (gain_mb / 2000))

    @property
    def ready(self) -> threading.Event:
        return self._sound.ready

    @property
    def failure(self) -> str:
        return self._sound.failure

    @property
    def account(self) -> str:
        return self._sound.account

    @property
    def exhausted(self) -> bool:
        return self._sound.exhausted

    def take(self, count: int) -> Frames:
        return _whole(self._scaled(count))

    def _scaled(self, count: int) -> _Samples:
        return self._sound.take(count).astype(np.float64) * self._factor

    def close(self) -> None:
        self._sound.close()


class _Louder(_Softer):
    """A sound turned up, with a limiter that reads LOOK_AHEAD frames further than it gives."""

    def __init__(self, sound: Sound, gain_mb: int) -> None:
        super().__init__(sound, gain_mb)
        self._held: _Samples = np.zeros(0)
        self._limiter = Limiter()

    @property
    def exhausted(self) -> bool:
        return self._sound.exhausted and not len(self._held)

    def take(self, count: int) -> Frames:
        wanted = max(count + LOOK_AHEAD - len(self._held), 0)
        self._held = np.concatenate((self._held, self._scaled(wanted)))
        whole = self._sound.exhausted
        given = min(count, len(self._held) if whole else max(len(self._held) - LOOK_AHEAD, 0))
        frames, ahead = self._held[:given], self._held[given : given + LOOK_AHEAD]
        self._held = self._held[given:]
        return _whole(self._limiter.limited(frames, ahead))

    def close(self) -> None:
        super().close()
        self._held = np.zeros(0)


class Limiter:
    """Keeps a stream of samples within CEILING: turned down smoothly before each peak, given back slowly after it."""

    def __init__(self) -> None:
        self._level = 1.0
        self._recent: _Samples | None = None

    def limited(self, frames: _Samples, ahead: _Samples) -> _Samples:
        """Return `frames` limited; `ahead` are the LOOK_AHEAD samples after them, or fewer at the end of the stream."""
        if not len(frames):
            return frames
        wanted = self._wanted(frames, ahead)
        if self._recent is None:  # before the first sample it was as low as the first ones need
            self._recent = np.full(LOOK_AHEAD - 1, wanted[0])
        if self._level == 1.0 and wanted.min() == 1.0 and self._recent.min() == 1.0:
            return frames
        levels = self._released(wanted)
        every = np.concatenate((self._recent, levels))
        self._recent = every[len(levels) :]
        # The mean of the last LOOK_AHEAD levels: each of them is low enough for the sample that it is applied to.
        summed = np.concatenate((np.zeros(1), np.cumsum(every)))
        return frames * ((summed[LOOK_AHEAD:] - summed[:-LOOK_AHEAD]) / LOOK_AHEAD)

    def _wanted(self, frames: _Samples, ahead: _Samples) -> _Samples:
        """Return for each of `frames` the level at which neither it nor the LOOK_AHEAD - 1 samples after it clip."""
        both = np.concatenate((frames, ahead[: LOOK_AHEAD - 1]))
        level: _Samples = CEILING / np.maximum(np.abs(both), CEILING)
        padded = np.concatenate((level, np.ones(len(frames) + LOOK_AHEAD - 1 - len(both))))
        lowest: _Samples = np.lib.stride_tricks.sliding_window_view(padded, LOOK_AHEAD).min(axis=1)
        return lowest

    def _released(self, wanted: _Samples) -> _Samples:
        """Return `wanted`, rising no faster than the release allows from the level that was."""
        slope = np.arange(1, len(wanted) + 1) * _RELEASE
        levels: _Samples = np.minimum(np.minimum.accumulate(np.minimum(wanted - slope, self._level)) + slope, 1.0)
        self._level = float(levels[-1])
        return levels


def _whole(samples: _Samples) -> Frames:
    return np.clip(np.rint(samples), _LOWEST, _HIGHEST).astype(np.int16)
