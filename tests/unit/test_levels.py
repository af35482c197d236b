"""A long clip of the library is turned up or down by its machine; what is right already passes as it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.audio import TARGET_LUFS, Clip, ClipKind, Loudness
from domain.playlist import PlaylistItem
from domain.sources import Source, SourceKind
from scheduler.levels import gain_mb_of, levelled
from tests.fakes_player import slot

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
MUSIC = Clip("c" * 64, 9, "audio/flac", timedelta(minutes=40), Loudness(-16, -2, 5), ClipKind.OTHER, "ca nhạc", NOW)
ITEM = PlaylistItem(MUSIC.hash, timedelta(), MUSIC.length, "Ca nhạc")


def at(lufs: float, **changes: object) -> Clip:
    return replace(MUSIC, loudness=Loudness(lufs, -2, 5), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lufs", "gain_mb"),
    [(TARGET_LUFS, 0), (TARGET_LUFS + 0.9, 0), (TARGET_LUFS - 2.5, 250), (-9.0, -700), (-40.0, 600), (5.0, -1200)],
)
def test_a_clip_is_brought_to_the_loudness_of_everything_else(lufs: float, gain_mb: int) -> None:
    assert gain_mb_of(at(lufs)) == gain_mb


def test_what_was_mastered_is_left_as_its_preset_made_it() -> None:
    assert gain_mb_of(at(-23.0, kind=ClipKind.BULLETIN)) == 0


def test_a_source_and_its_stand_in_share_one_gain_which_is_none() -> None:
    outside = replace(ITEM, source=Source(SourceKind.RELAY, url="http://dai.example/1"))
    told = levelled(slot("a", NOW, ITEM, outside), {MUSIC.hash: at(-20.0)})
    assert [one.gain_mb for one in told.items] == [400, 0]
    assert levelled(slot("a", NOW, ITEM), {}).items == (ITEM,)
