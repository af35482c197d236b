"""Five thousand weekly rules, as ours, as dateutil's recurrences, and as iCalendar."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from dateutil.rrule import WEEKLY, rrule, rruleset

from domain.timetable import STATION_ZONE, Rule

ZONE = ZoneInfo(STATION_ZONE)
RULES, DAYS = 5000, 90
FIRST = date(2026, 11, 2)
START = datetime.combine(FIRST, time(), ZONE)
END = START + timedelta(days=DAYS)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def rules(count: int = RULES) -> list[Rule]:
    """Return weekly rules of one time or two, each with three exception dates and a span of validity."""
    random = Random(1)
    return [_rule(random, number) for number in range(count)]


def _rule(random: Random, number: int) -> Rule:
    valid_from = FIRST + timedelta(days=random.randrange(-60, 10))
    moments = {
        time(random.randrange(5, 21), random.choice((0, 15, 30, 45))) for _ in range(random.choice((1, 1, 1, 2)))
    }
    return Rule(
        id=f"r{number:04}",
        programme_id=f"p{number % 50}",
        area_ids=frozenset({"xa"}),
        times=tuple(sorted(moments)),
        weekdays=frozenset(random.sample(range(1, 8), random.choice((1, 2, 3, 5, 7)))),
        valid_from=valid_from,
        valid_until=valid_from + timedelta(days=random.randrange(60, 200)),
        except_dates=frozenset(FIRST + timedelta(days=day) for day in random.sample(range(DAYS), 3)),
    )


def by_dateutil(every: list[Rule]) -> int:
    """Return how many occurrences dateutil finds, each recurrence begun at the window's start: its best form."""
    return sum(sum(1 for _ in _recurrence(rule, moment)) for rule in every for moment in rule.times)


def _recurrence(rule: Rule, moment: time) -> Iterator[datetime]:
    since, until = _span(rule)
    found = rruleset()
    found.rrule(
        rrule(
            WEEKLY,
            datetime.combine(since, moment),
            byweekday=[day - 1 for day in rule.weekdays],
            until=datetime.combine(until, moment),
        )
    )
    for day in rule.except_dates:
        found.exdate(datetime.combine(day, moment))
    return iter(found)


def _span(rule: Rule) -> tuple[date, date]:
    last = FIRST + timedelta(days=DAYS - 1)
    return max(rule.valid_from or FIRST, FIRST), min(rule.valid_until or last, last)


def as_icalendar(every: list[Rule]) -> str:
    """Return the rules as one calendar, an event for each time of each rule, begun at the window's start too."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tiengloa//benchmark//EN"]
    for rule in every:
        since, until = _span(rule)
        since = next(day for n in range(7) if (day := since + timedelta(days=n)).isoweekday() in rule.weekdays)
        for moment in rule.times if since <= until else ():
            lines += _event(rule, moment, since, until)
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _event(rule: Rule, moment: time, since: date, until: date) -> list[str]:
    zone = f";TZID={STATION_ZONE}:"
    by_day = ",".join(_WEEKDAYS[day - 1] for day in sorted(rule.weekdays))
    ends = datetime.combine(until, moment, ZONE).astimezone(ZoneInfo("UTC"))
    without = ",".join(f"{datetime.combine(day, moment):%Y%m%dT%H%M%S}" for day in sorted(rule.except_dates))
    return [
        "BEGIN:VEVENT",
        f"UID:{rule.id}-{moment:%H%M}",
        "DTSTAMP:20261101T000000Z",
        f"DTSTART{zone}{datetime.combine(since, moment):%Y%m%dT%H%M%S}",
        "DURATION:PT5M",
        f"RRULE:FREQ=WEEKLY;BYDAY={by_day};UNTIL={ends:%Y%m%dT%H%M%SZ}",
        f"EXDATE{zone}{without}",
        f"SUMMARY:{rule.programme_id}",
        "END:VEVENT",
    ]
