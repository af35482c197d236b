"""The volume of a session: exact when softer, never clipped when louder, and nothing at all at 0 dB."""

import threading

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.decode import Frames
from player.volume import CEILING, LOOK_AHEAD, Limiter, at_gain
from tests.fakes_player import noise


class Tape:
    """A sound that is all there, or comes a little at a time."""

    def __init__(self, samples: Frames, most: int = 1 << 30) -> None:
        self.samples, self.most = samples, most
        self.account = ""
        self.ready = threading.Event()
        self.failure = ""
        self.closed = False

    @property
    def exhausted(self) -> bool:
        return not len(self.samples)

    def take(self, count: int) -> Frames:
        taken = self.samples[: min(count, self.most)]
        self.samples = self.samples[len(taken) :]
        return taken

    def close(self) -> None:
        self.closed = True


def all_of(samples: Frames, gain_mb: int, block: int = 480, most: int = 1 << 30) -> Frames:
    sound = at_gain(Tape(samples, most), gain_mb)
    blocks = []
    while not sound.exhausted:
        blocks.append(sound.take(block))
    return np.concatenate(blocks)


def tone(seconds: float, peak: float) -> Frames:
    instants = np.arange(round(seconds * 48_000)) / 48_000
    return np.rint(np.sin(2 * np.pi * 440 * instants) * peak).astype(np.int16)


def decibels(loud: npt.NDArray[np.int16], soft: npt.NDArray[np.int16]) -> float:
    return float(20 * np.log10(np.std(loud.astype(float)) / np.std(soft.astype(float))))


def test_nothing_is_done_at_no_gain() -> None:
    tape = Tape(tone(0.1, 1000))
    assert at_gain(tape, 0) is tape


@pytest.mark.parametrize("gain_mb", [-6000, -600, -50, 50, 600])
def test_a_gain_is_what_it_says_to_a_hundredth_of_a_decibel(gain_mb: int) -> None:
    plain = tone(0.5, 15_000)
    assert decibels(all_of(plain, gain_mb), plain) == pytest.approx(gain_mb / 100, abs=0.1 if gain_mb < -5000 else 0.01)


def test_every_frame_keeps_its_place() -> None:
    plain = noise(0.3)
    assert np.array_equal(all_of(plain, 602), np.rint(plain * 10 ** (602 / 2000)).astype(np.int16))


def test_a_loud_sound_turned_up_is_limited_without_a_step() -> None:
    quiet_then_loud = np.concatenate((tone(0.2, 3000), tone(0.2, 30_000), tone(1.0, 3000)))
    turned_up = all_of(quiet_then_loud, 1200)
    assert np.abs(turned_up.astype(int)).max() <= np.ceil(CEILING)
    factor = 10 ** (1200 / 2000)
    levels = turned_up / np.where(np.abs(quiet_then_loud) > 500, quiet_then_loud * factor, np.nan)
    steps = np.abs(np.diff(levels))
    assert np.nanmax(steps) < 0.02
    assert np.nanmin(levels[: 9000 - LOOK_AHEAD]) == pytest.approx(1.0, abs=0.01)
    assert np.nanmin(levels[-4800:]) == pytest.approx(1.0, abs=0.01)


def test_a_sound_that_is_decoded_slowly_comes_out_whole() -> None:
    plain = tone(0.2, 30_000)
    assert np.array_equal(all_of(plain, 900, most=100), all_of(plain, 900))


def test_closing_reaches_the_reel() -> None:
    for gain_mb in (-100, 100):
        tape = Tape(tone(0.1, 1000))
        at_gain(tape, gain_mb).close()
        assert tape.closed


def test_the_failure_of_the_reel_is_told() -> None:
    tape = Tape(tone(0.1, 1000))
    sound = at_gain(tape, -100)
    tape.failure = "hỏng"
    assert sound.failure == "hỏng"
    assert sound.ready is tape.ready


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 1200),
    st.integers(1, 2000),
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 32_767)), min_size=1, max_size=8),
)
def test_no_sound_ever_clips_and_blocks_do_not_matter(gain_mb: int, block: int, parts: list[tuple[int, int]]) -> None:
    plain = np.concatenate([np.where(np.arange(n) % 2, level, -level) for n, level in parts]).astype(np.int16)
    whole = all_of(plain, gain_mb, len(plain) + 1)
    assert np.abs(whole.astype(int)).max() <= np.ceil(CEILING)
    assert len(whole) == len(plain)
    assert np.abs(whole.astype(int) - all_of(plain, gain_mb, block)).max() <= 1


def test_the_limiter_passes_what_is_within_its_ceiling_untouched() -> None:
    samples = noise(0.1).astype(np.float64)
    assert Limiter().limited(samples, np.zeros(LOOK_AHEAD)) is samples
