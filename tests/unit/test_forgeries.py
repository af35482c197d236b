"""Forged playlists by the thousand, and true ones that would wear the machine out (`make soak` tries a million)."""

import random
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.forgeries import IDENTITY, NOW, STATION_KEY, envelope, tried
from domain.errors import TrustError
from domain.playlist import MAX_DOCUMENT_BYTES, from_document, to_document
from domain.timetable import LatePolicy
from player.cue import cue
from player.trust import read_envelope
from tests.fakes_player import item, playlist, sealed, signed, slot, sound

CLIP = sound(0.001)
TRUE = envelope(5)


@pytest.mark.parametrize("first", [0, random.Random().randrange(10**9)], ids=["the same each time", "others each time"])
def test_no_forgery_is_believed_and_none_breaks_the_machine(first: int) -> None:
    found = tried(first, 800)
    assert found["accepted"] == [], f"seeds from {first}"
    assert found["broken"] == [], f"seeds from {first}"


scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner)
)


@settings(max_examples=60, deadline=None)
@given(documents)
def test_nothing_but_a_playlist_is_one_even_when_the_station_signed_it(document: object) -> None:
    with pytest.raises(TrustError):
        read_envelope(sealed(document, STATION_KEY), IDENTITY)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(to_document(read_envelope(TRUE, IDENTITY)))), documents)
def test_a_signed_value_of_another_kind_is_refused_or_meant(key: str, value: object) -> None:
    document = {**to_document(read_envelope(TRUE, IDENTITY)), key: value}
    try:
        made = read_envelope(sealed(document, STATION_KEY), IDENTITY)
    except TrustError:
        return
    assert to_document(made)[key] == value


def crowd(count: int = 20_000) -> bytes:
    """Return a true playlist of as many sessions as there may be, all a millisecond long and most in 2099."""
    short = replace(item(CLIP), length=timedelta(milliseconds=1), title="")
    far = datetime(2099, 12, 31, 23, 59, tzinfo=UTC)
    at = [NOW if number % 2 else far for number in range(count)]
    slots = [
        slot(str(number), starts, *([short] if number % 40 == 0 else []), title="", late_policy=LatePolicy.JOIN)
        for number, starts in enumerate(at)
    ]
    return signed(playlist(slots, [CLIP], NOW), STATION_KEY)


CROWD = crowd()


def cost(act: Callable[[], object]) -> tuple[float, int]:
    """Return the seconds of the processor and the most bytes that an act takes."""
    tracemalloc.start()
    try:
        act()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    began = time.process_time()
    act()
    return time.process_time() - began, peak


def test_to_refuse_a_forged_playlist_is_cheap_however_large_it_is() -> None:
    forged = CROWD.replace(b'"counter":1', b'"counter":2', 1)

    def refuse() -> None:
        with pytest.raises(TrustError, match="Chữ ký"):
            read_envelope(forged, IDENTITY)

    seconds, peak = cost(refuse)
    true_seconds, true_peak = cost(lambda: read_envelope(CROWD, IDENTITY))
    assert seconds < true_seconds / 4
    assert peak < 2 * len(forged) < true_peak


def test_a_true_playlist_as_large_as_may_be_is_read_and_played_in_bounds() -> None:
    assert len(CROWD) < MAX_DOCUMENT_BYTES
    made = read_envelope(CROWD, IDENTITY)
    assert len(made.slots) == 20_000
    _, peak = cost(lambda: cue(made, NOW, {}))
    assert peak < 64 << 20
    decided = cue(made, NOW, {})
    assert decided.actions
    assert len(decided.prepare) <= 1


@pytest.mark.parametrize(
    "change",
    [
        {"slots": [{}] * 20_001},
        {"clips": [{}] * 20_001},
        {"quiet": [["21:00:00", "22:00:00"]] * 49},
        {"issued": 4_102_444_800_001},
        {"zone": "x" * 1001},
    ],
    ids=lambda change: next(iter(change)),
)
def test_more_than_there_may_be_is_refused_before_it_is_walked_through(change: dict[str, object]) -> None:
    with pytest.raises(TrustError, match="khuôn dạng"):
        from_document({**to_document(read_envelope(TRUE, IDENTITY)), **change})
