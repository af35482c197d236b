"""Who sounds when two sessions of one machine meet: one wins, and the other is kept with the reason."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
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
class _Board:
    """The sounding slots taken so far: they never overlap, so they stay sorted by start and by end alike."""

    taken: list[Slot] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    by_day: dict[date, list[Slot]] = field(default_factory=dict)

    def clash(self, slot: Slot) -> Slot | None:
        """Return the first taken slot that sounds while `slot` would; touching ends do not clash."""
        after = bisect_right(self.starts, slot.starts_at)
        if after and self.taken[after - 1].ends_at > slot.starts_at:
            return self.taken[after - 1]
        if after < len(self.taken) and self.starts[after] < slot.ends_at:
            return self.taken[after]
        return None

    def take(self, slot: Slot) -> None:
        place = bisect_right(self.starts, slot.starts_at)
        self.taken.insert(place, slot)
        self.starts.insert(place, slot.starts_at)
        self.sessions_beside(slot).append(slot)

    def sessions_beside(self, slot: Slot) -> list[Slot]:
        """Return the sessions taken on the local day of `slot`."""
        return self.by_day.setdefault(slot.starts_at.astimezone(_ZONE).date(), [])


def resolve(slots: Iterable[Slot], policy: AirtimePolicy | None = None, begun: tuple[Slot, ...] = ()) -> Resolution:
    """Decide the clashes among the slots of one machine; nothing is lost: a loser is kept with a `refusal`.

    The higher priority wins, then what is urgent, the smaller rank, the earlier start, and the smaller key. With a
    `policy` its limits of a day are held in the same order, so give whole days; a slot that lost frees its time for
    the next. Slots that came with a refusal are dropped as they are, and slots without sound clash with nothing.
    What has `begun` is not judged again: it counts against the limits of its day, and only a higher priority may
    start upon it.
    """
    board, kept, dropped = _Board(), list[Slot](), list[Slot]()
    aired = tuple(slot for slot in begun if slot.length and not slot.refusal)
    for slot in aired:
        board.sessions_beside(slot).append(slot)
    for slot in sorted(slots, key=_precedence):
        winner = _still_sounding(aired, slot) or (board.clash(slot) if slot.length else None)
        reason = slot.refusal or (_clash_with(winner) if winner else _over_limit(board, slot, policy))
        if reason:
            dropped.append(_refused(slot, reason, winner))
            continue
        kept.append(slot)
        if slot.length:
            board.take(slot)
    return Resolution(_sorted(kept), _sorted(dropped))


def _precedence(slot: Slot) -> tuple[int, bool, int, datetime, str]:
    return -slot.priority, slot.layer is not Layer.URGENT, slot.rank, slot.starts_at, slot.key


def _refused(slot: Slot, reason: str, winner: Slot | None) -> Slot:
    return slot if slot.refusal else replace(slot, refusal=reason, yields_to=winner.key if winner else "")


def _still_sounding(aired: tuple[Slot, ...], slot: Slot) -> Slot | None:
    for one in aired if slot.length else ():
        if one.priority >= slot.priority and one.starts_at < slot.ends_at and slot.starts_at < one.ends_at:
            return one
    return None


def _clash_with(winner: Slot) -> str:
    return f"trùng với «{winner.title}» lúc {winner.starts_at.astimezone(_ZONE):%H:%M}"


def _over_limit(board: _Board, slot: Slot, policy: AirtimePolicy | None) -> str:
    """Return the limits of a day that `slot` would break beside what was taken on that day."""
    if policy is None or not slot.length:
        return ""
    beside = [*board.sessions_beside(slot), slot]
    lengths = [(one.starts_at, one.length) for one in beside]
    said = Counter(item.bulletin_id for one in beside for item in one.items if item.bulletin_id and not item.refusal)
    own = {item.bulletin_id: said[item.bulletin_id] for item in slot.items if item.bulletin_id and not item.refusal}
    return " ".join((*check_day(policy, lengths), *check_repeats(policy, own)))


def _sorted(slots: list[Slot]) -> tuple[Slot, ...]:
    return tuple(sorted(slots, key=lambda slot: (slot.starts_at, slot.key)))
