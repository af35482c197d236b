"""What a machine knows of its own readiness: which sessions of the next day it could not sound, and why."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.machines import Lack
from domain.playlist import Playlist
from domain.timetable import Priority
from player.ahead import AHEAD, MOST, shortfalls
from tests.fakes_player import Still, item, playlist, slot, sound

NOW = Still().now()
HOUR = timedelta(hours=1)
ONE, TWO = sound(0.1, 1), sound(0.1, 2)


def plan(*hours: float, **changes: object) -> Playlist:
    slots = [slot(f"s{hour}", NOW + hour * HOUR, item(ONE), item(TWO)) for hour in hours]
    return playlist(slots, [ONE, TWO], NOW, **changes)


def lacking(*lacks: Lack | None) -> dict[str, Lack | None]:
    return dict(zip((ONE.hash, TWO.hash), lacks, strict=True))


def test_a_machine_with_every_clip_is_ready() -> None:
    assert shortfalls(plan(1, 5, 23), NOW, lambda _clip: None) == ()


@pytest.mark.parametrize(
    ("lacks", "worst", "clips"),
    [
        ((Lack.CLIP, None), Lack.CLIP, 1),
        ((Lack.CLIP, Lack.CLIP), Lack.CLIP, 2),
        ((Lack.CLIP, Lack.DAMAGED), Lack.DAMAGED, 2),
        ((Lack.DISK, Lack.DAMAGED), Lack.DISK, 2),
    ],
)
def test_a_session_is_told_with_its_worst_lack_and_how_many_clips(
    lacks: tuple[Lack | None, ...], worst: Lack, clips: int
) -> None:
    (found,) = shortfalls(plan(3), NOW, lacking(*lacks).get)
    assert (found.slot_key, found.lack, found.clips) == ("s3", worst, clips)


def test_only_the_next_day_is_looked_at_the_soonest_first() -> None:
    found = shortfalls(plan(30, 20, -1, 2), NOW, lambda _clip: Lack.CLIP)
    assert [one.slot_key for one in found] == ["s2", "s20"]


def test_a_refused_session_or_item_needs_no_clip() -> None:
    refused = [
        slot("a", NOW + HOUR, item(ONE), refusal="x"),
        slot("b", NOW + HOUR, item(ONE, refusal="x")),
    ]
    assert shortfalls(playlist(refused, [ONE], NOW), NOW, lambda _clip: Lack.CLIP) == ()


def test_a_clock_that_is_behind_the_playlist_is_told_for_all_but_emergencies() -> None:
    behind = NOW - timedelta(days=20_000)
    sessions = [
        slot("thường", NOW + HOUR, item(ONE)),
        slot("khẩn", NOW + HOUR, item(ONE), priority=Priority.EMERGENCY),
    ]
    found = shortfalls(playlist(sessions, [ONE], NOW), behind, lambda _clip: None)
    assert [(one.slot_key, one.lack) for one in found] == [("thường", Lack.CLOCK)]


def test_what_comes_after_the_playlists_end_is_told() -> None:
    found = shortfalls(plan(1, 3, expires_at=NOW + 2 * HOUR), NOW, lambda _clip: None)
    assert [(one.slot_key, one.lack) for one in found] == [("s3", Lack.EXPIRED)]


@given(st.lists(st.floats(-50, 50), max_size=120, unique=True), st.sampled_from((Lack.CLIP, Lack.DISK)))
def test_every_session_of_the_next_day_is_told_up_to_the_most(hours: list[float], lack: Lack) -> None:
    found = shortfalls(plan(*hours), NOW, lambda _clip: lack)
    due = sorted(NOW + hour * HOUR for hour in hours if NOW < NOW + hour * HOUR <= NOW + AHEAD)
    assert [one.starts_at for one in found] == due[:MOST]
