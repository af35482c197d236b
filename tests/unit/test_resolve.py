"""Clashes between the sessions of one machine: one sounds, the other says why not, and none is lost."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.airtime import AirtimePolicy
from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from scheduler.policy import URBAN, check_day
from scheduler.resolve import resolve

MORNING = datetime(2026, 11, 2, 22, 30, tzinfo=UTC)  # 05:30 on 3 November in the station's zone


def slot(
    title: str, minute: float = 0, minutes: float = 10, priority: Priority = Priority.NORMAL, refusal: str = ""
) -> Slot:
    return Slot(
        key=title,
        machine_id="m1",
        starts_at=MORNING + timedelta(minutes=minute),
        title=title,
        priority=priority,
        late_policy=LatePolicy.SKIP,
        grace=timedelta(),
        items=(PlannedItem(title, "a" * 64, timedelta(minutes=minutes)),),
        refusal=refusal,
    )


SLOTS = st.lists(
    st.builds(
        slot,
        title=st.text("abcdefgh", min_size=1, max_size=4),
        minute=st.integers(0, 3000),
        minutes=st.sampled_from([0, 1, 5, 60, 400]),
        priority=st.sampled_from(Priority),
        refusal=st.sampled_from(["", "", "", "bản tin chưa được duyệt"]),
    ),
    max_size=25,
    unique_by=lambda one: one.key,
)


@given(SLOTS)
def test_no_two_kept_slots_sound_at_once(slots: list[Slot]) -> None:
    sounding = [one for one in resolve(slots).kept if one.length]
    assert all(one.ends_at <= other.starts_at for one, other in itertools.pairwise(sounding))


@given(SLOTS)
def test_every_slot_is_kept_as_it_came_or_explained(slots: list[Slot]) -> None:
    resolution = resolve(slots)
    assert [replace(one, refusal="", yields_to="") for one in resolution.slots] == sorted(
        (replace(one, refusal="") for one in slots), key=lambda one: (one.starts_at, one.key)
    )
    assert all(one in slots and not one.refusal for one in resolution.kept)
    assert all(one.refusal for one in resolution.dropped)


@given(SLOTS)
def test_a_slot_loses_only_to_one_that_sounds_and_comes_before_it(slots: list[Slot]) -> None:
    resolution = resolve(slots)
    asked = {one.key: one for one in slots}
    for loser in resolution.dropped:
        if not asked[loser.key].refusal:
            assert any(
                winner.starts_at < loser.ends_at
                and loser.starts_at < winner.ends_at
                and (-winner.priority, winner.starts_at, winner.key) < (-loser.priority, loser.starts_at, loser.key)
                for winner in resolution.kept
            )


@given(SLOTS, st.randoms(use_true_random=False))
def test_the_order_in_which_slots_come_does_not_matter(slots: list[Slot], random: Random) -> None:
    shuffled = sorted(slots, key=lambda _: random.random())
    assert resolve(shuffled) == resolve(slots)


@given(SLOTS)
def test_resolving_again_changes_nothing(slots: list[Slot]) -> None:
    once = resolve(slots, URBAN)
    assert resolve(once.slots, URBAN) == once


@given(SLOTS)
def test_no_day_goes_over_the_policy(slots: list[Slot]) -> None:
    policy = AirtimePolicy(day_limit=timedelta(minutes=70), sessions_per_day=3)
    days: dict[object, list[tuple[datetime, timedelta]]] = {}
    for one in resolve(slots, policy).kept:
        if one.length:
            local_day = (one.starts_at + timedelta(hours=7)).date()
            days.setdefault(local_day, []).append((one.starts_at, one.length))
    assert all(check_day(policy, sessions) == () for sessions in days.values())


def test_the_higher_priority_wins_even_when_it_starts_inside() -> None:
    low, high = slot("Thể dục", 0, 30), slot("Lịch tiêm", 10, 5, Priority.PRIORITY)
    resolution = resolve([low, high])
    assert resolution.kept == (high,)
    assert resolution.dropped == (replace(low, refusal="trùng với «Lịch tiêm» lúc 05:40", yields_to=high.key),)


def test_among_equals_the_earlier_start_wins_and_then_the_smaller_key() -> None:
    assert resolve([slot("b", 1), slot("a", 2), slot("c", 0)]).kept == (slot("c", 0),)
    assert resolve([slot("b"), slot("a")]).kept == (slot("a"),)


def test_sessions_that_only_touch_do_not_clash() -> None:
    slots = (slot("một", 0, 10), slot("hai", 10, 10), slot("ba", 20, 10))
    assert resolve(slots).kept == slots


def test_a_slot_whose_rival_lost_sounds() -> None:
    first, second, third = slot("một", 0, 10, Priority.LIVE), slot("hai", 5, 10, Priority.PRIORITY), slot("ba", 12, 10)
    assert resolve([third, second, first]).kept == (first, third)


def test_a_slot_that_is_silent_already_takes_nobodys_time() -> None:
    silent, sounding = slot("một", 0, 10, Priority.LIVE, "bị cấm"), slot("hai", 5)
    assert resolve([silent, sounding]).kept == (sounding,)
    assert resolve([silent, sounding]).dropped == (silent,)


@pytest.mark.parametrize("minutes", [0, 10])
def test_the_sessions_of_a_day_are_let_through_by_priority(minutes: int) -> None:
    slots = [slot("sáng", 0, minutes), slot("trưa", 60), slot("chiều", 120, priority=Priority.PRIORITY)]
    dropped = resolve(slots, URBAN).dropped
    assert [(one.title, one.refusal) for one in dropped] == (
        [("trưa", "Trong ngày có 3 buổi phát, quá mức 2 buổi mỗi ngày.")] if minutes else []
    )


def test_a_clash_loser_leaves_its_share_of_the_day_to_others() -> None:
    slots = [slot("một", 0), slot("hai", 5), slot("ba", 30)]
    assert [one.title for one in resolve(slots, URBAN).kept] == ["một", "ba"]


def test_what_has_aired_counts_against_the_day_whatever_comes_later() -> None:
    aired = tuple(slot(f"{minute}", minute, minutes=5) for minute in (0, 120))
    late = slot("17", 600, minutes=5, priority=Priority.PRIORITY)
    found = resolve((late,), replace(AirtimePolicy(quiet=()), sessions_per_day=2), aired)
    assert found.kept == ()
    assert found.dropped[0].refusal
