"""Sessions that sound over others: how soft those get, when, and that nothing clicks or clips."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.machines import AiringOutcome
from domain.playlist import Playlist
from domain.sources import Source, SourceKind
from domain.timetable import LatePolicy, Priority
from player.cue import cue
from player.mixing import DUCK_RAMP
from player.orders import Cut, Known, Start, airing_key
from player.volume import CEILING
from tests.fakes_player import RATE, Sound, Still, item, playlist, slot, sound, wav
from tests.fakes_stream import tone
from tests.unit.test_engine import Desk

SOFT = 10 ** (-1800 / 2000)


def steady(seconds: float, level: int = 8000, hertz: float = 480.0) -> Sound:
    samples = tone(seconds, hertz, level)
    return Sound(samples, wav(samples))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    for reel in made.reels:
        reel.close()


def level(desk: Desk, at: float, hertz: float = 480.0) -> float:
    """Return how loud a tone is in the tenth of a second from `at` on."""
    piece = desk.sink.samples[round(at * RATE) : round((at + 0.1) * RATE)]
    phase = np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / RATE)
    return float(abs(np.mean(piece * phase)) * 2)


def steepest(desk: Desk) -> int:
    return int(np.abs(np.diff(desk.sink.samples.astype(np.int32))).max())


def test_what_goes_under_is_soft_when_the_other_starts_and_loud_again_after(desk: Desk) -> None:
    desk.arm("under", steady(4.0), 0.5, under=True)
    desk.arm("over", steady(1.0, 6000, 960.0), 1.5, over=SOFT)
    desk.run(4.0)
    assert level(desk, 1.2) == pytest.approx(8000, rel=0.01)
    assert level(desk, 1.5) == pytest.approx(8000 * SOFT, rel=0.02)
    assert level(desk, 2.39) == pytest.approx(8000 * SOFT, rel=0.02)
    assert level(desk, 2.5 + DUCK_RAMP / RATE) == pytest.approx(8000, rel=0.01)
    assert level(desk, 1.6, 960.0) == pytest.approx(6000, rel=0.01)
    began = (desk.began("over").at - desk.begins_at).total_seconds()
    assert abs(began - 1.5) < 1 / RATE
    assert steepest(desk) < 8000 * 2 * np.pi * 480 / RATE + 6000 * 2 * np.pi * 960 / RATE


def test_two_announcements_in_a_row_keep_it_soft_between_them(desk: Desk) -> None:
    desk.arm("under", steady(4.0), 0.2, under=True)
    desk.arm("a", steady(0.5, 4000, 960.0), 1.0, over=SOFT)
    desk.arm("b", steady(0.5, 4000, 960.0), 1.5, over=SOFT)
    desk.run(3.0)
    assert level(desk, 1.45) == pytest.approx(8000 * SOFT, rel=0.05)
    assert level(desk, 2.2) == pytest.approx(8000, rel=0.01)


def test_an_announcement_that_is_cut_lets_it_rise_at_once(desk: Desk) -> None:
    desk.arm("under", steady(4.0), 0.2, under=True)
    desk.arm("over", steady(3.0, 4000, 960.0), 0.5, over=SOFT)
    desk.run(1.0)
    desk.engine.cut("over", desk.begins_at)
    desk.run(1.0)
    assert level(desk, 1.3) == pytest.approx(8000, rel=0.01)
    assert steepest(desk) < 1200


def test_the_sum_never_passes_the_ceiling(desk: Desk) -> None:
    desk.arm("under", steady(3.0, 32_000), 0.2, under=True)
    desk.arm("over", steady(1.0, 31_000, 960.0), 1.0, over=10 ** (-600 / 2000))
    desk.run(2.5)
    over = desk.sink.samples[round(1.1 * RATE) : round(1.9 * RATE)].astype(np.int32)
    assert np.abs(over).max() <= CEILING + 1


def test_what_may_not_go_under_holds_up_what_would_sound_over_it(desk: Desk) -> None:
    desk.arm("words", steady(1.0), 0.2)
    desk.arm("over", steady(0.5, 4000, 960.0), 0.9, over=SOFT)
    desk.run(2.0)
    assert (desk.began("over").at - desk.begins_at).total_seconds() == pytest.approx(1.2, abs=0.001)
    assert desk.ended("words").rendered == RATE


BED, NEWS, SAID = sound(60.0, 1), sound(60.0, 2), sound(5.0, 3)
RELAY = replace(item(BED), source=Source(SourceKind.RELAY, url="https://vov.example.vn/1"))


def meeting(lower: object, clock: Still, **changes: object) -> Playlist:
    now = clock.now()
    under = slot("under", now - timedelta(seconds=20), lower, late_policy=LatePolicy.JOIN, **changes)  # type: ignore[arg-type]
    over = slot("over", now + timedelta(seconds=1), item(SAID), priority=Priority.PRIORITY, duck_mb=1800)
    return playlist([under, over], [BED, NEWS, SAID], now)


def actions(made: Playlist, clock: Still) -> list[type]:
    now, lower = clock.now(), made.slots[0]
    sounding = Known(AiringOutcome.PLAYING, BED.hash, lower.starts_at, now, started=True, live=True)
    decided = cue(made, now, {airing_key(made, lower, 0): sounding})
    return [type(one) for one in decided.actions]


def test_an_announcement_leaves_a_relay_on_the_air() -> None:
    clock = Still()
    assert actions(meeting(RELAY, clock), clock) == [Start]


def test_an_announcement_leaves_music_that_fills_on_the_air() -> None:
    clock = Still()
    assert actions(meeting(item(NEWS), clock, priority=Priority.FILLER), clock) == [Start]


def test_the_words_of_a_bulletin_are_never_spoken_over() -> None:
    clock = Still()
    assert sorted(one.__name__ for one in actions(meeting(item(BED), clock), clock)) == ["Cut", "Start"]


def test_a_session_that_does_not_duck_cuts_a_relay() -> None:
    clock = Still()
    made = meeting(RELAY, clock)
    made = replace(made, slots=(made.slots[0], replace(made.slots[1], duck_mb=0)))
    assert Cut in actions(made, clock)


def test_a_relay_that_begins_late_joins_and_ends_when_it_was_to_end() -> None:
    now = Still().now()
    late = slot("a", now - timedelta(seconds=20), RELAY, late_policy=LatePolicy.CATCH_UP)
    (start,) = cue(playlist([late], [BED], now), now, {}).actions
    assert isinstance(start, Start)
    assert (start.skip, start.follow) == (timedelta(seconds=20), True)


def test_a_source_is_opened_ten_seconds_ahead_and_not_when_it_is_refused() -> None:
    now = Still().now()
    made = playlist([slot("a", now, RELAY)], [BED], now - timedelta(seconds=60))
    assert cue(made, now - timedelta(seconds=11), {}).tune == ()
    assert cue(made, now - timedelta(seconds=9), {}).tune == ((made.slots[0], 0),)
    refused = replace(made, slots=(replace(made.slots[0], refusal="không"),))
    assert cue(refused, now - timedelta(seconds=9), {}).tune == ()


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(2, 12)), max_size=3),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["bed", "say-0", "say-1"])), max_size=3),
)
def test_whatever_comes_over_it_and_is_cut_nothing_clicks(
    tmp_path: Path, said: list[tuple[int, int]], cuts: list[tuple[int, str]]
) -> None:
    desk = Desk(tmp_path)
    desk.arm("bed", steady(4.0), 0.1, under=True)
    for number, (at, length) in enumerate(said):
        desk.arm(f"say-{number}", steady(length / 10, 6000, 960.0), 0.3 + at / 20, over=SOFT)
    for at, key in sorted(cuts):
        desk.run(max(at / 20 - desk.sink.frames / RATE, 0))
        desk.engine.cut(key, desk.begins_at + timedelta(seconds=at / 20 + 0.02))
    desk.run(max(4.5 - desk.sink.frames / RATE, 0))
    for reel in desk.reels:
        reel.close()
    # One that is cut may fade while the next begins: the steepest of the three at once is no click.
    assert steepest(desk) < (8000 * 480 + 2 * 6000 * 960) * 2 * np.pi / RATE + 60
