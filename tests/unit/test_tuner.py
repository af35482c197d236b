"""Sources opened ahead: closed when nobody wants them, given a stand-in when it comes, their trouble told."""

from datetime import timedelta
from typing import cast

from domain.playlist import PlaylistItem
from domain.sources import Source, SourceKind
from player.decode import Loop
from player.tap import Tap
from player.tuner import MOST_SOURCES, Tuned, Tuner
from tests.unit.test_outside import BLOCK, RATE, Endless, share_of, tone

RELAY = Source(SourceKind.RELAY, url="http://dai.example/1")
ITEM = PlaylistItem("c" * 64, timedelta(), timedelta(seconds=30), "Tiếp âm", source=RELAY)


class Bench:
    """A tuner whose sources are taps in the test's hand."""

    def __init__(self) -> None:
        self.taps: dict[str, Tap] = {}
        self.stand_in: Endless | None = None
        self.tuner = Tuner(self.open)

    def open(self, key: str, _source: Source, tap: Tap) -> None:
        assert key not in self.taps or self.taps[key].closed
        self.taps[key] = tap

    def loop(self, _clip_hash: str) -> Loop | None:
        return cast("Loop | None", self.stand_in)

    def tune(self, *keys: str) -> None:
        self.tuner.tune((Tuned(key, ITEM) for key in keys), self.loop)


def test_a_source_is_opened_once_and_closed_when_it_is_wanted_no_longer() -> None:
    bench = Bench()
    bench.stand_in = Endless()
    bench.tune("a")
    bench.tune("a")
    assert not bench.taps["a"].closed
    bench.tune()
    assert bench.taps["a"].closed
    assert bench.stand_in.closed


def test_no_more_than_a_few_are_open_at_a_time() -> None:
    bench = Bench()
    bench.tune(*map(str, range(10)))
    assert len(bench.taps) == MOST_SOURCES


def test_what_is_given_away_is_left_alone_and_ends_with_its_skip_left_out() -> None:
    bench = Bench()
    bench.tune("a")
    sound = bench.tuner.take(Tuned("a", ITEM), bench.loop, timedelta(seconds=29))
    bench.tune()
    assert not bench.taps["a"].closed
    assert sum(len(sound.take(BLOCK)) for _ in range(200)) == RATE
    assert sound.exhausted
    assert "thiếu âm thanh thay thế" in sound.failure


def test_a_stand_in_that_comes_late_is_handed_in() -> None:
    bench = Bench()
    sound = bench.tuner.take(Tuned("a", ITEM), bench.loop, timedelta())
    assert not sound.take(BLOCK).any()
    bench.stand_in = Endless()
    bench.tune()
    heard = [sound.take(BLOCK) for _ in range(100)]
    assert share_of(heard[50], 500) > 0.9
    sound.close()
    assert bench.stand_in.closed


def test_the_trouble_of_what_is_on_the_air_is_told_until_it_is_over() -> None:
    bench = Bench()
    sound = bench.tuner.take(Tuned("a", ITEM), bench.loop, timedelta())
    assert bench.tuner.trouble == ""
    bench.taps["a"].trouble = "nguồn không gửi tiếng"
    assert bench.tuner.trouble == "Nguồn tiếp âm hoặc trực tiếp: nguồn không gửi tiếng."
    bench.taps["a"].put(tone(0.1))
    sound.close()
    assert bench.tuner.trouble == ""
