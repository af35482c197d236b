"""A rule in words, as a Vietnamese scheduler says it. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time

from domain.areas import Area
from domain.calendar import (
    DAY_TYPE_LABELS,
    EVERY_DAY_TYPE,
    EVERY_MONTH,
    LAST,
    ROUTINE_DAY_TYPES,
    Calendar,
    DayType,
    LunarDay,
    NthWeekday,
)
from domain.timetable import ExceptionKind, Rule, RuleException
from scheduler.policy import WEEKDAY_NAMES

_WEEKDAYS = tuple(name.lower() for name in WEEKDAY_NAMES)
_MOST_DATES = 4
_TET = 1


def rule_words(rule: Rule, calendar: Calendar, names: Mapping[str, str]) -> str:
    """Return all of `rule` in one phrase; `names` are those of the areas that there are."""
    return f"Phát {times_words(rule, calendar)}, {days_words(rule)}, {areas_words(rule, names)}"


def times_words(rule: Rule, calendar: Calendar) -> str:
    """Return the times of day, as in “lúc 05:30 và 17:00, khung giờ Sáng (05:30 mùa hè, 06:00 mùa đông)”."""
    words = [f"lúc {_joined(map(clock, sorted(rule.times)))}"] if rule.times else []
    for daypart_id in sorted(rule.daypart_ids):
        part = calendar.dayparts.get(daypart_id)
        if part is None:
            words.append("khung giờ không còn")
        elif part.summer == part.winter:
            words.append(f"khung giờ {part.name} ({clock(part.summer)})")
        else:
            words.append(f"khung giờ {part.name} ({clock(part.summer)} mùa hè, {clock(part.winter)} mùa đông)")
    return ", ".join(words) or "chưa có giờ"


def days_words(rule: Rule) -> str:
    """Return the days, as in “thứ hai đến thứ sáu, từ 01/12/2026 đến hết 31/12/2026”."""
    ways: tuple[tuple[bool, Callable[[], str]], ...] = (
        (bool(rule.weekdays), lambda: _weekly(rule)),
        (bool(rule.month_days), lambda: f"{_joined(map(_month_day, _last_at_end(rule.month_days)))} hằng tháng"),
        (bool(rule.nth_weekdays), lambda: f"{_joined(map(_nth, sorted(rule.nth_weekdays)))} của tháng"),
        (bool(rule.lunar_days), lambda: _lunar_days(rule.lunar_days)),
        (bool(rule.dates), lambda: _dates(rule.dates)),
    )
    words = [say() for asked, say in ways if asked] or ["chưa có ngày"]
    if rule.valid_from:
        words.append(f"từ {on(rule.valid_from)}")
    if rule.valid_until:
        end = f"đến hết {on(rule.valid_until)}"
        words[-1:] = [f"{words[-1]} {end}"] if rule.valid_from else [words[-1], end]
    if rule.regular and rule.day_types != ROUTINE_DAY_TYPES:
        words.append(_kinds(rule.day_types))
    if rule.except_dates:
        words.append(f"trừ {_dates(rule.except_dates)}")
    return ", ".join(words)


def areas_words(rule: Rule, names: Mapping[str, str]) -> str:
    """Return the places, as in “ở toàn Phường Tân Phong trừ Bản San Thàng”."""
    inside, outside = _names_of(rule.area_ids, names), _names_of(rule.except_area_ids, names)
    if not inside:
        return "địa bàn không còn"
    return f"ở toàn {_joined(inside)} trừ {_joined(outside)}" if outside else f"ở {_joined(inside)}"


def _names_of(area_ids: frozenset[str], names: Mapping[str, str]) -> list[str]:
    """Return the names in the order of the station; most rules name one place, for which nothing is to be ordered."""
    if len(area_ids) < 2:
        return [names[one] for one in area_ids if one in names]
    return [name for area_id, name in names.items() if area_id in area_ids]


def outermost(rule: Rule, areas: Iterable[Area]) -> Rule:
    """Return `rule` without the targets that lie inside another one of it, which only repeat what is said already."""
    every = tuple(areas)
    return replace(
        rule,
        area_ids=_outermost(rule.area_ids, every),
        except_area_ids=_outermost(rule.except_area_ids, every),
    )


def _outermost(area_ids: frozenset[str], areas: tuple[Area, ...]) -> frozenset[str]:
    if len(area_ids) < 2:
        return area_ids
    parents = {one.id: one.parent_id for one in areas}
    return frozenset(one for one in area_ids if not _lies_inside(one, area_ids, parents)) or area_ids


def _lies_inside(area_id: str, others: frozenset[str], parents: Mapping[str, str | None]) -> bool:
    seen, above = {area_id}, parents.get(area_id)
    while above is not None and above not in seen:
        if above in others:
            return True
        seen.add(above)
        above = parents.get(above)
    return False


def exception_words(one: RuleException, programme: str = "") -> str:
    """Return what is different on one day; `programme` is the name of what sounds instead."""
    when = f"{'các buổi' if one.at is None else 'buổi ' + clock(one.at)} ngày {on(one.on)}"
    if one.kind is ExceptionKind.SKIP:
        words = f"bỏ {when}"
    elif one.kind is ExceptionKind.REPLACE:
        words = f"{when} thay bằng «{programme or 'chương trình không còn'}»"
    else:
        to = [f"lúc {clock(one.to_time)}"] if one.to_time is not None else []
        to += [f"ngày {on(one.to_day)}"] if one.to_day is not None else []
        words = f"{when} dời sang {' '.join(to)}"
    return f"{words} ({one.note})" if one.note else words


def moved_words(rule: Rule, old: datetime, new: datetime) -> str:
    """Return exactly what a move of every time changes, both instants local; the rest of `rule` stays as it is."""
    several = len(rule.times) + len(rule.daypart_ids) > 1
    if old.date() == new.date():
        words = f"mọi buổi {clock(old.time())} ({days_words(rule)}) chuyển sang {clock(new.time())}"
        return f"{words}; các giờ khác của dòng lịch giữ nguyên" if several else words
    if old.date() in rule.dates:
        words = f"buổi {clock(old.time())} ngày {on(old.date())} chuyển sang {clock(new.time())} ngày {on(new.date())}"
    else:
        before = f"{clock(old.time())} {weekday_word(old.date())}"
        words = f"mọi buổi {before} chuyển sang {clock(new.time())} {weekday_word(new.date())}"
    others = several or len(rule.weekdays) + len(rule.dates) > 1 or rule.month_days or rule.nth_weekdays
    return f"{words}; các buổi khác của dòng lịch giữ nguyên" if others or rule.lunar_days else words


def clock(moment: time) -> str:
    """Return a time of day, with its seconds only when there are any."""
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def weekday_word(day: date) -> str:
    """Return the weekday of a date in small letters, as in “thứ tư”."""
    return _WEEKDAYS[day.isoweekday() - 1]


def on(day: date) -> str:
    """Return a date as dd/mm/yyyy."""
    return f"{day:%d/%m}/{day.year:04d}"


def _weekly(rule: Rule) -> str:
    days = sorted(rule.weekdays)
    every = f" ({rule.week_interval} tuần một lần)" if rule.week_interval > 1 else ""
    if len(days) == 7:
        return f"hằng ngày{every}"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{_WEEKDAYS[days[0] - 1]} đến {_WEEKDAYS[days[-1] - 1]}{every}"
    return f"{_joined(_WEEKDAYS[day - 1] for day in days)}{every}"


def _last_at_end(days: Iterable[int]) -> list[int]:
    return sorted(days, key=lambda day: 99 if day == LAST else day)


def _month_day(day: int) -> str:
    return "ngày cuối" if day == LAST else f"ngày {day}"


def _nth(one: NthWeekday) -> str:
    name = _WEEKDAYS[one.weekday - 1]
    if one.nth == LAST:
        return f"{name} cuối cùng"
    return f"{name} đầu tiên" if one.nth == 1 else f"{name} lần thứ {one.nth}"


def _lunar_days(days: Iterable[LunarDay]) -> str:
    every = sorted(days)
    monthly = [_lunar(one) for one in every if one.month == EVERY_MONTH]
    words = [f"{_joined(monthly)} hằng tháng"] if monthly else []
    words += [f"{_lunar(one)} tháng {one.month}" for one in every if one.month not in {EVERY_MONTH, _TET}]
    words += [_lunar(one) + (" Tết" if one.day == 1 else " tháng giêng") for one in every if one.month == _TET]
    return f"{_joined(words)} âm lịch"


def _lunar(one: LunarDay) -> str:
    if one.day == LAST:
        return "ngày cuối"
    if one.day == 15:
        return "rằm"
    return "mùng một" if one.day == 1 else f"mùng {one.day}" if one.day <= 10 else f"ngày {one.day}"


def _dates(days: Iterable[date]) -> str:
    every = sorted(days)
    shown = [f"ngày {on(day)}" for day in every[:_MOST_DATES]]
    more = len(every) - _MOST_DATES
    return f"{', '.join(shown)} và {more} ngày khác" if more > 0 else _joined(shown)


def _kinds(kinds: frozenset[DayType]) -> str:
    if kinds == EVERY_DAY_TYPE:
        return "kể cả quốc tang"
    return f"chỉ vào {_joined(label for kind, label in DAY_TYPE_LABELS.items() if kind in kinds)}"


def _joined(words: Iterable[str]) -> str:
    every = list(words)
    return f"{', '.join(every[:-1])} và {every[-1]}" if len(every) > 1 else "".join(every)
