"""From the events of an iCalendar file to rules of the timetable: all of them, or none with the reasons. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import BadInputError
from domain.timetable import STATION_ZONE, Rule
from scheduler.expand import FIRST_YEAR, LAST_YEAR
from scheduler.ical.recurrence import CannotSayError, Pattern, pattern_of
from scheduler.ical.text import events_in
from scheduler.sessions import MOST_DATES, MOST_TIMES

MOST_RULES = 60
_ZONE = ZoneInfo(STATION_ZONE)
_STATION_NAMES = {"SE Asia Standard Time": STATION_ZONE}
"""What Outlook calls the station's zone."""
_TITLE_LIMIT = 80
_Event = Any
"""An event as icalendar gives it: its values have a class of their own for each property."""
_SAMPLE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that cannot be said as a rule, and the whole sentence that says why."""

    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file comes to: rules whose ids, programme and areas are still to be given, or why there are none."""

    rules: tuple[Rule, ...]
    refusals: tuple[Refusal, ...]
    events: int
    titles: tuple[str, ...]


@dataclass(slots=True)
class _Master:
    """An event, or None when its file does not hold it, with what the file changes about single days of it."""

    event: _Event | None
    moved: list[_Event] = field(default_factory=list)


@dataclass(slots=True)
class _Asked:
    """What one event asks for in the station's zone: a pattern at a time, single instants, and instants left out."""

    rule: Rule | None = None
    singles: set[datetime] = field(default_factory=set)
    left_out: set[datetime] = field(default_factory=set)


def read_rules(data: bytes) -> Imported:
    """Return the rules that the iCalendar file `data` comes to; when a single event cannot be said, there are none.

    Times become those of the station's zone; a time without a zone is one of it. Raises BadInputError when the file
    cannot be read at all.
    """
    events = events_in(data)
    refusals: list[Refusal] = []
    asked: list[_Asked] = []
    for master in _masters(events):
        try:
            asked.append(_asked(master))
        except CannotSayError as error:
            event = master.event or master.moved[0]
            refusals.append(Refusal(_title(event), f"{_named(event)}: {error.args[0]}."))
    rules = () if refusals else tuple(_merged(asked))
    if len(rules) > MOST_RULES:
        raise BadInputError(
            f"Tệp lịch thành {len(rules)} dòng lịch, quá {MOST_RULES}. Chưa nhập gì; hãy nhập từng phần."
        )
    titles = tuple(dict.fromkeys(_title(one) for one in events))
    return Imported(rules, tuple(refusals), len(events), titles)


def _masters(events: Iterable[_Event]) -> Iterable[_Master]:
    """Return each event with those that stand for single days of it; one whose event is not there stands for itself."""
    masters: dict[str, _Master] = {}
    moved: list[_Event] = []
    for number, event in enumerate(events):
        if "RECURRENCE-ID" in event:
            moved.append(event)
            continue
        uid = str(event.get("UID", f"#{number}"))
        if uid in masters:
            raise BadInputError(f"{_named(event)}: hai sự kiện cùng mã UID. Chưa nhập gì; hãy xuất lại tệp.")
        masters[uid] = _Master(event)
    for event in moved:
        uid = str(event.get("UID", ""))
        masters.setdefault(uid, _Master(None)).moved.append(event)
    return masters.values()


def _asked(master: _Master) -> _Asked:
    found = _Asked() if master.event is None else _of_event(master.event)
    for event in master.moved:
        identity = event["RECURRENCE-ID"]
        if isinstance(identity, list) or "RANGE" in identity.params:
            raise CannotSayError("sửa cả loạt từ một ngày về sau (RECURRENCE-ID có RANGE) thì chưa nhập được")
        found.left_out.add(_instant(identity.dt, identity.params))
    found.singles -= found.left_out
    for event in master.moved:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            _refuse_lists(event, "RRULE", "RDATE", "EXDATE")
            start = _start(event)
            instant = _instant(start.dt, start.params)
            found.left_out.discard(instant)
            found.singles.add(instant)
    return found


def _of_event(event: _Event) -> _Asked:
    found = _Asked()
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return found
    _refuse_lists(event, "EXRULE")
    start = _start(event)
    zone = _zone_of(start.dt, start.params)
    if "RRULE" in event:
        if isinstance(event["RRULE"], list):
            raise CannotSayError("có nhiều quy tắc lặp")
        found.rule = _rule(event["RRULE"], start.dt, zone)
    else:
        found.singles.add(_instant(start.dt, start.params))
    found.singles |= set(_instants(event.get("RDATE")))
    found.left_out |= set(_instants(event.get("EXDATE")))
    return found


def _start(event: _Event) -> Any:
    start = event.get("DTSTART")
    if start is None or isinstance(start, list):
        raise CannotSayError("thiếu giờ bắt đầu")
    if not isinstance(start.dt, datetime):
        raise CannotSayError("là sự kiện cả ngày, không có giờ phát")
    _check_year(start.dt)
    return start


def _refuse_lists(event: _Event, *names: str) -> None:
    for name in names:
        if name in event:
            raise CannotSayError(f"có phần {name} mà lịch phát không nói được")


def _rule(parts: Mapping[str, Any], start: datetime, zone: tzinfo) -> Rule:
    local = start.replace(tzinfo=None)
    pattern = pattern_of(parts, local, zone)
    there = _in_station(local, zone)
    return _shifted(pattern, there, (there.date() - local.date()).days, zone)


def _shifted(pattern: Pattern, there: datetime, days: int, zone: tzinfo) -> Rule:
    """Return `pattern` as a rule of the station, whose days are `days` later than those of `zone`."""
    _require_steady(pattern, there.time(), zone)
    if days and not pattern.weekdays:
        raise CannotSayError("ở múi giờ khác, ngày trong tháng không còn như trong tệp")
    weekdays = frozenset((day - 1 + days) % 7 + 1 for day in pattern.weekdays)
    wraps = any(not 1 <= day + days <= 7 for day in pattern.weekdays)
    if wraps and pattern.week_interval > 1 and len(weekdays) > 1:
        raise CannotSayError("ở múi giờ khác, các thứ rơi vào hai tuần khác nhau")
    shift = timedelta(days=days)
    return Rule(
        id="",
        programme_id="",
        area_ids=frozenset(),
        times=(there.time(),),
        weekdays=weekdays,
        week_interval=pattern.week_interval,
        month_days=pattern.month_days,
        nth_weekdays=pattern.nth_weekdays,
        valid_from=pattern.first + shift,
        valid_until=None if pattern.last is None else pattern.last + shift,
    )


def _require_steady(pattern: Pattern, moment: time, zone: tzinfo) -> None:
    """Refuse a zone whose difference from the station's changes while the pattern lasts: summer time, for one."""
    if zone in (_ZONE, UTC):
        return
    at = datetime.combine(pattern.first, moment)
    last = pattern.last or date(LAST_YEAR - 1, 12, 31)
    offset = zone.utcoffset(at)
    while at.date() <= last:
        if zone.utcoffset(at) != offset:
            raise CannotSayError("lặp theo múi giờ có đổi giờ mùa hè")
        at += _SAMPLE


def _instants(value: Any) -> Iterator[datetime]:
    """Yield the instants of RDATE or EXDATE lines, in the station's zone."""
    for line in value if isinstance(value, list) else [value] if value is not None else []:
        for one in line.dts:
            if not isinstance(one.dt, datetime):
                raise CannotSayError("có ngày lẻ không ghi giờ, hoặc ghi cả khoảng")
            yield _instant(one.dt, line.params)


def _instant(value: object, params: Mapping[str, Any]) -> datetime:
    """Return a date-time of the file in the station's zone, without its zone, to the whole second."""
    if not isinstance(value, datetime):
        raise CannotSayError("có ngày lẻ không ghi giờ")
    _check_year(value)
    return _in_station(value.replace(tzinfo=None), _zone_of(value, params))


def _in_station(local: datetime, zone: tzinfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(_ZONE).replace(tzinfo=None, fold=0)


def _zone_of(value: datetime, params: Mapping[str, Any]) -> tzinfo:
    name = str(params.get("TZID", ""))
    if not name:
        return UTC if value.tzinfo is not None else _ZONE
    try:
        return ZoneInfo(_STATION_NAMES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CannotSayError(f"không biết múi giờ «{name[:60]}»") from error


def _check_year(value: datetime) -> None:
    if not FIRST_YEAR < value.year < LAST_YEAR:
        raise CannotSayError(f"có ngày ngoài các năm {FIRST_YEAR + 1} đến {LAST_YEAR - 1}")


def _merged(asked: Iterable[_Asked]) -> Iterator[Rule]:
    """Yield as few rules as say the same: what differs in its time alone is one rule, and so are single days."""
    alike: dict[Rule, set[time]] = {}
    days: dict[time, set[date]] = {}
    for one in asked:
        if one.rule is not None:
            (moment,) = one.rule.times
            left_out = {at.date() for at in one.left_out if at.time() == moment}
            own = {at for at in one.singles if at.time() == moment}
            rule = replace(
                one.rule, times=(), except_dates=frozenset(left_out), dates=frozenset(at.date() for at in own)
            )
            alike.setdefault(rule, set()).add(moment)
            one.singles -= own
        for at in one.singles:
            days.setdefault(at.time(), set()).add(at.date())
    yield from _regular(alike)
    yield from _single(days)


def _regular(alike: Mapping[Rule, set[time]]) -> Iterator[Rule]:
    for rule, times in alike.items():
        every = sorted(times)
        for start in range(0, len(every), MOST_TIMES):
            yield replace(rule, times=tuple(every[start : start + MOST_TIMES]))


def _single(days: Mapping[time, set[date]]) -> Iterator[Rule]:
    """Yield rules of single days, those times together that have the same days."""
    together: dict[frozenset[date], list[time]] = {}
    for moment in sorted(days):
        together.setdefault(frozenset(days[moment]), []).append(moment)
    for on, times in together.items():
        every = sorted(on)
        for start in range(0, len(every), MOST_DATES):
            some = frozenset(every[start : start + MOST_DATES])
            for first in range(0, len(times), MOST_TIMES):
                yield Rule("", "", frozenset(), tuple(times[first : first + MOST_TIMES]), dates=some)


def _title(event: _Event) -> str:
    return " ".join(str(event.get("SUMMARY", "không tên")).split())[:_TITLE_LIMIT]


def _named(event: _Event) -> str:
    start = event.get("DTSTART")
    value = getattr(start, "dt", None)
    if isinstance(value, datetime):
        return f"Sự kiện «{_title(event)}» ({value:%H:%M %d/%m/}{value.year:04d})"
    return f"Sự kiện «{_title(event)}»"
