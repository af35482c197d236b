"""What is measured of an item while it sounds: level, peak, dead air, clipping."""

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from domain.audio import SAMPLE_RATE
from domain.formats import loudness
from domain.proof import QUIETEST_MB, Level
from player.meter import Meter

BLOCK = 480


def measured(samples: np.ndarray) -> Meter:
    meter = Meter()
    for start in range(0, len(samples), BLOCK):
        meter.add(samples[start : start + BLOCK])
    return meter


def level_of(samples: np.ndarray) -> Level:
    level = measured(samples).level()
    assert level is not None
    return level


def sine(seconds: float, amplitude: float) -> np.ndarray:
    turns = np.arange(round(seconds * SAMPLE_RATE)) * 2 * np.pi * 1000 / SAMPLE_RATE
    return np.rint(np.sin(turns) * amplitude * 32767).astype(np.int16)


def test_a_full_scale_sine_is_at_minus_three_and_its_peak_at_zero() -> None:
    level = level_of(sine(1.0, 1.0))
    assert (level.rms_mb, level.peak_mb) == (-301, 0)


def test_half_the_amplitude_is_six_decibels_less() -> None:
    level = level_of(sine(1.0, 0.5))
    assert (level.rms_mb, level.peak_mb) == (-903, -602)


def test_what_never_sounded_has_no_level() -> None:
    assert Meter().level() is None


def test_digital_silence_has_the_lowest_level_and_is_dead_air() -> None:
    level = level_of(np.zeros(6 * SAMPLE_RATE, np.int16))
    assert (level.rms_mb, level.peak_mb, level.is_dead) == (QUIETEST_MB, QUIETEST_MB, True)


def test_a_pause_of_four_seconds_is_a_pause_and_one_of_six_is_dead_air() -> None:
    loud = sine(1.0, 0.3)
    for seconds, dead in ((4, False), (6, True)):
        level = level_of(np.concatenate((loud, np.zeros(seconds * SAMPLE_RATE, np.int16), loud)))
        assert (level.dead, level.is_dead) == (timedelta(seconds=seconds), dead)


def test_hiss_below_fifty_decibels_is_nothing_to_hear() -> None:
    hiss = np.random.default_rng(1).normal(0, 32768 * 10 ** (-56 / 20), 6 * SAMPLE_RATE).astype(np.int16)
    assert level_of(hiss).is_dead


def test_falling_silent_and_sounding_again_are_each_told_once() -> None:
    meter, told = Meter(), []
    for samples in (sine(1.0, 0.3), np.zeros(7 * SAMPLE_RATE, np.int16), sine(1.0, 0.3)):
        for start in range(0, len(samples), BLOCK):
            meter.add(samples[start : start + BLOCK])
            if meter.changed():
                told.append(meter.hushed)
    assert told == [True, False]


def test_a_distorted_item_is_known_by_its_full_scale_samples() -> None:
    square = np.clip(sine(1.0, 0.9).astype(np.int32) * 3, -32768, 32767).astype(np.int16)
    assert level_of(square).is_clipped
    assert not level_of(sine(1.0, 0.99)).is_clipped


@given(arrays.arrays(np.int16, st.integers(1, 2000)))
def test_the_level_is_that_of_the_samples_however_they_are_cut(samples: np.ndarray) -> None:
    level = level_of(samples)
    whole = samples.astype(np.float64)
    for value, told in ((math.sqrt(np.mean(whole**2)), level.rms_mb), (np.abs(whole).max(), level.peak_mb)):
        assert told == (pytest.approx(2000 * math.log10(value / 32768), abs=1) if value else QUIETEST_MB)
    assert 0 <= level.clipped_ppm <= 1_000_000


def test_people_read_the_level_in_words() -> None:
    assert loudness(Level(-1820, -301)) == "mức −18,2 dBFS"
    assert (
        loudness(Level(-1820, 0, timedelta(seconds=7), 5000)) == "mức −18,2 dBFS, có 7 giây không có tiếng, bị vỡ tiếng"
    )
    assert loudness(Level(QUIETEST_MB, QUIETEST_MB)) == "im lặng hoàn toàn"
