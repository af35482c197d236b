"""The plan beside what was aired: the lines of the station log (nhật ký phát sóng)."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.emergencies import ALARM_KEY, CLEAR_KEY, LOCAL_ID
from domain.machines import OUTCOME_LABELS, Airing, AiringOutcome
from domain.playlist import to_ms
from domain.proof import Level, Proof
from domain.timetable import PlannedItem, Slot

REPORT_DELAY = timedelta(minutes=2)
"""How long a machine in contact may take to send what it aired."""


class LineOutcome(StrEnum):
    """How a line of the log stands: as its airing says, or as silence about it is to be read."""

    PLAYED = "played"
    CUT = "cut"
    MISSED = "missed"
    PLAYING = "playing"
    AWAITED = "awaited"
    UNREPORTED = "unreported"


LINE_LABELS = {
    LineOutcome.PLAYED: OUTCOME_LABELS[AiringOutcome.PLAYED],
    LineOutcome.CUT: OUTCOME_LABELS[AiringOutcome.CUT],
    LineOutcome.MISSED: OUTCOME_LABELS[AiringOutcome.MISSED],
    LineOutcome.PLAYING: OUTCOME_LABELS[AiringOutcome.PLAYING],
    LineOutcome.AWAITED: "chờ phát",
    LineOutcome.UNREPORTED: "chưa có báo cáo",
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One item of one slot on one machine: what was planned and what became of it.

    `planned` is false for an airing that no plan holds; `slot_title` then tells an emergency, or is empty.
    `late_ms` is the real start less the planned one, in milliseconds, and `None` for what never started.
    """

    machine_id: str
    slot_key: str
    position: int
    slot_title: str
    title: str
    planned_start: datetime
    outcome: LineOutcome
    planned: bool = True
    clip_hash: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    late_ms: int | None = None
    rendered: timedelta = timedelta()
    reason: str = ""
    level: Level | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class _Due:
    """A planned item at its instant; `settled_at` is when its machine should have spoken of it."""

    slot: Slot
    position: int
    item: PlannedItem
    starts_at: datetime
    settled_at: datetime


_Place = tuple[str, str, int]
_ALARM, _DRILL = "Khẩn cấp", "Diễn tập"


def day_report(planned: Iterable[Slot], airings: Iterable[Airing], now: datetime) -> tuple[LogLine, ...]:
    """Return a line for each planned item of each slot and for each airing without a plan, sorted by planned start.

    An airing is believed over the plan, which may have been made again since. A slot without items has one line.
    """
    heard: dict[_Place, Airing] = {}
    extra: list[Airing] = []
    for airing in sorted(airings, key=lambda airing: airing.key):
        if heard.setdefault(_place(airing), airing) is not airing:
            extra.append(airing)
    lines = []
    for due in (due for slot in planned for due in _dues(slot)):
        aired = heard.pop((due.slot.machine_id, due.slot.key, due.position), None)
        lines.append(_silent_line(due, now) if aired is None else _aired_line(aired, due, now))
    lines += [_aired_line(airing, None, now) for airing in (*heard.values(), *extra)]
    return tuple(sorted(lines, key=_order))


def with_drills(lines: Iterable[LogLine], drills: Set[str]) -> tuple[LogLine, ...]:
    """Return `lines` with drills called so; `drills` holds the ids of the emergencies that were ones."""
    return tuple(
        replace(line, slot_title=line.slot_title.replace(_ALARM, _DRILL)) if _alarm(line) in drills else line
        for line in lines
    )


def _alarm(line: LogLine) -> str:
    """Return the id of the emergency of which a line tells, empty for another."""
    is_alarm = not line.planned and line.slot_key.startswith(ALARM_KEY)
    return line.slot_key.removeprefix(ALARM_KEY).rpartition("-")[0] if is_alarm else ""


def _place(airing: Airing) -> _Place:
    return airing.machine_id, airing.slot_key, airing.position


def _order(line: LogLine) -> tuple[datetime, str, str, int, bool]:
    return line.planned_start, line.machine_id, line.slot_key, line.position, not line.planned


def _dues(slot: Slot) -> Iterator[_Due]:
    """Yield the items of `slot` at their planned instants; a session that starts late in grace is still awaited."""
    items = slot.items or (PlannedItem(slot.title, None, timedelta(), refusal=slot.refusal),)
    starts_at = slot.starts_at
    for position, item in enumerate(items):
        silent = item.refusal or slot.refusal
        starts_at += timedelta() if silent else item.lead
        ends_at = starts_at if silent else starts_at + item.length
        yield _Due(slot, position, item, starts_at, ends_at + slot.grace + REPORT_DELAY)
        starts_at = ends_at


def _silent_line(due: _Due, now: datetime) -> LogLine:
    """Return the line of an item of which its machine has said nothing.

    One that was refused cannot have sounded: once its instant is past it is missed, reported or not.
    """
    reason = due.item.refusal or due.slot.refusal
    if reason:
        outcome = LineOutcome.AWAITED if now < due.starts_at else LineOutcome.MISSED
    else:
        outcome = LineOutcome.AWAITED if now < due.settled_at else LineOutcome.UNREPORTED
    return LogLine(
        machine_id=due.slot.machine_id,
        slot_key=due.slot.key,
        position=due.position,
        slot_title=due.slot.title,
        title=due.item.title,
        planned_start=due.starts_at,
        outcome=outcome,
        clip_hash=due.item.clip_hash,
        reason=reason,
    )


def _aired_line(airing: Airing, due: _Due | None, now: datetime) -> LogLine:
    outcome, reason = LineOutcome(airing.outcome.value), airing.reason
    if outcome is LineOutcome.PLAYING and due is not None and now >= due.settled_at:
        # A machine that lost power in mid-clip says so only once it is back.
        outcome, reason = LineOutcome.UNREPORTED, "máy báo bắt đầu phát nhưng chưa báo kết thúc"
    return LogLine(
        machine_id=airing.machine_id,
        slot_key=airing.slot_key,
        position=airing.position,
        slot_title=_unplanned(airing.slot_key) if due is None else due.slot.title,
        title=airing.title,
        planned_start=airing.planned_start,
        outcome=outcome,
        planned=due is not None,
        clip_hash=airing.clip_hash,
        started_at=airing.started_at,
        ended_at=airing.ended_at,
        late_ms=None if airing.started_at is None else to_ms(airing.started_at) - to_ms(airing.planned_start),
        rendered=airing.rendered,
        reason=reason,
        level=airing.level,
        proof=airing.proof,
    )


def _unplanned(slot_key: str) -> str:
    """Return what an airing without a plan was, as far as its key tells."""
    if slot_key.startswith(CLEAR_KEY):
        return "Báo yên"
    if not slot_key.startswith(ALARM_KEY):
        return ""
    return f"{_ALARM}, bấm tại máy" if slot_key.startswith(ALARM_KEY + LOCAL_ID) else _ALARM
