"""What horns are sent: G.711 held against FFmpeg's decoder, and a low-pass that lets nothing fold back."""

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.sinks.g711 import A_LAW, MU_LAW, encoded
from player.sinks.resample import BLOCK, Resampler

RATE = 48_000
EVERY = np.arange(-32768, 32768).astype(np.int16)


def decoded(data: bytes, name: str) -> npt.NDArray[np.int16]:
    """Return G.711 bytes as samples, by FFmpeg."""
    codec = av.CodecContext.create(name, "r")
    codec.sample_rate, codec.layout = 8000, "mono"  # type: ignore[attr-defined]
    frames = [frame.to_ndarray().reshape(-1) for frame in codec.decode(av.Packet(data))]
    return np.concatenate(frames)


@pytest.mark.parametrize(("name", "table"), [("pcm_mulaw", MU_LAW), ("pcm_alaw", A_LAW)])
def test_every_sample_comes_back_as_near_as_eight_bits_allow(name: str, table: npt.NDArray[np.uint8]) -> None:
    told = decoded(encoded(EVERY, table), name).astype(int)
    half_a_step = np.maximum((np.abs(EVERY.astype(int)) + 132) / 32 + 1, 8)  # sixteen steps in each doubling
    within = np.abs(EVERY.astype(int)) <= 32_124
    assert (np.abs(told - EVERY) <= half_a_step)[within].all()
    assert (np.diff(told) >= 0).all()
    assert len(np.unique(told)) >= 255


def run(resampler: Resampler, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    blocks = [resampler.resampled(samples[start : start + BLOCK]) for start in range(0, len(samples), BLOCK)]
    return np.concatenate(blocks)


def tone(hertz: float, seconds: float = 1.0) -> npt.NDArray[np.int16]:
    turns = np.arange(round(seconds * RATE)) * 2 * np.pi * hertz / RATE
    return np.rint(np.sin(turns) * 16000).astype(np.int16)


def db(samples: npt.NDArray[np.int16]) -> float:
    middle = samples[len(samples) // 4 : -len(samples) // 4].astype(float)
    return float(20 * np.log10(np.sqrt(np.mean(middle**2)) / (16000 / np.sqrt(2)) + 1e-9))


@pytest.mark.parametrize("rate", [8000, 16000, 44_100])
def test_what_the_line_can_carry_passes_as_loud_as_it_was(rate: int) -> None:
    for hertz in (300, 1000, 3000):
        told = run(Resampler(rate), tone(hertz))
        assert len(told) == rate
        assert abs(db(told)) < 0.1


@pytest.mark.parametrize("hertz", [4400, 5000, 7700, 12_000, 20_000])
def test_what_a_telephone_line_cannot_carry_does_not_fold_back(hertz: float) -> None:
    assert db(run(Resampler(8000), tone(hertz))) < -60


@pytest.mark.parametrize("rate", [8000, 44_100])
def test_its_delay_is_what_it_says(rate: int) -> None:
    samples = np.zeros(BLOCK * 20, np.int16)
    samples[BLOCK * 5] = 30_000
    resampler = Resampler(rate)
    peak = int(np.argmax(run(resampler, samples))) / rate
    assert peak - BLOCK * 5 / RATE == pytest.approx(resampler.delay, abs=1 / rate)


def test_at_the_mixers_own_rate_nothing_is_touched() -> None:
    assert np.array_equal(run(Resampler(RATE), tone(440)), tone(440))


def test_a_rate_without_whole_samples_in_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="rate"):
        Resampler(11_025)


@given(st.integers(0, 2**31))
def test_no_sound_however_loud_wraps_around(seed: int) -> None:
    square = np.where(np.random.default_rng(seed).random(BLOCK * 4) < 0.5, -32768, 32767).astype(np.int16)
    told = run(Resampler(8000), square)
    assert told.dtype == np.int16
    assert len(told) == 320
