"""What the form of a session holds: kept as it was typed, whatever is wrong with it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from domain.calendar import (
    EVERY_MONTH,
    LAST,
    ROUTINE_DAY_TYPES,
    Calendar,
    DayType,
    LunarDay,
    NthWeekday,
)
from domain.errors import BadInputError
from domain.timetable import DEFAULT_GRACE, ItemKind, LatePolicy, Priority, Programme, Rule
from scheduler.sessions import CHOSEN_PRIORITIES, MOST_ITEMS, NAME_LIMIT, NewSession
from scheduler.words import clock, on
from web.formats import duration, local, read_day, read_time

MOST_READ = 400
"""The most times, days or dates read of one field; what a person means is far less."""

LATE_LABELS = {
    LatePolicy.CATCH_UP: "phát bù từ đầu nếu còn kịp",
    LatePolicy.JOIN: "phát tiếp đoạn còn lại",
    LatePolicy.SKIP: "bỏ buổi đó",
}
LUNAR_PRESETS = {
    "ram": ("Rằm", LunarDay(15)),
    "mung-mot": ("Mùng một", LunarDay(1)),
    "tet": ("Mùng một Tết", LunarDay(1, 1)),
}
_SOON = {"1": timedelta(minutes=1), "5": timedelta(minutes=5)}
_LAST_WORDS = {"cuối", "cuoi"}


@dataclass(frozen=True, slots=True)
class SessionForm:
    """The fields as typed; `kind` is once or weekly, which takes every way in which days come again."""

    name: str = ""
    bulletin_ids: tuple[str, ...] = ()
    programme_id: str = ""
    area_ids: frozenset[str] = frozenset()
    except_area_ids: frozenset[str] = frozenset()
    kind: str = "once"
    day: str = ""
    times: str = ""
    daypart_ids: frozenset[str] = frozenset()
    weekdays: frozenset[str] = frozenset()
    week_interval: str = "1"
    month_days: str = ""
    nth: tuple[tuple[str, str], ...] = ()
    lunar: frozenset[str] = frozenset()
    lunar_days: str = ""
    dates: str = ""
    day_types: frozenset[str] = frozenset(one.value for one in ROUTINE_DAY_TYPES)
    valid_from: str = ""
    valid_until: str = ""
    priority: str = Priority.NORMAL.name
    late_policy: str = LatePolicy.CATCH_UP.value
    grace: str = "5"
    booked: str = ""
    rank: str = ""
    stamp: str = ""

    @property
    def has_other_days(self) -> bool:
        """Tell whether days are named otherwise than by the week."""
        return bool(self.month_days or self.nth or self.lunar or self.lunar_days or self.dates)


def as_typed(form: MultiDict[str, str], now: datetime) -> SessionForm:
    """Return what came with a POST; the buttons "in a minute" fill in day and time."""
    soon = _SOON.get(form.get("soon", ""))
    day, times, kind = form.get("day", ""), form.get("times", ""), form.get("kind", "once")
    if soon is not None:
        at = local(now + soon)
        day, times, kind = f"{at:%d/%m/%Y}", f"{at:%H:%M:%S}", "once"
    plain = SessionForm()
    pairs = zip(form.getlist("nth"), form.getlist("nth_weekday"), strict=False)
    texts = ("name", "month_days", "lunar_days", "dates", "valid_from", "valid_until", "booked", "rank", "stamp")
    return replace(
        plain,
        **{one: form.get(one, "") for one in texts},
        bulletin_ids=tuple(dict.fromkeys(one for one in form.getlist("bulletin") if one)),
        programme_id=form.get("programme", ""),
        area_ids=frozenset(form.getlist("area")),
        except_area_ids=frozenset(form.getlist("except_area")),
        kind="weekly" if kind == "weekly" else "once",
        day=day,
        times=times,
        daypart_ids=frozenset() if soon else frozenset(form.getlist("daypart")),
        weekdays=frozenset(form.getlist("weekday")),
        week_interval=form.get("week_interval", plain.week_interval),
        nth=tuple((nth, weekday) for nth, weekday in pairs if nth and weekday)[:MOST_READ],
        lunar=frozenset(form.getlist("lunar")),
        day_types=frozenset(form.getlist("day_type")) if "day_types" in form else plain.day_types,
        priority=form.get("priority", ""),
        late_policy=form.get("late_policy", plain.late_policy),
        grace=form.get("grace", "" if form.get("programme") else plain.grace),
    )


def of_rule(rule: Rule, programme: Programme, stamp: str = "") -> SessionForm:
    """Return the form of a session that is there, to be changed or copied."""
    plain = programme.priority in CHOSEN_PRIORITIES
    plain = plain and all(one.kind is ItemKind.BULLETIN and one.bulletin_id for one in programme.items)
    once = not rule.regular and len(rule.dates) == 1
    lunar = {name: day for name, (_, day) in LUNAR_PRESETS.items() if day in rule.lunar_days}
    return SessionForm(
        name=programme.name,
        bulletin_ids=tuple(one.bulletin_id for one in programme.items if one.bulletin_id) if plain else (),
        programme_id="" if plain else programme.id,
        area_ids=rule.area_ids,
        except_area_ids=rule.except_area_ids,
        kind="once" if once else "weekly",
        day=on(min(rule.dates)) if once else "",
        times=" ".join(clock(one) for one in rule.times),
        daypart_ids=rule.daypart_ids,
        weekdays=frozenset(map(str, rule.weekdays)),
        week_interval=str(rule.week_interval),
        month_days=", ".join("cuối" if one == LAST else str(one) for one in sorted(rule.month_days)),
        nth=tuple((str(one.nth), str(one.weekday)) for one in sorted(rule.nth_weekdays)),
        lunar=frozenset(lunar),
        lunar_days=", ".join(_lunar_text(one) for one in sorted(rule.lunar_days - set(lunar.values()))),
        dates="" if once else " ".join(map(on, sorted(rule.dates))),
        day_types=frozenset(one.value for one in rule.day_types),
        valid_from=on(rule.valid_from) if rule.valid_from else "",
        valid_until=on(rule.valid_until) if rule.valid_until else "",
        priority=programme.priority.name,
        late_policy=programme.late_policy.value,
        grace=_minutes_text(programme.grace),
        booked=duration(programme.booked) if programme.booked else "",
        rank=str(programme.rank),
        stamp=stamp,
    )


@dataclass(frozen=True, slots=True)
class Preset:
    """A usual way of filling in the days and times, at one press."""

    name: str
    words: str
    weekdays: tuple[int, ...] = ()
    daypart: str = ""
    usual: str = ""
    lunar: tuple[str, ...] = ()


_EVERY_DAY = tuple(range(1, 8))
PRESETS = (
    Preset("sang", "Sáng hằng ngày", _EVERY_DAY, "sáng", "05:30"),
    Preset("chieu", "Chiều hằng ngày", _EVERY_DAY, "chiều", "17:00"),
    Preset("thu-2-6", "Thứ 2–6", (1, 2, 3, 4, 5)),
    Preset("cuoi-tuan", "Cuối tuần", (6, 7)),
    Preset("ram-mung-mot", "Rằm và mùng một", lunar=("ram", "mung-mot")),
)


def with_preset(form: SessionForm, name: str, calendar: Calendar) -> SessionForm:
    """Return `form` with a preset filled in: its daypart when the station has one of that name, else its time."""
    preset = next((one for one in PRESETS if one.name == name), None)
    if preset is None:
        return form
    filled = filled_by(preset, calendar)
    return replace(
        form,
        kind="weekly",
        weekdays=frozenset(map(str, preset.weekdays)),
        lunar=frozenset(preset.lunar),
        times=filled["times"] if preset.usual else form.times,
        daypart_ids=frozenset(filled["daypart"]) if preset.usual else form.daypart_ids,
    )


def filled_by(preset: Preset, calendar: Calendar) -> dict[str, Any]:
    """Return the fields that a preset fills in, as the page's script reads them."""
    named = [one.id for one in calendar.dayparts.values() if preset.daypart and preset.daypart in one.name.lower()]
    fields: dict[str, Any] = {
        "kind": "weekly",
        "weekday": [str(one) for one in preset.weekdays],
        "lunar": list(preset.lunar),
    }
    if preset.usual:
        fields |= {"daypart": named[:1], "times": "" if named else preset.usual}
    return fields


def to_session(form: SessionForm, today: date) -> tuple[NewSession | None, dict[str, str]]:
    """Return the session asked for, or `None` and a sentence for each field that cannot be used."""
    fields = _Fields({})
    days = _weekly_days(fields, form) if form.kind == "weekly" else _one_day(fields, form, today)
    more: dict[str, Any] = {
        "grace": fields.read("grace", lambda: _length(form.grace, None if form.programme_id else DEFAULT_GRACE)),
        "booked": fields.read("booked", lambda: _length(form.booked, None)),
        "times": fields.read("times", lambda: _times(form)) or (),
        "rank": int(form.rank) if re.fullmatch(r"-?[0-9]{1,5}", form.rank) else None,
    }
    if fields.problems:
        return None, fields.problems
    return NewSession(
        name=form.name,
        bulletin_ids=form.bulletin_ids if not form.programme_id else (),
        programme_id=form.programme_id or None,
        area_ids=form.area_ids,
        except_area_ids=form.except_area_ids,
        daypart_ids=form.daypart_ids,
        priority=Priority.PRIORITY if form.priority == Priority.PRIORITY.name else Priority.NORMAL,
        late_policy=_one_of(LatePolicy, form.late_policy, LatePolicy.CATCH_UP),
        **days,
        **more,
    ), {}


@dataclass(frozen=True, slots=True)
class _Fields:
    """Reads fields one by one and gathers what is wrong with each."""

    problems: dict[str, str]

    def read(self, name: str, reading: Callable[[], Any]) -> Any:
        try:
            return reading()
        except BadInputError as error:
            self.problems[name] = error.sentence
            return None


def _one_day(fields: _Fields, form: SessionForm, today: date) -> dict[str, Any]:
    day = fields.read("day", lambda: read_day(form.day))
    if day is None and "day" not in fields.problems:
        fields.problems["day"] = "Hãy ghi ngày phát, ví dụ 09/01/2027, hoặc chọn phát hằng tuần."
    if day is not None and abs(day.year - today.year) > 5:
        fields.problems["day"] = "Ngày phát quá xa. Hãy chọn ngày trong vòng năm năm tới."
    return {"dates": frozenset({day} if day else ())}


def _weekly_days(fields: _Fields, form: SessionForm) -> dict[str, Any]:
    if not form.weekdays and not form.has_other_days:
        fields.problems["weekday"] = "Hãy chọn ít nhất một thứ trong tuần, hoặc một cách chọn ngày khác ở dưới."
    return {
        "weekdays": frozenset(int(one) for one in form.weekdays if one in {"1", "2", "3", "4", "5", "6", "7"}),
        "week_interval": fields.read("week_interval", lambda: _number(form.week_interval.strip() or "1", "số tuần")),
        "month_days": fields.read("month_days", lambda: frozenset(map(_month_day, _split(form.month_days)))),
        "nth_weekdays": fields.read("nth", lambda: frozenset(_nth(*one) for one in form.nth)),
        "lunar_days": fields.read("lunar_days", lambda: _lunar_days(form)),
        "dates": fields.read("dates", lambda: frozenset(day for one in _split(form.dates) if (day := read_day(one)))),
        "day_types": frozenset(one for one in DayType if one.value in form.day_types),
        "valid_from": fields.read("valid_from", lambda: read_day(form.valid_from)),
        "valid_until": fields.read("valid_until", lambda: read_day(form.valid_until)),
    }


def _split(text: str) -> list[str]:
    return text.replace(",", " ").replace(";", " ").split()[:MOST_READ]


def _times(form: SessionForm) -> tuple[time, ...]:
    given = _split(form.times)
    if not given and not form.daypart_ids:
        raise BadInputError("Hãy ghi giờ phát theo kiểu 24 giờ, ví dụ 05:30.")
    return tuple(dict.fromkeys(read_time(one) for one in given))


def _number(text: str, what: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 6):
        raise BadInputError(f"«{text.strip()[:20]}» không phải là {what}.")
    return int(text)


def _month_day(text: str) -> int:
    return LAST if text.lower() in _LAST_WORDS else _number(text, "ngày trong tháng. Hãy ghi như 1, 15, cuối")


def _nth(nth: str, weekday: str) -> NthWeekday:
    number = LAST if nth == str(LAST) else _number(nth, "lần trong tháng")
    return NthWeekday(number, _number(weekday, "thứ trong tuần"))


def _lunar_days(form: SessionForm) -> frozenset[LunarDay]:
    chosen = {day for name, (_, day) in LUNAR_PRESETS.items() if name in form.lunar}
    return frozenset(chosen | {_lunar_day(one) for one in _split(form.lunar_days)})


def _lunar_day(text: str) -> LunarDay:
    day, _, month = text.lower().partition("/")
    what = "ngày âm lịch. Hãy ghi ngày/tháng như 10/3, hoặc chỉ ngày như 15 cho mọi tháng"
    number = LAST if day in _LAST_WORDS else _number(day, what)
    if not month:
        return LunarDay(number)
    in_month = _number(month, what)
    if in_month == EVERY_MONTH:
        raise BadInputError(f"«{text[:20]}» không phải là {what}.")
    return LunarDay(number, in_month)


def _lunar_text(one: LunarDay) -> str:
    day = "cuối" if one.day == LAST else str(one.day)
    return day if one.month == EVERY_MONTH else f"{day}/{one.month}"


def _length(text: str, default: timedelta | None) -> timedelta | None:
    """Return a length typed as minutes, or as minutes:seconds."""
    given = text.strip()
    if not given:
        return default
    minutes, _, seconds = given.partition(":")
    what = "thời lượng. Hãy ghi số phút, ví dụ 5, hoặc phút:giây, ví dụ 04:30"
    return timedelta(minutes=_number(minutes, what), seconds=_number(seconds or "0", what))


def _minutes_text(length: timedelta) -> str:
    minutes, rest = divmod(length, timedelta(minutes=1))
    return str(minutes) if not rest else f"{minutes}:{rest.seconds:02d}"


def _one_of(kind: Any, text: str, default: Any) -> Any:
    try:
        return kind(text)
    except ValueError:
        return default


def refused_field(form: SessionForm, approved: Iterable[str], areas: Iterable[str]) -> str:
    """Return the field that a refusal of the timetable's desk is about, of those that can be told apart."""
    known: Mapping[str, frozenset[str]] = {"bulletin": frozenset(approved), "area": frozenset(areas)}
    if not form.programme_id:
        if not form.name.strip() or len(form.name) > NAME_LIMIT:
            return "name"
        if not form.bulletin_ids or len(form.bulletin_ids) > MOST_ITEMS:
            return "bulletin"
        if not known["bulletin"].issuperset(form.bulletin_ids):
            return "bulletin"
    if not form.area_ids or not known["area"].issuperset(form.area_ids | form.except_area_ids):
        return "area"
    return "times"


def on_day(day: date) -> str:
    """Return `day` as the form shows it."""
    return on(day)
