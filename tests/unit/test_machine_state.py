"""Online, late, offline: a pure function of the last heartbeat, how often it comes, and its jitter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.machines import BEAT_EVERY, MOST_BEAT_EVERY, Heartbeat, Machine, MachineState, silence_limits

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
ORDER = [MachineState.ONLINE, MachineState.LATE, MachineState.OFFLINE]


def state(silence: timedelta, every: timedelta = BEAT_EVERY, **changed: object) -> MachineState:
    usual: dict[str, object] = {"sink": "x", "sink_ok": True, "version": "1", "fault": ""}
    told = Heartbeat(
        at=NOW - silence,
        playlist_counter=1,
        clips_held=1,
        clips_needed=1,
        clock_offset_ms=0,
        free_bytes=1,
        every=every,
        **{**usual, **changed},  # type: ignore[arg-type]
    )
    return Machine("a", "Máy", "noi", "khoa", NOW, heartbeat=told).state_at(NOW)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "ONLINE"), (45, "ONLINE"), (46, "LATE"), (100, "LATE"), (101, "OFFLINE"), (10**6, "OFFLINE")],
)
def test_at_a_beat_each_fifteen_seconds_late_is_45_and_offline_100(seconds: int, expected: str) -> None:
    assert state(timedelta(seconds=seconds)).name == expected


def test_a_fault_shows_only_while_the_machine_is_in_touch() -> None:
    assert state(timedelta(seconds=5), fault="Mất loa.") is MachineState.FAULTY
    assert state(timedelta(seconds=5), sink_ok=False) is MachineState.FAULTY
    assert state(timedelta(seconds=50), fault="Mất loa.") is MachineState.LATE
    assert state(timedelta(seconds=500), fault="Mất loa.") is MachineState.OFFLINE


def test_what_a_machine_is_still_checking_after_its_start_it_does_not_lack() -> None:
    told = Heartbeat(NOW, 1, 2, 6, "x", True, 0, 1, "1", clips_checking=3)
    assert told.lacking == 1
    assert replace(told, clips_checking=4).lacking == 0


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=2)))
def test_one_lost_beat_is_never_late_and_no_machine_hides_its_end_for_long(every: timedelta) -> None:
    late, offline = silence_limits(every)
    if every <= MOST_BEAT_EVERY:
        assert late > 2 * every
    assert late < offline <= timedelta(minutes=12)
    assert offline >= timedelta(seconds=100)


@given(st.timedeltas(timedelta(), timedelta(days=1)), st.timedeltas(timedelta(), timedelta(days=1)))
def test_a_longer_silence_is_never_a_better_state(one: timedelta, other: timedelta) -> None:
    shorter, longer = sorted((one, other))
    assert ORDER.index(state(shorter)) <= ORDER.index(state(longer))
