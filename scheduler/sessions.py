"""A session as a scheduler fills it in, and whether it is one that the timetable can take. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import (
    DAY_TYPE_LABELS,
    EVERY_DAY_TYPE,
    LAST,
    ROUTINE_DAY_TYPES,
    Calendar,
    DayType,
    LunarDay,
    NthWeekday,
)
from domain.errors import BadInputError
from domain.playlist import MAX_LENGTH
from domain.text import tidy
from domain.timetable import (
    DEFAULT_GRACE,
    STATION_ZONE,
    LatePolicy,
    Occurrence,
    Priority,
    Programme,
    ProgrammeItem,
    Rule,
)
from scheduler.expand import LAST_YEAR, MAX_WINDOW, expand

ZONE = ZoneInfo(STATION_ZONE)
MOST_ITEMS = 20
MOST_TIMES = 24
MOST_DATES = 366
MOST_WEEKS = 52
MOST_RANK = 10_000
NAME_LIMIT = 120
YEARS_AHEAD = 5
CHOSEN_PRIORITIES = (Priority.NORMAL, Priority.PRIORITY)
"""What a session of bulletins may be; any other priority is that of a programme."""
DECLARED_DAY_TYPES = frozenset({DayType.EXAM, DayType.HOLIDAY, DayType.TET, DayType.MOURNING})
"""The kinds of day that a person declares, so that a rule may wait for one that is not in the calendar yet."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session as a scheduler fills it in: the ways of naming days are joined, as those of a `Rule` are.

    It sounds `bulletin_ids` in their order, or the programme `programme_id` as that stands: its priority and what it
    does when late are its own. No `grace` is that of the programme.
    """

    name: str
    bulletin_ids: tuple[str, ...]
    area_ids: frozenset[str]
    times: tuple[time, ...]
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None
    priority: Priority = Priority.NORMAL
    except_area_ids: frozenset[str] = frozenset()
    week_interval: int = 1
    month_days: frozenset[int] = frozenset()
    nth_weekdays: frozenset[NthWeekday] = frozenset()
    lunar_days: frozenset[LunarDay] = frozenset()
    daypart_ids: frozenset[str] = frozenset()
    day_types: frozenset[DayType] = ROUTINE_DAY_TYPES
    late_policy: LatePolicy = LatePolicy.CATCH_UP
    grace: timedelta | None = DEFAULT_GRACE
    booked: timedelta | None = None
    programme_id: str | None = None
    urgent: bool = False
    rank: int | None = None


def begun(wanted: NewSession, now: datetime, calendar: Calendar, old: Rule | None = None) -> NewSession:
    """Return `wanted` with a first day, when it sounds every n weeks and names none: the next day on which it can.

    Weeks are counted from that day's; without it they would be counted from a week that nobody has in mind. A rule
    `old` that has counted so keeps its count.
    """
    counted = old is not None and old.valid_from is None and old.week_interval == wanted.week_interval
    if not 1 < wanted.week_interval <= MOST_WEEKS or not wanted.weekdays or wanted.valid_from or counted:
        return wanted
    weekly = replace(wanted, week_interval=1, dates=frozenset(), month_days=frozenset())
    weekly = replace(weekly, nth_weekdays=frozenset(), lunar_days=frozenset())
    rule = replace(rule_of("?", "?", weekly, ""), area_ids=frozenset({"?"}), day_types=EVERY_DAY_TYPE)
    ahead = (one.starts_at.astimezone(ZONE).date() for one in soundings(rule, now, calendar) if one.starts_at > now)
    first = next(ahead, None)
    return wanted if first is None else replace(wanted, valid_from=first)


def check(wanted: NewSession, now: datetime, calendar: Calendar) -> None:
    """Hold a session to what the timetable can take at all. Raises BadInputError with a sentence."""
    _check_programme(wanted)
    _check_times(wanted, calendar)
    _check_ways(wanted)
    _check_days(wanted, now, calendar)


def programme_of(programme_id: str, wanted: NewSession) -> Programme:
    """Return the programme of the bulletins of `wanted`."""
    return Programme(
        id=programme_id,
        name=tidy(wanted.name),
        items=tuple(ProgrammeItem(bulletin_id=one) for one in wanted.bulletin_ids),
        priority=wanted.priority,
        late_policy=wanted.late_policy,
        grace=DEFAULT_GRACE if wanted.grace is None else wanted.grace,
        booked=wanted.booked,
        rank=wanted.rank or 0,
    )


def rule_of(rule_id: str, programme_id: str, wanted: NewSession, created_by: str) -> Rule:
    """Return the rule of `wanted`, switched on and without exceptions."""
    return Rule(
        id=rule_id,
        programme_id=programme_id,
        area_ids=wanted.area_ids,
        times=tuple(sorted(set(wanted.times))),
        weekdays=wanted.weekdays,
        dates=wanted.dates,
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
        except_area_ids=wanted.except_area_ids,
        created_by=created_by,
        week_interval=wanted.week_interval,
        month_days=wanted.month_days,
        nth_weekdays=wanted.nth_weekdays,
        lunar_days=wanted.lunar_days,
        daypart_ids=wanted.daypart_ids,
        day_types=wanted.day_types,
        urgent=wanted.urgent,
    )


def _check_programme(wanted: NewSession) -> None:
    if wanted.programme_id is None:
        if not tidy(wanted.name):
            raise BadInputError("Hãy đặt tên cho buổi phát, ví dụ «Buổi sáng».")
        if len(tidy(wanted.name)) > NAME_LIMIT:
            raise BadInputError(f"Tên buổi phát dài quá {NAME_LIMIT} ký tự.")
        if not wanted.bulletin_ids:
            raise BadInputError("Hãy chọn ít nhất một bản tin cho buổi phát.")
        if len(wanted.bulletin_ids) > MOST_ITEMS:
            raise BadInputError(f"Một buổi phát có nhiều nhất {MOST_ITEMS} bản tin.")
    if wanted.grace is not None and not timedelta() <= wanted.grace <= MAX_LENGTH:
        raise BadInputError("Thời gian chờ phát bù phải từ 0 giây đến 6 giờ.")
    if wanted.rank is not None and abs(wanted.rank) > MOST_RANK:
        raise BadInputError("Thứ tự ưu tiên không dùng được. Hãy tải lại trang.")
    if wanted.booked is not None and not timedelta() < wanted.booked <= MAX_LENGTH:
        raise BadInputError("Thời lượng đặt chỗ phải dài hơn 0 giây và không quá 6 giờ.")


def _check_times(wanted: NewSession, calendar: Calendar) -> None:
    if not wanted.times and not wanted.daypart_ids:
        raise BadInputError("Hãy ghi giờ phát theo kiểu 24 giờ, ví dụ 05:30.")
    if not wanted.daypart_ids <= calendar.dayparts.keys():
        raise BadInputError("Khung giờ đã chọn không còn. Hãy tải lại trang rồi chọn lại.")
    if len(set(wanted.times)) + len(wanted.daypart_ids) > MOST_TIMES:
        raise BadInputError(f"Một buổi phát có nhiều nhất {MOST_TIMES} giờ phát trong ngày.")


def _check_ways(wanted: NewSession) -> None:
    checks: tuple[tuple[Iterable[bool], str], ...] = (
        ((1 <= one <= 7 for one in wanted.weekdays), "Thứ trong tuần phải từ thứ hai đến chủ nhật."),
        ((one == LAST or 1 <= one <= 31 for one in wanted.month_days), "Ngày trong tháng phải từ 1 đến 31."),
        (
            ((one.nth == LAST or 1 <= one.nth <= 5) and 1 <= one.weekday <= 7 for one in wanted.nth_weekdays),
            "Thứ trong tháng phải là lần thứ 1 đến 5, hoặc lần cuối.",
        ),
        (
            ((one.day == LAST or 1 <= one.day <= 30) and 0 <= one.month <= 12 for one in wanted.lunar_days),
            "Ngày âm lịch phải từ 1 đến 30, tháng từ 1 đến 12.",
        ),
        ((1 <= wanted.week_interval <= MOST_WEEKS,), f"Số tuần giữa hai lần phải từ 1 đến {MOST_WEEKS}."),
        ((len(wanted.dates) <= MOST_DATES,), f"Một dòng lịch có nhiều nhất {MOST_DATES} ngày riêng."),
        ((len(wanted.lunar_days) <= MOST_DATES,), f"Một dòng lịch có nhiều nhất {MOST_DATES} ngày âm lịch."),
    )
    for held, sentence in checks:
        if not all(held):
            raise BadInputError(sentence)


def _check_days(wanted: NewSession, now: datetime, calendar: Calendar) -> None:
    today = now.astimezone(ZONE)
    rule = rule_of("?", "?", wanted, "")
    if not rule.regular and not wanted.dates:
        raise BadInputError("Hãy chọn ngày phát: một ngày cụ thể hoặc các thứ trong tuần.")
    if rule.regular and not wanted.day_types:
        raise BadInputError("Hãy chọn ít nhất một loại ngày để phát.")
    if wanted.valid_from and wanted.valid_until and wanted.valid_until < wanted.valid_from:
        raise BadInputError("Ngày cuối phải từ ngày đầu trở đi.")
    starts = {wanted.valid_from} if wanted.valid_from else set()
    if any(day.year > today.year + YEARS_AHEAD for day in wanted.dates | starts):
        raise BadInputError("Ngày phát quá xa. Hãy chọn ngày trong vòng năm năm tới.")
    if wanted.valid_until and wanted.valid_until.year > LAST_YEAR:
        raise BadInputError(f"Ngày cuối quá xa. Hãy chọn ngày không quá năm {LAST_YEAR}, hoặc để trống.")
    if not _ever_sounds(rule, now, calendar):
        raise BadInputError(
            f"Các giờ phát đã chọn đều đã qua (bây giờ là {today:%H:%M:%S ngày %d/%m/%Y}) hoặc không rơi vào ngày nào. "
            "Hãy chọn giờ muộn hơn."
        )
    never = never_sounds(rule, now, calendar)
    if never and not rule.day_types & DECLARED_DAY_TYPES:
        raise BadInputError(f"{never} Hãy chọn thêm loại ngày đó, hoặc chọn ngày khác.")


def never_sounds(rule: Rule, now: datetime, calendar: Calendar) -> str:
    """Return in words why nothing of `rule` sounds in two years although its days come, or nothing when it does."""
    bare = replace(rule, area_ids=rule.area_ids or frozenset({"?"}), exceptions=(), enabled=True)
    if _first_ahead(bare, now, calendar) is not None:
        return ""
    first = _first_ahead(replace(bare, day_types=EVERY_DAY_TYPE), now, calendar)
    if first is None:
        return ""
    on = first.starts_at.astimezone(ZONE).date()
    meant = ", ".join(label for kind, label in DAY_TYPE_LABELS.items() if kind in rule.day_types)
    kind = DAY_TYPE_LABELS[calendar.type_of(on)]
    return (
        f"Trong hai năm tới dòng lịch này không phát buổi nào: nó chỉ phát vào loại ngày {meant}, mà những ngày đã "
        f"chọn, như {on:%d/%m/%Y}, là {kind}."
    )


def _ever_sounds(rule: Rule, now: datetime, calendar: Calendar) -> bool:
    """Tell whether any instant of the rule lies ahead, whatever kind of day that will be declared to be."""
    meant = replace(rule, area_ids=frozenset({"?"}), day_types=EVERY_DAY_TYPE)
    return _first_ahead(meant, now, calendar) is not None


def _first_ahead(rule: Rule, now: datetime, calendar: Calendar) -> Occurrence | None:
    """Return the next sounding of `rule` within two years of `now`, or of its first day when that is later."""
    start = _first_instant(rule, now)
    for begins in (start, start + MAX_WINDOW):
        found = expand((rule,), begins, begins + MAX_WINDOW, calendar)
        ahead = next((one for one in found if one.starts_at > now), None)
        if ahead is not None:
            return ahead
    return None


def soundings(rule: Rule, now: datetime, calendar: Calendar) -> tuple[Occurrence, ...]:
    """Return what `rule` asks for in a year and a month from `now`, or from its first day when that is later."""
    first = _first_instant(rule, now)
    return expand((rule,), first, first + MAX_WINDOW, calendar)


def _first_instant(rule: Rule, now: datetime) -> datetime:
    today = now.astimezone(ZONE).date()
    starts = sorted(day for day in rule.dates if day >= today)[:1]
    if rule.regular:
        starts.append(rule.valid_from or today)
    return max(now, datetime.combine(min(starts, default=today), time(), ZONE))
