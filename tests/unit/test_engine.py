"""The sound engine, block by block, against an output and a clock that the test holds in its hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from domain.errors import SinkError
from domain.timetable import Priority
from player.decode import Reel
from player.engine import BLOCK, Began, Ended, Engine, EngineEvent, SinkBack, SinkLost
from player.mixing import RAMP, Stop, Voice
from player.pinned import MemorySound
from tests.fakes_player import RATE, MemorySink, Sound, Still, sound, wait_until, wav


class Desk:
    """An engine without its thread: the test turns the crank."""

    def __init__(self, folder: Path) -> None:
        self.clock = Still()
        self.sink = MemorySink(self.clock)
        self.sink.open()
        self.begins_at = self.clock.now()
        self.events: list[EngineEvent] = []
        self.engine = Engine(self.sink, self.clock, self.events.append)
        self.folder = folder
        self.reels: list[Reel] = []

    def reel(self, clip: Sound, skip: float = 0.0) -> Reel:
        path = self.folder / clip.hash
        path.write_bytes(clip.data)
        made = Reel(path, clip.hash, "audio/wav", lambda: None, skip)
        self.reels.append(made)
        assert made.ready.wait(5)
        return made

    def arm(self, key: str, clip: Sound, after: float, skip: float = 0.0, **changes: object) -> Voice:
        at = (self.begins_at + timedelta(seconds=after)).timestamp()
        voice = Voice(key, self.reel(clip, skip), at, **changes)  # type: ignore[arg-type]
        self.engine.arm(voice)
        return voice

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE / BLOCK)):
            self.engine.feed()

    def ended(self, key: str) -> Ended:
        return next(event for event in self.events if isinstance(event, Ended) and event.key == key)

    def began(self, key: str) -> Began:
        return next(event for event in self.events if isinstance(event, Began) and event.key == key)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    for reel in made.reels:
        reel.close()


def loud(samples: npt.NDArray[np.int16]) -> tuple[int, int]:
    """Return the first and the last index of sound."""
    where = np.flatnonzero(samples)
    return int(where[0]), int(where[-1])


def test_silence_is_fed_while_nothing_is_armed(desk: Desk) -> None:
    desk.run(0.1)
    assert desk.engine.frames == 10 * BLOCK
    assert not desk.sink.samples.any()


@pytest.mark.parametrize("after", [0.5, 0.50001, 0.123456, 1.0])
def test_the_first_sample_is_placed_exactly_and_all_pass_bit_for_bit(desk: Desk, after: float) -> None:
    clip = sound(0.3)
    desk.arm("a", clip, after)
    desk.run(1.5)
    first, last = loud(desk.sink.samples)
    assert abs(first - after * RATE) <= 1
    assert np.array_equal(desk.sink.samples[first : last + 1], clip.samples)
    assert abs((desk.began("a").at - desk.begins_at).total_seconds() - after) < 1 / RATE
    ended = desk.ended("a")
    assert (ended.rendered, ended.stop, ended.failure) == (len(clip.samples), Stop.DONE, "")
    assert abs((ended.at - desk.began("a").at).total_seconds() - 0.3) < 1e-4


def test_the_start_error_stays_under_a_millisecond_with_a_jittery_device(desk: Desk) -> None:
    jitter = np.random.default_rng(5).normal(0, 0.002, 10_000)
    honest = desk.sink.next_frame_at
    count = iter(jitter)
    desk.sink.next_frame_at = lambda: honest() + float(next(count))  # type: ignore[method-assign]
    clip = sound(0.1)
    desk.arm("a", clip, 2.0)
    desk.run(2.5)
    assert abs(loud(desk.sink.samples)[0] / RATE - 2.0) < 0.001


def test_two_items_in_a_row_join_without_gap_or_overlap(desk: Desk) -> None:
    one, two = sound(0.3, seed=1), sound(0.2, seed=2)
    desk.arm("a", one, 0.5)
    desk.arm("b", two, 0.8)
    desk.run(1.2)
    first, last = loud(desk.sink.samples)
    assert np.array_equal(desk.sink.samples[first : last + 1], np.concatenate([one.samples, two.samples]))


def test_an_item_waits_for_the_one_before_when_that_is_longer_than_planned(desk: Desk) -> None:
    one, two = sound(0.35, seed=1), sound(0.2, seed=2)
    desk.arm("a", one, 0.5)
    desk.arm("b", two, 0.8)
    desk.run(1.4)
    first, last = loud(desk.sink.samples)
    assert np.array_equal(desk.sink.samples[first : last + 1], np.concatenate([one.samples, two.samples]))


def test_a_cut_fades_to_silence_at_its_instant(desk: Desk) -> None:
    clip = sound(2.0)
    desk.arm("a", clip, 0.5)
    desk.run(0.6)
    desk.engine.cut("a", desk.begins_at + timedelta(seconds=1.0))
    desk.run(1.0)
    first, last = loud(desk.sink.samples)
    assert abs(last - RATE) < 40
    until_fade = RATE - RAMP - first - 2
    assert np.array_equal(desk.sink.samples[first : first + until_fade], clip.samples[:until_fade])
    ended = desk.ended("a")
    assert ended.stop is Stop.CUT
    assert abs(ended.rendered - RATE // 2) <= 1


def test_a_cut_in_the_past_fades_at_once_without_a_click(desk: Desk) -> None:
    desk.arm("a", sound(2.0), 0.2)
    desk.run(0.5)
    desk.engine.cut("a", desk.begins_at)
    desk.run(0.2)
    _, last = loud(desk.sink.samples)
    assert last - round(0.5 * RATE) <= RAMP + BLOCK
    assert abs(int(desk.sink.samples[last])) < 600


@pytest.mark.parametrize("stop", [Stop.EDGE, Stop.CUT])
def test_a_clock_that_steps_past_the_end_of_a_voice_makes_no_click(stop: Stop, desk: Desk) -> None:
    tone = np.rint(20_000 * np.cos(2 * np.pi * 100 * np.arange(5 * RATE) / RATE)).astype(np.int16)
    edge = (desk.begins_at + timedelta(seconds=2)).timestamp() if stop is Stop.EDGE else None
    desk.arm("a", Sound(tone, wav(tone)), 0.1, until=edge)
    desk.run(0.4)
    if stop is Stop.CUT:
        desk.engine.cut("a", desk.begins_at + timedelta(seconds=2))
    desk.run(0.1)
    desk.clock.wall += timedelta(hours=2)
    desk.run(0.5)
    first, last = loud(desk.sink.samples)
    steps = np.abs(np.diff(desk.sink.samples[first : last + 2].astype(np.int32)))
    assert steps.max() <= np.abs(np.diff(tone.astype(np.int32))).max() + 1
    assert abs(last / RATE - 0.515) < 0.015
    assert desk.ended("a").stop is stop


def test_a_voice_ends_at_its_edge(desk: Desk) -> None:
    desk.arm("a", sound(1.0), 0.2, until=(desk.begins_at + timedelta(seconds=0.7)).timestamp())
    desk.run(1.0)
    assert desk.ended("a").stop is Stop.EDGE
    assert abs(loud(desk.sink.samples)[1] / RATE - 0.7) < 0.002


def test_preemption_sounds_within_fifty_milliseconds(desk: Desk) -> None:
    bed, alarm = sound(2.0, seed=1), sound(0.5, seed=2)
    desk.arm("bed", bed, 0.2)
    desk.run(0.5)
    commanded = desk.clock.now()
    desk.engine.cut("bed", commanded)
    desk.arm("alarm", alarm, (commanded - desk.begins_at).total_seconds())
    desk.run(1.0)
    assert desk.began("alarm").at - commanded <= timedelta(milliseconds=50)
    assert desk.ended("bed").stop is Stop.CUT
    assert desk.ended("alarm").stop is Stop.DONE


def test_a_wall_clock_set_back_after_arming_delays_the_start(desk: Desk) -> None:
    desk.arm("a", sound(0.1), 0.5)
    desk.run(0.2)
    desk.clock.wall -= timedelta(seconds=0.4)
    desk.run(1.0)
    assert abs(loud(desk.sink.samples)[0] / RATE - 0.9) < 0.001


def test_a_wall_clock_set_forward_far_hands_the_voice_back(desk: Desk) -> None:
    desk.arm("a", sound(0.1), 0.5)
    desk.run(0.2)
    desk.clock.wall += timedelta(hours=2)
    desk.run(0.1)
    assert (desk.ended("a").stop, desk.ended("a").rendered) == (Stop.LATE, 0)
    assert not desk.sink.samples.any()


def test_a_late_voice_that_follows_the_clock_joins_inside_the_clip(desk: Desk) -> None:
    clip = sound(1.0)
    desk.run(0.3)
    desk.arm("a", clip, 0.1, follow=True)
    desk.run(1.5)
    first, last = loud(desk.sink.samples)
    assert np.array_equal(desk.sink.samples[first : last + 1], clip.samples[-(last + 1 - first) :])
    assert abs((last + 1) / RATE - 1.1) < 0.001


class Slow(MemorySound):
    """A clip of which some seconds are decoded at once when it is ready, and twice as many as sound after that."""

    def __init__(self, clip: Sound, at_once: float) -> None:
        super().__init__(clip.samples)
        self.ready.clear()
        self._decoded = round(at_once * RATE)

    def take(self, count: int) -> npt.NDArray[np.int16]:
        given = super().take(min(count, self._decoded))
        self._decoded += 2 * BLOCK - len(given)
        return given


@pytest.mark.parametrize("at_once", [5.0, 1.0])
def test_a_voice_that_follows_the_clock_waits_for_a_long_clip_to_be_checked_and_joins_where_it_would_be(
    at_once: float, desk: Desk
) -> None:
    clip = sound(12.0)
    slow = Slow(clip, at_once)
    voice = Voice("a", slow, (desk.begins_at + timedelta(seconds=0.1)).timestamp(), follow=True)
    desk.engine.arm(voice)
    desk.run(4.0)  # a clip of an hour on a small box: its hash takes seconds
    slow.ready.set()
    desk.run(9.0)
    first, last = loud(desk.sink.samples)
    assert 3.99 < first / RATE < 4.1 + max(4.0 - at_once, 0)
    assert np.array_equal(desk.sink.samples[first : last + 1], clip.samples[-(last + 1 - first) :])
    assert abs((last + 1) / RATE - 12.1) < 0.001


def test_a_voice_that_never_gets_ready_is_handed_back(desk: Desk) -> None:
    at = (desk.begins_at + timedelta(seconds=0.1)).timestamp()
    desk.engine.arm(Voice("a", Slow(sound(1.0), 0.0), at, follow=True))
    desk.run(31.0)
    assert (desk.ended("a").stop, desk.ended("a").rendered) == (Stop.LATE, 0)


def test_a_reel_opened_in_the_middle_gives_the_right_samples_after_its_fade(desk: Desk) -> None:
    clip = sound(3.0)
    desk.arm("a", clip, 0.2, skip=1.5, fade_in=True)
    desk.run(2.5)
    first, last = loud(desk.sink.samples)
    heard, wanted = desk.sink.samples[first : last + 1], clip.samples[-(last + 1 - first) :]
    assert abs(last - first - 1.5 * RATE) < 10
    assert np.array_equal(heard[RAMP:], wanted[RAMP:])
    assert abs(int(heard[5])) < 300


def test_two_voices_are_summed_without_wrapping_round(desk: Desk) -> None:
    full = np.full(RATE // 2, 30_000, np.int16)
    clip = Sound(full, wav(full))
    desk.arm("a", clip, 0.2)
    desk.run(0.3)
    desk.engine.cut("a", desk.begins_at)
    desk.arm("b", clip, 0.3)
    desk.run(0.3)
    assert desk.sink.samples.max() <= 32767
    assert desk.sink.samples.min() >= 0


def test_a_clip_that_cannot_be_decoded_ends_with_the_reason_and_never_begins(desk: Desk) -> None:
    broken = Sound(np.zeros(0, np.int16), b"RIFF no sound at all")
    desk.arm("a", broken, 0.1)
    desk.run(0.3)
    assert desk.ended("a").failure
    assert not any(isinstance(event, Began) for event in desk.events)


def test_a_damaged_file_gives_no_frame(desk: Desk) -> None:
    clip = sound(0.2)
    path = desk.folder / "damaged"
    path.write_bytes(clip.data[:-1] + bytes([clip.data[-1] ^ 1]))
    reel = Reel(path, clip.hash, "audio/wav", lambda: None)
    assert reel.ready.wait(5)
    assert reel.damaged
    assert len(reel.take(BLOCK)) == 0
    reel.close()


def test_a_lost_output_ends_what_sounds_and_is_opened_again(tmp_path: Path) -> None:
    clock = Still(datetime.now(UTC))
    sink = MemorySink(clock)
    sink.open()
    events: list[EngineEvent] = []
    engine = Engine(sink, clock, events.append)
    path = tmp_path / "clip"
    clip = sound(20.0)
    path.write_bytes(clip.data)
    reel = Reel(path, clip.hash, "audio/wav", lambda: None)
    assert reel.ready.wait(5)
    engine.arm(Voice("a", reel, clock.now().timestamp()))
    sink.broken = True
    engine.start()
    wait_until(lambda: any(isinstance(event, SinkLost) for event in events))
    assert not engine.sink_ok
    sink.broken = False
    wait_until(lambda: any(isinstance(event, SinkBack) for event in events))
    frames = engine.frames
    wait_until(lambda: engine.frames > frames)
    engine.stop()
    assert any(isinstance(event, Ended) and event.stop is Stop.SINK for event in events)


class Surprising(MemorySink):
    """An output whose driver raises what no output should, as often as it is told to."""

    surprises = 0

    def write(self, block: bytes) -> None:
        if self.surprises:
            self.surprises -= 1
            raise ValueError("driver")
        super().write(block)


def test_an_unexpected_error_of_the_output_is_a_lost_output_that_is_opened_again() -> None:
    clock = Still(datetime.now(UTC))
    sink = Surprising(clock)
    sink.open()
    sink.surprises = 1
    told: list[tuple[EngineEvent, bool]] = []
    engine = Engine(sink, clock, lambda event: told.append((event, engine.sink_ok)))
    engine.start()
    wait_until(lambda: len(told) == 2)
    engine.stop()
    (lost, ok_when_lost), (back, ok_when_back) = told
    assert isinstance(lost, SinkLost)
    assert "ValueError" in lost.sentence
    assert isinstance(back, SinkBack)
    assert (ok_when_lost, ok_when_back) == (False, True)


@pytest.mark.parametrize("where", ["write", "open"])
def test_unexpected_errors_that_keep_coming_end_the_sound_and_say_so(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("player.engine._BACK_OFF_S", (0.001,))
    clock = Still(datetime.now(UTC))
    sink = Surprising(clock)
    sink.open()
    sink.surprises = 1 if where == "open" else 99
    if where == "open":
        monkeypatch.setattr(sink, "open", lambda: int("driver"))
    said: list[str] = []
    engine = Engine(sink, clock, lambda _event: None)
    engine.give_up = said.append
    engine.start()
    wait_until(lambda: said)
    assert "ValueError" in said[0]
    assert not engine.sink_ok
    engine.stop()
    assert len(said) == 1


def test_stopping_fades_out_and_closes_the_output(tmp_path: Path) -> None:
    clock = Still(datetime.now(UTC))
    sink = MemorySink(clock)
    sink.open()
    events: list[EngineEvent] = []
    engine = Engine(sink, clock, events.append)
    engine.start()
    wait_until(lambda: engine.frames > 0)
    engine.stop()
    with pytest.raises(SinkError):
        sink.next_frame_at()


def test_it_changes_over_to_another_output_when_nothing_sounds(desk: Desk) -> None:
    other = MemorySink(desk.clock)
    other.open()
    desk.arm("a", sound(0.3), 0.1)
    desk.run(0.2)
    desk.engine.use(other)
    desk.run(0.1)
    assert other.frames == 0
    desk.run(0.5)
    assert other.frames > 0
    desk.arm("b", sound(0.1, seed=2), (desk.clock.now() - desk.begins_at).total_seconds() + 0.1)
    desk.run(0.4)
    assert np.count_nonzero(other.samples) == RATE // 10
    assert np.count_nonzero(desk.sink.samples) == RATE * 3 // 10


def test_another_output_is_taken_while_the_old_one_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.engine._BACK_OFF_S", (0.01,))
    clock = Still()
    old, other = MemorySink(clock), MemorySink(clock)
    old.open()
    other.open()
    events: list[EngineEvent] = []
    engine = Engine(old, clock, events.append)
    engine.start()
    wait_until(lambda: old.frames)
    old.broken = True
    wait_until(lambda: SinkLost("Mất thiết bị âm thanh.") in events)
    engine.use(other)
    wait_until(lambda: other.frames)
    engine.stop()
    assert SinkBack() in events
    assert engine.sink_ok


class Told(MemorySink):
    """An output that cares what sounds, and forgets it when it is opened."""

    heaviest: Priority | None = None

    def open(self) -> None:
        super().open()
        self.heaviest = None

    def told(self, priority: Priority | None, _title: str) -> None:
        self.heaviest = priority


def test_an_output_that_is_opened_again_is_told_again_what_sounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("player.engine._BACK_OFF_S", (0.0,))
    clock = Still()
    sink = Told(clock)
    sink.open()
    engine = Engine(sink, clock, lambda _event: None)
    clip = sound(1.0)
    (tmp_path / clip.hash).write_bytes(clip.data)
    for key in ("a", "b"):
        reel = Reel(tmp_path / clip.hash, clip.hash, "audio/wav", lambda: None)
        assert reel.ready.wait(5)
        engine.arm(Voice(key, reel, clock.now().timestamp(), priority=Priority.EMERGENCY, title="Lũ quét"))
        engine.feed()
        assert sink.heaviest is Priority.EMERGENCY
        engine._lose(SinkError("Mất thiết bị âm thanh."))
        if key == "a":
            engine._reopen()
