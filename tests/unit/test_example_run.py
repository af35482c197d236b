"""What a newcomer sees in the terminal: a session that truly sounds soon, and faults in plain words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from player.events import Fault
from tiengloa.example.load import free_instant
from tiengloa.machine import sentence

NOON = datetime(2026, 11, 27, 5, 0, 0, tzinfo=UTC)


def session(at: datetime, seconds: int) -> Slot:
    item = PlannedItem("Bài mẫu", "a" * 64, timedelta(seconds=seconds))
    return Slot("s", "m", at, "Buổi", Priority.NORMAL, LatePolicy.CATCH_UP, timedelta(minutes=5), (item,))


def test_a_trial_session_starts_at_once_where_nothing_else_sounds() -> None:
    over = session(NOON - timedelta(minutes=10), 120)
    later = session(NOON + timedelta(minutes=5), 120)
    assert free_instant((over, later), NOON) == NOON


def test_a_trial_session_waits_for_what_sounds_and_for_what_comes_before_it_would_end() -> None:
    sounding = session(NOON - timedelta(seconds=40), 126)
    soon = session(NOON + timedelta(minutes=3), 239)
    assert free_instant((soon, sounding), NOON) == soon.ends_at + timedelta(seconds=1)
    assert free_instant((sounding,), NOON) == sounding.ends_at + timedelta(seconds=1)


def test_a_trial_session_does_not_wait_for_a_silent_one() -> None:
    assert free_instant((replace(session(NOON, 126), refusal="trùng với buổi khác"),), NOON) == NOON


@pytest.mark.parametrize("area", ["playlist", "orders", "clips", "line", "emergency kept", "task sao lưu"])
def test_a_fault_is_told_without_a_word_of_the_programs_own(area: str) -> None:
    assert sentence(Fault(area, "Chưa liên lạc được với máy chủ.")) == "! Chưa liên lạc được với máy chủ."
    over = sentence(Fault(area, ""))
    assert over.startswith("✓ Đã trở lại bình thường: ")
    assert area not in over
