"""How an event repeats (RFC 5545, 3.3.10), said in the words of our rules, or refused with the reason. Pure."""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from domain.calendar import LAST, NthWeekday
from scheduler.expand import LAST_YEAR

EVERY_DAY = frozenset(range(1, 8))
MOST_WEEKS = 52
_MOST_YEARS = 30
_DAYS = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), 1)}
_BYDAY = re.compile(r"(?P<nth>[+-]?\d{1,2})?(?P<day>MO|TU|WE|TH|FR|SA|SU)")
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "WKST"})
_FREQUENCIES = {"YEARLY": "hằng năm", "HOURLY": "hằng giờ", "MINUTELY": "từng phút", "SECONDLY": "từng giây"}
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FAR = f"lặp quá năm {LAST_YEAR}"
_MONDAY = 1
"""Proleptic ordinal 1, 1 January of the year 1, was a Monday."""


class CannotSayError(Exception):
    """This event is none that our rules can say; `args[0]` is why, in Vietnamese, to be put after its name."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The days on which something repeats, in the zone of its event, from `first` to `last` (both included)."""

    first: date
    last: date | None = None
    weekdays: frozenset[int] = frozenset()
    week_interval: int = 1
    month_days: frozenset[int] = frozenset()
    nth_weekdays: frozenset[NthWeekday] = frozenset()

    def has(self, day: date) -> bool:
        """Tell whether `day` is one of the days, were there no last one."""
        if self.weekdays:
            weeks = _week(day) - _week(self.first)
            return day >= self.first and day.isoweekday() in self.weekdays and weeks % self.week_interval == 0
        return day >= self.first and day.day in _days_of_month(self, day.year, day.month)


def pattern_of(parts: Mapping[str, Sequence[Any]], start: datetime, zone: tzinfo) -> Pattern:
    """Return the days of the rule `parts`, as icalendar reads it, of an event that first begins at `start` in `zone`.

    Raises CannotSayError.
    """
    _check_parts(parts)
    bare = _by_frequency(parts, start.date())
    if not bare.has(bare.first):
        raise CannotSayError("ngày bắt đầu không phải một ngày của quy tắc lặp")
    return replace(bare, last=_last(parts, bare, start, zone))


def _check_parts(parts: Mapping[str, Sequence[Any]]) -> None:
    unknown = sorted(set(parts) - _KNOWN)
    if unknown:
        raise CannotSayError(f"quy tắc lặp có phần {unknown[0]} mà lịch phát không nói được")
    if "COUNT" in parts and "UNTIL" in parts:
        raise CannotSayError("quy tắc lặp có cả COUNT và UNTIL")
    several = [
        name for name in ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYSETPOS") if len(parts.get(name, "1")) != 1
    ]
    if several:
        raise CannotSayError(f"quy tắc lặp có phần {several[0]} không đúng")


def _by_frequency(parts: Mapping[str, Sequence[Any]], first: date) -> Pattern:
    frequency = str(parts["FREQ"][0]).upper() if "FREQ" in parts else ""
    interval = int(parts.get("INTERVAL", (1,))[0])
    if interval < 1:
        raise CannotSayError("khoảng lặp phải từ 1 trở lên")
    if frequency == "DAILY":
        return _daily(parts, first, interval)
    if frequency == "WEEKLY":
        return _weekly(parts, first, interval)
    if frequency == "MONTHLY":
        return _monthly(parts, first, interval)
    raise CannotSayError(f"lặp {_FREQUENCIES.get(frequency, frequency[:20] or '?')} thì lịch phát không nói được")


def _daily(parts: Mapping[str, Sequence[Any]], first: date, interval: int) -> Pattern:
    _refuse(parts, "BYMONTHDAY", "BYSETPOS")
    if interval % 7 == 0:
        # Every n weeks; a BYDAY that is not the day of the start would leave nothing.
        return _weekly({**parts, "BYDAY": parts.get("BYDAY", ())}, first, interval // 7, only=first.isoweekday())
    if interval != 1:
        raise CannotSayError(
            f"lặp {interval} ngày một lần thì lịch phát không nói được (chỉ hằng ngày, hoặc theo tuần)"
        )
    return Pattern(first, weekdays=_weekdays(parts) or EVERY_DAY)


def _weekly(parts: Mapping[str, Sequence[Any]], first: date, interval: int, only: int | None = None) -> Pattern:
    _refuse(parts, "BYMONTHDAY", "BYSETPOS")
    if interval > MOST_WEEKS:
        raise CannotSayError(f"lặp {interval} tuần một lần, quá {MOST_WEEKS} tuần")
    weekdays = _weekdays(parts) or frozenset({first.isoweekday()})
    if only is not None:
        weekdays &= {only}
    week_start = str(parts.get("WKST", ("MO",))[0]).upper()
    if interval > 1 and not _same_weeks(weekdays, _DAYS.get(week_start, 0)):
        raise CannotSayError(f"tuần bắt đầu từ {week_start} cho kết quả khác tuần bắt đầu từ thứ hai")
    return Pattern(first, weekdays=weekdays, week_interval=interval)


def _same_weeks(weekdays: frozenset[int], week_start: int) -> bool:
    """Tell whether `weekdays` fall into the same weeks when these begin on `week_start` as when on Monday."""
    before = {day for day in weekdays if day < week_start}
    return len(weekdays) == 1 or not before or before == weekdays


def _monthly(parts: Mapping[str, Sequence[Any]], first: date, interval: int) -> Pattern:
    if interval != 1:
        raise CannotSayError(f"lặp {interval} tháng một lần thì lịch phát không nói được (chỉ hằng tháng)")
    if "BYDAY" in parts and "BYMONTHDAY" in parts:
        raise CannotSayError("quy tắc lặp có cả BYDAY và BYMONTHDAY")
    if "BYDAY" not in parts:
        _refuse(parts, "BYSETPOS")
        return Pattern(first, month_days=_month_days(parts.get("BYMONTHDAY", (first.day,))))
    named = [_weekday(one) for one in parts["BYDAY"]]
    if "BYSETPOS" in parts:
        return Pattern(first, nth_weekdays=frozenset({_at_position(named, int(parts["BYSETPOS"][0]))}))
    if all(nth is None for nth, _ in named):
        return Pattern(first, weekdays=frozenset(day for _, day in named))
    return Pattern(first, nth_weekdays=frozenset(_nth(nth, day) for nth, day in named))


def _at_position(named: list[tuple[int | None, int]], position: int) -> NthWeekday:
    if len(named) != 1 or named[0][0] is not None:
        raise CannotSayError("BYSETPOS đi với nhiều thứ thì lịch phát không nói được")
    return _nth(position, named[0][1])


def _nth(nth: int | None, day: int) -> NthWeekday:
    if nth is None or not (nth == LAST or 1 <= nth <= 5):
        raise CannotSayError("thứ trong tháng phải là lần thứ 1 đến 5, hoặc lần cuối")
    return NthWeekday(nth, day)


def _month_days(values: Sequence[Any]) -> frozenset[int]:
    days = frozenset(map(int, values))
    if not days or any(day != LAST and not 1 <= day <= 31 for day in days):
        raise CannotSayError("ngày trong tháng phải từ 1 đến 31, hoặc ngày cuối (-1)")
    return days


def _weekdays(parts: Mapping[str, Sequence[Any]]) -> frozenset[int]:
    named = [_weekday(one) for one in parts.get("BYDAY", ())]
    if any(nth is not None for nth, _ in named):
        raise CannotSayError("thứ có số lần chỉ đi với lặp hằng tháng")
    return frozenset(day for _, day in named)


def _weekday(value: object) -> tuple[int | None, int]:
    found = _BYDAY.fullmatch(str(value).upper())
    if found is None:
        raise CannotSayError(f"không hiểu thứ «{str(value)[:20]}»")
    return (int(found["nth"]) if found["nth"] else None), _DAYS[found["day"]]


def _refuse(parts: Mapping[str, Sequence[Any]], *names: str) -> None:
    for name in names:
        if name in parts:
            raise CannotSayError(f"quy tắc lặp có phần {name} mà lịch phát không nói được")


def _last(parts: Mapping[str, Sequence[Any]], bare: Pattern, start: datetime, zone: tzinfo) -> date | None:
    if "COUNT" in parts:
        return _after(bare, int(parts["COUNT"][0]))
    if "UNTIL" not in parts:
        return None
    last = _until(parts["UNTIL"][0], start.time(), zone)
    if last.year > LAST_YEAR:
        raise CannotSayError(f"{_FAR}; hãy bỏ ngày kết thúc để lặp mãi")
    if last < bare.first:
        raise CannotSayError("ngày kết thúc trước ngày bắt đầu")
    return last


def _until(value: object, moment: time, zone: tzinfo) -> date:
    """Return the last day on which something at `moment` is not after UNTIL; a bare date counts whole."""
    if not isinstance(value, datetime):
        if isinstance(value, date):
            return value
        raise CannotSayError("ngày kết thúc của quy tắc lặp không đọc được")
    if value.year > LAST_YEAR:
        return value.date()
    local = value.astimezone(zone) if value.tzinfo is not None else value
    return local.date() if moment <= local.time() else local.date() - timedelta(days=1)


def _after(bare: Pattern, count: int) -> date:
    """Return the day of the last of `count` soundings; reckoned by whole weeks and months, never one by one."""
    if count < 1:
        raise CannotSayError("số lần lặp phải từ 1 trở lên")
    if bare.weekdays:
        return _after_in_weeks(bare, count)
    left = count
    for year, month, days in _months_from(bare):
        if left <= len(days):
            return date(year, month, days[left - 1])
        left -= len(days)
    raise CannotSayError(f"lặp theo số lần dài quá {_MOST_YEARS} năm; hãy ghi ngày kết thúc")


def _after_in_weeks(bare: Pattern, count: int) -> date:
    days = sorted(bare.weekdays)
    begun = [day for day in days if day >= bare.first.isoweekday()]
    if count <= len(begun):
        return bare.first + timedelta(days=begun[count - 1] - bare.first.isoweekday())
    weeks, place = divmod(count - len(begun) - 1, len(days))
    week = _week(bare.first) + (weeks + 1) * bare.week_interval
    ordinal = _MONDAY + 7 * week + days[place] - 1
    if ordinal > date(LAST_YEAR, 12, 31).toordinal():
        raise CannotSayError(_FAR)
    return date.fromordinal(ordinal)


def _months_from(bare: Pattern) -> Iterator[tuple[int, int, Sequence[int]]]:
    """Yield (year, month, days) from the month of `bare.first` on; what month looks like what is worked out once."""
    year, month = bare.first.year, bare.first.month
    layouts: dict[tuple[int, int], Sequence[int]] = {}
    weekday, least = bare.first.replace(day=1).isoweekday(), bare.first.day
    while year < bare.first.year + _MOST_YEARS:
        length = monthrange(year, month)[1] if month == 2 else _LENGTHS[month - 1]
        if (weekday, length) not in layouts:
            layouts[weekday, length] = _days_of_layout(bare, weekday, length)
        days = layouts[weekday, length]
        yield year, month, [day for day in days if day >= least] if least > 1 else days
        year, month, weekday, least = year + month // 12, month % 12 + 1, (weekday - 1 + length) % 7 + 1, 1


def _days_of_month(bare: Pattern, year: int, month: int) -> Sequence[int]:
    return _days_of_layout(bare, date(year, month, 1).isoweekday(), monthrange(year, month)[1])


def _days_of_layout(bare: Pattern, weekday: int, length: int) -> Sequence[int]:
    """Return the days that `bare` has in a month of `length` days whose first day is `weekday`."""
    wanted = {day if day != LAST else length for day in bare.month_days if day <= length}
    for one in bare.nth_weekdays:
        offset = (one.weekday - weekday) % 7 + 1
        day = offset + 7 * (one.nth - 1) if one.nth != LAST else offset + 7 * ((length - offset) // 7)
        if day <= length:
            wanted.add(day)
    return sorted(wanted)


def _week(day: date) -> int:
    return (day.toordinal() - _MONDAY) // 7
