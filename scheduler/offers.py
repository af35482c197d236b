"""Ways out of a conflict: another time of the same day, another order, or a shorter session. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.airtime import AirtimePolicy
from domain.timetable import FROM_OUTSIDE, STATION_ZONE, Layer, PlannedItem, Priority, Slot
from scheduler.inputs import local_date, midnight
from scheduler.policy import check_day, check_repeats, check_session, spoken_length

_ZONE = ZoneInfo(STATION_ZONE)
_STEP = timedelta(minutes=5)
_DAY = timedelta(days=1)


class OfferKind(StrEnum):
    """What may be done about a conflict."""

    MOVE = "move"
    ORDER = "order"
    SHORTEN = "shorten"


@dataclass(frozen=True, slots=True)
class Offer:
    """One way out, in words, with what a program needs to take it.

    MOVE has `starts_at`, the instant to ask for instead; ORDER the `rank` to give to `programme_id`; SHORTEN the
    `length` by which `programme_id` is too long, and `item`, the place of the item to drop, when one suffices.
    """

    kind: OfferKind
    words: str
    programme_id: str
    starts_at: datetime | None = None
    rank: int | None = None
    length: timedelta = timedelta()
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a slot lost: the policy, the slots of its machine on its day, and how much later than asked it starts."""

    policy: AirtimePolicy
    area_ids: frozenset[str]
    day: tuple[Slot, ...]
    stagger: timedelta = timedelta()


def offers_for(loser: Slot, winner: Slot | None, scene: Scene) -> tuple[Offer, ...]:
    """Return what would let `loser` sound, the least change first."""
    found = (
        _move(loser, scene),
        _order(loser, winner) if winner is not None else None,
        _shorten_for(loser, winner) if winner is not None else _shorten(loser, scene),
    )
    return tuple(one for one in found if one is not None)


def _move(loser: Slot, scene: Scene) -> Offer | None:
    """Return the next free time of the day, or else the last one before, at which nothing is broken."""
    if not loser.length:
        return None
    beside = [one for one in scene.day if not one.refusal and one.length and one.key != loser.key]
    if _breaks_day(loser, beside, scene.policy):
        return None
    free = [at for at in _candidates(loser, beside, scene) if _is_free(at, loser, beside, scene)]
    later = [at for at in free if at > loser.starts_at]
    best = min(later) if later else max(free, default=None)
    if best is None:
        return None
    asked = (best - scene.stagger).astimezone(_ZONE)
    words = f"Chuyển «{loser.title}» sang {asked:%H:%M}, giờ trống gần nhất trong ngày."
    return Offer(OfferKind.MOVE, words, loser.programme_id, starts_at=asked)


def _candidates(loser: Slot, beside: Sequence[Slot], scene: Scene) -> Iterable[datetime]:
    """Return the times worth trying: whole five minutes after something ends, or before something begins."""
    day = midnight(loser.starts_at)
    edges = [span for quiet in scene.policy.quiet for span in (quiet.start, quiet.end)]
    edges += [span for one in scene.policy.exclusions for span in (one.start, one.end)]
    marks = [datetime.combine(day.date(), edge, _ZONE) for edge in edges]
    marks += [one.ends_at for one in beside] + [one.starts_at for one in beside] + [loser.starts_at]
    for mark in marks:
        for at in (mark, mark - loser.length):
            asked = at - scene.stagger - day
            yield day + -(-asked // _STEP) * _STEP + scene.stagger
            yield day + asked // _STEP * _STEP + scene.stagger


def _is_free(at: datetime, loser: Slot, beside: Iterable[Slot], scene: Scene) -> bool:
    if local_date(at) != local_date(loser.starts_at) or local_date(at - scene.stagger) != local_date(at):
        return False
    if any(one.starts_at < at + loser.length and at < one.ends_at for one in beside):
        return False
    return not check_session(scene.policy, at, loser.length, scene.area_ids)


def _breaks_day(loser: Slot, beside: Sequence[Slot], policy: AirtimePolicy) -> bool:
    on = local_date(loser.starts_at)
    slots = [one for one in beside if local_date(one.starts_at) == on] + [loser]
    said = Counter(bulletin_id for one in slots for bulletin_id in one.said)
    repeats = {bulletin_id: said[bulletin_id] for bulletin_id in loser.said}
    return bool(check_day(policy, ((one.starts_at, one.length) for one in slots)) or check_repeats(policy, repeats))


def _order(loser: Slot, winner: Slot) -> Offer | None:
    """Return the rank that puts `loser` first: only the commune orders what it has marked as of one high priority."""
    alike = loser.priority is winner.priority and (loser.layer is Layer.URGENT) == (winner.layer is Layer.URGENT)
    if not alike or loser.priority < Priority.PRIORITY or loser.programme_id == winner.programme_id:
        return None
    words = f"Xếp «{loser.title}» trước «{winner.title}» khi hai buổi ưu tiên gặp nhau."
    return Offer(OfferKind.ORDER, words, loser.programme_id, rank=winner.rank - 1)


def _shorten_for(loser: Slot, winner: Slot) -> Offer | None:
    """Return by how much the earlier of two sessions must end sooner for both to sound."""
    first, second = (loser, winner) if loser.starts_at < winner.starts_at else (winner, loser)
    over = first.ends_at - second.starts_at
    return shorter(first, over) if timedelta() < over < first.length else None


def _shorten(loser: Slot, scene: Scene) -> Offer | None:
    over = max(_over_session(loser, scene), _over_day(loser, scene), _over_quiet(loser, scene.policy))
    return shorter(loser, over) if timedelta() < over < loser.length else None


def _over_session(loser: Slot, scene: Scene) -> timedelta:
    return loser.length - scene.policy.session_limit


def _over_day(loser: Slot, scene: Scene) -> timedelta:
    on = local_date(loser.starts_at)
    taken = (one.length for one in scene.day if not one.refusal and local_date(one.starts_at) == on)
    return sum(taken, loser.length) - scene.policy.day_limit


def _over_quiet(loser: Slot, policy: AirtimePolicy) -> timedelta:
    """Return how far a session that begins before quiet hours reaches into them."""
    day = midnight(loser.starts_at)
    opens = (datetime.combine(day.date(), quiet.start, _ZONE) for quiet in policy.quiet)
    over = (loser.ends_at - at for at in opens if loser.starts_at < at < loser.ends_at)
    return max(over, default=timedelta())


def shorter(slot: Slot, over: timedelta) -> Offer:
    """Return the offer to make `slot` shorter by `over`, naming the shortest item that would do."""
    words = f"Rút ngắn «{slot.title}» ít nhất {spoken_length(over)}"
    place = _item_to_drop(slot.items, over)
    if place is not None:
        item = slot.items[place]
        words += f", ví dụ bỏ «{item.title}» ({spoken_length(item.span)})"
    return Offer(OfferKind.SHORTEN, f"{words}.", slot.programme_id, length=over, item=place)


def _item_to_drop(items: Sequence[PlannedItem], over: timedelta) -> int | None:
    """Return the place of the shortest item that is long enough to matter, when something is left without it."""
    sounding = [place for place, item in enumerate(items) if item.span]
    whole = [place for place in sounding if items[place].kind not in FROM_OUTSIDE]
    fit = [place for place in whole if items[place].span >= over]
    return min(fit, key=lambda place: items[place].span) if fit and len(sounding) > 1 else None
