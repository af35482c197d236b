"""A relay or live item is as long as it is booked wherever a length is told, and names its source to the machine."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from domain.airtime import AirtimePolicy
from domain.audio import Clip, ClipKind, Loudness
from domain.errors import BadInputError
from domain.playlist import MAX_LENGTH
from domain.sources import Source, SourceKind
from domain.timetable import ItemKind, Programme, ProgrammeItem, Rule, Slot
from scheduler import judging, lengths
from scheduler.build import Listener, playlist_slot, slots_for
from scheduler.expand import expand
from scheduler.items import Shelf, Terms, plan_items
from scheduler.offers import shorter
from scheduler.programme_checks import checked

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
TODAY = date(2026, 11, 23)
SECOND = timedelta(seconds=1)
TERMS = Terms(AirtimePolicy(quiet=(), session_limit=MAX_LENGTH, day_limit=timedelta(days=1)))
MUSIC = Clip("c" * 64, 9, "audio/flac", 26 * SECOND, Loudness(-16, -2, 5), ClipKind.BED, "nhạc", NOW)
RELAY = ProgrammeItem(
    clip_hash=MUSIC.hash, kind=ItemKind.RELAY, stream_url="http://dai.example", length=timedelta(minutes=5)
)
LIVE = replace(RELAY, kind=ItemKind.LIVE, stream_url="")
IDENT = ProgrammeItem(clip_hash=MUSIC.hash, kind=ItemKind.IDENT)
DAILY = Rule("r", "p", frozenset({"xa"}), (time(9),), weekdays=frozenset(range(1, 8)))


def shelf_of(*items: ProgrammeItem, clip: Clip = MUSIC) -> Shelf:
    return Shelf({"r": DAILY}, {"p": Programme("p", "Thời sự", items)}, {}, {clip.hash: clip})


def slot_of(shelf: Shelf, terms: Terms = TERMS) -> Slot:
    asked = expand((DAILY,), NOW, NOW + timedelta(days=1))
    (slot,) = slots_for(Listener("m", frozenset({"xa"})), asked, shelf, terms)
    return slot


@pytest.mark.parametrize("item", [RELAY, LIVE])
@pytest.mark.parametrize("seconds", [1, 3.6, 26, 100, 299, 300, 400])
def test_a_relay_of_five_minutes_is_five_minutes_long_everywhere(item: ProgrammeItem, seconds: float) -> None:
    shelf = shelf_of(item, clip=replace(MUSIC, length=timedelta(seconds=seconds)))
    programme = shelf.programmes["p"]
    slot = slot_of(shelf)
    assert slot.length == timedelta(minutes=5)
    assert judging.length_of(programme, TODAY, shelf, TERMS) == slot.length
    page = lengths.length_of(lengths.item_lengths(programme, TODAY, shelf, TERMS))
    assert page == lengths.Span(slot.length, slot.length)
    last = playlist_slot(slot).items[-1]
    assert last.offset + last.length == slot.length
    assert len(slot.items) == 1


def test_a_machine_is_told_where_the_sound_comes_from_and_what_stands_in() -> None:
    (relay,) = playlist_slot(slot_of(shelf_of(RELAY))).items
    assert (relay.clip_hash, relay.source) == (MUSIC.hash, Source(SourceKind.RELAY, url="http://dai.example"))
    (live,) = playlist_slot(slot_of(shelf_of(LIVE))).items
    assert (live.clip_hash, live.source) == (MUSIC.hash, Source(SourceKind.LIVE))
    (mount,) = playlist_slot(slot_of(shelf_of(replace(LIVE, stream_url="http://xa.example:8000/loa")))).items
    assert mount.source == Source(SourceKind.RELAY, url="http://xa.example:8000/loa")


def test_what_is_refused_names_no_source() -> None:
    (silent,) = playlist_slot(slot_of(shelf_of(replace(RELAY, clip_hash=None)))).items
    assert silent.refusal
    assert silent.source is None


def test_announcements_alone_are_made_over_a_relay() -> None:
    said = replace(IDENT, kind=ItemKind.ANNOUNCEMENT)
    assert playlist_slot(slot_of(shelf_of(IDENT, said))).duck_mb == 1800
    assert playlist_slot(slot_of(shelf_of(IDENT))).duck_mb == 0
    assert playlist_slot(slot_of(shelf_of(said, RELAY))).duck_mb == 0


def test_a_relay_said_twice_has_its_gap_between_and_its_place_twice() -> None:
    shelf = shelf_of(IDENT, replace(RELAY, length=40 * SECOND, repeat=2, gap=3 * SECOND), IDENT)
    items = plan_items(shelf.programmes["p"], TODAY, shelf, TERMS)
    assert [one.length / SECOND for one in items] == [26, 40, 40, 26]
    assert [one.lead / SECOND for one in items] == [0, 0, 3, 0]


def test_the_booked_length_of_a_relay_is_what_the_policy_judges() -> None:
    strict = Terms(replace(TERMS.policy, session_limit=timedelta(minutes=4)))
    assert slot_of(shelf_of(RELAY), strict).refusal
    assert not slot_of(shelf_of(replace(RELAY, length=timedelta(minutes=4))), strict).refusal


@pytest.mark.parametrize("url", ["", "ftp://a/b", "http://a:b@c/d", "http://c/ d"])
def test_a_relay_without_an_address_of_a_stream_is_refused_before_it_is_kept(url: str) -> None:
    shelf = shelf_of(replace(RELAY, stream_url=url))
    with pytest.raises(BadInputError, match="Địa chỉ nguồn"):
        checked(shelf.programmes["p"], shelf)


def test_a_relay_is_no_item_to_leave_out() -> None:
    slot = slot_of(shelf_of(RELAY, IDENT))
    offer = shorter(slot, 20 * SECOND)
    assert offer.item is not None
    assert slot.items[offer.item].kind is ItemKind.IDENT
    assert shorter(slot_of(shelf_of(RELAY, LIVE)), 20 * SECOND).item is None
