"""Speaking live: an approver opens the session of a slot with a key of the own browser, and sends signed chunks."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from domain.errors import BadInputError
from domain.live import MOST_DATA
from domain.people import Role
from domain.playlist import to_ms
from scheduler.noting import require
from web.asked import posted_object
from web.context import me, services

blueprint = Blueprint("live", __name__, url_prefix="/truc-tiep")


@blueprint.before_request
def bound() -> None:
    """Take no more than a chunk."""
    request.max_content_length = MOST_DATA


@blueprint.post("")
def open_session() -> ResponseReturnValue:
    """Open the live slot `slot` for the public key `key`; answer the session and when it ends."""
    require(me(), Role.APPROVER)
    asked = posted_object()
    slot, key = asked.get("slot"), asked.get("key")
    if not isinstance(slot, str) or not isinstance(key, str):
        raise BadInputError("Yêu cầu mở buổi trực tiếp thiếu buổi phát hoặc khóa.")
    made = services().live.open(me(), slot[:100], key[:100])
    return jsonify(session=made.id, ends=to_ms(made.ends_at))


@blueprint.post("/<session_id>")
def speak(session_id: str) -> ResponseReturnValue:
    """Hand a chunk on: its bytes are the body, `sequence`, `media` and `signature` (base64) in the address."""
    chunk = services().live.chunk(me(), session_id, request.args, request.get_data())
    services().live_room.put(session_id, chunk)
    return "", 204


@blueprint.post("/<session_id>/dong")
def close(session_id: str) -> ResponseReturnValue:
    """End the session."""
    services().live.close(me(), session_id)
    services().live_room.forget(session_id)
    return "", 204
