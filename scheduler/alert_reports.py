"""What machines say became of orders, and what people started at a machine: kept as it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from domain.emergencies import LONGEST, Emergency, Pattern
from domain.emergency_set import read_pattern
from domain.errors import BadInputError
from domain.fields import clip_hash, instant, integer, text
from domain.machines import Machine
from domain.ports import Clock
from store import emergencies
from store.emergencies import Act, Report
from store.engine import Database

MOST_ALERTS = 50
_TO_COME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Told:
    """One alert of a machine, read from its report."""

    report: Report
    emergency_id: str
    local: bool
    clear: bool
    drill: bool
    title: str
    message_hash: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class AlertReports:
    """Keeps the reports of machines about emergencies."""

    database: Database
    clock: Clock

    def keep(self, machine: Machine, told: object) -> None:
        """Keep what a machine says of its alerts.

        Raises BadInputError when the report is no list of alerts of the form; nothing of it is kept then.
        """
        if not isinstance(told, list) or len(told) > MOST_ALERTS:
            raise BadInputError(f"Báo cáo phát khẩn phải là một danh sách, tối đa {MOST_ALERTS} dòng.")
        now = self.clock.now()
        read = [_read(machine, one, now) for one in told]
        with self.database.write() as connection:
            for one in read:
                emergencies.keep_report(connection, one.report, now)
                if one.local and not one.clear:
                    _keep_local(connection, machine, one, now)


def _keep_local(connection: Connection, machine: Machine, told: _Told, now: datetime) -> None:
    """Keep an emergency that people at a machine started, which the centre only hears of."""
    held = emergencies.find(connection, told.emergency_id)
    if held is not None and held.machine_id != machine.id:
        raise BadInputError("Báo cáo phát khẩn trùng mã với một lần phát khẩn khác.")
    report = told.report
    fresh = held or Emergency(
        id=told.emergency_id,
        title=told.title,
        message_hash=told.message_hash,
        chime_hash=None,
        all_clear_hash=None,
        pattern=told.pattern,
        area_ids=frozenset({machine.area_id}),
        except_area_ids=frozenset(),
        drill=told.drill,
        asked_by="",
        asked_at=report.began_at,
        started_at=report.began_at,
        machine_id=machine.id,
    )
    after = fresh
    if report.ended_at and not fresh.stopped_at:
        after = replace(fresh, stopped_at=report.ended_at, ended_reason=report.reason)
    if after == held:
        return
    emergencies.put(connection, after)
    act = "bấm phát tại máy" if held is None else "thôi phát tại máy"
    emergencies.note(connection, Act(now, None, machine.id, after.id, act, after.title))


def _read(machine: Machine, entry: object, now: datetime) -> _Told:
    try:
        outer = _object(entry)
        alert = _object(outer["alert"])
        order = _object(alert["order"])
        began = min(instant(alert["began"]), now + _TO_COME)
        # A box whose clock woke in the past tells of an emergency of now as one of then.
        began = began if began > now - 2 * LONGEST else now
        ended = None if alert["ended_at"] is None else instant(alert["ended_at"])
        report = Report(
            machine_id=machine.id,
            alert_id=text(outer["id"], 80),
            emergency_id=text(order["emergency"], 40),
            heard=integer(alert["heard"], 0, 10**6),
            began_at=began,
            ended_at=ended and max(min(ended, now + _TO_COME), began),
            reason=_plain(alert["ended"]),
        )
        return _Told(
            report=report,
            emergency_id=report.emergency_id,
            local=alert["local"] is True,
            clear=alert["clear"] is True,
            drill=order["drill"] is True,
            title=_plain(order["title"]),
            message_hash=clip_hash(order["message"]),
            pattern=read_pattern(order["pattern"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadInputError("Báo cáo phát khẩn của máy phát sai khuôn dạng.") from error


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("object")
    return value


def _plain(value: object) -> str:
    told = text(value)
    told.encode()  # half of a surrogate pair can be written in JSON, and kept nowhere
    return told
