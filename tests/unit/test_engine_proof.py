"""What the sound engine tells of itself: how loud each item was, and to its output what sounds."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from domain.ports import ToldSink
from domain.timetable import Priority
from player.engine import Engine, Hushed
from tests.fakes_player import MemorySink, Sound, Still, noise, sound, wav
from tests.unit.test_engine import Desk


class Curious(MemorySink):
    """An output that wants to know what sounds; remembers at which frame it was told."""

    def __init__(self, clock: Still) -> None:
        super().__init__(clock)
        self.heard: list[tuple[int, Priority | None, str]] = []

    def told(self, priority: Priority | None, title: str) -> None:
        self.heard.append((self.frames, priority, title))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.sink = Curious(made.clock)
    made.sink.open()
    made.engine = Engine(made.sink, made.clock, made.events.append)
    yield made
    for reel in made.reels:
        reel.close()


def told(desk: Desk) -> list[tuple[int, Priority | None, str]]:
    assert isinstance(desk.sink, Curious)
    return desk.sink.heard


def test_an_item_ends_with_the_level_of_all_that_was_heard_of_it(desk: Desk) -> None:
    clip = sound(0.3)
    desk.arm("a", clip, 0.2)
    desk.run(1.0)
    level = desk.ended("a").level
    assert level is not None
    rms = np.sqrt(np.mean(clip.samples.astype(float) ** 2))
    assert level.rms_mb == round(2000 * np.log10(rms / 32768))
    assert level.peak_mb == round(2000 * np.log10(np.abs(clip.samples.astype(int)).max() / 32768))


def test_an_item_that_never_sounded_has_no_level(desk: Desk) -> None:
    desk.arm("a", sound(0.3), 0.5, cut_at=0.0)
    desk.run(1.0)
    assert desk.ended("a").level is None


def test_dead_air_inside_an_item_is_told_while_it_lasts(desk: Desk) -> None:
    silence = np.zeros(6 * 48_000, np.int16)
    samples = np.concatenate((noise(0.5), silence, noise(0.5)))
    desk.arm("a", Sound(samples, wav(samples)), 0.1)
    desk.run(6.2)
    hushes = [event for event in desk.events if isinstance(event, Hushed)]
    assert hushes == [Hushed("a", hushed=True)]
    desk.run(1.5)
    assert [event for event in desk.events if isinstance(event, Hushed)] == [*hushes, Hushed("a", hushed=False)]


def test_an_output_is_told_what_sounds_before_the_block_in_which_it_begins(desk: Desk) -> None:
    assert isinstance(desk.sink, ToldSink)
    desk.arm("a", sound(0.3), 0.1, title="Bản tin sáng")
    desk.run(1.0)
    assert told(desk) == [(4800, Priority.NORMAL, "Bản tin sáng"), (4800 + 14400, None, "")]


def test_of_two_voices_the_weightier_is_told(desk: Desk) -> None:
    desk.arm("a", sound(1.0), 0.1, title="Bản tin sáng")
    desk.run(0.5)
    desk.engine.cut("a", desk.begins_at)
    desk.arm("b", sound(0.3, seed=2), 0.5, priority=Priority.EMERGENCY, title="Báo lũ")
    desk.run(1.0)
    assert [(priority, title) for _, priority, title in told(desk)] == [
        (Priority.NORMAL, "Bản tin sáng"),
        (Priority.EMERGENCY, "Báo lũ"),
        (None, ""),
    ]
