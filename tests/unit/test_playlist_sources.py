"""The optional words of a signed playlist: a source from outside, a volume of its own, a relay that goes under."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import TrustError
from domain.playlist import from_document, to_document
from domain.sources import Source, SourceKind
from tests.fakes_player import item, playlist, slot, sound

NOW = datetime(2026, 11, 23, 22, tzinfo=UTC)
CLIP = sound(0.1)
RELAY = Source(SourceKind.RELAY, url="https://vov.example.vn/vov1")
UNOPENED = Source(SourceKind.LIVE)
OPENED = Source(SourceKind.LIVE, session="buoi-1", key="ab" * 32)


def document(source: Source | None = None, **changes: Any) -> dict[str, Any]:
    one = replace(item(CLIP), source=source)
    return to_document(playlist([slot("a", NOW, one, **changes)], [CLIP], NOW))


@pytest.mark.parametrize("source", [None, RELAY, UNOPENED, OPENED])
def test_a_source_comes_back_as_it_was_signed(source: Source | None) -> None:
    made = from_document(document(source))
    assert made.slots[0].items[0].source == source


def test_a_playlist_without_the_new_words_is_written_as_before() -> None:
    told = document()["slots"][0]
    assert set(told) == {"key", "starts", "title", "priority", "late", "grace", "refusal", "items"}
    assert set(told["items"][0]) == {"clip", "offset", "length", "title", "refusal"}


def test_the_volume_of_an_item_and_the_softness_of_what_goes_under_come_back() -> None:
    one = replace(item(CLIP), gain_mb=-350)
    made = from_document(to_document(playlist([slot("a", NOW, one, duck_mb=1800)], [CLIP], NOW)))
    assert (made.slots[0].duck_mb, made.slots[0].items[0].gain_mb) == (1800, -350)


@pytest.mark.parametrize(
    "source",
    [
        "https://vov.example.vn/1",
        {},
        {"kind": "relay"},
        {"kind": "relay", "url": ""},
        {"kind": "relay", "url": "file:///etc/passwd"},
        {"kind": "relay", "url": "icecast://source:pw@host/x"},
        {"kind": "relay", "url": "http://user:pw@host/x"},
        {"kind": "relay", "url": "http://host/x\r\nHost: y"},
        {"kind": "relay", "url": "http://host/" + "x" * 500},
        {"kind": "relay", "url": "http://host/x", "session": "a"},
        {"kind": "live", "url": "http://host/x"},
        {"kind": "live", "session": "a"},
        {"kind": "live", "session": "../a", "key": "ab" * 32},
        {"kind": "live", "session": "a", "key": "AB" * 32},
        {"kind": "live", "session": "a", "key": 7},
        {"kind": "tape"},
    ],
)
def test_a_source_that_is_not_exactly_of_the_form_spoils_the_playlist(source: object) -> None:
    told = deepcopy(document(RELAY))
    told["slots"][0]["items"][0]["source"] = source
    with pytest.raises(TrustError):
        from_document(told)


@pytest.mark.parametrize(("where", "value"), [("duck", -1), ("duck", 6001), ("duck", True), ("gain", 1201)])
def test_a_volume_out_of_bounds_spoils_the_playlist(where: str, value: object) -> None:
    told = document()
    told["slots"][0][where] = value
    with pytest.raises(TrustError):
        from_document(told)
