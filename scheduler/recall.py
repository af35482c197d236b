"""The time machine: what was planned at a machine at a past moment, what it reported, and why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.machines import Airing
from domain.timetable import STATION_ZONE, Slot
from scheduler.inputs import local_date
from scheduler.reconcile import LINE_LABELS, LineOutcome, LogLine, day_report
from scheduler.why import Sounding, clock, sounding_at

_ZONE = ZoneInfo(STATION_ZONE)
_ASKED_TO = timedelta(seconds=1)
"""How exactly people ask: a session of 05:30 that began some milliseconds later sounded at 05:30."""
_SILENT = {LineOutcome.MISSED, LineOutcome.UNREPORTED}


@dataclass(frozen=True, slots=True)
class Recollection:
    """What a past moment was at one machine: what the kept plan said, what it reported, and the whole of that day.

    `heard` is the line of the log whose sound covers the moment, `meant` the one that the plan had there.
    """

    at: datetime
    summary: str
    planned: Sounding | None
    heard: LogLine | None
    meant: LogLine | None
    lines: tuple[LogLine, ...]


def recall(
    name: str, slots: Sequence[Slot], airings: Sequence[Airing], instant: datetime, now: datetime
) -> Recollection:
    """Return what is known of `instant` at the machine called `name`, from its kept slots and its airings.

    `slots` and `airings` are those of the days around it. A machine that has said nothing of a moment is not said to
    have been silent.
    """
    lines = day_report(slots, airings, now)
    heard = next((line for line in lines if _sounded_at(line, instant, now)), None)
    planned = sounding_at(slots, instant)
    meant = _meant(lines, slots, planned, instant)
    on = local_date(instant)
    return Recollection(
        at=instant,
        summary=_summary(name, instant, heard, meant, on),
        planned=planned,
        heard=heard,
        meant=meant,
        lines=tuple(line for line in lines if local_date(line.planned_start) == on),
    )


def _sounded_at(line: LogLine, instant: datetime, now: datetime) -> bool:
    if line.started_at is None:
        return False
    begun = line.started_at - _ASKED_TO <= instant
    if line.ended_at is None:
        return begun and line.outcome is LineOutcome.PLAYING and instant <= now
    return begun and instant < line.ended_at


def _meant(
    lines: Sequence[LogLine], slots: Sequence[Slot], planned: Sounding | None, instant: datetime
) -> LogLine | None:
    """Return the line of what the plan had at `instant`, or of a session that was refused then."""
    if planned is not None:
        place = planned.slot.key, planned.position
        return next((line for line in lines if (line.slot_key, line.position) == place), None)
    refused = {slot.key for slot in slots if slot.refusal and _covers(slot, instant)}
    return next((line for line in lines if line.slot_key in refused), None)


def _covers(slot: Slot, instant: datetime) -> bool:
    return slot.starts_at <= instant < slot.ends_at or slot.starts_at == instant


def _summary(name: str, instant: datetime, heard: LogLine | None, meant: LogLine | None, on: date) -> str:
    when = f"Lúc {clock(instant)} ngày {on:%d/%m/%Y}, {name}"
    if heard is not None and heard.started_at is not None:
        return f"{when} phát «{heard.title}», bắt đầu {clock(heard.started_at)}{_lateness(heard)}."
    if meant is None:
        return f"{when} không có buổi nào được xếp và máy không báo đã phát gì."
    if meant.outcome in _SILENT or meant.reason:
        why = f": {meant.reason.rstrip('.')}" if meant.reason else ""
        return f"{when} lẽ ra phát «{meant.title}» nhưng {LINE_LABELS[meant.outcome]}{why}."
    if meant.started_at is not None:
        return f"{when} theo lịch là «{meant.title}»; máy phát mục này lúc {clock(meant.started_at)}{_lateness(meant)}."
    return f"{when} theo lịch là «{meant.title}» ({LINE_LABELS[meant.outcome]})."


def _lateness(line: LogLine) -> str:
    if not line.late_ms:
        return ", đúng giờ" if line.late_ms == 0 else ""
    word, size = ("trễ" if line.late_ms > 0 else "sớm"), abs(line.late_ms)
    shown = f"{size} ms" if size < 1000 else f"{size / 1000:.1f} giây".replace(".", ",")
    return f", {word} {shown}"
