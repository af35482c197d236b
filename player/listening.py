"""Keeps the last minute and a half of what an ear heard, in a thread of low priority, at the rate of the proof."""

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from domain.audio import SAMPLE_RATE
from domain.errors import SinkError
from domain.ports import Clock
from player.ears import Ear
from player.haste import be_patient
from player.proof import RATE, Samples
from player.sinks.resample import BLOCK, Resampler

KEPT_S = 90
GAP_S = 0.25
"""A hole in what an ear gives, in seconds, after which its timeline begins anew."""
_SMOOTHING = 0.01
_BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)


class Recorder:
    """Hears for ever; `trouble` is called with a sentence when the ear is lost, and an empty one when it is back."""

    def __init__(self, make: Callable[[], Ear], clock: Clock, trouble: Callable[[str], None]) -> None:
        self._make = make
        self._clock = clock
        self._trouble = trouble
        self._ring: Samples = np.zeros(KEPT_S * RATE, np.float32)
        self._count = 0
        self._first = 0
        self._origin: float | None = None
        self._change = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listen", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End; an ear that hangs is left behind."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    @property
    def until(self) -> float:
        """Return the monotonic instant up to which it has heard, or minus infinity."""
        with self._change:
            return float("-inf") if self._origin is None else self._origin + self._count / RATE

    def cut(self, start: float, seconds: float) -> Samples | None:
        """Return what was heard from a monotonic instant on, or None when not all of it is held."""
        with self._change:
            if self._origin is None:
                return None
            first = round((start - self._origin) * RATE)
            last = first + round(seconds * RATE)
            if first < max(self._first, self._count - len(self._ring)) or last > self._count:
                return None
            return self._ring[np.arange(first, last) % len(self._ring)]

    def _run(self) -> None:
        be_patient()
        tries = 0
        while not self._ending.is_set():
            try:
                tries = self._listen(tries)
            except SinkError as error:
                self._trouble(error.sentence)
            except Exception as error:  # noqa: BLE001 - told, and tried again: a dead thread would prove nothing
                self._trouble(f"Đầu vào kiểm chứng gặp lỗi ngoài dự kiến: {type(error).__name__}.")
            self._ending.wait(_BACK_OFF_S[min(tries, len(_BACK_OFF_S) - 1)])
            tries += 1

    def _listen(self, tries: int) -> int:
        ear, resampler = self._make(), Resampler(RATE)
        rest, heard_one = np.zeros(0, np.int16), False
        ear.open()
        try:
            self._forget()
            while not self._ending.is_set():
                instant, frames = ear.read()
                if not heard_one:
                    heard_one, tries = True, 0
                    self._trouble("")
                instant -= len(rest) / SAMPLE_RATE
                rest = np.concatenate((rest, frames))
                while len(rest) >= BLOCK:
                    self._keep(instant, resampler.resampled(rest[:BLOCK]))
                    rest, instant = rest[BLOCK:], instant + BLOCK / SAMPLE_RATE
        finally:
            ear.close()
        return tries

    def _forget(self) -> None:
        with self._change:
            self._origin, self._first = None, self._count

    def _keep(self, instant: float, samples: npt.NDArray[np.int16]) -> None:
        """Put a block into the ring; the ear's clock is followed slowly, and anew after a gap."""
        with self._change:
            told = instant - self._count / RATE
            if self._origin is None or abs(told - self._origin) > GAP_S:
                self._origin, self._first = told, self._count
            self._origin += _SMOOTHING * (told - self._origin)
            place = np.arange(self._count, self._count + len(samples)) % len(self._ring)
            self._ring[place] = samples
            self._count += len(samples)
