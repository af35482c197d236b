"""What an edit of the timetable would silence: the plan with it beside the plan without it. Pure.

Only days that the edit touches are looked at, and of those that come to the same only the first; only machines that it
reaches, and of those that hear the same only one. Sessions that cross midnight bind days together: such days are
planned whole, by the code that plans.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from operator import attrgetter

from domain.machines import Machine
from domain.timetable import Rule, Slot
from scheduler.build import Listener
from scheduler.claims import DAY_US, Claim, Ident, Ledger, begun_claim, lowest, spoken_of
from scheduler.contest import Contest, Limits, Over
from scheduler.days import Almanac
from scheduler.edits import Edit, Loss, Outlook, Pair
from scheduler.expand import check_window, expand
from scheduler.hearings import Hearing, hearings
from scheduler.inputs import Reforms, local_date, midnight
from scheduler.resolve import clash_with, over_limit
from scheduler.whole_days import losses_of_days

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_TODAY = 1
"""The number of today: the window begins yesterday, for what still sounds after midnight."""
_BY_ORDER = attrgetter("order")

Lost = Mapping[int, Claim | Over]


def losses(pair: Pair, machines: Iterable[Machine], edit: Edit, outlook: Outlook) -> Iterator[Loss]:
    """Yield all that `edit` makes worse on `machines` from now to the end of the outlook.

    What has begun stands as it was kept; a session that was asked for before now and is not among it is no session.
    Raises BadInputError as `expand` does.
    """
    inputs, now, days = pair.before, pair.now, outlook.days
    start, end = midnight(now) - _DAY, midnight(now) + days * _DAY
    check_window(start, end)
    expand({one.id: one for one in edit.rules}.values(), start, end, inputs.calendar)
    first = local_date(start).toordinal()
    almanac = Almanac(range(first, first + days + 1), inputs.calendar)
    books: dict[object, _Book] = {}
    parts = Reforms.of(inputs.areas, local_date(start), local_date(end)).parts
    every = tuple(machines)
    after_last = local_date(end) + _DAY  # a stagger may carry what the last day asks for across its midnight
    for (since, paths), past in zip(parts, (*(day for day, _ in parts[1:]), after_last), strict=True):
        within = (1 << past.toordinal() - first) - (1 << since.toordinal() - first)
        for hearing in hearings(pair, every, edit, paths, outlook.begun):
            book = books.get(hearing.surroundings)
            if book is None:
                listener = Listener("", hearing.area_ids)
                ledgers = Ledger(pair.before, almanac, listener), Ledger(pair.after, almanac, listener)
                book = books[hearing.surroundings] = _Book(*ledgers, _singled(pair, edit))
            yield from _Check(pair, hearing, book, Limits.of(inputs.terms.policy), within).losses()


def _singled(pair: Pair, edit: Edit) -> dict[str, frozenset[date]]:
    """Return the days that an exception of a rule speaks of, as it was or as it will be."""
    found: dict[str, frozenset[date]] = {}
    for inputs in (pair.before, pair.after):
        for rule_id in edit.touched(pair.before):
            rule = inputs.shelf.rules.get(rule_id)
            if rule is not None:
                found[rule_id] = found.get(rule_id, frozenset()) | spoken_of(rule)
    return found


@dataclass(slots=True)
class _Book:
    """The claims of rules at listeners of whom the policy says the same, each worked out once."""

    before: Ledger
    after: Ledger
    singled: Mapping[str, frozenset[date]]
    _held: dict[tuple[str, bool], tuple[Claim, ...]] = field(init=False, default_factory=dict)

    def claims(self, rules: Iterable[Rule], *, after: bool = False) -> list[Claim]:
        """Return the claims of `rules`, without the edit or with it, in the order in which they are served."""
        found: list[Claim] = []
        for rule in rules:
            key = rule.id, after
            if key not in self._held:
                ledger = self.after if after else self.before
                self._held[key] = ledger.claims(rule, self.singled.get(rule.id, frozenset()))
            found += self._held[key]
        return sorted(found, key=_BY_ORDER)


@dataclass(frozen=True, slots=True)
class _Day:
    """The claims of days that come to the same: of rules that stay, of touched ones as they were and will be."""

    days: int
    staying: list[Claim]
    old: list[Claim]
    new: list[Claim]

    @property
    def before(self) -> list[Claim]:
        """Return what is asked for without the edit, in order."""
        return sorted((*self.staying, *self.old), key=_BY_ORDER)

    @property
    def after(self) -> list[Claim]:
        """Return what is asked for with the edit, in order."""
        return sorted((*self.staying, *self.new), key=_BY_ORDER)

    def only(self, meant: Callable[[Claim], bool]) -> "_Day":
        """Return the day with the claims that are `meant`."""
        return _Day(self.days, *([one for one in part if meant(one)] for part in (self.staying, self.old, self.new)))


@dataclass(slots=True)
class _Found:
    """A claim that loses by the edit on `days`, why, and what sounds on the first of them."""

    days: int
    claim: Claim
    sounding: list[Claim]
    reason: Claim | Over | None = None
    item: int | None = None
    misfit: timedelta = timedelta()


@dataclass(slots=True)
class _Check:
    """The check of an edit at machines that hear the same, on the days `within` which they do."""

    pair: Pair
    hearing: Hearing
    book: _Book
    limits: Limits
    within: int
    _found: dict[tuple[object, ...], _Found] = field(init=False, default_factory=dict)
    _staying: list[Claim] = field(init=False, default_factory=list)
    _old: list[Claim] = field(init=False, default_factory=list)

    def losses(self) -> Iterator[Loss]:
        """Yield what these machines lose."""
        staying = self.book.claims(self.hearing.staying)
        old, new = self.book.claims(self.hearing.old), self.book.claims(self.hearing.new, after=True)
        self._staying, self._old = staying, old
        every = (*staying, *old, *new)
        crossing = _union(one.days for one in every if one.begins >= DAY_US or (one.free and one.ends > DAY_US))
        crossing |= self._begun_across_midnight()
        bound = (crossing | crossing << 1) & (1 << len(self.book.before.almanac.days)) - 1
        changed = _changed_days(old, new) & self.within & ~1
        for days in _parts(changed & ~bound, {one.days for one in every}):
            self._look(_day(days, staying, old, new))
        for found in self._found.values():
            yield self._loss(found)
        nights = _bound_to(changed & bound, crossing & bound >> 1)
        if nights:
            on = frozenset(_dates(nights, self.book.before.almanac))
            meant = set(_dates(self.within, self.book.before.almanac))
            yield from (one for one in losses_of_days(self.pair, self.hearing, on) if one.days[0] in meant)

    def _look(self, day: _Day) -> None:
        if lowest(day.days) == _TODAY:
            self._look_at_today(day)
        elif self._is_settled(day.staying, day.old) and self._is_settled(day.staying, day.new):
            self._compare(day, {}, {}, [one for one in day.after if one.free])
        else:
            before, after = Contest(self.limits).run(day.before), Contest(self.limits).run(day.after)
            self._compare(day, before.lost, after.lost, after.kept)

    def _look_at_today(self, day: _Day) -> None:
        """Look at a day of which some is past: what has begun stands, and what would have begun is not meant."""
        today = midnight(self.pair.now)
        now_us = (self.pair.now - today) // _MICROSECOND
        gone = {one.key for one in self.hearing.begun}
        aired = [begun_claim(one, today, _TODAY) for one in self.hearing.begun if one.starts_at >= today]
        aired = [one for one in aired if one.free]
        ahead = day.only(lambda one: one.begins >= now_us and self.book.before.key_on(one, _TODAY) not in gone)
        before, after = Contest(self.limits).run(ahead.before, aired), Contest(self.limits).run(ahead.after, aired)
        self._compare(ahead, before.lost, after.lost, after.kept)

    def _begun_across_midnight(self) -> int:
        """Return the days on which something began, as it was kept, that sounds beyond their end."""
        today = midnight(self.pair.now)
        ends = [(one.starts_at, one.starts_at + one.length) for one in self.hearing.begun if not one.refusal]
        yesterday = any(starts_at < today < ends_at for starts_at, ends_at in ends)
        late = any(ends_at > today + _DAY for _, ends_at in ends)
        return (1 << _TODAY - 1 if yesterday else 0) | (1 << _TODAY if late else 0)

    def _is_settled(self, staying: list[Claim], touched: list[Claim]) -> bool:
        """Tell whether the `touched` claims meet nobody, and no limit can be reached: then they change nothing."""
        asking = [one for one in touched if one.free]
        if not asking:
            return True
        every = [one for one in staying if one.free] + asking
        for one in asking:
            if any(other.begins < one.ends and one.begins < other.ends and other is not one for other in every):
                return False
        return self.limits.hold(every)

    def _compare(self, day: _Day, before: Lost, after: Lost, sounding: list[Claim]) -> None:
        for claim in day.staying:
            if id(claim) in after and id(claim) not in before:
                self._lose(_Found(day.days, claim, sounding, after[id(claim)]))
        held = {one.ident: one for one in day.old}
        for claim in day.new:
            was = held.get(claim.ident)
            if was is None and claim.lone:
                was, before = self._moved_from(claim, before)
            if claim.misfit and (was is None or was.misfit != claim.misfit):
                self._lose(_Found(day.days, claim, sounding, misfit=claim.misfit))
            if not claim.free or id(claim) in after:
                if was is None or (was.free and id(was) not in before):
                    self._lose(_Found(day.days, claim, sounding, after.get(id(claim))))
                continue
            for place in _items_lost(was, claim):
                self._lose(_Found(day.days, claim, sounding, item=place))

    def _moved_from(self, claim: Claim, before: Lost) -> tuple[Claim | None, Lost]:
        """Return what a moved claim was on the day that it came from, and what was lost before the edit, there too."""
        was = next((one for one in self._old if one.ident == claim.ident), None)
        if was is None:
            return None, before
        there = Contest(self.limits).run(_day(was.days, self._staying, self._old, []).before)
        return was, {**before, **there.lost}

    def _lose(self, found: _Found) -> None:
        why = found.reason.lines if isinstance(found.reason, Over) else id(found.reason)
        held = self._found.setdefault((id(found.claim), why, found.item, found.misfit), found)
        if lowest(found.days) < lowest(held.days):
            held.reason, held.sounding = found.reason, found.sounding
        held.days |= found.days

    def _loss(self, found: _Found) -> Loss:
        day = lowest(found.days)
        slot = self._slot(found.claim, day)
        winner = None
        if isinstance(found.reason, Claim):
            winner = self._slot(found.reason, day)
            slot = replace(slot, refusal=clash_with(winner), yields_to=winner.key)
        elif found.reason is not None:
            taken = [one.slot for one in found.reason.taken]
            slot = replace(slot, refusal=over_limit(taken, slot, self.pair.before.terms.policy))
        return Loss(
            machines=self.hearing.machines,
            days=tuple(_dates(found.days, self.book.before.almanac)),
            slot=slot,
            item=None if found.item is None else slot.items[found.item],
            winner=winner,
            misfit=found.misfit,
            area_ids=self.hearing.area_ids,
            beside=partial(self._slots, found.sounding, day),
        )

    def _slot(self, claim: Claim, day: int) -> Slot:
        return self.book.before.slot_on(claim, day, self.hearing.machines[0].id)

    def _slots(self, claims: Iterable[Claim], day: int) -> tuple[Slot, ...]:
        return tuple(self._slot(one, day) for one in claims)


def _day(days: int, staying: list[Claim], old: list[Claim], new: list[Claim]) -> _Day:
    return _Day(days, *([one for one in part if one.days & days] for part in (staying, old, new)))


def _items_lost(was: Claim | None, claim: Claim) -> Iterator[int]:
    """Yield the places of the items that fell out of a session that sounds."""
    said = {(item.title, item.refusal) for item in (was.slot.items if was is not None else ()) if item.refusal}
    for place, item in enumerate(claim.slot.items):
        if item.refusal and (item.title, item.refusal) not in said:
            yield place


def _changed_days(old: Sequence[Claim], new: Sequence[Claim]) -> int:
    """Return the days on which what is asked for is not what was asked for."""
    return _without_like(old, new) | _without_like(new, old)


def _without_like(claims: Iterable[Claim], others: Iterable[Claim]) -> int:
    held: dict[Ident, list[Claim]] = {}
    for one in others:
        held.setdefault(one.ident, []).append(one)
    return _union(
        one.days & ~_union(other.days for other in held.get(one.ident, ()) if one.alike(other)) for one in claims
    )


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _parts(days: int, masks: Iterable[int]) -> list[int]:
    """Return `days` in the parts whose days lie in the same of `masks`; today is a part by itself."""
    parts = [days] if days else []
    for mask in (1 << _TODAY, *masks):
        held = mask & days
        if held and held != days:
            parts = [piece for part in parts for piece in (part & held, part & ~held) if piece]
    return parts


def _bound_to(days: int, crossing: int) -> int:
    """Return `days` and all that sessions across midnight, begun on the days `crossing`, bind to them."""
    while True:
        wider = days | (days & crossing) << 1 | days >> 1 & crossing
        if wider == days:
            return days
        days = wider


def _dates(days: int, almanac: Almanac) -> Iterator[date]:
    first = almanac.days[0]
    return (date.fromordinal(first + number) for number in range(days.bit_length()) if days >> number & 1)
