"""The arithmetic of the playout bench: when a frame lay in time, where sound begins, and how starts are scored."""

import numpy as np
import pytest

from benchmarks.playout_hearing import RATE, Timeline, onsets, percentile, score

PERIOD = 512


def blocks_of(samples: np.ndarray) -> tuple[list[int], np.ndarray]:
    whole = samples[: len(samples) // PERIOD * PERIOD].reshape(-1, PERIOD).astype(np.float32)
    return [PERIOD * number for number in range(len(whole))], whole


def test_a_frame_is_laid_in_time_though_most_blocks_are_seen_late() -> None:
    frames = [PERIOD * number for number in range(2000)]
    late = np.random.default_rng(1).exponential(0.002, len(frames))
    late[::50] = 0.0
    line = Timeline(frames, [100 + frame / RATE + delay for frame, delay in zip(frames, late, strict=True)])
    for frame in (0, 12_345, 511_000, 1_023_900):
        assert line.at(frame) == pytest.approx(100 + frame / RATE, abs=1e-6)
    assert line.jitter.max() == pytest.approx(late.max(), abs=1e-6)


def test_a_graph_that_skips_is_followed_after_it() -> None:
    frames = [PERIOD * number for number in range(3000)]
    seen = [frame / RATE + (0.5 if frame > 700_000 else 0.0) for frame in frames]
    line = Timeline(frames, seen)
    assert line.at(100_000) == pytest.approx(100_000 / RATE)
    assert line.at(1_400_000) == pytest.approx(1_400_000 / RATE + 0.5)


def test_an_onset_is_the_first_loud_sample_after_silence_and_a_tone_has_only_one() -> None:
    samples = np.zeros(RATE * 3)
    samples[1_000] = 0.05
    for start in (30_000, 90_001):
        samples[start : start + 12_000] = np.cos(np.arange(12_000) * 0.13) * 0.8
    assert onsets(*blocks_of(samples)) == [30_000, 90_001]


def test_silent_blocks_that_were_not_kept_count_as_silence() -> None:
    frames, blocks = blocks_of(np.full(PERIOD * 2, 0.5))
    assert onsets([0, *[frame + 40_000 for frame in frames]], np.concatenate((blocks[:1], blocks))) == [0, 40_000]


def test_a_start_is_scored_by_the_first_onset_near_it_and_what_is_not_heard_is_missed() -> None:
    found = score([10.0, 20.0, 30.0], [10.012, 10.5, 29.999, 55.0], early_s=0.4, late_s=1.0)
    assert [round(error) for error in found.errors_ms] == [12, -1]
    assert (found.missed, found.doubled) == (1, 1)
    told = found.document()
    assert (told["n"], told["p50_ms"], told["max_ms"]) == (3, 1.0, 12.0)


def test_a_percentile_is_one_of_the_values_and_of_nothing_it_is_nothing() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, percent) for percent in (0, 50, 99, 100)] == [1.0, 50.0, 99.0, 100.0]
    assert percentile([7.0], 99) == 7.0
    assert percentile([], 99) is None
