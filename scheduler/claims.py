"""Claims: what rules ask of the air through a long span, with the days on which each asks the same. Pure.

A year has few days that differ. A claim is one time of one rule with all the days on which it comes to the same slot,
as an integer of which bit n is day n, so that a thousand days cost hardly more than one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.airtime import ExclusionWindow
from domain.bulletins import Bulletin
from domain.playlist import from_ms, to_ms
from domain.timetable import (
    STATION_ZONE,
    ItemKind,
    Layer,
    Occurrence,
    Programme,
    ProgrammeItem,
    Rule,
    Slot,
)
from scheduler.build import Listener, slot_of
from scheduler.days import Almanac
from scheduler.exceptions import changed
from scheduler.expand import FIRST_YEAR, LAST_YEAR, expand, times_of
from scheduler.inputs import Inputs
from scheduler.items import Terms, is_of
from scheduler.policy import at_place

DAY_US = 86_400_000_000
BOOKED_SLACK = timedelta(seconds=30)
"""How much shorter than its booked place a session may be before anybody is told."""

_ZONE = ZoneInfo(STATION_ZONE)
_DAY = timedelta(days=1)
_DAY_MS = 86_400_000
_EVERY_WEEKDAY = frozenset(range(1, 8))
_MICROSECOND = timedelta(microseconds=1)

Order = tuple[int, bool, int, int, str]
Ident = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """One time of one rule: the `days` on which it comes to `slot`, which stands on the first of them.

    It lasts from `begins` to `ends`, in microseconds after local midnight. `order` is its place among those of a
    day, the first served first; a claim that is not `free` was refused whatever else is asked for. `ident` tells the
    same sounding before and after an edit; a `lone` claim has a key of its own, for its only day.
    """

    ident: Ident
    days: int
    begins: int
    ends: int
    order: Order
    slot: Slot
    free: bool
    said: tuple[str, ...]
    misfit: timedelta
    lone: bool = False

    def alike(self, other: "Claim") -> bool:
        """Tell whether nobody could hear a difference."""
        return (
            self.begins == other.begins
            and self.ends == other.ends
            and self.order == other.order
            and self.slot.items == other.slot.items
            and self.slot.refusal == other.slot.refusal
            and self.misfit == other.misfit
        )


@dataclass(frozen=True, slots=True)
class _Asking:
    """One time of a rule, and the days on which it is asked for; `key` when it has one of its own."""

    days: int
    at_ms: int
    programme_id: str
    layer: Layer
    ident: Ident
    key: str = ""


def lowest(days: int) -> int:
    """Return the number of the first of some days."""
    return (days & -days).bit_length() - 1


@dataclass(slots=True)
class Ledger:
    """The claims of rules in the days of an almanac, at one listener or at any that is told the same."""

    inputs: Inputs
    almanac: Almanac
    listener: Listener
    _epochs: dict[str, tuple[int, ...]] = field(init=False, default_factory=dict)
    _terms: Terms = field(init=False)
    _origin_ms: int = field(init=False)

    def __post_init__(self) -> None:
        policy = at_place(self.inputs.terms.policy, self.listener.area_ids)
        self._terms = replace(self.inputs.terms, policy=policy)
        first = date.fromordinal(self.almanac.days[0])
        self._origin_ms = to_ms(datetime.combine(first, time(), _ZONE))

    def claims(self, rule: Rule, singled: frozenset[date] = frozenset()) -> tuple[Claim, ...]:
        """Return the claims of `rule`; those of the `singled` days, and of exceptions, are claims by themselves."""
        if not (rule.enabled and rule.area_ids and (rule.times or rule.daypart_ids)):
            return ()
        return tuple(claim for asking in self._askings(rule, singled) for claim in self._claims_of(rule, asking))

    def _instant(self, day: int, at_ms: int) -> datetime:
        """Return the instant `at_ms` milliseconds after the midnight of a day by its number."""
        # Since FIRST_YEAR every day of the zone has had 24 hours.
        return from_ms(self._origin_ms + day * _DAY_MS + at_ms)

    def key_on(self, claim: Claim, day: int) -> str:
        """Return the key of a claim on one of its days."""
        if claim.lone:
            return claim.slot.key
        shift = (day - lowest(claim.days)) * _DAY_MS
        return f"{claim.slot.rule_id}@{int(claim.slot.key.rpartition('@')[2]) + shift}"

    def slot_on(self, claim: Claim, day: int, machine_id: str) -> Slot:
        """Return the slot of a claim on one of its days, at a machine."""
        if claim.lone:
            return replace(claim.slot, machine_id=machine_id)
        starts_at = claim.slot.starts_at + (day - lowest(claim.days)) * _DAY
        return replace(claim.slot, machine_id=machine_id, key=self.key_on(claim, day), starts_at=starts_at)

    def _askings(self, rule: Rule, singled: frozenset[date]) -> Iterator[_Asking]:
        alone = singled | spoken_of(rule)
        days = self.almanac.mask_of(rule) & ~self.almanac.bits_of(alone)
        layer = Layer.URGENT if rule.urgent else Layer.WEEKLY if rule.regular else Layer.EXCEPTION
        for at_ms, held in self._hours(rule, days):
            if held:
                yield _Asking(held, at_ms, rule.programme_id, layer, (rule.id, str(at_ms)))
        yield from self._lone_askings(rule, alone)

    def _hours(self, rule: Rule, days: int) -> Iterator[tuple[int, int]]:
        if not rule.daypart_ids:
            yield from ((at_ms, days) for at_ms in times_of(rule.times))
            return
        summer = self.almanac.summer_mask()
        parts = self.almanac.calendar.dayparts
        named = [parts[one] for one in rule.daypart_ids if one in parts]
        yield from ((at_ms, days & summer) for at_ms in times_of((*rule.times, *(one.summer for one in named))))
        yield from ((at_ms, days & ~summer) for at_ms in times_of((*rule.times, *(one.winter for one in named))))

    def _lone_askings(self, rule: Rule, alone: Iterable[date]) -> Iterator[_Asking]:
        """Yield what comes of the days that exceptions speak of: each is a day by itself, with its own key."""
        if not alone:
            return
        bare, asked = replace(rule, exceptions=()), list[Occurrence]()
        for day in alone:
            if FIRST_YEAR < day.year < LAST_YEAR:
                start = datetime.combine(day, time(), _ZONE)
                asked += expand((bare,), start, start + _DAY, self.almanac.calendar)
        for one in changed(rule, asked):
            local = one.starts_at.astimezone(_ZONE)
            mask = self.almanac.bits_of((local.date(),))
            if mask:
                at_ms = to_ms(one.starts_at) - to_ms(datetime.combine(local.date(), time(), _ZONE))
                yield _Asking(mask, at_ms, one.programme_id, one.layer, (rule.id, one.key), one.key)

    def _claims_of(self, rule: Rule, asking: _Asking) -> Iterator[Claim]:
        for days in self._by_content(asking):
            first = self._claim(rule, asking, days)
            for part in self._by_policy(days, first):
                yield first if part == days else self._claim(rule, asking, part)

    def _claim(self, rule: Rule, asking: _Asking, days: int) -> Claim:
        starts_at = self._instant(lowest(days), asking.at_ms)
        key = asking.key or f"{rule.id}@{to_ms(starts_at)}"
        occurrence = Occurrence(key, rule.id, asking.programme_id, starts_at, asking.layer)
        slot = slot_of(self.listener, occurrence, self.inputs.shelf, self._terms)
        begins = asking.at_ms * 1000 + (slot.starts_at - starts_at) // _MICROSECOND
        return Claim(
            ident=asking.ident,
            days=days,
            begins=begins,
            ends=begins + slot.length // _MICROSECOND,
            order=order_of(slot, begins, asking.key or f"{rule.id}@"),
            slot=slot,
            free=not slot.refusal and bool(slot.length),
            said=slot.said,
            misfit=misfit_of(slot, self.inputs),
            lone=bool(asking.key),
        )

    def _by_content(self, asking: _Asking) -> Iterator[int]:
        """Yield the days of `asking` in parts within which no bulletin's validity begins or ends."""
        left = asking.days
        for edge in self._edges(asking.programme_id):
            part = left & ((1 << edge) - 1)
            if part:
                yield part
            left ^= part
        if left:
            yield left

    def _edges(self, programme_id: str) -> tuple[int, ...]:
        if programme_id not in self._epochs:
            programme = self.inputs.shelf.programmes.get(programme_id)
            found = _validity_edges(programme, self.inputs.shelf.bulletins.values(), self.inputs) if programme else ()
            start, count = self.almanac.days[0], len(self.almanac.days)
            self._epochs[programme_id] = tuple(sorted({one - start for one in found if 0 < one - start < count}))
        return self._epochs[programme_id]

    def _by_policy(self, days: int, claim: Claim) -> Iterator[int]:
        """Yield `days` in parts on which the policy says the same of a slot as long as `claim`."""
        parts = [days]
        for mask in self._policy_masks(claim):
            parts = [piece for part in parts for piece in (part & mask, part & ~mask) if piece]
        return iter(parts)

    def _policy_masks(self, claim: Claim) -> Iterator[int]:
        for weekday in _EVERY_WEEKDAY - self._terms.policy.allowed_weekdays:
            yield self._weekday_mask(frozenset({weekday}))
        for window in self._terms.policy.exclusions:
            yield from self._window_masks(window, claim)

    def _window_masks(self, window: ExclusionWindow, claim: Claim) -> Iterator[int]:
        """Yield, for the day of a claim and the days beside it, on which days a window that it meets is open."""
        opens, closes = _us(window.start), _us(window.end)
        closes += DAY_US if closes <= opens else 0
        for shift in (-1, 0, 1):
            if opens + shift * DAY_US < max(claim.ends, claim.begins + 1) and claim.begins < closes + shift * DAY_US:
                yield self._open_mask(window, shift)

    def _open_mask(self, window: ExclusionWindow, shift: int) -> int:
        start = self.almanac.days[0] + shift
        first = window.first.toordinal() - start if window.first is not None else 0
        past = window.last.toordinal() - start + 1 if window.last is not None else len(self.almanac.days)
        first, past = max(first, 0), min(max(past, 0), len(self.almanac.days))
        return self._weekday_mask(window.weekdays, shift) & ((1 << past) - (1 << first) if first < past else 0)

    def _weekday_mask(self, weekdays: frozenset[int], shift: int = 0) -> int:
        """Return the days whose neighbour, `shift` days on, is one of `weekdays`."""
        numbers = range(len(self.almanac.days))
        start = self.almanac.days[0] + shift
        return sum(1 << number for number in numbers if (start + number - 1) % 7 + 1 in weekdays)


def begun_claim(slot: Slot, midnight: datetime, day: int) -> Claim:
    """Return what `slot`, kept as it was planned when its instant came, takes of the `day` that began at `midnight`."""
    begins = (slot.starts_at - midnight) // _MICROSECOND
    return Claim(
        ident=(slot.rule_id, slot.key),
        days=1 << day,
        begins=begins,
        ends=begins + slot.length // _MICROSECOND,
        order=order_of(slot, begins, slot.key),
        slot=slot,
        free=not slot.refusal and bool(slot.length),
        said=slot.said,
        misfit=timedelta(),
        lone=True,
    )


def order_of(slot: Slot, begins: int, key: str) -> Order:
    """Return the place of a slot that begins so many microseconds after midnight, among those of its day."""
    return -slot.priority, slot.layer is not Layer.URGENT, slot.rank, begins, key


def misfit_of(slot: Slot, inputs: Inputs) -> timedelta:
    """Return by how much `slot` is too long (or, negative, too short) for the place that is booked for it."""
    programme = inputs.shelf.programmes.get(slot.programme_id)
    if programme is None or programme.booked is None or not slot.length:
        return timedelta()
    over = slot.length - programme.booked
    return over if over > timedelta() or over < -BOOKED_SLACK else timedelta()


def spoken_of(rule: Rule) -> frozenset[date]:
    """Return the days that exceptions of `rule` take something from or bring something to."""
    return frozenset(day for one in rule.exceptions for day in (one.on, one.to_day) if day is not None)


def _validity_edges(programme: Programme, every: Iterable[Bulletin], inputs: Inputs) -> Iterator[int]:
    for item in programme.items:
        for bulletin in _bulletins_of(item, every, inputs):
            if bulletin.valid_from is not None:
                yield bulletin.valid_from.toordinal()
            if bulletin.valid_until is not None:
                yield bulletin.valid_until.toordinal() + 1


def _bulletins_of(item: ProgrammeItem, every: Iterable[Bulletin], inputs: Inputs) -> Iterable[Bulletin]:
    if item.kind is ItemKind.LATEST:
        return [one for one in every if is_of(one, item)]
    found = inputs.shelf.bulletins.get(item.bulletin_id or "")
    return [found] if found is not None else []


def _us(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond
