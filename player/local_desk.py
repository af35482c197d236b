"""What people at the machine may do with the centre out of reach: start what the signed set lets them, stop, clear.

Nothing of it is signed by them: a start sounds only clips that the signed set names, and only where it says that
people at the loudspeaker may. Whoever can write into the machine's folder could pull the amplifier's plug as well.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.emergencies import LOCAL_ID
from domain.emergency_set import ReadyMessage
from domain.errors import BadInputError, NotAllowedError, NotFoundError, WrongStateError
from domain.formats import plain
from domain.order_sheet import ClearOrder, SoundOrder, StopOrder
from domain.playlist import to_ms
from domain.ports import Clock
from player.alerting import Alert
from player.emergencies import Emergencies

_GOOD_FOR = timedelta(hours=1)
_NOT_LOCAL = "Thông điệp «{}» không được phép phát bằng nút bấm tại máy; hãy gọi trung tâm."
_ALIKE = "Máy giữ nhiều thông điệp tên gần giống «{}»; hãy gõ mã. Xem: tiengloa machine emergency list"
_REAL = (
    "Loa đang có đợt phát khẩn thật nên không diễn tập, kẻo bà con tưởng đợt ấy cũng là diễn tập. Chưa có gì thay đổi."
)
_NO_NOTICE = "Máy chưa có lời báo «đây là diễn tập» nên chưa diễn tập được."


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """Starts, stops and clears on this machine; from any thread."""

    emergencies: Emergencies
    clock: Clock

    def listing(self) -> dict[str, Any]:
        """Return as a JSON object what is held ready and what goes on."""
        held = self.emergencies.held
        return {
            "messages": [{"id": one.id, "title": one.title, "local": one.local} for one in held.messages],
            "running": [_told(one) for one in self.emergencies.alerts if one.running],
        }

    def start(self, message_id: str, *, drill: bool) -> str:
        """Start a message and return the id of the emergency; one that runs already goes on as it is.

        `message_id` may be a title, without its marks too: a box's own terminal cannot type them.
        Raises NotFoundError, NotAllowedError.
        """
        message = self._message(message_id)
        held = self.emergencies.held
        if not message.local:
            raise NotAllowedError(_NOT_LOCAL.format(message.title))
        if drill and held.notice is None:
            raise NotAllowedError(_NO_NOTICE)
        running = self._running(message, drill=drill)
        if running is not None:
            return running.id
        if drill and any(one.running and not one.order.drill for one in self.emergencies.alerts):
            raise NotAllowedError(_REAL)
        now, name = self.clock.now(), f"{LOCAL_ID}{secrets.token_hex(8)}"
        order = SoundOrder(
            id=name,
            issued_at=now,
            expires_at=now + message.pattern.longest,
            emergency_id=name,
            title=message.title,
            message=message.message,
            pattern=message.pattern,
            chime=message.chime,
            drill=drill,
            notice=held.notice if drill else None,
        )
        self.emergencies.command(order)
        return name

    def stop(self, emergency_id: str = "") -> int:
        """Stop one emergency, or all that go on, and return how many that were."""
        running = [one for one in self.emergencies.alerts if one.running and emergency_id in ("", one.id)]
        now = self.clock.now()
        targets = (emergency_id,) if emergency_id else ()
        self.emergencies.command(StopOrder(f"dung-{secrets.token_hex(8)}", now, now + _GOOD_FOR, targets))
        return len(running)

    def all_clear(self, emergency_id: str = "") -> str:
        """Stop an emergency, the newest when none is named, and sound its all-clear; return its id.

        Raises NotFoundError when none was heard here, WrongStateError when it has no all-clear.
        """
        heard = [one for one in self.emergencies.alerts if one.heard and not one.clear]
        meant = [one for one in heard if emergency_id in ("", one.id)]
        if not meant:
            raise NotFoundError("Máy này không phát lần khẩn cấp nào gần đây nên không có gì để báo yên.")
        alert = max(meant, key=lambda one: (one.running, one.began))
        order = alert.order
        ready = next((one for one in self.emergencies.held.messages if one.message == order.message), None)
        if ready is None or ready.all_clear is None:
            raise WrongStateError("Lần phát này không có lời báo yên trên máy; hãy dùng lệnh dừng.")
        now = self.clock.now()
        name = f"yen-{secrets.token_hex(8)}"
        clear = ClearOrder(
            name, now, now + _GOOD_FOR, order.emergency_id, order.title, ready.all_clear, order.drill, order.notice
        )
        self.emergencies.command(clear)
        return order.emergency_id

    def _message(self, message_id: str) -> ReadyMessage:
        wanted = message_id.strip().casefold()
        for one in self.emergencies.held.messages:
            if wanted in (one.id.casefold(), one.title.casefold()):
                return one
        alike = [one for one in self.emergencies.held.messages if wanted and plain(one.title) == plain(wanted)]
        if len(alike) > 1:
            raise NotFoundError(_ALIKE.format(message_id))
        if alike:
            return alike[0]
        raise NotFoundError(f"Máy không giữ thông điệp «{message_id}». Xem: tiengloa machine emergency list")

    def _running(self, message: ReadyMessage, *, drill: bool) -> Alert | None:
        for one in self.emergencies.alerts:
            if one.running and one.local and one.order.message == message.message and one.order.drill == drill:
                return one
        return None


def answer(desk: LocalDesk, asked: object) -> dict[str, Any]:
    """Return the JSON answer to the JSON request `asked`: {"do": list|start|stop|all-clear, "what": ..., "drill": ...}.

    Raises BadInputError, NotFoundError, NotAllowedError, WrongStateError.
    """
    told = asked if isinstance(asked, dict) else {}
    what, drill = told.get("what", ""), told.get("drill", False)
    if not isinstance(what, str) or not isinstance(drill, bool):
        raise BadInputError("Yêu cầu không đúng khuôn dạng.")
    match told.get("do"):
        case "list":
            return desk.listing()
        case "start":
            return {"emergency": desk.start(what, drill=drill)}
        case "stop":
            return {"stopped": desk.stop(what)}
        case "all-clear":
            return {"emergency": desk.all_clear(what)}
    raise BadInputError("Yêu cầu không đúng khuôn dạng.")


def _told(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "title": alert.order.title,
        "drill": alert.order.drill,
        "clear": alert.clear,
        "local": alert.local,
        "began": to_ms(alert.began),
        "heard": alert.heard,
    }
