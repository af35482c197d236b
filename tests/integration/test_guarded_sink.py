"""An output that blocks, crawls, vanishes or comes back, and the reserve that sounds meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from domain.errors import SinkError
from domain.timetable import Priority
from player.clock import SystemClock
from player.output import Patience
from player.sinks.guarded import MOST_HANGING, GuardedSink
from tests.fakes_player import noise, wait_until
from tests.fakes_sinks import Bench, Mood

QUICK = Patience(0.05, 0.3, 0.4, 0.2, 0.8, 0.1, 0.5, 60.0, (0.05, 0.1, 0.2))
SILENCE, SOUND = bytes(960), noise(0.01).tobytes()


class Feeding:
    """Feeds an output as the mixer does, in a thread, and remembers the longest that it was held up."""

    def __init__(self, sink: GuardedSink) -> None:
        self.sink = sink
        self.block = SOUND
        self.longest = 0.0
        self.lost: list[str] = []
        self._ending = False
        self._thread = threading.Thread(target=self._run)
        sink.open()
        self._thread.start()

    def _run(self) -> None:
        while not self._ending:
            began = time.monotonic()
            try:
                self.sink.write(self.block)
            except SinkError as error:
                self.lost.append(error.sentence)
                with suppress(SinkError):
                    self.sink.open()
            self.longest = max(self.longest, time.monotonic() - began)

    def stop(self) -> None:
        self._ending = True
        self._thread.join(10)
        assert not self._thread.is_alive(), "the mixer hangs"
        self.sink.close()


@pytest.fixture
def first() -> Iterator[Bench]:
    made = Bench("đầu ra chính")
    yield made
    made.freed.set()


@pytest.fixture
def reserve() -> Iterator[Bench]:
    made = Bench("dự phòng")
    yield made
    made.freed.set()


@pytest.fixture
def feed(first: Bench, reserve: Bench) -> Iterator[Callable[..., Feeding]]:
    running: list[Feeding] = []

    def start(*, with_reserve: bool = True) -> Feeding:
        sink = GuardedSink(first.plug, reserve.plug if with_reserve else None, SystemClock(), QUICK)
        running.append(Feeding(sink))
        return running[-1]

    yield start
    for one in running:
        one.stop()


Feed = Callable[..., Feeding]


def test_while_all_is_well_the_first_output_sounds_and_the_reserve_is_not_opened(first: Bench, reserve: Bench) -> None:
    feeding = Feeding(GuardedSink(first.plug, reserve.plug, SystemClock()))
    wait_until(lambda: first.frames > 10_000)
    feeding.stop()
    assert (reserve.opened, feeding.sink.duty.on_reserve) == (0, False)


@pytest.mark.parametrize("mood", [Mood.BLOCKS, Mood.CRAWLS, Mood.GONE])
def test_the_reserve_sounds_in_the_middle_of_an_item_when_the_first_is_lost(
    mood: Mood, feed: Feed, first: Bench, reserve: Bench
) -> None:
    feeding = feed()
    wait_until(lambda: first.frames > 4800)
    first.mood = mood
    wait_until(lambda: reserve.loud_after(0))
    duty = feeding.sink.duty
    assert duty.on_reserve
    assert (duty.name, feeding.sink.name) == ("dự phòng", "dự phòng")
    assert "Đang phát qua đầu ra dự phòng" in duty.sentence
    assert not feeding.lost


def test_the_first_output_comes_back_at_the_next_silence_when_it_is_mended(
    feed: Feed, first: Bench, reserve: Bench
) -> None:
    feeding = feed()
    first.mood = Mood.GONE
    wait_until(lambda: reserve.loud_after(0))
    first.mood = Mood.WELL
    feeding.block = SILENCE
    wait_until(lambda: not feeding.sink.duty.on_reserve)
    feeding.block = SOUND
    back = time.monotonic()
    wait_until(lambda: first.loud_after(back))
    assert (feeding.sink.duty.sentence, feeding.lost) == ("", [])


def test_without_a_silent_moment_it_comes_back_all_the_same(feed: Feed, first: Bench, reserve: Bench) -> None:
    feeding = feed()
    first.mood = Mood.GONE
    wait_until(lambda: reserve.loud_after(0))
    first.mood = Mood.WELL
    wait_until(lambda: not feeding.sink.duty.on_reserve)


def test_an_output_that_is_still_broken_does_not_come_back(feed: Feed, first: Bench, reserve: Bench) -> None:
    feeding = feed()
    first.mood = Mood.BLOCKS
    wait_until(lambda: reserve.loud_after(0))
    opened = first.opened
    wait_until(lambda: first.opened > opened)
    before = reserve.frames
    wait_until(lambda: reserve.frames > before + 24_000)
    assert feeding.sink.duty.on_reserve


def test_without_a_reserve_a_blocked_output_is_an_error_and_the_mixer_goes_on(feed: Feed, first: Bench) -> None:
    feeding = feed(with_reserve=False)
    wait_until(lambda: first.frames > 4800)
    first.mood = Mood.BLOCKS
    wait_until(lambda: feeding.lost)
    assert "không nhận tiếng" in feeding.lost[0]
    first.mood = Mood.WELL
    back = time.monotonic()
    wait_until(lambda: first.loud_after(back))


def test_when_both_are_lost_it_says_so_and_goes_on_trying(feed: Feed, first: Bench, reserve: Bench) -> None:
    feeding = feed()
    first.mood = reserve.mood = Mood.GONE
    wait_until(lambda: feeding.lost)
    assert "No such device" in feeding.lost[0]
    reserve.mood = Mood.WELL
    wait_until(lambda: reserve.loud_after(0))
    first.mood = Mood.WELL
    wait_until(lambda: not feeding.sink.duty.on_reserve)


def test_a_first_output_that_is_not_there_at_the_start_is_looked_for(first: Bench, reserve: Bench, feed: Feed) -> None:
    first.mood = Mood.HANGS_OPEN
    feeding = feed()
    assert feeding.sink.duty.on_reserve
    first.mood = Mood.WELL
    wait_until(lambda: not feeding.sink.duty.on_reserve)


def test_what_was_wrong_is_told_until_the_output_opens(first: Bench) -> None:
    sink = GuardedSink(first.plug, None, SystemClock(), QUICK)
    first.mood = Mood.GONE
    with pytest.raises(SinkError):
        sink.open()
    first.mood = Mood.HANGS_OPEN

    def open_again() -> None:
        with suppress(SinkError):
            sink.open()

    opening = threading.Thread(target=open_again)
    opening.start()
    assert "No such device" in sink.duty.sentence
    opening.join(10)
    first.mood = Mood.WELL
    sink.open()
    assert sink.duty.sentence == ""
    sink.close()


def test_devices_that_hang_for_ever_do_not_fill_the_machine_with_threads(feed: Feed, first: Bench) -> None:
    first.mood = Mood.HANGS_OPEN
    sink = GuardedSink(first.plug, None, SystemClock(), replace(QUICK, opening=0.1))
    for _ in range(MOST_HANGING + 3):
        with pytest.raises(SinkError, match="treo"):
            sink.open()
    hanging = [thread for thread in threading.enumerate() if thread.name == f"output-{first.name}"]
    assert len(hanging) <= MOST_HANGING


def test_the_reserve_knows_what_sounds_when_it_takes_over(feed: Feed, first: Bench, reserve: Bench) -> None:
    feeding = feed()
    feeding.sink.told(Priority.EMERGENCY, "Báo lũ")
    wait_until(lambda: first.told)
    first.mood = Mood.GONE
    wait_until(lambda: reserve.told)
    assert reserve.told[0] == first.told[0] == (Priority.EMERGENCY, "Báo lũ")


@pytest.mark.parametrize("seed", [1, 3])
def test_outputs_that_fail_at_random_never_hold_up_the_mixer_for_long(seed: int) -> None:
    first, reserve = Bench("một", seed), Bench("hai", seed + 100)
    first.mood = reserve.mood = Mood.FLAKY
    reserve.mood = Mood.WELL
    feeding = Feeding(GuardedSink(first.plug, reserve.plug, SystemClock(), QUICK))
    wait_until(lambda: min(first.frames, reserve.frames) > 4800)
    feeding.stop()
    assert feeding.longest < 2.0


def test_the_instant_of_the_next_frame_counts_what_still_waits(first: Bench) -> None:
    sink = GuardedSink(first.plug, None, SystemClock())
    sink.open()
    origin = sink.next_frame_at()
    for _ in range(50):
        sink.write(SILENCE)
        asked_at = time.monotonic()
        assert sink.next_frame_at() >= asked_at
    assert sink.next_frame_at() - origin == pytest.approx(0.5, abs=0.1)
    sink.close()
    assert sink.frames == first.frames == 24_000
