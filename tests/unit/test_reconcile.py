"""The station log: each planned item has its line, whatever the machine said or did not say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.machines import Airing, AiringOutcome
from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from scheduler.reconcile import LINE_LABELS, REPORT_DELAY, LineOutcome, LogLine, day_report, with_drills

START = datetime(2026, 11, 2, 22, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GRACE = timedelta(minutes=5)
SLOT = Slot(
    key="sang@1",
    machine_id="m1",
    starts_at=START,
    title="Buổi sáng",
    priority=Priority.NORMAL,
    late_policy=LatePolicy.CATCH_UP,
    grace=GRACE,
    items=(
        PlannedItem("Nhạc hiệu", "a" * 64, MINUTE),
        PlannedItem("Thông báo", "b" * 64, MINUTE, "b1", refusal="bản tin chưa được duyệt"),
        PlannedItem("Bản tin", "c" * 64, 2 * MINUTE, "b2"),
    ),
)
PLAYED = Airing(
    key="m1/sang@1/0",
    machine_id="m1",
    slot_key="sang@1",
    position=0,
    title="Nhạc hiệu",
    clip_hash="a" * 64,
    planned_start=START,
    outcome=AiringOutcome.PLAYED,
    started_at=START + timedelta(milliseconds=7),
    ended_at=START + MINUTE,
    rendered=MINUTE,
)


def outcomes(lines: tuple[LogLine, ...]) -> list[str]:
    return [line.outcome.value for line in lines]


def test_a_played_item_shows_its_plan_its_real_start_and_the_difference() -> None:
    first = day_report([SLOT], [PLAYED], START + MINUTE)[0]
    assert first == LogLine(
        machine_id="m1",
        slot_key="sang@1",
        position=0,
        slot_title="Buổi sáng",
        title="Nhạc hiệu",
        planned_start=START,
        outcome=LineOutcome.PLAYED,
        clip_hash="a" * 64,
        started_at=START + timedelta(milliseconds=7),
        ended_at=START + MINUTE,
        late_ms=7,
        rendered=MINUTE,
    )


def test_items_are_planned_one_after_another_and_refused_ones_take_no_time() -> None:
    lines = day_report([SLOT], [], START - MINUTE)
    assert [line.planned_start - START for line in lines] == [timedelta(), MINUTE, MINUTE]
    assert outcomes(lines) == ["awaited", "awaited", "awaited"]
    assert [line.reason for line in lines] == ["", "bản tin chưa được duyệt", ""]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(), ["awaited", "awaited", "awaited"]),
        (MINUTE, ["awaited", "missed", "awaited"]),
        (MINUTE + GRACE + REPORT_DELAY, ["unreported", "missed", "awaited"]),
        (3 * MINUTE + GRACE + REPORT_DELAY, ["unreported", "missed", "unreported"]),
    ],
)
def test_silence_is_awaited_within_grace_and_unreported_after_it(after: timedelta, expected: list[str]) -> None:
    assert outcomes(day_report([SLOT], [], START + after)) == expected


@pytest.mark.parametrize("outcome", list(AiringOutcome))
def test_what_the_machine_said_stands(outcome: AiringOutcome) -> None:
    said = replace(PLAYED, outcome=outcome, reason="mất tiếng", rendered=timedelta(seconds=9))
    line = day_report([SLOT], [said], START + MINUTE)[0]
    assert (line.outcome.value, line.reason, line.rendered) == (outcome.value, "mất tiếng", timedelta(seconds=9))


def test_a_missed_item_has_no_start_and_no_difference() -> None:
    missed = replace(PLAYED, outcome=AiringOutcome.MISSED, started_at=None, ended_at=None, rendered=timedelta())
    line = day_report([SLOT], [missed], START + MINUTE)[0]
    assert (line.started_at, line.late_ms) == (None, None)


def test_an_early_start_is_a_negative_difference() -> None:
    early = replace(PLAYED, started_at=START - timedelta(milliseconds=3))
    assert day_report([SLOT], [early], START + MINUTE)[0].late_ms == -3


def test_an_item_that_plays_for_ever_is_unreported() -> None:
    playing = replace(PLAYED, outcome=AiringOutcome.PLAYING, ended_at=None)
    assert outcomes(day_report([SLOT], [playing], START + MINUTE))[0] == "playing"
    line = day_report([SLOT], [playing], START + timedelta(days=1))[0]
    assert (line.outcome, line.reason) == (
        LineOutcome.UNREPORTED,
        "máy báo bắt đầu phát nhưng chưa báo kết thúc",
    )


def test_the_airing_is_believed_when_the_plan_was_made_again_since() -> None:
    withdrawn = replace(SLOT, items=(replace(SLOT.items[0], title="Tên mới", refusal="bản tin đã bị thu hồi"),))
    (line,) = day_report([withdrawn], [PLAYED], START + timedelta(days=1))
    assert (line.title, line.outcome, line.reason) == ("Nhạc hiệu", LineOutcome.PLAYED, "")


def test_a_silent_slot_is_missed_with_its_reason_on_every_item() -> None:
    silent = replace(SLOT, refusal="trùng với «Khác» lúc 05:20")
    lines = day_report([silent], [], START)
    assert [line.planned_start for line in lines] == [START] * 3
    assert outcomes(lines) == ["missed"] * 3
    assert lines[0].reason == "trùng với «Khác» lúc 05:20"
    assert lines[1].reason == "bản tin chưa được duyệt"


def test_a_slot_without_items_has_one_line() -> None:
    empty = replace(SLOT, items=(), refusal="chương trình đã bị xóa")
    (line,) = day_report([empty], [], START)
    assert (line.title, line.outcome, line.reason) == ("Buổi sáng", LineOutcome.MISSED, "chương trình đã bị xóa")


def test_an_airing_that_no_plan_holds_is_kept() -> None:
    lines = day_report([], [PLAYED], START)
    assert [(line.planned, line.title, line.slot_title) for line in lines] == [(False, "Nhạc hiệu", "")]


@pytest.mark.parametrize(
    ("key", "told"),
    [("khan-1-1", "Khẩn cấp"), ("khan-tai-may-1-1", "Khẩn cấp, bấm tại máy"), ("yen-yen-1-1", "Báo yên")],
)
def test_an_emergency_is_called_one_in_the_log(key: str, told: str) -> None:
    (line,) = day_report([], [replace(PLAYED, slot_key=key)], START)
    assert (line.planned, line.slot_title) == (False, told)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("khan-1-1", "Diễn tập"),
        ("khan-1-12", "Diễn tập"),
        ("khan-tai-may-1-1", "Diễn tập, bấm tại máy"),
        ("khan-12-1", "Khẩn cấp"),
        ("yen-1-1", "Báo yên"),
    ],
)
def test_a_drill_is_never_called_an_emergency_in_the_log(key: str, told: str) -> None:
    lines = day_report([], [replace(PLAYED, slot_key=key)], START)
    assert [line.slot_title for line in with_drills(lines, {"1", "tai-may-1"})] == [told]


def test_the_same_slot_on_two_machines_has_its_own_lines() -> None:
    other = replace(SLOT, machine_id="m2")
    lines = day_report([SLOT, other], [PLAYED], START + MINUTE)
    assert [(line.machine_id, line.outcome.value) for line in lines if line.position == 0] == [
        ("m1", "played"),
        ("m2", "awaited"),
    ]


def test_every_outcome_has_its_vietnamese_word() -> None:
    assert set(LINE_LABELS) == set(LineOutcome)


AIRINGS = st.lists(
    st.builds(
        replace,
        st.just(PLAYED),
        key=st.text("xyz", min_size=1, max_size=3),
        machine_id=st.sampled_from(["m1", "m2", "m3"]),
        slot_key=st.sampled_from(["sang@1", "khac@2"]),
        position=st.integers(0, 4),
        outcome=st.sampled_from(AiringOutcome),
    ),
    max_size=12,
    unique_by=lambda airing: airing.key,
)


@given(AIRINGS, st.integers(-20, 20))
def test_no_planned_item_and_no_airing_is_lost(airings: list[Airing], minutes: int) -> None:
    planned = [SLOT, replace(SLOT, machine_id="m2")]
    lines = day_report(planned, airings, START + minutes * MINUTE)
    assert sum(line.planned for line in lines) == 6
    answered = {(one.machine_id, one.position) for one in airings if one.slot_key == SLOT.key}
    matched = sum(position < 3 and machine != "m3" for machine, position in answered)
    assert len(lines) == 6 + len(airings) - matched
    assert lines == day_report(planned[::-1], airings[::-1], START + minutes * MINUTE)
    assert [line.planned_start for line in lines] == sorted(line.planned_start for line in lines)
