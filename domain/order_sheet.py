"""The orders (lệnh) that one machine obeys at once, and their JSON form before they are signed.

A sheet lies in the same envelope as the playlist (`domain/playlist.py`), signed by the same key, but it is small and
quick to fetch. It holds every order that is still good; a machine obeys each order id once. The sheet and its orders
are good for LONGEST at most, and (epoch, counter) only grows.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.emergencies import LONGEST, Pattern
from domain.emergency_set import maybe_named, named_clip, pattern_document, read_pattern
from domain.errors import BadInputError, TrustError
from domain.fields import instant, listed, object_of, text
from domain.playlist import (
    ClipRef,
    Heading,
    check_format,
    clip_document,
    heading_document,
    read_clip,
    read_heading,
    to_ms,
)

FORMAT = "tiengloa-orders"
FORMAT_VERSION = 1
MAX_SHEET_BYTES = 128 * 1024
MOST_ORDERS = 64
MOST_TARGETS = 64
_SOUND = "action id issued expires emergency title drill notice chime message pattern"
_STOP = "action id issued expires emergencies"
_CLEAR = "action id issued expires emergency title drill notice clip"


@dataclass(frozen=True, slots=True)
class SoundOrder:
    """Sound a message by its pattern until stopped or `expires_at`.

    A drill carries the `notice` that is said before and after it, and only a drill does.
    """

    id: str
    issued_at: datetime
    expires_at: datetime
    emergency_id: str
    title: str
    message: str
    pattern: Pattern
    chime: str | None = None
    drill: bool = False
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class StopOrder:
    """Stop the named emergencies; none named stops all that sound, and those that people at the machine started."""

    id: str
    issued_at: datetime
    expires_at: datetime
    emergency_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClearOrder:
    """Stop an emergency and sound its all-clear once."""

    id: str
    issued_at: datetime
    expires_at: datetime
    emergency_id: str
    title: str
    clip: str
    drill: bool = False
    notice: str | None = None


Order = SoundOrder | StopOrder | ClearOrder


@dataclass(frozen=True, slots=True)
class OrderSheet(Heading):
    """All the orders of one machine that are good now, in the order in which they were given."""

    clips: tuple[ClipRef, ...] = ()
    orders: tuple[Order, ...] = ()


class _Action(StrEnum):
    SOUND = "sound"
    STOP = "stop"
    ALL_CLEAR = "all-clear"


def sheet_document(sheet: OrderSheet) -> dict[str, Any]:
    """Return the JSON document of `sheet`, made of strings, integers, booleans, lists and objects only."""
    return {
        **heading_document(sheet, FORMAT, FORMAT_VERSION),
        "clips": [clip_document(clip) for clip in sheet.clips],
        "orders": [order_document(order) for order in sheet.orders],
    }


def order_document(order: Order) -> dict[str, Any]:
    """Return the JSON object of one order."""
    told: dict[str, Any] = {"id": order.id, "issued": to_ms(order.issued_at), "expires": to_ms(order.expires_at)}
    match order:
        case StopOrder():
            return {**told, "action": _Action.STOP.value, "emergencies": list(order.emergency_ids)}
        case ClearOrder():
            own: dict[str, Any] = {"action": _Action.ALL_CLEAR.value, "clip": order.clip}
        case SoundOrder():
            pattern = pattern_document(order.pattern)
            own = {"action": _Action.SOUND.value, "message": order.message, "chime": order.chime, "pattern": pattern}
    return {
        **told,
        **own,
        "emergency": order.emergency_id,
        "title": order.title,
        "drill": order.drill,
        "notice": order.notice,
    }


def sheet_from(document: object) -> OrderSheet:
    """Return the sheet of a JSON document, refusing whatever is not exactly of the form.

    Raises TrustError: a wrong type, an unknown or missing key, a number out of range, an order that outlives LONGEST,
    a repeated id, a clip that is not listed, or a drill that does not say that it is one.
    """
    try:
        return _read_sheet(document)
    except (KeyError, TypeError, ValueError, OverflowError, BadInputError) as error:
        raise TrustError(f"Lệnh khẩn sai khuôn dạng ({error}); máy bỏ qua lệnh này.") from error


def order_from(document: object, named: Set[str]) -> Order:
    """Return one order whose clips are all in `named`. Raises ValueError, TypeError, KeyError, BadInputError."""
    action = _Action(text(document.get("action"))) if isinstance(document, dict) else _Action("")
    if action is _Action.STOP:
        order = object_of(document, _STOP)
        targets = tuple(text(one, 80) for one in listed(order["emergencies"], MOST_TARGETS))
        return StopOrder(*_heading(order), targets)
    if action is _Action.ALL_CLEAR:
        order = object_of(document, _CLEAR)
        clear = ClearOrder(
            *_heading(order),
            emergency_id=text(order["emergency"], 40),
            title=text(order["title"]),
            clip=named_clip(order["clip"], named),
            drill=_is_drill(order),
            notice=maybe_named(order["notice"], named),
        )
        return _checked(clear)
    order = object_of(document, _SOUND)
    sound = SoundOrder(
        *_heading(order),
        emergency_id=text(order["emergency"], 40),
        title=text(order["title"]),
        message=named_clip(order["message"], named),
        pattern=read_pattern(order["pattern"]),
        chime=maybe_named(order["chime"], named),
        drill=_is_drill(order),
        notice=maybe_named(order["notice"], named),
    )
    return _checked(sound)


def _read_sheet(document: object) -> OrderSheet:
    top = object_of(document, "format version station machine epoch counter issued expires clips orders")
    check_format(top, FORMAT, FORMAT_VERSION)
    clips = tuple(read_clip(one) for one in listed(top["clips"], 4 * MOST_ORDERS))
    named = frozenset(clip.hash for clip in clips)
    orders = tuple(order_from(one, named) for one in listed(top["orders"], MOST_ORDERS))
    if len({order.id for order in orders}) != len(orders):
        raise ValueError("orders: id")
    return OrderSheet(*read_heading(top, LONGEST), clips=clips, orders=orders)


def _heading(order: Any) -> tuple[str, datetime, datetime]:
    issued, expires = instant(order["issued"]), instant(order["expires"])
    if not timedelta() < expires - issued <= LONGEST:
        raise ValueError("orders: expires")
    return text(order["id"], 40), issued, expires


def _checked(order: SoundOrder | ClearOrder) -> Order:
    """Return `order` when a drill says that it is one, and nothing real does. Raises ValueError."""
    if order.drill != (order.notice is not None):
        raise ValueError("orders: drill")
    return order


def _is_drill(order: Any) -> bool:
    if not isinstance(order["drill"], bool):
        raise TypeError("drill")
    return order["drill"]
