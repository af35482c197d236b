"""Random whole timetables, made quickly from a seed, and what must hold of whatever they come to."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from domain.airtime import AirtimePolicy, ExclusionWindow, QuietHours
from domain.audio import Clip, ClipKind, Loudness
from domain.bulletins import Bulletin, BulletinState, Genre
from domain.calendar import Calendar, Daypart, DayType, LunarDay, NthWeekday, SpecialDay
from domain.timetable import (
    STATION_ZONE,
    ExceptionKind,
    ItemKind,
    Occurrence,
    Priority,
    Programme,
    ProgrammeItem,
    Rule,
    RuleException,
    Slot,
)
from scheduler.build import Listener, slots_for
from scheduler.expand import expand
from scheduler.items import Shelf, Terms
from scheduler.lunar import lunar_date

ZONE = ZoneInfo(STATION_ZONE)
FIRST = date(2028, 2, 28)
"""A Monday; 29 February is among the days."""
DAYS = 3
PATHS = (
    frozenset({"cum-1", "thon-1", "xa"}),
    frozenset({"cum-2", "thon-1", "xa"}),
    frozenset({"cum-3", "thon-2", "xa"}),
)
_WRITTEN = datetime(2028, 1, 1, tzinfo=UTC)
_AREAS = ("xa", "thon-1", "thon-2", "cum-1", "cum-3", "xa-khac")
_EVERY_WEEKDAY = frozenset(range(1, 8))
_WHOLE_DAYS = frozenset(DayType)
_NEAR = (0, 1, 2, 5, 10, 20, 45)
_LENGTHS = tuple(timedelta(seconds=seconds, milliseconds=ms) for seconds, ms in (
    (1, 0), (30, 0), (119, 999), (300, 0), (899, 1), (3600, 0), (5 * 3600, 1),
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Timetable:
    """All that decides what sounds on three machines in DAYS days."""

    shelf: Shelf
    terms: Terms
    calendar: Calendar

    def occurrences(self) -> tuple[Occurrence, ...]:
        start = datetime.combine(FIRST, time(), ZONE)
        return expand(self.shelf.rules.values(), start, start + timedelta(days=DAYS), self.calendar)

    def slots(self) -> dict[frozenset[str], tuple[Slot, ...]]:
        occurrences = self.occurrences()
        return {
            path: slots_for(Listener(f"m{number}", path), occurrences, self.shelf, self.terms)
            for number, path in enumerate(PATHS)
        }

    def turned(self) -> "Timetable":
        """Return the same timetable with everything in the other order."""
        shelf = self.shelf
        return replace(
            self,
            shelf=Shelf(
                dict(reversed(shelf.rules.items())),
                dict(reversed(shelf.programmes.items())),
                dict(reversed(shelf.bulletins.items())),
                dict(reversed(shelf.clips.items())),
            ),
        )


def timetable(seed: int) -> Timetable:
    """Return the timetable of a seed: rules crowd about the edges of its quiet hours."""
    random = Random(seed)
    clips = {one.hash: one for one in (_clip(random, mark) for mark in "abcdef")}
    bulletins = {one.id: one for one in (_bulletin(random, mark) for mark in "abcd")}
    programmes = {one.id: one for one in (_programme(random, f"p{number}") for number in range(4))}
    policy = _policy(random)
    rules = [_rule(random, f"r{number}", policy) for number in range(random.randint(1, 7))]
    edges = _edges(policy)
    calendar = Calendar(
        special=(SpecialDay("le", "Lễ", random.choice(tuple(DayType)), _day(random), _day(random)),),
        dayparts={"sang": Daypart("sang", "Sáng", _near(random, edges), _near(random, edges))},
    )
    return Timetable(Shelf({one.id: one for one in rules}, programmes, bulletins, clips), Terms(policy), calendar)


def _day(random: Random) -> date:
    return FIRST + timedelta(days=random.randint(-1, DAYS))


def _edges(policy: AirtimePolicy) -> list[time]:
    return [moment for span in policy.quiet for moment in (span.start, span.end)] or [time(5)]


def _near(random: Random, edges: Sequence[time]) -> time:
    edge = random.choice(edges)
    away = random.choice(_NEAR) * random.choice((-1, 1))
    minutes = (edge.hour * 60 + edge.minute + away) % 1440 if random.random() < 0.7 else random.randrange(1440)
    return time(minutes // 60, minutes % 60, random.choice((0, 0, 59)), random.choice((0, 0, 999_999)))


def _policy(random: Random) -> AirtimePolicy:
    hour = timedelta(hours=1)
    moments = [time(random.randrange(24), random.choice((0, 30))) for _ in range(6)]
    return AirtimePolicy(
        quiet=random.choice(
            (
                (QuietHours(time(21, 30), time(5)),),
                (QuietHours(moments[0], moments[1]),),
                (QuietHours(moments[0], moments[1]), QuietHours(moments[2], moments[3])),
                (),
            )
        ),
        session_limit=random.choice((15 * hour / 60, hour, 20 * hour)),
        day_limit=random.choice((hour, 60 * hour)),
        sessions_per_day=random.choice((0, 0, 3)),
        repeat_limit=random.choice((0, 0, 2)),
        allowed_weekdays=random.choice((_EVERY_WEEKDAY, _EVERY_WEEKDAY, frozenset({1, 3}))),
        exclusions=(
            ExclusionWindow("le", "lễ nhà thờ", frozenset({random.choice(_AREAS)}), moments[4], moments[5]),
        ),
        staggers=((random.choice(_AREAS), timedelta(seconds=random.choice((1, 30, 90, 600)))),),
    )  # fmt: skip


def _clip(random: Random, mark: str) -> Clip:
    kind = ClipKind.BULLETIN if mark in "abcd" else ClipKind.STING
    length = random.choice(_LENGTHS)
    return Clip(mark * 64, 1000, "audio/flac", length, Loudness(-16, -2, 5), kind, mark, _WRITTEN)


def _bulletin(random: Random, mark: str) -> Bulletin:
    return Bulletin(
        id=f"b{mark}",
        title=mark,
        script="Kính thưa bà con.",
        genre=Genre.NOTICE,
        state=random.choice((BulletinState.APPROVED, BulletinState.APPROVED, BulletinState.WITHDRAWN)),
        version=1,
        author_ids=frozenset({"u1"}),
        author_name="Lan",
        updated_at=_WRITTEN,
        topic_id=random.choice(("t1", "t2")),
        approved_at=_WRITTEN,
        valid_from=random.choice((None, None, FIRST + timedelta(days=1))),
        valid_until=random.choice((None, None, FIRST + timedelta(days=random.randrange(3)))),
        clip_hash=mark * 64,
        clip_version=1,
    )


def _programme(random: Random, programme_id: str) -> Programme:
    return Programme(
        programme_id,
        programme_id,
        tuple(_item(random) for _ in range(random.randint(0, 3))),
        random.choice(tuple(Priority)),
        rank=random.randint(0, 2),
    )


def _item(random: Random) -> ProgrammeItem:
    length = random.choice(_LENGTHS)
    match random.choice((ItemKind.BULLETIN, ItemKind.BULLETIN, *ItemKind)):
        case ItemKind.BULLETIN:
            gap = timedelta(seconds=random.choice((0, 5)))
            return ProgrammeItem(f"b{random.choice('abcdx')}", repeat=random.choice((1, 1, 3)), gap=gap)
        case ItemKind.LATEST:
            return ProgrammeItem(kind=ItemKind.LATEST, topic_id=random.choice(("t1", "t2")))
        case ItemKind.PAUSE:
            return ProgrammeItem(kind=ItemKind.PAUSE, length=length)
        case kind:
            return ProgrammeItem(clip_hash=random.choice("ef") * 64, kind=kind, length=length)


def _rule(random: Random, rule_id: str, policy: AirtimePolicy) -> Rule:
    edges = _edges(policy)
    times = tuple(_near(random, edges) for _ in range(random.randint(0, 3)))
    days: dict[str, object] = {}
    match random.randrange(5):
        case 0:
            days = {"month_days": frozenset({29, -1}), "nth_weekdays": frozenset({NthWeekday(-1, 2)})}
        case 1:
            days = {"dates": frozenset({_day(random)}), "lunar_days": frozenset({LunarDay(5)})}
        case _:
            days = {"weekdays": _EVERY_WEEKDAY, "week_interval": random.choice((1, 1, 2))}
    return Rule(
        id=rule_id,
        programme_id=f"p{random.randrange(5)}",
        area_ids=frozenset(random.sample(_AREAS, 2)),
        times=times,
        except_area_ids=random.choice((frozenset[str](), frozenset({"cum-1"}))),
        except_dates=random.choice((frozenset[date](), frozenset({_day(random)}))),
        valid_until=random.choice((None, None, FIRST + timedelta(days=1))),
        daypart_ids=random.choice((frozenset[str](), frozenset({"sang"}))),
        day_types=random.choice((_WHOLE_DAYS, frozenset({DayType.ORDINARY}))),
        exceptions=tuple(_exception(random, times, edges) for _ in range(random.choice((0, 0, 1, 2)))),
        urgent=random.random() < 0.2,
        **days,  # type: ignore[arg-type]
    )


def _exception(random: Random, times: Sequence[time], edges: Sequence[time]) -> RuleException:
    return RuleException(
        random.choice(tuple(ExceptionKind)),
        _day(random),
        random.choice((None, *times)),
        random.choice((None, _day(random))),
        random.choice((None, _near(random, edges))),
        random.choice((None, "p0")),
    )


def broken_promises(made: Timetable) -> Iterator[str]:
    """Yield, in words, each promise that does not hold of what `made` comes to; the arithmetic is this file's own."""
    asked = made.occurrences()
    for path, slots in made.slots().items():
        meant = {
            one.key
            for one in asked
            for rule in (made.shelf.rules[one.rule_id],)
            if rule.area_ids & path and not rule.except_area_ids & path
        }
        if sorted(slot.key for slot in slots) != sorted(meant):
            yield "an occurrence was lost or made up"
        sounding = [slot for slot in slots if not slot.refusal]
        yield from _broken_slots(slots, sounding)
        yield from broken_policy(made.terms.policy, path, sounding)


def _broken_slots(slots: Sequence[Slot], sounding: Sequence[Slot]) -> Iterator[str]:
    if not all(slot.refusal or _ends(slot) > slot.starts_at for slot in slots):
        yield "a slot neither sounds nor says why not"
    if not all(item.clip_hash or item.refusal for slot in slots for item in slot.items):
        yield "an item neither sounds nor says why not"
    if any(_ends(one) > other.starts_at for one, other in itertools.pairwise(sounding)):
        yield "two sessions of one machine sound at once"


def broken_policy(policy: AirtimePolicy, path: frozenset[str], sounding: Sequence[Slot]) -> Iterator[str]:
    """Yield, in words, each line of `policy` that the sessions of a machine break."""
    windows = [window for window in policy.exclusions if window.area_ids & path]
    said: Counter[tuple[date, str | None]] = Counter()
    for slot in sounding:
        for span in policy.quiet:
            if _meets(slot, span.start, span.end):
                yield f"{slot.title} sounds in quiet hours {span.start}-{span.end}"
        for window in windows:
            if window.start == window.end or _meets(slot, window.start, window.end):
                yield f"{slot.title} sounds in a window of silence"
        local = slot.starts_at.astimezone(ZONE)
        said.update((local.date(), item.bulletin_id) for item in slot.items if item.bulletin_id and not item.refusal)
        if local.isoweekday() not in policy.allowed_weekdays:
            yield f"{slot.title} sounds on a day that is not allowed"
    if policy.repeat_limit and max(said.values(), default=0) > policy.repeat_limit:
        yield "a bulletin is repeated too often in a day"
    days = Counter(slot.starts_at.astimezone(ZONE).date() for slot in sounding)
    if policy.sessions_per_day and max(days.values(), default=0) > policy.sessions_per_day:
        yield "too many sessions in a day"


def _ends(slot: Slot) -> datetime:
    """Return when the last sound of a slot ends, every lead and item of it counted."""
    spans = (item.lead + item.length for item in slot.items if not item.refusal)
    return slot.starts_at + sum(spans, timedelta())


def _meets(slot: Slot, start: time, end: time) -> bool:
    """Tell whether any moment of a sounding lies between two times of a day, on whichever day."""
    if start == end:
        return False
    first, last = slot.starts_at.astimezone(ZONE), _ends(slot).astimezone(ZONE)
    day = first.date() - timedelta(days=1)
    while day <= last.date():
        opens = datetime.combine(day, start, ZONE)
        closes = datetime.combine(day if end > start else day + timedelta(days=1), end, ZONE)
        if opens < last and first < closes:
            return True
        day += timedelta(days=1)
    return False


def tet(year: int) -> date:
    """Return the first day of the lunar year that begins in `year`."""
    (day,) = (
        day
        for day in (date(year, 1, 20) + timedelta(days=number) for number in range(40))
        if (found := lunar_date(day)).day == 1 and found.month == 1 and not found.leap
    )
    return day
