"""Whether a recording holds a clip: through gains, delays, filters, noise and drift, and never the wrong clip."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.proof import Hearing, Proof
from player.proof import EARLY_S, LAGS, MOST_DELAY_S, RATE, evidence, verdict
from player.proving import EXCERPT_S, _most, excerpts
from tests.fakes_ears import at_proof_rate, babble

CLIP = at_proof_rate(babble(6.0, 1))
OTHER = at_proof_rate(babble(6.0, 2))
Samples = npt.NDArray[np.float32]


def recorded(said: Samples, delay: float, gain_db: float = -20, snr_db: float = 20, seed: int = 1) -> Samples:
    """Return what a microphone hears of `said`."""
    whole = np.zeros(len(said) + LAGS)
    lead = round((EARLY_S + delay) * RATE)
    whole[lead : lead + len(said)] = said[: len(whole) - lead]
    noise = np.random.default_rng(seed).normal(0, np.std(said) / 10 ** (snr_db / 20), len(whole))
    return np.clip(np.rint((whole + noise) * 10 ** (gain_db / 20)), -32768, 32767).astype(np.float32)


def heard(recording: Samples, clip: Samples = CLIP) -> Hearing:
    proof = verdict(evidence(recording, clip))
    assert proof is not None
    return proof.hearing


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.05, MOST_DELAY_S - 0.1), st.floats(-45, 0), st.floats(-5, 30), st.integers(0, 1000))
def test_the_clip_is_heard_at_any_delay_gain_and_usual_noise(delay: float, gain: float, snr: float, seed: int) -> None:
    assert heard(recorded(CLIP, delay, gain, snr, seed)) is Hearing.HEARD


@settings(max_examples=25, deadline=None)
@given(st.floats(0, MOST_DELAY_S - 0.1), st.floats(-45, 0), st.floats(-5, 30), st.integers(0, 1000))
def test_another_clip_is_never_taken_for_it(delay: float, gain: float, snr: float, seed: int) -> None:
    assert heard(recorded(OTHER, delay, gain, snr, seed)) is not Hearing.HEARD


@pytest.mark.parametrize("kind", ["noise", "hum", "nothing", "clicks"])
def test_noise_is_never_taken_for_it(kind: str) -> None:
    count, random = len(CLIP) + LAGS, np.random.default_rng(1)
    at = np.arange(count) / RATE
    noises = {
        "noise": random.normal(0, 500, count),
        "hum": sum(800 * np.sin(2 * np.pi * 50 * n * at) / n for n in range(1, 40)),
        "nothing": np.zeros(count),
        "clicks": np.where(np.arange(count) % 4000 == 0, 20_000, 0),
    }
    assert heard(np.asarray(noises[kind], np.float32)) is Hearing.UNHEARD


def test_a_horn_with_a_colour_of_its_own_is_recognised() -> None:
    spectrum, hertz = np.fft.rfft(CLIP), np.fft.rfftfreq(len(CLIP), 1 / RATE)
    shape = (hertz > 500) * (hertz < 2500) * (1 + 5 * np.exp(-(((hertz - 1200) / 100) ** 2)))
    horn = np.fft.irfft(spectrum * shape, len(CLIP))
    overdriven = np.tanh(horn / np.std(horn)) * 8000
    assert heard(recorded(overdriven.astype(np.float32), 0.7)) is Hearing.HEARD


@pytest.mark.parametrize("ppm", [-200, 200])
def test_a_recorder_whose_clock_drifts_is_believed(ppm: int) -> None:
    at = np.arange(len(CLIP)) * (1 + ppm * 1e-6)
    assert heard(recorded(np.interp(at, np.arange(len(CLIP)), CLIP).astype(np.float32), 0.4)) is Hearing.HEARD


def test_a_clip_in_reverse_is_not_the_clip() -> None:
    assert heard(recorded(CLIP[::-1].copy(), 0.3)) is not Hearing.HEARD


def test_what_is_too_short_or_silent_proves_nothing() -> None:
    assert verdict(evidence(recorded(CLIP, 0.1), CLIP[:RATE])) is None
    assert verdict(evidence(recorded(CLIP, 0.1), np.zeros(4 * RATE, np.float32))) is None


@given(st.floats(0.01, 20_000))
def test_excerpts_lie_within_the_item_and_are_three_at_most(length: float) -> None:
    found = excerpts(length)
    assert len(found) <= 3
    for start, seconds in found:
        assert start >= 0
        assert start + seconds <= length + 1e-9
        assert seconds <= EXCERPT_S + timedelta(seconds=1).total_seconds()
    for (first, seconds), (second, _) in pairwise(found):
        assert first + seconds <= second + 1e-9


def test_most_excerpts_decide() -> None:
    yes, no, maybe = (Proof(hearing, 500) for hearing in (Hearing.HEARD, Hearing.UNHEARD, Hearing.UNSURE))
    assert _most([yes, yes, no]).hearing is Hearing.HEARD
    assert _most([yes, no]).hearing is Hearing.UNSURE
    assert _most([no, maybe, no]).hearing is Hearing.UNHEARD
    assert _most([maybe]).hearing is Hearing.UNSURE
