"""What an edit makes of a rule: one sounding moved, skipped or replaced, or all of them moved. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from domain.calendar import EVERY_DAY_TYPE, Calendar
from domain.errors import BadInputError, NotFoundError
from domain.playlist import from_ms
from domain.timetable import ExceptionKind, Occurrence, Rule, RuleException
from scheduler.exceptions import changed, exception_for
from scheduler.expand import expand
from scheduler.sessions import YEARS_AHEAD, ZONE
from scheduler.words import clock

MOST_EXCEPTIONS = 400
NOTE_LIMIT = 200
_ALREADY = (
    "Đã có buổi {0} trong {1} rồi: dời vào đó thì hai buổi gộp làm một và mất một buổi. Hãy chọn giờ hoặc ngày khác, "
    "hoặc bỏ buổi này nếu đó là điều mong muốn."
)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST_MS = 4_102_444_800_000
"""The first instant of the year 2100."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a sounding is to go, local day and time; `note` tells people why."""

    day: date
    time: time
    note: str = ""


def read_key(key: str) -> tuple[str, datetime]:
    """Return the rule's id and the instant it asked for, from the key of an occurrence. Raises NotFoundError."""
    rule_id, mark, number = key.rpartition("@")
    is_number = number.isascii() and number.isdigit() and len(number) < 15
    if not (mark and rule_id and is_number and int(number) < _LATEST_MS):
        raise NotFoundError("Không có buổi phát này trong lịch.")
    return rule_id, from_ms(int(number))


def asked_on(rule: Rule, asked_at: datetime, calendar: Calendar) -> Occurrence:
    """Return what `rule` asks for at the instant `asked_at`, exceptions left aside. Raises NotFoundError."""
    bare = replace(rule, exceptions=(), enabled=True)
    found = expand((bare,), asked_at, asked_at + _MILLISECOND, calendar)
    if not found:
        raise NotFoundError("Buổi phát này không còn trong lịch; có thể dòng lịch vừa được sửa. Hãy tải lại trang.")
    return found[0]


def as_it_stands(rule: Rule, asked: Occurrence) -> Occurrence | None:
    """Return what exceptions have made of `asked`, or None when it is skipped or its rule is off."""
    return next(changed(rule, (asked,)), None) if rule.enabled else None


def moved_once(rule: Rule, asked: Occurrence, to: Target, now: datetime) -> Rule:
    """Return `rule` with one of its soundings moved, this time only; moved back, the exception is gone.

    Raises BadInputError when it has begun or would begin in the past or years ahead.
    """
    _require_ahead(rule, asked, now)
    _require_target_ahead(to, now)
    local = asked.starts_at.astimezone(ZONE)
    if (to.day, to.time) == (local.date(), local.time()):
        return without_exception(rule, asked)
    day = None if to.day == local.date() else to.day
    moment = None if to.time == local.time() else to.time
    one = _exception(ExceptionKind.MOVE, asked, to.note)
    return _with(rule, asked, replace(one, to_day=day, to_time=moment))


def skipped(rule: Rule, asked: Occurrence, note: str, now: datetime) -> Rule:
    """Return `rule` without one of its soundings."""
    _require_ahead(rule, asked, now)
    return _with(rule, asked, _exception(ExceptionKind.SKIP, asked, note))


def replaced(rule: Rule, asked: Occurrence, programme_id: str, note: str, now: datetime) -> Rule:
    """Return `rule` with another programme in one of its soundings."""
    _require_ahead(rule, asked, now)
    one = replace(_exception(ExceptionKind.REPLACE, asked, note), programme_id=programme_id)
    return _with(rule, asked, one)


def restored(rule: Rule, asked: Occurrence, now: datetime) -> Rule:
    """Return `rule` with one of its soundings as it was first asked for.

    Raises BadInputError when it has begun, or when the instant it was first asked for has passed: it would be lost.
    """
    _require_ahead(rule, asked, now)
    if asked.starts_at <= now:
        raise BadInputError(
            "Giờ xếp lúc đầu đã qua nên bỏ ngoại lệ thì buổi này không phát nữa. Chưa có gì thay đổi; hãy để nguyên, "
            "hoặc dời sang giờ khác."
        )
    return without_exception(rule, asked)


def without_exception(rule: Rule, asked: Occurrence) -> Rule:
    """Return `rule` with one of its soundings as it was first asked for."""
    return replace(rule, exceptions=_others(rule, asked))


def moves_others(rule: Rule, asked: Occurrence, to: Target) -> bool:
    """Tell whether `moved_always` would move soundings of other days or times along with `asked`."""
    local = asked.starts_at.astimezone(ZONE)
    if to.day == local.date():
        return False
    several_times = len(rule.times) + len(rule.daypart_ids) > 1
    return several_times or (to.time != local.time() and not _only_day(rule, local.date()))


def moved_apart(
    rule: Rule, asked: Occurrence, to: Target, ids: tuple[str, str], calendar: Calendar
) -> tuple[Rule, ...]:
    """Return the rules that take the place of `rule` when one time of one weekday or date goes elsewhere by itself.

    The first, which keeps the id, is what moves; then come the other days, and the other times of that day if there
    are any, under `ids`: not a sounding is lost or moved along. Raises BadInputError when the rule names its days
    otherwise, or asks for the new day and time already.
    """
    local = asked.starts_at.astimezone(ZONE)
    _require_day(rule, local.date(), to.day)
    if _asks(rule, to.day, to.time, calendar):
        raise BadInputError(_ALREADY.format(clock(to.time), "ngày này"))
    left = tuple(one for one in _others(rule, asked) if one.at is None or not _is_of(one, rule, local))
    rest, day = replace(rule, id=ids[0], exceptions=left), _one_day(replace(rule, exceptions=left), local.date())
    apart = _apart(rule, day, local, to)
    if _only_day(rule, local.date()):
        return apart, _without_time(rest, local, calendar)
    others = replace(_without_time(day, local, calendar), id=ids[1])
    beside = (others,) if others.times or others.daypart_ids else ()
    return apart, _without_day(rest, local.date()), *beside


def _apart(rule: Rule, day: Rule, local: datetime, to: Target) -> Rule:
    """Return what moves as a rule, its exceptions shifted with it."""
    later = _with_day(replace(day, times=(to.time,), daypart_ids=frozenset()), local.date(), to.day)
    shift = to.day - local.date()
    taken = (one for one in rule.exceptions if _is_of(one, rule, local))
    return replace(
        later,
        exceptions=tuple(replace(one, on=one.on + shift, at=to.time) for one in taken),
        except_dates=frozenset(one + shift for one in rule.except_dates),
    )


def moved_always(rule: Rule, asked: Occurrence, to: Target, now: datetime, calendar: Calendar) -> Rule:
    """Return `rule` with the time of a sounding, and its weekday or date, changed for every time.

    Raises BadInputError when the day cannot be changed so, because the rule names its days otherwise.
    """
    require_movable(rule, asked, to, now)
    local = asked.starts_at.astimezone(ZONE)
    _require_free(rule, local, to, calendar)
    later = _with_time(rule, local, to.time, calendar) if to.time != local.time() else rule
    later = _with_day(later, local.date(), to.day) if to.day != local.date() else later
    return without_exception(later, replace(asked, starts_at=datetime.combine(local.date(), to.time, ZONE)))


def urgent_instead(rule: Rule, asked: Occurrence, rule_id: str, now: datetime) -> tuple[Rule, Rule]:
    """Return `rule` without a sounding that machines were given, and an urgent rule for what it was to become.

    Raises BadInputError when that instant has passed.
    """
    wanted = as_it_stands(rule, asked)
    if wanted is None or wanted.starts_at <= now:
        raise BadInputError("Giờ phát mới đã qua nên không gửi gấp được nữa. Buổi đang có vẫn như máy phát đã nhận.")
    local = wanted.starts_at.astimezone(ZONE)
    instead = Rule(
        id=rule_id,
        programme_id=wanted.programme_id,
        area_ids=rule.area_ids,
        except_area_ids=rule.except_area_ids,
        times=(local.time(),),
        dates=frozenset({local.date()}),
        day_types=EVERY_DAY_TYPE,
        created_by=rule.created_by,
        urgent=True,
    )
    return _with(rule, asked, _exception(ExceptionKind.SKIP, asked, "gửi gấp")), instead


def kept_exceptions(old: Rule, new: Rule) -> tuple[RuleException, ...]:
    """Return the exceptions of `old` for `new`, which takes its place: they follow a time that became another."""
    gone, come = set(old.times) - set(new.times), set(new.times) - set(old.times)
    if len(gone) == 1 and len(come) == 1:
        return _at_new_time(old.exceptions, gone.pop(), come.pop())
    return old.exceptions


def _with_time(rule: Rule, local: datetime, moment: time, calendar: Calendar) -> Rule:
    old = local.time()
    if old in rule.times:
        times, dayparts = {*rule.times} - {old} | {moment}, rule.daypart_ids
    else:
        named = {one for one in rule.daypart_ids if calendar.time_of(one, local.date()) == old}
        times, dayparts = {*rule.times, moment}, rule.daypart_ids - named
    exceptions = _at_new_time(rule.exceptions, old, moment)
    return replace(rule, times=tuple(sorted(times)), daypart_ids=dayparts, exceptions=exceptions)


def _require_free(rule: Rule, local: datetime, to: Target, calendar: Calendar) -> None:
    """Refuse a move onto what the rule asks for itself, by which two soundings would become one."""
    if to.time != local.time() and to.time in _times_ever(rule, calendar):
        raise BadInputError(_ALREADY.format(clock(to.time), "dòng lịch này"))
    if to.day != local.date() and _asks(rule, to.day, to.time, calendar):
        raise BadInputError(_ALREADY.format(clock(to.time), "ngày này"))


def _times_ever(rule: Rule, calendar: Calendar) -> frozenset[time]:
    """Return each time of day at which the rule ever sounds, in summer or in winter."""
    parts = [calendar.dayparts[one] for one in rule.daypart_ids if one in calendar.dayparts]
    return frozenset({*rule.times, *(one.summer for one in parts), *(one.winter for one in parts)})


def _asks(rule: Rule, day: date, moment: time, calendar: Calendar) -> bool:
    """Tell whether the rule sounds at a time of that day, or of the weekday that it has, whatever kind of day it is."""
    if moment not in _times_ever(rule, calendar):
        return False
    if day.isoweekday() in rule.weekdays or day in rule.dates:
        return True
    at = datetime.combine(day, moment, ZONE)
    bare = replace(rule, exceptions=(), except_dates=frozenset(), day_types=EVERY_DAY_TYPE, enabled=True)
    return bool(expand((bare,), at, at + _MILLISECOND, calendar))


def _only_day(rule: Rule, day: date) -> bool:
    """Tell whether the weekday of `day`, or that date, is all that the rule names."""
    if rule.month_days or rule.nth_weekdays or rule.lunar_days:
        return False
    if day in rule.dates:
        return not rule.weekdays and len(rule.dates) == 1
    return not rule.dates and rule.weekdays == {day.isoweekday()}


def _one_day(rule: Rule, day: date) -> Rule:
    """Return `rule` for nothing but the weekday of `day`, or that date."""
    plain = replace(rule, month_days=frozenset(), nth_weekdays=frozenset(), lunar_days=frozenset())
    if day in rule.dates:
        return replace(plain, dates=frozenset({day}), weekdays=frozenset())
    return replace(plain, dates=frozenset(), weekdays=frozenset({day.isoweekday()}))


def _without_day(rule: Rule, day: date) -> Rule:
    if day in rule.dates:
        return replace(rule, dates=rule.dates - {day})
    return replace(rule, weekdays=rule.weekdays - {day.isoweekday()})


def _without_time(rule: Rule, local: datetime, calendar: Calendar) -> Rule:
    if local.time() in rule.times:
        return replace(rule, times=tuple(one for one in rule.times if one != local.time()))
    named = {one for one in rule.daypart_ids if calendar.time_of(one, local.date()) == local.time()}
    return replace(rule, daypart_ids=rule.daypart_ids - named)


def _is_of(one: RuleException, rule: Rule, local: datetime) -> bool:
    """Tell whether an exception is about the soundings that move: of their weekday or date, at their time."""
    same_day = one.on == local.date() if local.date() in rule.dates else one.on.isoweekday() == local.isoweekday()
    return same_day and one.at in {None, local.time()} and (one.on, one.at) != (local.date(), local.time())


def _with_day(rule: Rule, old: date, new: date) -> Rule:
    _require_day(rule, old, new)
    if old in rule.dates:
        return replace(rule, dates=rule.dates - {old} | {new})
    return replace(rule, weekdays=rule.weekdays - {old.isoweekday()} | {new.isoweekday()})


def _require_day(rule: Rule, old: date, new: date) -> None:
    """Refuse a change of day that a rule cannot take, because it names its days otherwise."""
    same_week = old.isocalendar()[:2] == new.isocalendar()[:2]
    if old not in rule.dates and (old.isoweekday() not in rule.weekdays or not same_week):
        raise BadInputError(
            "Dời mọi lần chỉ đổi được thứ trong cùng một tuần, với dòng lịch theo thứ. Hãy chọn «Chỉ lần này», "
            "hoặc sửa dòng lịch."
        )


def _at_new_time(exceptions: Iterable[RuleException], old: time, new: time) -> tuple[RuleException, ...]:
    return tuple(replace(one, at=new) if one.at == old else one for one in exceptions)


def _exception(kind: ExceptionKind, asked: Occurrence, note: str) -> RuleException:
    local = asked.starts_at.astimezone(ZONE)
    words = " ".join(note.split())
    if len(words) > NOTE_LIMIT:
        raise BadInputError(f"Ghi chú dài quá {NOTE_LIMIT} ký tự.")
    return RuleException(kind, local.date(), local.time(), note=words)


def _with(rule: Rule, asked: Occurrence, one: RuleException) -> Rule:
    exceptions = (*_others(rule, asked), one)
    if len(exceptions) > MOST_EXCEPTIONS:
        raise BadInputError(f"Một dòng lịch có nhiều nhất {MOST_EXCEPTIONS} ngoại lệ. Hãy thêm một dòng lịch khác.")
    return replace(rule, exceptions=exceptions)


def _others(rule: Rule, asked: Occurrence) -> tuple[RuleException, ...]:
    local = asked.starts_at.astimezone(ZONE)
    return tuple(one for one in rule.exceptions if (one.on, one.at) != (local.date(), local.time()))


def require_movable(rule: Rule, asked: Occurrence, to: Target, now: datetime) -> None:
    """Refuse to move what has begun, or anything into the past or years ahead. Raises BadInputError."""
    _require_ahead(rule, asked, now)
    _require_target_ahead(to, now)


def _require_ahead(rule: Rule, asked: Occurrence, now: datetime) -> None:
    held = exception_for(rule, asked.starts_at)
    stands = as_it_stands(replace(rule, enabled=True), asked) or asked
    if stands.starts_at <= now or (held is None and asked.starts_at <= now):
        raise BadInputError("Buổi này đã đến giờ phát hoặc đã qua nên không đổi được nữa.")


def _require_target_ahead(to: Target, now: datetime) -> None:
    today = now.astimezone(ZONE).date()
    if to.day.year > today.year + YEARS_AHEAD:
        raise BadInputError("Ngày phát quá xa. Hãy chọn ngày trong vòng năm năm tới.")
    if to.day < today or datetime.combine(to.day, to.time, ZONE) <= now:
        raise BadInputError("Không dời về giờ đã qua được. Hãy chọn giờ muộn hơn bây giờ.")
