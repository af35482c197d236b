"""The stand-in of a relay or live item fills the place that is booked for it, and every length says the same."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.airtime import AirtimePolicy
from domain.audio import Clip, ClipKind, Loudness
from domain.errors import BadInputError
from domain.playlist import MAX_LENGTH
from domain.timetable import FROM_OUTSIDE, ItemKind, PlannedItem, Programme, ProgrammeItem, Rule, Slot
from scheduler import judging, lengths
from scheduler.build import Listener, playlist_slot, slots_for
from scheduler.expand import expand
from scheduler.fills import MOST_TURNS, SHORTEST_TURN, as_listed, silence_in, turns
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
    (told,) = as_listed(slot.items)
    assert told.length + told.lead == slot.length


def test_the_stand_in_is_said_whole_and_cut_where_its_place_ends() -> None:
    items = plan_items(shelf_of(RELAY).programmes["p"], TODAY, shelf_of(RELAY), TERMS)
    assert [one.length / SECOND for one in items] == [26] * 11 + [14]
    assert {one.lead for one in items} == {timedelta()}
    assert {(one.kind, one.clip_hash, one.title) for one in items} == {
        (ItemKind.RELAY, MUSIC.hash, "Tiếp âm (âm thanh thay thế: nhạc)")
    }


def test_a_relay_said_twice_has_its_gap_between_and_its_place_twice() -> None:
    shelf = shelf_of(IDENT, replace(RELAY, length=40 * SECOND, repeat=2, gap=3 * SECOND), IDENT)
    items = plan_items(shelf.programmes["p"], TODAY, shelf, TERMS)
    assert [one.length / SECOND for one in items] == [26, 26, 14, 26, 14, 26]
    assert [one.lead / SECOND for one in items] == [0, 0, 0, 3, 0, 0]
    assert [one.title for one in as_listed(items)] == ["nhạc", "Tiếp âm (âm thanh thay thế: nhạc)", "nhạc"]


def test_the_booked_length_of_a_relay_is_what_the_policy_judges() -> None:
    strict = Terms(replace(TERMS.policy, session_limit=timedelta(minutes=4)))
    assert slot_of(shelf_of(RELAY), strict).refusal
    assert not slot_of(shelf_of(replace(RELAY, length=timedelta(minutes=4))), strict).refusal


def test_a_programme_of_more_turns_than_a_playlist_takes_is_refused_before_it_is_kept() -> None:
    items = (replace(RELAY, length=timedelta(minutes=30)),) * 6
    shelf = shelf_of(*items)
    with pytest.raises(BadInputError, match="âm thanh thay thế dài hơn"):
        checked(shelf.programmes["p"], shelf)
    longer = shelf_of(*items, clip=replace(MUSIC, length=timedelta(minutes=5)))
    assert checked(longer.programmes["p"], longer).items == items
    assert not slot_of(longer).refusal


def test_one_turn_of_a_relay_is_no_item_to_leave_out() -> None:
    slot = slot_of(shelf_of(RELAY, IDENT))
    offer = shorter(slot, 20 * SECOND)
    assert offer.item is not None
    assert slot.items[offer.item].kind is ItemKind.IDENT
    assert shorter(slot_of(shelf_of(RELAY, LIVE)), 20 * SECOND).item is None


PLACES = st.integers(1, 6 * 3600).map(lambda seconds: seconds * SECOND)
SOUNDS = st.integers(1, 6 * 3600 * 48_000).map(lambda samples: timedelta(seconds=samples / 48_000))


@example(591 * SECOND, timedelta(seconds=25_293_889 / 48_000), ItemKind.LIVE, 0 * SECOND)
@given(PLACES, SOUNDS, st.sampled_from(sorted(FROM_OUTSIDE)), st.integers(0, 60).map(lambda seconds: seconds * SECOND))
def test_a_place_is_filled_to_the_millisecond(
    place: timedelta, sound: timedelta, kind: ItemKind, lead: timedelta
) -> None:
    items = turns(PlannedItem("Tiếp âm", "c", place, kind=kind, lead=lead), sound)
    assert sum((one.span for one in items), timedelta()) == lead + place
    assert len(items) <= MOST_TURNS
    assert all(one.length > timedelta() and one.lead >= timedelta() for one in items)
    assert not any(one.length % timedelta(milliseconds=1) for one in items)
    assert all(one.length < sound + timedelta(milliseconds=1) for one in items)
    assert all(one.length >= min(sound, place, SHORTEST_TURN) for one in items)
    silent = silence_in(PlannedItem("Tiếp âm", "c", place, kind=kind), sound)
    assert silent == sum((one.lead for one in items), timedelta()) - lead
    if sound * MOST_TURNS >= place:
        assert silent < SHORTEST_TURN
