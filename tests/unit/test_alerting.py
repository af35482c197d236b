"""Emergencies as values: patterns, ends, and what never happens whatever is ordered when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.emergencies import LEAST_PAUSE, Pattern
from domain.errors import BadInputError
from domain.order_sheet import ClearOrder, Order, SoundOrder, StopOrder
from player import alerting
from player.alerting import Alert, Shelf, advance, coming_of, composed, hushed, moved, obey, resumed, slots_of
from tests.fakes_player import sound

START = datetime(2026, 11, 24, 3, tzinfo=UTC)
MESSAGE, CHIME, NOTICE = sound(2.0, 1), sound(0.5, 2), sound(0.7, 3)
REFS = {one.hash: one.ref for one in (MESSAGE, CHIME, NOTICE)}
READY = Shelf(REFS, lambda _hash: True)
TSUNAMI = Pattern(3, timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))


def order(name: str = "e1", pattern: Pattern = TSUNAMI, *, drill: bool = False) -> SoundOrder:
    notice = NOTICE.hash if drill else None
    until = START + timedelta(hours=24)
    return SoundOrder(name, START, until, name, "Sóng thần", MESSAGE.hash, pattern, CHIME.hash, drill, notice)


def run(alert: Alert, span: timedelta, step: timedelta = timedelta(seconds=1)) -> tuple[Alert, list[datetime]]:
    """Let an alert go on for `span`; return it with the instants at which its repeats began."""
    now, begun = alert.began, []
    while now < alert.began + span:
        at = now
        before = alert.heard

        def over(_key: str, _items: int, at: datetime = at, held: Alert = alert) -> bool:
            return held.turn is not None and at >= held.turn.starts_at + timedelta(seconds=2.5)

        alert = advance(alert, now, READY, over)
        if alert.heard > before and alert.turn:
            begun.append(alert.turn.starts_at)
        now += step
    return alert, begun


def test_a_tsunami_is_told_at_once_twice_more_and_then_each_half_hour_until_three_hours_have_passed() -> None:
    [alert] = obey((), order(), START)
    alert, begun = run(alert, timedelta(hours=4))
    minutes = [round((at - START).total_seconds() / 60) for at in begun]
    assert minutes == [0, 5, 10, 40, 70, 100, 130, 160]
    assert alert.ended == alerting.EXPIRED


def test_the_next_repeat_is_announced_from_the_first_word_of_the_one_before_until_it_is_made_up() -> None:
    [alert] = obey((), order(pattern=Pattern(2, timedelta(seconds=10), timedelta(), timedelta(hours=1))), START)
    alert = advance(alert, START, READY, lambda _key, _items: False)
    for after in (0.0, 1.0, 2.4, 2.6, 8.0):  # what sounds is 2.5 s long, and its end may be noticed late
        now = START + timedelta(seconds=after)
        [coming] = coming_of(alert, now)
        assert coming.starts_at - now >= LEAST_PAUSE
        assert coming.items == ()
    over = START + timedelta(seconds=2.6)
    alert = advance(alert, over, READY, lambda _key, _items: True)
    assert [one.starts_at for one in coming_of(alert, over)] == [over + timedelta(seconds=10)]
    last = advance(alert, over + timedelta(seconds=10), READY, lambda _key, _items: True)
    assert last.heard == 2
    assert coming_of(last, over + timedelta(seconds=11)) == ()


def test_quiet_hours_end_a_drill_in_mid_word_and_leave_an_emergency_alone() -> None:
    alerts = (*obey((), order("d1", drill=True), START), *obey((), order("e1"), START))
    alerts = tuple(advance(one, START, READY, lambda _key, _items: False) for one in alerts)
    drill, real = hushed(alerts, START + timedelta(seconds=1))
    assert real.running
    assert drill.ended == alerting.HUSHED
    assert slots_of(drill, START + timedelta(seconds=1))[0].refusal == alerting.HUSHED


def test_a_pattern_without_more_ends_by_itself() -> None:
    [alert] = obey((), order(pattern=Pattern(2, timedelta(), timedelta())), START)
    alert, begun = run(alert, timedelta(minutes=2))
    assert (len(begun), alert.running) == (2, False)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Pattern(times=0),
        lambda: Pattern(times=21),
        lambda: Pattern(longest=timedelta(hours=25)),
        lambda: Pattern(longest=timedelta(seconds=1)),
        lambda: Pattern(gap=timedelta(seconds=-1)),
    ],
)
def test_a_pattern_that_could_go_on_for_ever_or_never_begin_is_no_pattern(bad) -> None:
    with pytest.raises(BadInputError):
        bad()


def test_a_drill_without_its_notice_makes_no_sound_and_a_message_without_its_chime_does() -> None:
    no_notice = Shelf(REFS, lambda one: one != NOTICE.hash)
    no_chime = Shelf(REFS, lambda one: one != CHIME.hash)
    assert composed(order(drill=True), no_notice) == ()
    assert [item.clip_hash for item in composed(order(), no_chime)] == [MESSAGE.hash]
    whole = [item.clip_hash for item in composed(order(drill=True), READY)]
    assert whole == [NOTICE.hash, CHIME.hash, MESSAGE.hash, NOTICE.hash]


def test_a_message_that_never_came_leaves_a_row_that_says_so() -> None:
    [alert] = obey((), order(), START)
    nothing = Shelf(REFS, lambda _hash: False)
    late = START + timedelta(hours=3)
    alert = advance(alert, late, nothing, lambda _key, _items: True)
    [slot] = slots_of(alert, late)
    assert (slot.items[0].refusal, slot.items[0].clip_hash) == (alerting.NOT_HERE, None)


def test_a_restart_begins_the_broken_repeat_anew_and_keeps_what_was_ended() -> None:
    [alert] = obey((), order(), START)
    alert = advance(alert, START, READY, lambda _key, _items: False)
    later = START + timedelta(seconds=30)
    again = resumed(alert, later, timedelta(hours=1), trusted=True)
    assert (again.due, again.turn, again.past) == (later, None, alert.turn)
    [stopped] = obey((alert,), StopOrder("s", START, START, ("e1",)), later)
    assert resumed(stopped, later, timedelta(hours=1), trusted=True) == stopped


def test_a_restart_with_a_clock_in_1970_goes_on_for_what_was_left_and_no_longer() -> None:
    [alert] = obey((), order(), START)
    dawn = datetime(1970, 1, 1, tzinfo=UTC)
    again = resumed(alert, dawn, timedelta(minutes=10), trusted=False)
    assert again.until == dawn + timedelta(minutes=10)
    assert resumed(alert, dawn, timedelta(), trusted=False).ended == alerting.EXPIRED


def test_a_stepped_clock_moves_everything_along() -> None:
    [alert] = obey((), order(), START)
    alert = advance(alert, START, READY, lambda _key, _items: False)
    step = timedelta(days=-400)
    there = moved(alert, step)
    assert there.turn is not None
    assert alert.turn is not None
    assert (there.turn.starts_at, there.until) == (alert.turn.starts_at + step, alert.until + step)
    assert moved(there, -step) == alert


commands = st.lists(
    st.tuples(st.sampled_from(["sound", "drill", "stop", "clear"]), st.sampled_from("abc"), st.integers(0, 600)),
    max_size=12,
)


@given(commands)
def test_whatever_is_ordered_no_drill_outlives_a_real_one_and_a_stop_silences_what_it_names(
    told: list[tuple[str, str, int]],
) -> None:
    alerts: tuple[Alert, ...] = ()
    now = START
    for number, (what, name, wait) in enumerate(told):
        now += timedelta(seconds=wait)
        given_order: Order
        if what == "stop":
            given_order = StopOrder(f"s{number}", now, now + timedelta(hours=1), (name,))
        elif what == "clear":
            given_order = ClearOrder(f"c{number}", now, now + timedelta(hours=1), name, "x", MESSAGE.hash)
        else:
            given_order = replace(order(name, drill=what == "drill"), id=f"o{number}")
        alerts = obey(alerts, given_order, now)
        alerts = tuple(advance(one, now, READY, lambda _key, _items: True) for one in alerts)
        if any(one.running and not one.order.drill for one in alerts):
            assert not [one for one in alerts if one.running and one.order.drill and not one.clear]
        if what in ("stop", "clear"):
            assert not [one for one in alerts if one.running and one.id == name]
        for one in alerts:
            for slot in slots_of(one, now):
                drill_said = slot.items[0].clip_hash == NOTICE.hash == slot.items[-1].clip_hash
                assert drill_said == one.order.drill or not slot.items[0].clip_hash
