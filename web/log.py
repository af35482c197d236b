"""The station log of a day: what was planned beside what sounded; to read, to print, to take away as CSV."""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Response, flash, render_template, request
from flask.typing import ResponseReturnValue

from domain.errors import BadInputError
from domain.machines import Machine
from domain.proof import HEARING_LABELS
from scheduler.reconcile import LINE_LABELS, LogLine
from store import machines
from web.context import own_station, services
from web.formats import clock_ms, clock_s, day, decimal, local, read_day
from web.machine_list import page_number
from web.states import line_mark

blueprint = Blueprint("log", __name__, url_prefix="/nhat-ky")

_ON_A_PAGE = 12
"""How many machines a page of the log tells of when there are more."""

_COLUMNS = (
    "Ngày",
    "Giờ theo lịch",
    "Giờ phát thật",
    "Chênh lệch (ms)",
    "Máy phát",
    "Buổi phát",
    "Nội dung",
    "Thời lượng đã phát (giây)",
    "Kết quả",
    "Lý do",
    "Mã tệp âm thanh",
    "Mức âm (dBFS)",
    "Đỉnh (dBFS)",
    "Kiểm chứng",
)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show the log of a day."""
    shown, machine_id, every = _asked()
    part = _part(shown, machine_id, every)
    lines = services().timetable.log(shown, part.machine_ids)
    return render_template(
        "log.html",
        day=shown,
        before=shown - timedelta(days=1),
        after=shown + timedelta(days=1),
        today=local(services().clock.now()).date(),
        machine_id=machine_id,
        machines=every,
        names={one.id: one.name for one in every},
        lines=[(line, line_mark(line.outcome)) for line in lines],
        counts=_counts(lines),
        part=part,
        hearing=HEARING_LABELS,
        station=own_station(),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """Which machines a page of the log is about: one, all (`None`), or, of many, as many as a page holds.

    `troubled` of them all were silent or cut something short that day, and come first.
    """

    machine_ids: tuple[str, ...] | None
    page: int = 1
    pages: int = 1
    troubled: int = 0


def _part(on: date, machine_id: str, every: tuple[Machine, ...]) -> Part:
    """Return the machines on show: what is wrong must not lie behind a thousand machines that are well."""
    if machine_id:
        return Part((machine_id,))
    if len(every) <= _ON_A_PAGE:
        return Part(None)
    troubled = services().timetable.troubled(on)
    ordered = [one.id for one in sorted(every, key=lambda one: (one.id not in troubled, one.name, one.id))]
    pages = -(-len(ordered) // _ON_A_PAGE)
    page = min(page_number(), pages)
    return Part(tuple(ordered[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]), page, pages, len(troubled))


@blueprint.get("/xuat.csv")
def export() -> ResponseReturnValue:
    """Answer the log of a day as CSV that spreadsheets open with the right letters."""
    shown, machine_id, every = _asked()
    names = {one.id: one.name for one in every}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for line in services().timetable.log(shown, machine_id or None):
        writer.writerow(_safe(cell) for cell in _cells(line, names))
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="nhat-ky-{shown:%Y-%m-%d}.csv"'
    return answer


def _asked() -> tuple[date, str, tuple[Machine, ...]]:
    with services().database.read() as connection:
        every = machines.roster(connection)
    asked = request.args.get("machine", "")
    return _asked_day(), asked if asked in {one.id for one in every} else "", every


def _asked_day() -> date:
    today = local(services().clock.now()).date()
    try:
        asked = read_day(request.args.get("day", ""))
    except BadInputError as error:
        flash(error.sentence, "problem")
        return today
    return asked if asked is not None and 1970 < asked.year < 2100 else today


def _counts(lines: tuple[LogLine, ...]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for line in lines:
        label = LINE_LABELS[line.outcome]
        found[label] = found.get(label, 0) + 1
    return list(found.items())


def _cells(line: LogLine, names: dict[str, str]) -> tuple[str, ...]:
    return (
        day(line.planned_start),
        clock_s(line.planned_start),
        "" if line.started_at is None else clock_ms(line.started_at),
        "" if line.late_ms is None else str(line.late_ms),
        names.get(line.machine_id, line.machine_id),
        line.slot_title,
        line.title,
        f"{line.rendered.total_seconds():.1f}".replace(".", ","),
        LINE_LABELS[line.outcome],
        line.reason,
        line.clip_hash or "",
        "" if line.level is None else decimal(line.level.rms_mb / 100, 2),
        "" if line.level is None else decimal(line.level.peak_mb / 100, 2),
        "" if line.proof is None else HEARING_LABELS[line.proof.hearing],
    )


def _safe(cell: str) -> str:
    """Keep a spreadsheet from taking a title for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "@", "\t")) else cell
