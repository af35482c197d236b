"""Ears for tests: one that hears what a bench of devices sounded, one that a test feeds, and speech to be proved."""

import threading
import time
from functools import cache

import numpy as np
import numpy.typing as npt

from domain.errors import SinkError
from player.proof import RATE
from player.sinks.resample import BLOCK, Resampler
from tests.fakes_sinks import Bench

Frames = npt.NDArray[np.int16]


@cache
def babble(seconds: float, seed: int) -> Frames:
    """Return something like speech at 48 kHz: syllables of shaped noise, five a second, each unlike the others."""
    random = np.random.default_rng(seed)
    parts = []
    while sum(len(part) for part in parts) < seconds * 48_000:
        size = int(random.uniform(0.12, 0.25) * 48_000)
        spectrum = np.fft.rfft(random.normal(0, 1, size))
        hertz = np.fft.rfftfreq(size, 1 / 48_000)
        formants = sum(np.exp(-(((hertz - at) / 150) ** 2)) for at in random.uniform(300, 3000, 3))
        sound = np.fft.irfft(spectrum * (formants + 0.02), size) * np.hanning(size)
        parts.append(sound / np.abs(sound).max() * random.uniform(4000, 16_000))
    return np.concatenate(parts)[: round(seconds * 48_000)].astype(np.int16)


def at_proof_rate(samples: Frames) -> npt.NDArray[np.float32]:
    """Return 48 kHz samples as an ear's recording is kept."""
    resampler = Resampler(RATE)
    whole = samples[: len(samples) - len(samples) % BLOCK]
    blocks = [resampler.resampled(whole[at : at + BLOCK]) for at in range(0, len(whole), BLOCK)]
    return np.concatenate(blocks).astype(np.float32)


class BenchEar:
    """Hears a bench's devices `delay` seconds late, a hundred times softer, in noise."""

    name = "micro thử"

    def __init__(self, bench: Bench, delay: float = 0.3) -> None:
        self._bench = bench
        self._delay = delay
        self._next = 0.0
        self._place = 0
        self._random = np.random.default_rng(1)

    def open(self) -> None:
        self._next = time.monotonic()

    def read(self) -> tuple[float, Frames]:
        wait = self._next + 0.1 - time.monotonic()
        if wait > 0:
            threading.Event().wait(wait)
        start, self._next = self._next, self._next + 0.01
        noise = self._random.normal(0, 20, BLOCK)
        return start, np.rint(self._heard(start - self._delay) / 100 + noise).astype(np.int16)

    def close(self) -> None:
        pass

    def _heard(self, start: float) -> npt.NDArray[np.float64]:
        out = np.zeros(BLOCK)
        for at, block in self._bench.sounded[-1000:]:
            place = round((at - start) * 48_000)
            if -BLOCK < place < BLOCK:
                samples = np.frombuffer(block, np.int16)
                low, high = max(place, 0), min(place + len(samples), BLOCK)
                out[low:high] += samples[low - place : high - place]
        return out


class ScriptEar:
    """Gives `samples`, the first of which is heard at the monotonic instant `start`, as fast as it is read."""

    name = "micro trong kịch bản"

    def __init__(self, start: float, samples: Frames) -> None:
        self._start = start
        self._samples = samples
        self._place = 0
        self.over = threading.Event()
        self.free = threading.Event()

    def open(self) -> None:
        pass

    def read(self) -> tuple[float, Frames]:
        if self._place >= len(self._samples):
            self.over.set()
            self.free.wait(60)
            raise SinkError("Đầu vào kiểm chứng đã hết.")
        place, self._place = self._place, self._place + BLOCK
        return self._start + place / 48_000, self._samples[place : place + BLOCK]

    def close(self) -> None:
        pass
