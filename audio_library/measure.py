"""Loudness of a sound by EBU R128, in one pass."""

import math
from collections.abc import Iterable, Iterator

import av

from audio_library.filters import Filter, filtered, frames_of
from domain.audio import SAMPLE_RATE, Loudness
from domain.errors import AudioError

SILENCE_LUFS = -70.0
"""What the integrated loudness of silence is said to be: the absolute gate of R128."""

SILENCE_DBTP = -120.0

_METER: Filter = ("ebur128", "metadata=1:peak=true:framelog=quiet")
_LOUDNESS_METER: Filter = ("ebur128", "metadata=1:framelog=quiet")
_STEPS_A_SECOND = 10
_FILTER_DELAY = 64


def measure(pcm: bytes, rate: int = SAMPLE_RATE) -> Loudness:
    """Return integrated loudness (LUFS), true peak (dBTP) and loudness range (LU) of mono 16 bit `pcm`.

    The meter is FFmpeg's `ebur128` (ITU-R BS.1770, EBU Tech 3341 and 3342), which oversamples four times for the
    true peak. Raises AudioError when it gives no figure.
    """
    return loudness_of(frames_of(pcm, rate), rate)


def loudness_of(frames: Iterable[av.AudioFrame], rate: int) -> Loudness:
    """Return the same of mono 16 bit frames, as they come."""
    figures = _figures(frames, rate, _METER)
    return Loudness(
        integrated_lufs=_number(figures, "I", SILENCE_LUFS),
        true_peak_dbtp=_decibels(_number(figures, "true_peak", 0.0)),
        range_lu=_number(figures, "LRA", 0.0),
    )


def integrated(pcm: bytes, rate: int = SAMPLE_RATE) -> float:
    """Return only the integrated loudness (LUFS) of mono 16 bit `pcm`, at half the cost of `measure`."""
    return _number(_figures(frames_of(pcm, rate), rate, _LOUDNESS_METER), "I", SILENCE_LUFS)


def _figures(frames: Iterable[av.AudioFrame], rate: int, meter: Filter) -> dict[str, str]:
    """Return the last figures of the meter."""
    figures: dict[str, str] = {}
    for frame in filtered(_to_the_end(frames, rate), rate, (meter,)):
        figures = dict(frame.metadata) or figures
    if not figures:
        raise AudioError("Không đo được độ to của âm thanh.")
    return figures


def _to_the_end(frames: Iterable[av.AudioFrame], rate: int) -> Iterator[av.AudioFrame]:
    """Yield `frames` and a little silence: the meter speaks every tenth of a second, and its filter lags behind."""
    count = 0
    for frame in frames:
        count += frame.samples
        yield frame
    tail = (-count - _FILTER_DELAY) % (rate // _STEPS_A_SECOND) + _FILTER_DELAY
    yield from frames_of(bytes(2 * tail), rate, count)


def _number(figures: dict[str, str], name: str, silent: float) -> float:
    value = float(figures.get(f"lavfi.r128.{name}", "nan"))
    return value if math.isfinite(value) else silent


def _decibels(amplitude: float) -> float:
    """Return a linear true peak, as the meter writes it to three decimals, in decibels."""
    return round(20 * math.log10(amplitude), 2) if amplitude > 0 else SILENCE_DBTP
