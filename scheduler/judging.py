"""Whether a rule keeps within the policy: what a person named is refused when it would break a line each time. Pure.

A rule for every day is not refused because of one funeral next week: on that day the plan keeps the session silent
and says why. It is refused when all that comes of something it names (a time on a weekday, in summer or in winter, at
a place) would break a line.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.airtime import AirtimePolicy
from domain.areas import Area
from domain.calendar import Calendar
from domain.timetable import FROM_OUTSIDE, STATION_ZONE, ItemKind, Occurrence, Programme, ProgrammeItem, Rule
from scheduler.build import Listener, reaches
from scheduler.items import Shelf, Terms, plan_item
from scheduler.policy import check_day, check_repeats, check_session, stagger_of
from scheduler.sessions import soundings

_ZONE = ZoneInfo(STATION_ZONE)
_SYLLABLES_A_MINUTE = 150
_NOWHERE = Listener("", frozenset())


@dataclass(frozen=True, slots=True)
class Ground:
    """What an edit is judged against; `listeners` are some places, by their ids, as if a machine hung on each."""

    policy: AirtimePolicy
    calendar: Calendar
    areas: tuple[Area, ...]
    listeners: Mapping[str, Listener]


def broken_lines(rule: Rule, programme: Programme, length: timedelta, ground: Ground, now: datetime) -> tuple[str, ...]:
    """Return the lines of the policy that `rule` breaks by itself, each once; `length` is that of its programme."""
    asked = soundings(replace(rule, enabled=True), now, ground.calendar)
    groups = tuple(_named(rule, asked, ground).values())
    found = [line for group in groups for line in _always(ground.policy, group, length, _NOWHERE)]
    for name, place in _places(rule, ground):
        heard = [[one for one in group if reaches(rule, place.path_at(one))] for group in groups]
        lines = [line for group in heard for line in _always(ground.policy, group, length, place)]
        found += [f"{line.rstrip('.')}, ở {name}." for line in lines if line not in found]
    return tuple(dict.fromkeys((*found, *_of_a_day(asked, programme, length, ground.policy))))


def length_of(programme: Programme, on: date, shelf: Shelf, terms: Terms) -> timedelta:
    """Return how long `programme` is on the local date `on`: by its clips and what is booked, else by its words."""
    total = timedelta()
    for item in programme.items:
        times = max(1, item.repeat)
        total += _item_length(item, on, shelf, terms) * times + item.gap * (times - 1)
    return total


def _item_length(item: ProgrammeItem, on: date, shelf: Shelf, terms: Terms) -> timedelta:
    if item.kind is ItemKind.BED:
        return timedelta()
    if item.kind is ItemKind.PAUSE or item.kind in FROM_OUTSIDE:
        return item.length
    if item.bulletin_id is not None:
        return _bulletin_length(item.bulletin_id, shelf)
    return plan_item(item, on, shelf, terms).length


def _bulletin_length(bulletin_id: str, shelf: Shelf) -> timedelta:
    bulletin = shelf.bulletins.get(bulletin_id)
    if bulletin is None:
        return timedelta()
    clip = shelf.clips.get(bulletin.clip_hash or "")
    if clip is not None and bulletin.clip_version == bulletin.version:
        return clip.length
    return timedelta(minutes=len(bulletin.script.split()) / _SYLLABLES_A_MINUTE)


def _named(rule: Rule, asked: Iterable[Occurrence], ground: Ground) -> dict[object, list[datetime]]:
    """Return the soundings by what the person named: the time, its season, and the weekday or the single date."""
    groups: dict[object, list[datetime]] = {}
    for one in asked:
        local = one.starts_at.astimezone(_ZONE)
        day: date | int = local.date() if local.date() in rule.dates else 0
        if not day and local.isoweekday() in rule.weekdays:
            day = local.isoweekday()
        groups.setdefault((local.time(), ground.calendar.seasons.is_summer(local.date()), day), []).append(local)
    return groups


def _always(policy: AirtimePolicy, group: list[datetime], length: timedelta, place: Listener) -> list[str]:
    """Return the lines that every sounding of `group` breaks at a place."""
    lines: list[str] | None = None
    for instant in group:
        path = place.path_at(instant)
        held = check_session(policy, instant + stagger_of(policy, path), length, path)
        lines = [line for line in held if lines is None or line in lines]
        if not lines:
            break
    return lines or []


def _places(rule: Rule, ground: Ground) -> Iterator[tuple[str, Listener]]:
    """Yield, with its name, each place the rule reaches at which the policy is another than elsewhere."""
    special = {area_id for window in ground.policy.exclusions for area_id in window.area_ids}
    special |= {area_id for area_id, _ in ground.policy.staggers}
    if not special:
        return
    names = {area.id: area.name for area in ground.areas}
    for area_id in (*sorted(special), *sorted(rule.area_ids)):
        place = ground.listeners.get(area_id, _NOWHERE)
        if any(reaches(rule, path) and not path.isdisjoint(special) for path in place.paths):
            yield names[area_id], place


def _of_a_day(
    asked: Iterable[Occurrence], programme: Programme, length: timedelta, policy: AirtimePolicy
) -> tuple[str, ...]:
    """Return the limits of a day that the rule breaks alone, on the first day on which it does."""
    days: dict[date, list[tuple[datetime, timedelta]]] = {}
    for one in asked:
        local = one.starts_at.astimezone(_ZONE)
        days.setdefault(local.date(), []).append((local, length))
    said = Counter[str]()
    for item in programme.items:
        if item.bulletin_id:
            said[item.bulletin_id] += max(1, item.repeat)
    most = max(days.values(), key=len, default=[])
    repeats = {bulletin_id: times * len(most) for bulletin_id, times in said.items()}
    return (*check_day(policy, most), *check_repeats(policy, repeats))
