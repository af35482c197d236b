"""Sound from outside and its stand-in: which of the two is heard, and for how long each was. The rule is pure.

A relay that is dead or silent for GIVE_UP gives way to its stand-in; it comes back once it has been healthy for a
while and there is time left for it to matter. A speaker may be silent: of a live source only nothing at all counts.
"""

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.audio import SAMPLE_RATE
from player.decode import Frames
from player.tap import Tap
from player.volume import Sound

GIVE_UP = 5 * SAMPLE_RATE
COME_BACK = 3 * SAMPLE_RATE
WORTH_IT = 10 * SAMPLE_RATE
"""Frames that must be left for the source to come back."""
PAUSE = SAMPLE_RATE
"""A silence as long as a speaker's breath does not make a source unhealthy."""
FLOOR_DBFS = -50.0
RAMP = SAMPLE_RATE * 30 // 1000
"""Frames over which one fades into the other."""
_WINDOW = SAMPLE_RATE // 10
_FLOOR = 32768 * 10 ** (FLOOR_DBFS / 20)
_AT_ONCE = threading.Event()
_AT_ONCE.set()


@dataclass(frozen=True, slots=True)
class Manner:
    """How a source is treated: what it is called in Vietnamese, and whether silence makes it unhealthy.

    It comes back after `come_back` healthy frames, when `worth_it` are left.
    """

    named: str
    by_level: bool
    come_back: int
    worth_it: int


RELAYED = Manner("tiếp âm", by_level=True, come_back=COME_BACK, worth_it=WORTH_IT)
SPOKEN = Manner("trực tiếp", by_level=False, come_back=SAMPLE_RATE // 2, worth_it=SAMPLE_RATE)


class Health:
    """Listens to a source, a tenth of a second at a time. Counts in frames."""

    def __init__(self, *, by_level: bool = True) -> None:
        self._by_level = by_level
        self.silent = 0
        self.healthy = 0
        self._power = 0.0
        self._seen = 0

    def hear(self, frames: Frames, sound: int) -> None:
        """Take note of frames, as they would sound; `sound` of them came from the source."""
        self._power += float(np.square(frames, dtype=np.float64).sum()) if self._by_level else sound
        self._seen += len(frames)
        if self._seen < _WINDOW:
            return
        audible = self._power >= (_FLOOR * _FLOOR if self._by_level else 0.5) * self._seen
        self.silent = 0 if audible else self.silent + self._seen
        self.healthy = self.healthy + self._seen if self.silent < PAUSE else 0
        self._power, self._seen = 0.0, 0


class Outside:
    """Sounds for exactly `total` frames: what `tap` gives, or `stand_in`; neither is waited for."""

    def __init__(self, tap: Tap, stand_in: Sound, total: int, manner: Manner = RELAYED) -> None:
        self._tap = tap
        self._stand_in = stand_in
        self._total = max(total, 0)
        self._manner = manner
        self._given = 0
        self._share: float | None = None
        self._standing_in = False
        self._health = Health(by_level=manner.by_level)
        self._heard, self._stood, self._silent = 0, 0, 0
        self._reason = ""

    @property
    def ready(self) -> threading.Event:
        """Return what is set once either can sound."""
        return _AT_ONCE if self._tap.flowing else self._stand_in.ready

    @property
    def failure(self) -> str:
        """Tell why nothing at all was heard, once its time is over."""
        silent = self.exhausted and self._silent >= self._total
        return f"không có tiếng nào: {self._stand_in.failure or self._reason}" if silent else ""

    @property
    def exhausted(self) -> bool:
        """Tell whether its time is over."""
        return self._given >= self._total

    @property
    def account(self) -> str:
        """Tell for how many seconds the source, its stand-in and neither was heard, and why not the source."""
        parts = [f"{self._manner.named} {_seconds(self._heard)} giây"]
        if self._stood:
            parts.append(f"âm thanh thay thế {_seconds(self._stood)} giây")
        if self._silent:
            parts.append(f"im lặng {_seconds(self._silent)} giây")
        told = ", ".join(parts) + (f" ({self._reason})" if self._reason else "")
        return told[:1].upper() + told[1:]

    def take(self, count: int) -> Frames:
        """Return the next `count` frames, or fewer at the end of its time."""
        count = min(count, self._total - self._given)
        if count <= 0:
            return np.zeros(0, np.int16)
        if self._share is None:
            self._begin()
        frames, sound = self._tap.take(count)
        self._health.hear(frames, sound)
        self._decide(self._total - self._given)
        mixed = self._faded_out(self._mixed(frames, sound))
        self._given += count
        return mixed

    def stand_in(self, sound: Sound) -> None:
        """Have `sound` stand in from here on; from any thread."""
        self._stand_in = sound
        if self.closed:
            sound.close()

    @property
    def trouble(self) -> str:
        """Tell what ails the source at this moment, or an empty string."""
        return "" if self.closed else self._tap.trouble

    @property
    def closed(self) -> bool:
        """Tell whether nobody will take anything any more."""
        return self._tap.closed

    def close(self) -> None:
        """Let go of both."""
        self._tap.close()
        self._stand_in.close()

    def _begin(self) -> None:
        self._standing_in = not self._tap.flowing
        self._share = 1.0 if self._standing_in else 0.0
        if self._standing_in:
            self._reason = self._tap.trouble or "nguồn chưa có tiếng khi đến giờ"

    def _decide(self, left: int) -> None:
        if not self._standing_in and self._health.silent >= GIVE_UP:
            self._standing_in = True
            self._reason = self._tap.trouble or "nguồn im lặng 5 giây"
        elif self._standing_in and self._health.healthy >= self._manner.come_back and left >= self._manner.worth_it:
            self._standing_in = False

    def _mixed(self, frames: Frames, sound: int) -> Frames:
        """Return the block at the share of the stand-in that is due, moving towards what was decided."""
        count, share, aim = len(frames), self._share or 0.0, float(self._standing_in)
        if share == aim == 0.0:
            self._count(sound, 0, count)
            return frames
        instead = self._stand_in.take(count)
        if share == aim:
            self._count(0, len(instead), count)
            return _padded(instead, count)
        step = np.arange(1, count + 1, dtype=np.float32) / RAMP
        shares = np.clip(share + step if aim > share else share - step, 0, 1)
        self._share = float(shares[-1])
        self._count(0 if aim else sound, len(instead) if aim else 0, count)
        return np.rint(frames * (1 - shares) + _padded(instead, count) * shares).astype(np.int16)

    def _count(self, heard: int, stood: int, count: int) -> None:
        self._heard += heard
        self._stood += stood
        self._silent += count - heard - stood

    def _faded_out(self, frames: Frames) -> Frames:
        left = self._total - self._given
        if left - len(frames) >= RAMP:
            return frames
        gain: npt.NDArray[np.float64] = np.clip((left - 1 - np.arange(len(frames))) / RAMP, 0, 1)
        return np.rint(frames * gain).astype(np.int16)


def _padded(frames: Frames, count: int) -> Frames:
    return frames if len(frames) == count else np.concatenate((frames, np.zeros(count - len(frames), np.int16)))


def _seconds(frames: int) -> int:
    return round(frames / SAMPLE_RATE)
