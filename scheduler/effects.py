"""What an edit does to the sessions to come, told before it is saved: which would fall silent, which would sound."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.timetable import Occurrence, Rule, Slot
from scheduler.build import Listener, reaches, slots_for
from scheduler.expand import expand
from scheduler.fleet import HORIZON
from scheduler.inputs import Inputs, Reforms, local_date, midnight
from scheduler.policy import WEEKDAY_NAMES, exclusions_at, stagger_of
from scheduler.words import clock

_DAY = timedelta(days=1)
GONE = "Không còn trong lịch"
"""Why a session does not sound when the edit takes its day or its hour away."""
_MOVED = "Đổi sang"


@dataclass(frozen=True, slots=True)
class Effect:
    """Sessions of one rule to which an edit does the same: `reason` says why they fall silent, "" that they sound.

    `count` sessions, the first of them at `first`, at the places `area_ids`. Those that only `moved` to another time of
    their day are told twice: silent at the old time, with the new one as the reason, and sounding at the new one.
    """

    title: str
    rule_id: str
    reason: str
    first: datetime
    count: int
    area_ids: frozenset[str]
    moved: bool = False

    @property
    def silences(self) -> bool:
        """Tell whether the sessions fall silent."""
        return bool(self.reason)


@dataclass(slots=True)
class _Heap:
    first: Slot
    keys: set[str]
    area_ids: set[str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days to compare, each of `spans` whole local days one after another; sessions in [now, until) count."""

    now: datetime
    until: datetime
    spans: tuple[tuple[datetime, datetime], ...]

    @classmethod
    def ahead(cls, now: datetime) -> "Stretch":
        """Return the days from now to the horizon."""
        start = midnight(now)
        return cls(now, start + HORIZON, ((start - _DAY, start + HORIZON),))

    @classmethod
    def around(cls, now: datetime, days: Iterable[date]) -> "Stretch":
        """Return some days, each with the one before and the one after it, for what crosses midnight.

        Sessions count to the end of the last of them.
        """
        until = now
        spans: list[tuple[datetime, datetime]] = []
        for day in sorted(days):
            start = datetime.combine(day, time(), midnight(now).tzinfo)
            begin = start - _DAY
            if spans and begin <= spans[-1][1]:
                begin = spans.pop()[0]
            spans.append((begin, start + 2 * _DAY))
            until = start + _DAY
        return cls(now, until, tuple(spans))


def effects(
    before: Inputs, after: Inputs, area_ids: Iterable[str], now: datetime, stretch: Stretch | None = None
) -> tuple[Effect, ...]:
    """Return what changes for the machines on `area_ids` from now to the horizon, what falls silent first.

    Or else on the days of `stretch`.
    """
    heaps: dict[tuple[str, str, bool], _Heap] = {}
    for places, own, other in _pairs(before, after, area_ids, stretch or Stretch.ahead(now)):
        for slot, reason, moved in _differences(own, other):
            heap = heaps.setdefault((slot.rule_id, reason, moved), _Heap(slot, set(), set()))
            heap.keys.add(slot.key)
            heap.area_ids |= places
            heap.first = min(heap.first, slot, key=lambda one: one.starts_at)
    found = [
        Effect(heap.first.title, rule_id, reason, heap.first.starts_at, len(heap.keys), frozenset(heap.area_ids), moved)
        for (rule_id, reason, moved), heap in heaps.items()
    ]
    return tuple(sorted(found, key=lambda one: (not one.silences, one.first, one.rule_id, one.reason)))


def _pairs(
    before: Inputs, after: Inputs, area_ids: Iterable[str], stretch: Stretch
) -> Iterator[tuple[frozenset[str], dict[str, Slot], dict[str, Slot]]]:
    """Yield the places that hear the same, with what sounds there before and after the edit."""
    spans = stretch.spans
    if not spans:
        return
    first, last = local_date(spans[0][0]), local_date(spans[-1][1])
    was, will = (Reforms.of(one.areas, first, last) for one in (before, after))
    alike: dict[object, tuple[set[str], Listener, Listener]] = {}
    for area_id in area_ids:
        old, new = was.listener("", area_id), will.listener("", area_id)
        alike.setdefault((_ear(before, old), _ear(after, new)), (set(), old, new))[0].add(area_id)
    asked = [tuple(_asked(inputs, spans)) for inputs in (before, after)]
    touched = _touched(before, after, asked)
    for places, old, new in alike.values():
        if touched is not None and not any(reaches(one, path) for one in touched for path in new.paths):
            continue
        sounding = _sounding(before, asked[0], old, stretch), _sounding(after, asked[1], new, stretch)
        yield frozenset(places), *sounding


def _touched(before: Inputs, after: Inputs, asked: list[tuple[Occurrence, ...]]) -> tuple[Rule, ...] | None:
    """Return the rules that ask otherwise, when nothing but the calendar differs; else None, for any."""
    if (before.shelf, before.terms, before.areas) != (after.shelf, after.terms, after.areas):
        return None
    differ = set(asked[0]) ^ set(asked[1])
    return tuple(before.shelf.rules[rule_id] for rule_id in {one.rule_id for one in differ})


def _ear(inputs: Inputs, listener: Listener) -> object:
    """Return all that makes one place hear otherwise than another."""
    policy = inputs.terms.policy
    heard = [
        (
            frozenset(one.id for one in inputs.shelf.rules.values() if reaches(one, path)),
            frozenset(one.id for one in exclusions_at(policy, path)),
            stagger_of(policy, path),
        )
        for path in listener.paths
    ]
    return tuple(heard), tuple(since for since, _ in listener.later)


def _asked(inputs: Inputs, spans: Iterable[tuple[datetime, datetime]]) -> Iterator[Occurrence]:
    for start, end in spans:
        yield from expand(inputs.shelf.rules.values(), start, end, inputs.calendar)


def _sounding(inputs: Inputs, asked: tuple[Occurrence, ...], listener: Listener, stretch: Stretch) -> dict[str, Slot]:
    slots = slots_for(listener, asked, inputs.shelf, inputs.terms)
    return {slot.key: slot for slot in slots if stretch.now <= slot.starts_at < stretch.until}


def _alike(reason: str) -> str:
    """Return a reason without the weekday it names, so that a week of sessions is told in one line."""
    for name in WEEKDAY_NAMES:
        reason = reason.replace(f"{name} không phải ngày", "Không phải ngày")
    return reason


def _differences(own: dict[str, Slot], other: dict[str, Slot]) -> Iterator[tuple[Slot, str, bool]]:
    """Yield each slot that falls silent, with the reason, and each that sounds; and whether it only moved."""
    moves = _moves(own, other)
    moved_to = {new.key for new in moves.values()}
    for key, slot in own.items():
        then = moves.get(key) or other.get(key)
        if slot.refusal or (then is not None and then.key == key and not then.refusal):
            continue
        if then is None:
            yield slot, GONE, False
        elif then.refusal:
            yield slot, _alike(then.refusal), False
        else:
            yield slot, f"{_MOVED} {clock(_local_time(then))}", True
    for key, slot in other.items():
        was = own.get(key)
        if not slot.refusal and (was is None or was.refusal):
            yield slot, "", key in moved_to


def _moves(own: dict[str, Slot], other: dict[str, Slot]) -> dict[str, Slot]:
    """Return, by the key of each slot that sounded and is gone, the one of its rule and day that came in its place."""
    gone, come = (_by_day(a[key] for key in a.keys() - b.keys()) for a, b in ((own, other), (other, own)))
    return {
        old.key: new
        for day, slots in gone.items()
        for old, new in zip(slots, come.get(day, ()), strict=False)
        if not old.refusal
    }


def _by_day(slots: Iterable[Slot]) -> dict[tuple[str, date], list[Slot]]:
    found: dict[tuple[str, date], list[Slot]] = {}
    for slot in sorted(slots, key=lambda one: (one.starts_at, one.key)):
        found.setdefault((slot.rule_id, local_date(slot.starts_at)), []).append(slot)
    return found


def _local_time(slot: Slot) -> time:
    return slot.starts_at.astimezone(midnight(slot.starts_at).tzinfo).time()
