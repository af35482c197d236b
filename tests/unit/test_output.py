"""How an output is judged by its sample counter, and how long one waits before it is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.output import SLOWEST, BackOff, Patience, Tempo

RATE, BLOCK = 48_000, 480
PATIENCE = Patience()


def tempo_of(*writes: float) -> Tempo:
    """Return the judgement after one block for each of `writes` seconds."""
    tempo = Tempo(PATIENCE, RATE)
    for busy in writes:
        tempo.took(BLOCK, busy)
    return tempo


def test_nothing_is_said_before_a_whole_window_was_seen() -> None:
    assert tempo_of(*[0.1] * 30).pace is None


def test_a_device_that_keeps_time_is_not_slow() -> None:
    assert not tempo_of(*[0.010] * 2000).is_slow


def test_a_device_that_takes_a_tenth_too_little_is_slow_within_its_window() -> None:
    tempo, busy = Tempo(PATIENCE, RATE), 0.0
    while not tempo.is_slow and busy < 10:
        tempo.took(BLOCK, 0.012)
        busy += 0.012
    assert busy < PATIENCE.window + 1


def test_a_machine_that_gives_late_makes_no_device_slow() -> None:
    """What counts is the time inside writes: they return at once when the device has been waiting."""
    assert not tempo_of(*[0.001] * 20_000).is_slow


def test_one_hiccup_makes_no_device_slow() -> None:
    assert not tempo_of(*[0.010] * 300, 0.3, *[0.010] * 300).is_slow


def test_a_device_that_recovers_is_forgiven() -> None:
    assert not tempo_of(*[0.02] * 400, *[0.010] * 800).is_slow


@given(st.floats(0.2, 3.0), st.integers(1, 4))
def test_it_is_slow_exactly_below_the_limit(pace: float, blocks: int) -> None:
    tempo = Tempo(PATIENCE, RATE)
    for _ in range(3000):
        tempo.took(BLOCK * blocks, BLOCK * blocks / RATE / pace)
    assert tempo.pace == pytest.approx(pace, rel=1e-6)
    if abs(pace - SLOWEST) > 1e-6:
        assert tempo.is_slow == (pace < SLOWEST)


def test_each_failure_waits_longer_up_to_the_last_step() -> None:
    back_off = BackOff(PATIENCE)
    assert [back_off.next_wait() for _ in range(7)] == [0.5, 1.0, 2.0, 5.0, 10.0, 10.0, 10.0]


def test_an_output_that_keeps_breaking_waits_ever_longer_and_one_that_was_well_does_not() -> None:
    back_off = BackOff(PATIENCE)
    for now in (0.0, 20.0, 40.0):
        back_off.next_wait()
        back_off.well(now)
        back_off.failed(now + PATIENCE.calm / 2)
    assert back_off.next_wait() == 5.0
    back_off.well(100.0)
    back_off.failed(100.0 + PATIENCE.calm)
    assert back_off.next_wait() == 0.5


def test_what_is_promised_of_a_lost_device_is_kept_by_the_usual_patience() -> None:
    """A lost output is noticed within 5 s, the reserve sounds within 10 s."""
    assert PATIENCE.blocked + PATIENCE.tick < 5
    assert PATIENCE.window <= 4
    assert PATIENCE.window / SLOWEST + PATIENCE.opening < 10
