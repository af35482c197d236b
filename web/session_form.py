"""What the form of a new session holds: kept as it was typed, whatever is wrong with it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from domain.errors import BadInputError
from domain.timetable import Priority
from scheduler.desk import MOST_ITEMS, NAME_LIMIT, NewSession
from web.formats import local, read_day, read_time

_MOST_READ = 100
_SOON = {"1": timedelta(minutes=1), "5": timedelta(minutes=5)}


@dataclass(frozen=True, slots=True)
class SessionForm:
    """The fields as typed, and a sentence for each that cannot be used; `kind` is once or weekly."""

    name: str = ""
    bulletin_ids: tuple[str, ...] = ()
    area_ids: frozenset[str] = frozenset()
    kind: str = "once"
    day: str = ""
    times: str = ""
    weekdays: frozenset[str] = frozenset()
    valid_from: str = ""
    valid_until: str = ""
    priority: str = Priority.NORMAL.name
    problems: dict[str, str] = field(default_factory=dict)


def as_typed(form: MultiDict[str, str], now: datetime) -> SessionForm:
    """Return what came with a POST; the buttons "in a minute" fill in day and time."""
    soon = _SOON.get(form.get("soon", ""))
    day, times, kind = form.get("day", ""), form.get("times", ""), form.get("kind", "once")
    if soon is not None:
        at = local(now + soon)
        day, times, kind = f"{at:%d/%m/%Y}", f"{at:%H:%M:%S}", "once"
    return SessionForm(
        name=form.get("name", ""),
        bulletin_ids=tuple(dict.fromkeys(one for one in form.getlist("bulletin") if one)),
        area_ids=frozenset(form.getlist("area")),
        kind="weekly" if kind == "weekly" else "once",
        day=day,
        times=times,
        weekdays=frozenset(form.getlist("weekday")),
        valid_from=form.get("valid_from", ""),
        valid_until=form.get("valid_until", ""),
        priority=form.get("priority", ""),
    )


def to_session(form: SessionForm, today: date) -> tuple[NewSession | None, dict[str, str]]:
    """Return the session asked for, or `None` and a sentence for each field that cannot be used."""
    problems: dict[str, str] = {}
    times = _read(problems, "times", lambda: _times(form.times)) or ()
    day = _read(problems, "day", lambda: read_day(form.day))
    start = _read(problems, "valid_from", lambda: read_day(form.valid_from))
    end = _read(problems, "valid_until", lambda: read_day(form.valid_until))
    weekly = form.kind == "weekly"
    if not weekly and day is None and "day" not in problems:
        problems["day"] = "Hãy ghi ngày phát, ví dụ 09/01/2027, hoặc chọn phát hằng tuần."
    if not weekly and day is not None and not _is_near(day, today):
        problems["day"] = "Ngày phát quá xa. Hãy chọn ngày trong vòng năm năm tới."
    if weekly and not form.weekdays:
        problems["weekday"] = "Hãy chọn ít nhất một thứ trong tuần."
    if problems:
        return None, problems
    wanted = NewSession(
        name=form.name,
        bulletin_ids=form.bulletin_ids,
        area_ids=form.area_ids,
        times=times,
        weekdays=_weekdays(form) if weekly else frozenset(),
        dates=frozenset() if weekly or day is None else frozenset({day}),
        valid_from=start if weekly else None,
        valid_until=end if weekly else None,
        priority=Priority.PRIORITY if form.priority == Priority.PRIORITY.name else Priority.NORMAL,
    )
    return wanted, {}


def _is_near(day: date, today: date) -> bool:
    return abs(day.year - today.year) <= 5


def _read(problems: dict[str, str], name: str, reading: Any) -> Any:
    try:
        return reading()
    except BadInputError as error:
        problems[name] = error.sentence
        return None


def _times(text: str) -> tuple[time, ...]:
    given = text.replace(",", " ").replace(";", " ").split()
    if not given:
        raise BadInputError("Hãy ghi giờ phát theo kiểu 24 giờ, ví dụ 05:30.")
    return tuple(dict.fromkeys(read_time(one) for one in given[:_MOST_READ]))


def _weekdays(form: SessionForm) -> frozenset[int]:
    return frozenset(int(one) for one in form.weekdays if one in {"1", "2", "3", "4", "5", "6", "7"})


def refused_field(form: SessionForm, approved: frozenset[str], areas: frozenset[str]) -> str:
    """Return the field that a refusal of the timetable's desk is about, of those that can be told apart."""
    if not form.name.strip() or len(form.name) > NAME_LIMIT:
        return "name"
    if not form.bulletin_ids or len(form.bulletin_ids) > MOST_ITEMS or not approved.issuperset(form.bulletin_ids):
        return "bulletin"
    if not form.area_ids or not areas.issuperset(form.area_ids):
        return "area"
    return "times"


def on_day(day: date) -> str:
    """Return `day` as the form shows it."""
    return f"{day:%d/%m/%Y}"
