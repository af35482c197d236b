"""A tap that hides jitter, and the choice between a source and its stand-in, heard in the samples."""

import threading

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.outside import COME_BACK, GIVE_UP, RAMP, SPOKEN, Outside
from player.tap import FADE, Tap
from tests.fakes_player import RATE

BLOCK = 480
Samples = npt.NDArray[np.int16]


def tone(seconds: float, hertz: float = 200.0, level: int = 8000) -> Samples:
    return np.rint(np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * hertz / RATE) * level).astype(np.int16)


class Endless:
    """A stand-in that sounds one tone for ever."""

    def __init__(self, hertz: float = 500.0) -> None:
        self.ready = threading.Event()
        self.ready.set()
        self.failure = self.account = ""
        self.exhausted = False
        self.at = 0
        self.closed = False
        self.hertz = hertz

    def take(self, count: int) -> Samples:
        phase = np.arange(self.at, self.at + count) * 2 * np.pi * self.hertz / RATE
        self.at += count
        return np.rint(np.sin(phase) * 8000).astype(np.int16)

    def close(self) -> None:
        self.closed = True


def played(outside: Outside, tap: Tap, source: Samples, seconds: float) -> Samples:
    """Feed a source at its own pace, and return what sounded; a zero-length source feeds nothing."""
    given = []
    for block in range(round(seconds * RATE / BLOCK)):
        piece = source[block * BLOCK : (block + 1) * BLOCK]
        if len(piece):
            tap.put(piece)
        given.append(outside.take(BLOCK))
    return np.concatenate(given)


def share_of(samples: Samples, hertz: float) -> float:
    """Return how loud one tone is in samples, 1 for the level that the tests use."""
    phase = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / RATE)
    return float(abs(np.mean(samples * phase)) * 2 / 8000)


def second(samples: Samples, number: float) -> Samples:
    return samples[round(number * RATE) : round((number + 1) * RATE)]


def steepest(samples: Samples) -> int:
    return int(np.abs(np.diff(samples.astype(np.int32))).max())


TONE_STEP = round(8000 * 2 * np.pi * 500 / RATE) + 40
"""The steepest step of the test's tones; a click is far steeper."""


def test_a_tap_that_closes_wakes_who_waits_for_that_and_calls_once_it_is_closed() -> None:
    tap, told = Tap(1000, 10_000), list[bool]()
    tap.on_close = lambda: told.append(tap.closed)
    assert not tap.closes_within(0)
    waiter = threading.Thread(target=lambda: told.append(tap.closes_within(600)))
    waiter.start()
    tap.close()
    waiter.join(20)
    assert told == [True, True]
    assert not tap.put(tone(0.1))


def test_a_tap_gives_nothing_until_enough_is_there_and_then_all_of_it() -> None:
    tap, source = Tap(1000, 10_000), tone(0.1)
    tap.put(source[:900])
    assert not tap.take(BLOCK)[0].any()
    tap.put(source[900:])
    given, sound = tap.take(BLOCK)
    assert sound == BLOCK
    more, _ = tap.take(BLOCK)
    assert np.array_equal(np.concatenate([given, more])[FADE:], source[FADE : 2 * BLOCK])


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30), st.lists(st.booleans(), min_size=1, max_size=60))
def test_no_jitter_makes_a_click(pieces: list[int], order: list[bool]) -> None:
    tap, source, at, given = Tap(1000, 8000, lively=True), tone(2.0), 0, []
    turn = iter(pieces * len(order))
    for put in order:
        if put:
            size = next(turn)
            tap.put(source[at : at + size])
            at += size
        given.append(tap.take(BLOCK)[0])
    given += [tap.take(BLOCK)[0] for _ in range(20)]
    assert steepest(np.concatenate(given)) < 8000 / FADE * 2 + TONE_STEP * 2
    assert tap.held <= 8000


def test_before_it_is_taken_from_a_tap_keeps_what_is_new() -> None:
    tap = Tap(RATE, 3 * RATE)
    for _ in range(100):
        assert tap.put(tone(0.5))
    assert tap.held <= 3 * RATE


def test_a_closed_tap_wants_nothing_and_wakes_who_waits() -> None:
    tap = Tap(BLOCK, 2 * BLOCK)
    tap.put(tone(0.1))
    tap.take(BLOCK)
    done = threading.Event()

    def fill() -> None:
        while tap.put(tone(0.1)):
            pass
        done.set()

    threading.Thread(target=fill).start()
    tap.close()
    assert done.wait(5)


def test_a_healthy_source_passes_bit_for_bit_but_for_its_edges() -> None:
    tap, source = Tap(1000, 10 * RATE), tone(4.0)
    tap.put(source)
    outside = Outside(tap, Endless(), 3 * RATE)
    heard = np.concatenate([outside.take(BLOCK) for _ in range(400)])
    assert len(heard) == 3 * RATE
    assert np.array_equal(heard[FADE : 3 * RATE - RAMP], source[FADE : 3 * RATE - RAMP])
    assert outside.exhausted
    assert outside.account == "Tiếp âm 3 giây"


@pytest.mark.parametrize("total", [RATE, RATE + 1, RATE + 479, 12_345])
def test_it_ends_on_the_very_sample(total: int) -> None:
    outside = Outside(Tap(1000, RATE), Endless(), total)
    heard = np.concatenate([outside.take(BLOCK) for _ in range(200)])
    assert len(heard) == total
    assert abs(int(heard[-1])) < 20


def test_a_source_that_is_not_there_at_the_start_is_stood_in_for_at_once() -> None:
    outside = Outside(Tap(1000, RATE), Endless(), 10 * RATE)
    heard = np.concatenate([outside.take(BLOCK) for _ in range(100)])
    assert share_of(heard, 500) > 0.9
    assert "chưa có tiếng khi đến giờ" in outside.account


@pytest.mark.parametrize("rest", [tone(0, 200), tone(30, 200, level=20)])
def test_five_seconds_of_death_or_silence_bring_the_stand_in(rest: Samples) -> None:
    tap = Tap(1000, 10 * RATE)
    tap.put(tone(0.5))
    outside = Outside(tap, Endless(), 30 * RATE)
    source = np.concatenate([tone(4.0), rest])
    heard = played(outside, tap, source, 12)
    assert share_of(second(heard, 1), 200) > 0.9
    assert share_of(second(heard, 7), 500) < 0.05
    assert share_of(second(heard, 10), 500) > 0.9
    first = int(np.flatnonzero(np.abs(heard[6 * RATE :]) > 100)[0]) + 6 * RATE
    quiet_since = round(4.5 * RATE)
    assert GIVE_UP - RATE // 8 <= first - quiet_since <= GIVE_UP + RATE // 4
    assert steepest(heard) < TONE_STEP * 2
    assert "âm thanh thay thế" in outside.account


def test_a_source_comes_back_when_it_is_healthy_again() -> None:
    tap = Tap(1000, 10 * RATE)
    outside = Outside(tap, Endless(), 40 * RATE)
    heard = played(outside, tap, tone(12.0), 12)
    assert share_of(second(heard, 1), 500) > 0.9
    assert share_of(second(heard, COME_BACK / RATE + 1), 200) > 0.9
    assert steepest(heard) < TONE_STEP * 2


def test_a_source_does_not_come_back_for_the_last_seconds() -> None:
    tap = Tap(1000, 10 * RATE)
    outside = Outside(tap, Endless(), 12 * RATE)
    heard = played(outside, tap, tone(12.0), 12)
    assert share_of(second(heard, 8), 500) > 0.9
    assert outside.account.startswith("Tiếp âm 0 giây, âm thanh thay thế 12 giây")


def test_the_pauses_of_a_speaker_bring_no_stand_in() -> None:
    tap = Tap(1000, 10 * RATE)
    tap.put(tone(0.5))
    words = np.concatenate([tone(1.0), np.zeros(4 * RATE, np.int16)] * 5)
    outside = Outside(tap, Endless(), 60 * RATE)
    heard = played(outside, tap, words, 25)
    assert share_of(heard, 500) < 0.01


def test_closing_closes_both() -> None:
    tap, stand_in = Tap(1000, RATE), Endless()
    Outside(tap, stand_in, RATE).close()
    assert tap.closed
    assert stand_in.closed


def test_a_live_speaker_may_be_silent_but_not_away() -> None:
    tap = Tap(1000, 10 * RATE)
    tap.put(np.zeros(RATE // 2, np.int16))
    outside = Outside(tap, Endless(), 60 * RATE, SPOKEN)
    heard = played(outside, tap, np.zeros(9 * RATE, np.int16), 16)
    assert share_of(second(heard, 8), 500) < 0.01
    assert share_of(second(heard, 15), 500) > 0.9
    again = played(outside, tap, tone(2.0), 2)
    assert share_of(again[RATE:], 200) > 0.9
