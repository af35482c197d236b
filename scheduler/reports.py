"""What machines report, read from JSON: a row or field that cannot be used never breaks the rest. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.errors import BadInputError
from domain.machines import (
    BEAT_EVERY,
    MOST_BEAT_EVERY,
    Aired,
    Airing,
    AiringOutcome,
    Box,
    Coming,
    Heartbeat,
    Lack,
    Shortfall,
)
from domain.playlist import from_ms
from domain.proof import QUIETEST_MB, Hearing, Level, Proof

_TEXT_LIMIT = 1000
_YEAR_2200 = 7_258_118_400_000
_MOST_EARLIER_BOOTS = 8
_MOST_SHORTFALLS = 50


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of a report that cannot be used, and why."""

    key: str
    sentence: str


def read_airings(machine_id: str, reports: Iterable[object]) -> tuple[tuple[Airing, ...], tuple[RefusedRow, ...]]:
    """Return the airings that a machine reports, and the rows that cannot be used but have a key to answer by."""
    kept, refused = [], []
    for report in reports:
        try:
            kept.append(_airing(machine_id, report))
        except BadInputError as error:
            key = report.get("key") if isinstance(report, dict) else None
            if isinstance(key, str) and 0 < len(key) <= _TEXT_LIMIT and _is_text(key):
                refused.append(RefusedRow(key, error.sentence))
    return tuple(kept), tuple(refused)


def _airing(machine_id: str, report: object) -> Airing:
    fields = _object(report)
    if not fields.get("key"):
        raise BadInputError("Báo cáo lượt phát không có mã.")
    try:
        outcome = AiringOutcome(fields.get("outcome", ""))
    except (ValueError, TypeError) as error:
        raise BadInputError("Báo cáo lượt phát có kết quả lạ.") from error
    clip = fields.get("clip")
    return Airing(
        key=_text(fields, "key", 100),
        machine_id=machine_id,
        slot_key=_text(fields, "slot", 80),
        position=_whole(fields, "position", 0, 10_000),
        title=_text(fields, "title"),
        clip_hash=None if clip is None else _text(fields, "clip", 64),
        planned_start=from_ms(_whole(fields, "planned", 0, _YEAR_2200)),
        outcome=outcome,
        started_at=_maybe_instant(fields, "started"),
        ended_at=_maybe_instant(fields, "ended"),
        rendered=timedelta(milliseconds=_whole(fields, "rendered", 0, 86_400_000)),
        reason=_text(fields, "reason"),
        level=_level(fields),
        proof=_proof(fields),
    )


def _level(fields: Mapping[str, Any]) -> Level | None:
    """Return how loud the item was; machines of the first version do not say."""
    if fields.get("rms") is None:
        return None
    return Level(
        rms_mb=_whole(fields, "rms", QUIETEST_MB, 0),
        peak_mb=_whole(fields, "peak", QUIETEST_MB, 0),
        dead=timedelta(milliseconds=_whole(fields, "dead", 0, 86_400_000)),
        clipped_ppm=_whole(fields, "clipped", 0, 1_000_000),
    )


def _proof(fields: Mapping[str, Any]) -> Proof | None:
    if fields.get("hearing") is None:
        return None
    try:
        hearing = Hearing(_text(fields, "hearing", 20))
    except ValueError as error:
        raise BadInputError("Báo cáo lượt phát có kết quả kiểm chứng lạ.") from error
    return Proof(hearing, _whole(fields, "score", 0, 1000))


def read_heartbeat(report: object, before: Heartbeat | None, now: datetime) -> Heartbeat:
    """Return what a machine says of itself at `now`; `before` is what it said last.

    What every version tells must be right, or BadInputError is raised. What only newer ones tell is taken where it is
    right and left out where it is missing or odd: a strange sensor must not make a machine look lost.
    """
    fields = _object(report)
    boot = _maybe_text(fields, "boot", 40)
    return Heartbeat(
        at=now,
        playlist_counter=_whole(fields, "counter", 0, 2**53),
        clips_held=_whole(fields, "clips_held", 0, 10**7),
        clips_needed=_whole(fields, "clips_needed", 0, 10**7),
        sink=_text(fields, "sink", 200),
        sink_ok=fields.get("sink_ok") is True,
        clock_offset_ms=_whole(fields, "clock_offset", -_YEAR_2200, _YEAR_2200),
        free_bytes=_whole(fields, "free", 0, 2**63 - 1),
        version=_text(fields, "version", 40),
        fault=_text(fields, "fault"),
        every=_every(fields),
        boot=boot,
        number=_maybe_whole(fields, "number", 0, 2**53) or 0,
        earlier_boots=_earlier_boots(before, boot),
        running=_maybe_seconds(fields, "running"),
        clock_trusted=_maybe_bool(fields, "clock_trusted"),
        stand_in=_maybe_bool(fields, "stand_in") is True,
        box=_box(fields.get("box")),
        coming=_coming(fields.get("next")),
        aired=_aired(fields.get("last")),
        shortfalls=_shortfalls(fields.get("unready")),
        clock_error_ms=_maybe_whole(fields, "clock_error", 0, _YEAR_2200),
        emergency_held=_maybe_whole(fields, "emergency_held", 0, 10**6),
        emergency_needed=_maybe_whole(fields, "emergency_needed", 0, 10**6),
        nudged=_maybe_bool(fields, "nudged"),
        clips_checking=_maybe_whole(fields, "clips_checking", 0, 10**7) or 0,
    )


def _every(fields: Mapping[str, Any]) -> timedelta:
    told = _maybe_whole(fields, "every", 1, 86_400)
    return BEAT_EVERY if told is None else min(timedelta(seconds=told), MOST_BEAT_EVERY)


def _earlier_boots(before: Heartbeat | None, boot: str) -> tuple[str, ...]:
    if before is None or not before.boot or before.boot == boot:
        return () if before is None else before.earlier_boots
    return (before.boot, *before.earlier_boots)[:_MOST_EARLIER_BOOTS]


def _box(told: object) -> Box:
    fields = told if isinstance(told, dict) else {}
    heat = _maybe_whole(fields, "temperature", -100_000, 200_000)
    return Box(
        temperature_c=None if heat is None else heat / 1000,
        disk_bytes=_maybe_whole(fields, "disk", 0, 2**63 - 1),
        uptime=_maybe_seconds(fields, "uptime"),
        network=_maybe_text(fields, "network", 40),
        system=_maybe_text(fields, "system", 100),
        python=_maybe_text(fields, "python", 40),
    )


def _coming(told: object) -> Coming | None:
    fields = told if isinstance(told, dict) else {}
    title, at = _maybe_text(fields, "title", _TEXT_LIMIT), _maybe_whole(fields, "starts", 0, _YEAR_2200)
    return Coming(title, from_ms(at), fields.get("ready") is True) if title and at is not None else None


def _aired(told: object) -> Aired | None:
    fields = told if isinstance(told, dict) else {}
    title, at = _maybe_text(fields, "title", _TEXT_LIMIT), _maybe_whole(fields, "at", 0, _YEAR_2200)
    outcome = _maybe_text(fields, "outcome", 20)
    known = {one.value for one in AiringOutcome}
    return Aired(title, from_ms(at), outcome) if title and at is not None and outcome in known else None


def _shortfalls(told: object) -> tuple[Shortfall, ...]:
    rows = told[:_MOST_SHORTFALLS] if isinstance(told, list) else []
    return tuple(one for row in rows if isinstance(row, dict) and (one := _shortfall(row)) is not None)


def _shortfall(fields: Mapping[str, Any]) -> Shortfall | None:
    key, at = _maybe_text(fields, "slot", 80), _maybe_whole(fields, "starts", 0, _YEAR_2200)
    lack = _maybe_text(fields, "lack", 20)
    if not key or at is None or lack not in tuple(Lack):
        return None
    return Shortfall(key, from_ms(at), Lack(lack), _maybe_whole(fields, "clips", 0, 10_000) or 0)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInputError("Báo cáo của máy phát không đúng khuôn dạng.")
    return value


def _text(fields: Mapping[str, Any], name: str, most: int = _TEXT_LIMIT) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > most or not _is_text(value):
        raise BadInputError(f"Báo cáo của máy phát thiếu hoặc sai mục «{name}».")
    return value


def _is_text(value: str) -> bool:
    # JSON can carry half of a surrogate pair, which no database or page can.
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _whole(fields: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadInputError(f"Báo cáo của máy phát thiếu hoặc sai mục «{name}».")
    return value


def _maybe_instant(fields: Mapping[str, Any], name: str) -> datetime | None:
    return None if fields.get(name) is None else from_ms(_whole(fields, name, 0, _YEAR_2200))


def _maybe_text(fields: Mapping[str, Any], name: str, most: int) -> str:
    value = fields.get(name)
    return value[:most] if isinstance(value, str) and _is_text(value) else ""


def _maybe_whole(fields: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    value = fields.get(name)
    usable = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    return value if usable else None


def _maybe_seconds(fields: Mapping[str, Any], name: str) -> timedelta | None:
    seconds = _maybe_whole(fields, name, 0, 10**9)
    return None if seconds is None else timedelta(seconds=seconds)


def _maybe_bool(fields: Mapping[str, Any], name: str) -> bool | None:
    value = fields.get(name)
    return value if isinstance(value, bool) else None
