"""Why a rule does not ask for a day: each part of it is taken away in turn, and the code that plans asked again. Pure.

So what is told here can never differ from what `scheduler.days` decides.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

from domain.calendar import DAY_TYPE_LABELS, EVERY_DAY_TYPE, ROUTINE_DAY_TYPES, Calendar, DayType
from domain.timetable import Rule
from scheduler.days import Almanac
from scheduler.lunar import lunar_date
from scheduler.policy import WEEKDAY_NAMES
from scheduler.words import days_words

_EVERY_WEEKDAY = frozenset(range(1, 8))
_WEEK = timedelta(days=7)


class DayReason(StrEnum):
    """The part of a rule that keeps it from a day."""

    EXCEPT_DATE = "except_date"
    NOT_YET = "not_yet"
    OVER = "over"
    DAY_TYPE = "day_type"
    INTERVAL = "interval"
    PATTERN = "pattern"


def asks_for(rule: Rule, day: date, calendar: Calendar) -> bool:
    """Tell whether `rule` asks for `day`, whatever its hours, its places and its single exceptions."""
    number = day.toordinal()
    return bool(Almanac(range(number, number + 1), calendar).days_of(rule))


def day_reasons(rule: Rule, day: date, calendar: Calendar) -> tuple[tuple[DayReason, str], ...]:
    """Return each part of `rule` that by itself keeps it from `day`, with a Vietnamese phrase; none if it asks for it.

    A part is to blame when the rule would ask for the day with every part set aside but not with this one kept.
    """
    if asks_for(rule, day, calendar):
        return ()
    return tuple((reason, _in_words(reason, rule, day, calendar)) for reason in _blamed(rule, day, calendar))


def _blamed(rule: Rule, day: date, calendar: Calendar) -> Iterator[DayReason]:
    parts = tuple(DayReason) if rule.regular else (DayReason.EXCEPT_DATE, DayReason.PATTERN)
    for reason in parts:
        eased = rule
        for other, ease in _EASED.items():
            if other is not reason and not (reason is DayReason.INTERVAL and other is DayReason.PATTERN):
                eased = ease(eased, day)
        if not asks_for(eased, day, calendar) and (reason is not DayReason.INTERVAL or _is_its_weekday(rule, day)):
            yield reason


def _is_its_weekday(rule: Rule, day: date) -> bool:
    return rule.week_interval > 1 and day.isoweekday() in rule.weekdays


def _begun(rule: Rule, day: date) -> Rule:
    """Return `rule` valid since long before `day`, its weeks counted as before."""
    if rule.valid_from is None or rule.valid_from <= day:
        return rule
    step = max(1, rule.week_interval) * _WEEK
    return replace(rule, valid_from=rule.valid_from - -(-(rule.valid_from - day) // step) * step)


_EASED: dict[DayReason, Callable[[Rule, date], Rule]] = {
    DayReason.EXCEPT_DATE: lambda rule, day: replace(rule, except_dates=rule.except_dates - {day}),
    DayReason.NOT_YET: _begun,
    DayReason.OVER: lambda rule, _: replace(rule, valid_until=None),
    DayReason.DAY_TYPE: lambda rule, _: replace(rule, day_types=EVERY_DAY_TYPE),
    DayReason.INTERVAL: lambda rule, _: replace(rule, week_interval=1),
    DayReason.PATTERN: lambda rule, _: replace(rule, weekdays=_EVERY_WEEKDAY),
}


def _in_words(reason: DayReason, rule: Rule, day: date, calendar: Calendar) -> str:
    if reason is DayReason.EXCEPT_DATE:
        return f"ngày {day:%d/%m/%Y} được bỏ ra khỏi dòng lịch này"
    if reason is DayReason.NOT_YET:
        return f"dòng lịch chỉ có hiệu lực từ ngày {rule.valid_from:%d/%m/%Y}"
    if reason is DayReason.OVER:
        return f"dòng lịch chỉ có hiệu lực đến hết ngày {rule.valid_until:%d/%m/%Y}"
    if reason is DayReason.DAY_TYPE:
        return _day_type_in_words(rule, day, calendar)
    if reason is DayReason.INTERVAL:
        return f"chỉ phát {rule.week_interval} tuần một lần, tuần này không phải lượt"
    return _pattern_in_words(rule, day)


def _day_type_in_words(rule: Rule, day: date, calendar: Calendar) -> str:
    special, kind = calendar.special_on(day), calendar.type_of(day)
    named = f"{DAY_TYPE_LABELS[kind]} ({special.name})" if special is not None else DAY_TYPE_LABELS[kind]
    meant = ", ".join(DAY_TYPE_LABELS[one] for one in DayType if one in rule.day_types)
    return f"hôm đó là {named}, dòng lịch chỉ phát vào {meant or 'không loại ngày nào'}"


def _pattern_in_words(rule: Rule, day: date) -> str:
    if not rule.regular and not rule.dates:
        return "dòng lịch chưa chọn ngày nào"
    bare = replace(
        rule,
        valid_from=None,
        valid_until=None,
        except_dates=frozenset(),
        exceptions=(),
        day_types=ROUTINE_DAY_TYPES,
        week_interval=1,
    )
    here = f"{WEEKDAY_NAMES[day.weekday()].lower()} {day:%d/%m/%Y}"
    if rule.lunar_days:
        lunar = lunar_date(day)
        here += f", tức {lunar.day}/{lunar.month}{' nhuận' if lunar.leap else ''} âm lịch"
    return f"chỉ phát {days_words(bare)}; hôm đó là {here}"
