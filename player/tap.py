"""A tap: frames from outside on their way to the sound thread, in a bounded buffer that hides the network's jitter."""

import threading
from collections.abc import Callable

import numpy as np

from domain.audio import SAMPLE_RATE
from player.decode import Frames

FADE = SAMPLE_RATE // 100
"""Frames over which the sound fades before a gap, after it, and where some of it is left out."""
_WAIT_S = 0.5
_NOTHING: Frames = np.zeros(0, np.int16)
_RISING = np.linspace(0, 1, FADE, dtype=np.float32)


class Tap:
    """Gives frames once `least` of them are there, and silence again, faded, when they run out.

    At most `most` are held. Beyond that the oldest are left out, joined by a fade: before anybody takes them, so that
    a relay begins with what is new, and always when it is `lively`, where being late is worse than a lost word;
    otherwise `put` waits. `trouble` says in Vietnamese what ails the source, or is empty.
    """

    def __init__(self, least: int, most: int, *, lively: bool = False) -> None:
        self._least = max(least, 2 * FADE)
        self._most = most
        self._lively = lively
        self._held: Frames = _NOTHING
        self._flowing = False
        self._end = threading.Event()
        self._room = threading.Condition()
        self.trouble = ""
        self.on_close: Callable[[], None] = lambda: None

    @property
    def flowing(self) -> bool:
        """Tell whether the next frames taken are sound."""
        return self._flowing or len(self._held) >= self._least

    @property
    def held(self) -> int:
        """Return how many frames are waiting."""
        return len(self._held)

    def put(self, frames: Frames) -> bool:
        """Take frames in, waiting for room if need be; tell whether more are wanted."""
        with self._room:
            while self._flowing and not self._lively and len(self._held) >= self._most and not self.closed:
                self._room.wait(_WAIT_S)
            self._held = np.concatenate((self._held, frames))
            if len(self._held) > self._most and (self._lively or not self._flowing):
                self._leave_out(len(self._held) - self._least)
            return not self.closed

    def take(self, count: int) -> tuple[Frames, int]:
        """Return exactly `count` frames, and how many of them are sound; the rest is silence."""
        given: Frames = np.zeros(count, np.int16)
        with self._room:
            if not self.flowing:
                return given, 0
            begins, self._flowing = not self._flowing, True
            dry = len(self._held) < count + FADE
            sound = min(count, len(self._held))
            given[:sound] = self._held[:sound]
            self._held = _NOTHING if dry else self._held[sound:]
            self._flowing = not dry
            self._room.notify()
        if begins:
            _fade_in(given[:sound])
        if dry:
            _fade_in(given[:sound][::-1])
        return given, sound

    def close(self) -> None:
        """Take nothing in any more, and let go of what is held; `on_close` is called, once that is so."""
        with self._room:
            self._end.set()
            self._flowing, self._held = False, _NOTHING
            self._room.notify_all()
        self.on_close()

    @property
    def closed(self) -> bool:
        """Tell whether nobody will take anything any more."""
        return self._end.is_set()

    def closes_within(self, seconds: float) -> bool:
        """Wait for the end, `seconds` at most, and tell whether it has come."""
        return self._end.wait(seconds)

    def _leave_out(self, count: int) -> None:
        kept = self._held[count:].copy()
        fade = min(FADE, len(kept))
        joined = kept[:fade] * _RISING[:fade] + self._held[:fade] * _RISING[:fade][::-1]
        kept[:fade] = np.rint(joined)
        self._held = kept


def _fade_in(frames: Frames) -> None:
    count = min(FADE, len(frames))
    frames[:count] = np.rint(frames[:count] * np.linspace(0, 1, count, dtype=np.float32))
