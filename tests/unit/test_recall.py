"""The time machine: what was planned at a past moment, what the machine reported, how late and why."""

from datetime import datetime, timedelta

from domain.machines import Airing, AiringOutcome
from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from scheduler.recall import Recollection, recall
from tests.fakes_plan import MONDAY_NOON

AT = MONDAY_NOON - timedelta(hours=6)
MINUTE = timedelta(minutes=1)
ITEMS = (PlannedItem("Nhạc hiệu", "h1", MINUTE), PlannedItem("Bản tin", "h2", 5 * MINUTE))


def slot(**changed) -> Slot:
    values = {"items": ITEMS, **changed}
    return Slot("k", "m1", AT, "Sáng", Priority.NORMAL, LatePolicy.SKIP, 5 * MINUTE, **values)


def airing(position: int, late: timedelta, outcome: AiringOutcome = AiringOutcome.PLAYED, reason: str = "") -> Airing:
    planned = AT + position * MINUTE
    begun = None if outcome is AiringOutcome.MISSED else planned + late
    ended = begun + ITEMS[position].length if begun else None
    title = ITEMS[position].title
    return Airing(f"k:{position}", "m1", "k", position, title, "h", planned, outcome, begun, ended, reason=reason)


PLANNED = (slot(),)


def ask(instant: datetime, slots=PLANNED, airings=()) -> Recollection:
    return recall("Máy chợ", slots, airings, instant, MONDAY_NOON)


def test_what_was_heard_is_told_with_how_late_it_began() -> None:
    late = timedelta(seconds=12)
    found = ask(AT + 3 * MINUTE, airings=(airing(0, late), airing(1, late)))
    assert found.heard is not None
    assert found.heard.title == "Bản tin"
    assert found.summary == "Lúc 06:03 ngày 23/11/2026, Máy chợ phát «Bản tin», bắt đầu 06:01:12, trễ 12,0 giây."


def test_a_session_asked_for_by_its_minute_counts_as_heard_though_it_began_a_little_later() -> None:
    found = ask(AT, airings=(airing(0, timedelta(milliseconds=7)),))
    assert found.summary.endswith("phát «Nhạc hiệu», bắt đầu 06:00, trễ 7 ms.")


def test_what_was_missed_says_why() -> None:
    found = ask(AT + 30 * timedelta(seconds=1), airings=(airing(0, MINUTE, AiringOutcome.MISSED, "mất điện."),))
    assert found.heard is None
    assert found.summary.endswith("lẽ ra phát «Nhạc hiệu» nhưng không phát: mất điện.")


def test_a_session_that_was_refused_says_why() -> None:
    found = ask(AT + MINUTE, (slot(refusal="trùng với «Tin gấp» lúc 05:58"),))
    assert "nhưng không phát: trùng với «Tin gấp» lúc 05:58." in found.summary


def test_a_machine_that_said_nothing_is_not_said_to_have_been_silent() -> None:
    assert ask(AT + MINUTE).summary.endswith("lẽ ra phát «Bản tin» nhưng chưa có báo cáo.")


def test_a_moment_with_nothing_planned_and_nothing_reported_says_both() -> None:
    found = ask(AT + 60 * MINUTE)
    assert found.meant is None
    assert found.summary.endswith("không có buổi nào được xếp và máy không báo đã phát gì.")


def test_what_sounded_without_a_plan_is_told_too() -> None:
    found = ask(AT + 3 * MINUTE, (), (airing(1, timedelta()),))
    assert found.summary.endswith("phát «Bản tin», bắt đầu 06:01, đúng giờ.")
    assert [line.planned for line in found.lines] == [False]
