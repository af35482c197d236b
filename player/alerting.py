"""Emergencies on one machine, as values: what an order begins or ends, which repeat is due, and its slot. Pure.

An emergency becomes a slot of the playlist that the cue judges, one repeat (Turn) at a time; a repeat is made up only
when it is due and its message can sound, so that a missing chime never holds it up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.emergencies import (
    ALARM_KEY,
    CLEAR_KEY,
    CLEARED,
    ENDED_BY_PEOPLE,
    GAVE_WAY,
    LEAST_PAUSE,
    STOPPED,
    Pattern,
)
from domain.order_sheet import ClearOrder, Order, SoundOrder, StopOrder
from domain.playlist import ClipRef, PlaylistItem, PlaylistSlot
from domain.timetable import LatePolicy, Priority

EXPIRED = "Đã hết thời gian phát khẩn"
HUSHED = "Giờ yên tĩnh, không diễn tập"
BROKEN = "Máy khởi động lại giữa chừng, phát lại từ đầu"
NOT_HERE = "Máy chưa có âm thanh của thông điệp khẩn"
CHIME_TITLE = "Hiệu báo động"
NOTICE_TITLE = "Thông báo: đây là diễn tập"
AT_ONCE = timedelta(seconds=1)
"""How long before it is due a repeat is made up."""
GRACE = timedelta(minutes=15)
SHOWN_AFTER_END = timedelta(seconds=60)
KEPT_AFTER_END = timedelta(hours=24)
ONCE = Pattern(1, timedelta(), timedelta())

Ready = Callable[[str], bool]
"""Tells whether the clip of a hash can sound now."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One repeat: its number from 1, when it starts, and what sounds."""

    number: int
    starts_at: datetime
    items: tuple[PlaylistItem, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """An emergency, a drill or an all-clear on this machine.

    `until` is when no further repeat begins; `due` when the next one does, None when none will; `past` is a repeat
    that a restart broke off; `ended` is why it is over, or empty.
    """

    order: SoundOrder
    began: datetime
    until: datetime
    due: datetime | None
    local: bool = False
    clear: bool = False
    heard: int = 0
    turn: Turn | None = None
    past: Turn | None = None
    ended: str = ""
    ended_at: datetime | None = None

    @property
    def id(self) -> str:
        """Return the id of the emergency, or of the all-clear's order."""
        return self.order.id if self.clear else self.order.emergency_id

    @property
    def running(self) -> bool:
        """Tell whether it goes on."""
        return not self.ended

    def shown_at(self, now: datetime) -> bool:
        """Tell whether the cue is still to know of it."""
        return self.ended_at is None or now - self.ended_at <= SHOWN_AFTER_END

    def key(self, turn: Turn) -> str:
        """Return the key of the slot of one of its repeats."""
        return f"{CLEAR_KEY if self.clear else ALARM_KEY}{self.id}-{turn.number}"


def obey(
    alerts: tuple[Alert, ...], order: Order, now: datetime, *, local: bool = False, known: datetime | None = None
) -> tuple[Alert, ...]:
    """Return the alerts once `order` was obeyed at `now`; an order that has expired by then only leaves its trace.

    `known` is the latest instant that is known to have come, where the clock may be behind it. A drill in the midst of
    something real does not begin: people would take that for a drill too.
    """
    match order:
        case SoundOrder():
            begun = _begun(order, now, known or now, local=local)
            if order.drill and any(one.running and not one.order.drill for one in alerts):
                return (*alerts, _end(begun, GAVE_WAY, now))
            return (*(alerts if order.drill else _without_drills(alerts, now)), begun)
        case StopOrder():
            meant = frozenset(order.emergency_ids)
            return tuple(_end(one, STOPPED, now) if not meant or one.id in meant else one for one in alerts)
        case ClearOrder():
            return (*_cleared(alerts, order, now, known or now),)


def _begun(order: SoundOrder, now: datetime, known: datetime, *, local: bool) -> Alert:
    # The signed life of the order is what a machine can hold to whatever its own clock says.
    left = min(order.expires_at - max(now, known, order.issued_at), order.pattern.longest)
    alert = Alert(order, now, now + left, now, local=local)
    return alert if left > timedelta() else _end(alert, EXPIRED, now)


def _without_drills(alerts: tuple[Alert, ...], now: datetime) -> tuple[Alert, ...]:
    return tuple(_end(one, GAVE_WAY, now) if one.order.drill and not one.clear else one for one in alerts)


def _cleared(alerts: tuple[Alert, ...], order: ClearOrder, now: datetime, known: datetime) -> tuple[Alert, ...]:
    heard_here = any(one.id == order.emergency_id and one.heard for one in alerts)
    ended = tuple(_end(one, CLEARED, now) if one.id == order.emergency_id else one for one in alerts)
    if not heard_here:  # people who heard no alarm would wonder what is over
        return ended
    sound = SoundOrder(
        id=order.id,
        issued_at=order.issued_at,
        expires_at=order.expires_at,
        emergency_id=order.emergency_id,
        title=order.title,
        message=order.clip,
        pattern=ONCE,
        drill=order.drill,
        notice=order.notice,
    )
    others = ended if order.drill else _without_drills(ended, now)
    return (*others, replace(_begun(sound, now, known, local=False), clear=True))


def _end(alert: Alert, reason: str, now: datetime) -> Alert:
    return alert if alert.ended else replace(alert, ended=reason, ended_at=now, due=None)


def hushed(alerts: tuple[Alert, ...], now: datetime) -> tuple[Alert, ...]:
    """Return the alerts as they stand in quiet hours: an emergency passes them, a drill and its all-clear do not."""
    return tuple(_end(one, HUSHED, now) if one.order.drill else one for one in alerts)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the clips are: their lengths by hash, and which can sound now."""

    refs: Mapping[str, ClipRef]
    ready: Ready


def advance(alert: Alert, now: datetime, shelf: Shelf, settled: Callable[[str, int], bool]) -> Alert:
    """Return `alert` as it stands at `now`; `settled` tells of (slot key, items) whether all of them are over."""
    turn = alert.turn
    if not alert.running:
        return alert
    if turn is not None and alert.due is None:
        if not settled(alert.key(turn), len(turn.items)):
            return alert
        due = alert.order.pattern.next_after(alert.heard, turn.starts_at, now)
        alert = replace(alert, due=due)
    if alert.due is None or max(alert.due, now) >= alert.until:
        return alert if alert.due and now < alert.until else _finished(alert, now)
    if now < alert.due - AT_ONCE:
        return alert
    items = composed(alert.order, shelf, clear=alert.clear)
    if not items:
        return alert
    made = Turn(alert.heard + 1, max(alert.due, now), items)
    return replace(alert, turn=made, heard=made.number, due=None)


def _finished(alert: Alert, now: datetime) -> Alert:
    whole = alert.turn is not None and now < alert.until
    return _end(alert, "Đã phát đủ số lần" if whole else EXPIRED, now)


def composed(order: SoundOrder, shelf: Shelf, *, clear: bool = False) -> tuple[PlaylistItem, ...]:
    """Return what sounds in one repeat, or nothing while it cannot: a drill never sounds without its notice.

    `clear`: it is an all-clear, and is called so in the log.
    """
    needed = [order.message, *([order.notice] if order.notice else [])]
    if not all(one in shelf.refs and shelf.ready(one) for one in needed) or order.drill != (order.notice is not None):
        return ()
    parts = [(order.message, _title(order, clear=clear))]
    if order.chime and order.chime in shelf.refs and shelf.ready(order.chime):
        parts.insert(0, (order.chime, CHIME_TITLE))
    if order.notice:
        parts = [(order.notice, NOTICE_TITLE), *parts, (order.notice, NOTICE_TITLE)]
    return _in_line(parts, shelf.refs)


def _title(order: SoundOrder, *, clear: bool = False) -> str:
    title = f"Báo yên: {order.title}" if clear else order.title
    return f"Diễn tập: {title}" if order.drill else title


def _in_line(parts: Iterable[tuple[str, str]], refs: Mapping[str, ClipRef]) -> tuple[PlaylistItem, ...]:
    items, offset = [], timedelta()
    for clip_hash, title in parts:
        items.append(PlaylistItem(clip_hash, offset, refs[clip_hash].length, title))
        offset += refs[clip_hash].length
    return tuple(items)


def slots_of(alert: Alert, now: datetime) -> tuple[PlaylistSlot, ...]:
    """Return the slots that the cue is to know of: the repeat at hand, and one that was broken off."""
    if not alert.shown_at(now):
        return ()
    slots = [_slot(alert, alert.past, BROKEN)] if alert.past else []
    if alert.turn:
        # An emergency that ends by itself lets its last repeat sound to the end.
        cut = alert.ended if alert.ended in (*ENDED_BY_PEOPLE, HUSHED) else ""
        slots.append(_slot(alert, alert.turn, cut))
    elif alert.ended and not alert.heard:
        item = PlaylistItem(None, timedelta(), timedelta(), _title(alert.order, clear=alert.clear), _unheard(alert))
        slots.append(_slot(alert, Turn(0, alert.began, (item,)), _unheard(alert)))
    return tuple(slots)


def coming_of(alert: Alert, now: datetime) -> tuple[PlaylistSlot, ...]:
    """Return an empty slot where the next repeat will be, once it is made up: the loudspeaker is kept free for it."""
    at = None if alert.ended else alert.due or _due_after(alert, now)
    if at is None or not now < at < alert.until:
        return ()
    return (_slot(alert, Turn(alert.heard + 1, at, ()), ""),)


def _due_after(alert: Alert, now: datetime) -> datetime | None:
    """Return when the repeat after the one that sounds will be due, at the soonest."""
    turn = alert.turn
    if turn is None:
        return None
    over = turn.starts_at + sum((item.length for item in turn.items), timedelta())
    at = alert.order.pattern.next_after(alert.heard, turn.starts_at, over)
    return at and max(at, now + LEAST_PAUSE)


def _unheard(alert: Alert) -> str:
    return NOT_HERE if alert.ended == EXPIRED and alert.until > alert.began else alert.ended


def _slot(alert: Alert, turn: Turn, refusal: str) -> PlaylistSlot:
    title = f"{'Báo yên' if alert.clear else 'Phát khẩn'}: {_title(alert.order)}"
    return PlaylistSlot(
        alert.key(turn), turn.starts_at, title, Priority.EMERGENCY, LatePolicy.CATCH_UP, GRACE, turn.items, refusal
    )


def moved(alert: Alert, step: timedelta) -> Alert:
    """Return `alert` with its instants moved along with a wall clock that stepped."""
    return replace(
        alert,
        began=alert.began + step,
        until=alert.until + step,
        due=alert.due and alert.due + step,
        turn=alert.turn and replace(alert.turn, starts_at=alert.turn.starts_at + step),
        past=alert.past and replace(alert.past, starts_at=alert.past.starts_at + step),
        ended_at=alert.ended_at and alert.ended_at + step,
    )


def resumed(alert: Alert, now: datetime, left: timedelta, *, trusted: bool) -> Alert:
    """Return a kept `alert` after a restart: one that ran goes on, its broken repeat from the beginning.

    `left` is how long it still had when it was kept: what is left of it when the clock cannot tell.
    """
    if not alert.running:
        return alert
    until = alert.until if trusted else now + left
    if now >= until:
        return _end(alert, EXPIRED, now)
    broken = alert.turn if alert.due is None else None
    due = now if broken or alert.due is None or not trusted else alert.due
    return replace(alert, until=until, due=due, past=broken, turn=None if broken else alert.turn)


def revived(alert: Alert, now: datetime) -> Alert:
    """Return an alert that a clock too far ahead took for over, as it goes on by the clock that was set back since."""
    if not alert.heard:
        return replace(_begun(alert.order, now, now, local=alert.local), clear=alert.clear)
    return resumed(replace(alert, ended="", ended_at=None), now, timedelta(), trusted=True)


def kept(alerts: Iterable[Alert], now: datetime) -> tuple[Alert, ...]:
    """Return the alerts that still matter: those that run, and those that an all-clear may yet follow."""
    return tuple(one for one in alerts if one.ended_at is None or abs(now - one.ended_at) < KEPT_AFTER_END)
