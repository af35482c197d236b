"""Who sounds when two sessions of one machine meet: one wins, and the other is kept with the reason."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.airtime import AirtimePolicy
from domain.timetable import STATION_ZONE, Layer, Slot
from scheduler.policy import check_day, check_repeats

_ZONE = ZoneInfo(STATION_ZONE)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The slots of one machine after their clashes: those `kept` sound as asked, each `dropped` says why not.

    Both are sorted by (starts_at, key), and together they hold every slot that came in.
    """

    kept: tuple[Slot, ...]
    dropped: tuple[Slot, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Return every slot, kept or dropped, sorted by (starts_at, key)."""
        return _sorted([*self.kept, *self.dropped])


@dataclass(slots=True)
class _Day:
    """What was taken on a local day: the start and length of each session, and how often it says each bulletin."""

    sessions: list[tuple[datetime, timedelta]] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)

    def take(self, slot: Slot, length: timedelta) -> None:
        self.sessions.append((slot.starts_at, length))
        self.said.update(slot.said)


@dataclass(slots=True)
class _Board:
    """The sounding slots taken so far: they never overlap, so they stay sorted by start and by end alike."""

    taken: list[Slot] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    ends: list[datetime] = field(default_factory=list)
    days: dict[date, _Day] = field(default_factory=dict)

    def clash(self, slot: Slot, length: timedelta) -> Slot | None:
        """Return the first taken slot that sounds while `slot` would; touching ends do not clash."""
        after = bisect_right(self.starts, slot.starts_at)
        if after and self.ends[after - 1] > slot.starts_at:
            return self.taken[after - 1]
        if after < len(self.taken) and self.starts[after] < slot.starts_at + length:
            return self.taken[after]
        return None

    def take(self, slot: Slot, length: timedelta) -> None:
        place = bisect_right(self.starts, slot.starts_at)
        self.taken.insert(place, slot)
        self.starts.insert(place, slot.starts_at)
        self.ends.insert(place, slot.starts_at + length)
        self.day_of(slot).take(slot, length)

    def day_of(self, slot: Slot) -> _Day:
        """Return the local day of `slot`."""
        return self.days.setdefault(slot.starts_at.astimezone(_ZONE).date(), _Day())


def resolve(slots: Iterable[Slot], policy: AirtimePolicy | None = None, begun: tuple[Slot, ...] = ()) -> Resolution:
    """Decide the clashes among the slots of one machine; nothing is lost: a loser is kept with a `refusal`.

    The higher priority wins, then what is urgent, the smaller rank, the earlier start, and the smaller key. With a
    `policy` its limits of a day are held in the same order, so give whole days; a slot that lost frees its time for
    the next. Slots that came with a refusal are dropped as they are, and slots without sound clash with nothing.
    What has `begun` is not judged again: it counts against the limits of its day, and only a higher priority may
    start upon it.
    """
    board, kept, dropped = _Board(), list[Slot](), list[Slot]()
    aired = tuple((slot, length) for slot in begun if not slot.refusal and (length := slot.length))
    for slot, length in aired:
        board.day_of(slot).take(slot, length)
    for slot in sorted(slots, key=_precedence):
        length = slot.length
        winner = _still_sounding(aired, slot, length) or (board.clash(slot, length) if length else None)
        reason = slot.refusal or (clash_with(winner) if winner else _over(board.day_of(slot), slot, length, policy))
        if reason:
            dropped.append(_refused(slot, reason, winner))
            continue
        kept.append(slot)
        if length:
            board.take(slot, length)
    return Resolution(_sorted(kept), _sorted(dropped))


def _precedence(slot: Slot) -> tuple[int, bool, int, datetime, str]:
    return -slot.priority, slot.layer is not Layer.URGENT, slot.rank, slot.starts_at, slot.key


def _refused(slot: Slot, reason: str, winner: Slot | None) -> Slot:
    return slot if slot.refusal else replace(slot, refusal=reason, yields_to=winner.key if winner else "")


def _still_sounding(aired: tuple[tuple[Slot, timedelta], ...], slot: Slot, length: timedelta) -> Slot | None:
    ends_at = slot.starts_at + length
    for one, its_length in aired if length else ():
        if one.priority >= slot.priority and one.starts_at < ends_at and slot.starts_at < one.starts_at + its_length:
            return one
    return None


def clash_with(winner: Slot) -> str:
    """Return why a slot is silent that met `winner`."""
    return f"trùng với «{winner.title}» lúc {winner.starts_at.astimezone(_ZONE):%H:%M}"


def over_limit(taken: Iterable[Slot], slot: Slot, policy: AirtimePolicy) -> str:
    """Return the limits of a day that `slot` would break beside what was `taken` on that day, in words."""
    day = _Day()
    for one in taken:
        day.take(one, one.length)
    return _over(day, slot, slot.length, policy)


def _over(day: _Day, slot: Slot, length: timedelta, policy: AirtimePolicy | None) -> str:
    if policy is None or not length:
        return ""
    broken = check_day(policy, (*day.sessions, (slot.starts_at, length)))
    own = {bulletin_id: times + day.said[bulletin_id] for bulletin_id, times in Counter(slot.said).items()}
    return " ".join((*broken, *check_repeats(policy, own)))


def _sorted(slots: list[Slot]) -> tuple[Slot, ...]:
    return tuple(sorted(slots, key=lambda slot: (slot.starts_at, slot.key)))
