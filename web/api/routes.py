"""The machine API: join, fetch the playlist and its clips, report airings and heartbeats."""

import gzip
import json
from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from domain.errors import BadInputError, NotFoundError
from domain.machines import EnrolmentState
from domain.playlist import to_ms
from store import emergencies, machines
from store.machines import Published
from web.api.identity import applicant, caller, know_the_machine, server_time
from web.asked import posted_object
from web.context import services
from web.listening import send_clip
from web.throttle import Subject, Throttle

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.before_request(know_the_machine)

_LIVE_WAIT_S = 2.0
_NO_PLAYLIST = "Máy này chưa có danh sách phát. Hãy hỏi lại sau ít phút."
_NO_BROKER = "Trung tâm không có kênh báo nhanh; máy cứ tự hỏi theo chu kỳ."
_NOT_OURS = "Danh sách phát của máy này không có âm thanh ấy."
_named: dict[str, tuple[str, dict[str, str]]] = {}
"""By machine: the ETag of its playlist, and the media type of each clip named in it."""


@blueprint.after_request
def tell_time(response: Response) -> Response:
    """Tell the server's time with every answer, so that a machine whose clock is off can see it."""
    response.headers["TL-Server-Time"] = str(server_time())
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@blueprint.post("/enrol")
def enrol() -> ResponseReturnValue:
    """Take a box's request to join by its one-use code; guesses are slowed down by address and altogether."""
    subjects = (Subject(f"enrol:{request.remote_addr}", 10), Subject("enrol:*", 120))
    throttle = Throttle(services().database, services().clock)
    begun_at = services().clock.now()
    wait = throttle.begin(subjects)
    if wait is not None:
        raise TooManyRequests(retry_after=_seconds(wait))
    asked = posted_object()
    code, key = asked.get("code"), asked.get("public_key")
    if not isinstance(code, str) or not isinstance(key, str):
        raise BadInputError("Yêu cầu ghép máy thiếu mã hoặc khóa.")
    joined = services().office.enrol(code[:100], key[:200], request.remote_addr or "")
    throttle.succeeded(subjects, begun_at)
    return jsonify(
        machine=joined.machine_id,
        machine_name=joined.machine_name,
        station=joined.station_id,
        station_key=joined.station_key,
        state=EnrolmentState.WAITING.value,
        server_time=server_time(),
    )


@blueprint.get("/enrolment")
def enrolment() -> ResponseReturnValue:
    """Tell a box that asked to join whether a technician has said yes, and by which name it goes."""
    with services().database.read() as connection:
        machine = machines.find(connection, applicant().id)
    name = machine.name if machine else ""
    return jsonify(state=applicant().state.value, machine_name=name, server_time=server_time())


@blueprint.get("/playlist")
def playlist() -> ResponseReturnValue:
    """Answer the signed playlist of the machine that asks; most often only that it is the same as before."""
    with services().database.read() as connection:
        etag = machines.published_etag(connection, caller().id)
    if etag is None:
        raise NotFoundError(_NO_PLAYLIST)
    if request.if_none_match.contains_weak(etag.strip('"')):
        return Response(status=304, headers={"ETag": etag, "Cache-Control": "no-cache"})
    published = _published()
    headers = {"ETag": published.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if not request.accept_encodings["gzip"]:
        return Response(published.body, mimetype="application/json", headers=headers)
    packed = gzip.compress(published.body, 6, mtime=0)
    return Response(packed, mimetype="application/json", headers={**headers, "Content-Encoding": "gzip"})


@blueprint.get("/clips/<clip_hash>")
def clip(clip_hash: str) -> ResponseReturnValue:
    """Answer a clip that the machine's current playlist or orders name, in ranges when asked."""
    media_type = _clips_ordered(caller().id).get(clip_hash) or _clips_named(caller().id).get(clip_hash)
    if media_type is None:
        raise NotFoundError(_NOT_OURS)
    return send_clip(clip_hash, media_type)


@blueprint.post("/airings")
def keep_airings() -> ResponseReturnValue:
    """Keep what became of slots and acknowledge it, row by row: letters that cannot be kept spoil only their own."""
    receipt = services().office.keep_airings(caller(), posted_object(whole=False).get("airings"))
    refused = [{"key": one.key, "error": one.sentence} for one in receipt.refused]
    return jsonify(acknowledged=receipt.acknowledged, refused=refused)


@blueprint.post("/heartbeat")
def keep_heartbeat() -> ResponseReturnValue:
    """Keep what the machine says of itself."""
    return jsonify(server_time=to_ms(services().office.keep_heartbeat(caller(), posted_object())))


@blueprint.get("/time")
def time() -> ResponseReturnValue:
    """Answer what time it is, signed for the one question that the machine asks."""
    server_ms, signature = services().office.signed_time(caller(), request.args.get("nonce", ""))
    return jsonify(server_time=server_ms, signature=signature)


@blueprint.get("/broker")
def broker() -> ResponseReturnValue:
    """Answer how the machine that asks comes into the broker of nudges, if there is one."""
    account = services().broker_account(caller())
    if account is None:
        raise NotFoundError(_NO_BROKER)
    address = account.address
    return jsonify(
        host=address.host,
        port=address.port,
        tls=address.tls,
        ca=address.ca,
        user=account.user,
        password=account.password,
    )


@blueprint.get("/live/<session_id>")
def live(session_id: str) -> ResponseReturnValue:
    """Answer the chunks of a live broadcast after the sequence `after`, waiting a little for one."""
    services().live.session(session_id)
    after = request.args.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) <= 10):
        raise BadInputError("Yêu cầu nghe trực tiếp sai khuôn dạng.")
    found = services().live_room.since(session_id, int(after), _LIVE_WAIT_S)
    return Response(found, mimetype="application/octet-stream") if found else Response(status=204)


def _published() -> Published:
    with services().database.read() as connection:
        found = machines.published(connection, caller().id)
    if found is None:
        raise NotFoundError(_NO_PLAYLIST)
    return found


def _clips_ordered(machine_id: str) -> Mapping[str, str]:
    with services().database.read() as connection:
        sheet = emergencies.published(connection, machine_id)
    return sheet.clips if sheet else {}


def _clips_named(machine_id: str) -> dict[str, str]:
    with services().database.read() as connection:
        etag = machines.published_etag(connection, machine_id)
    if etag is None:
        raise NotFoundError(_NO_PLAYLIST)
    known = _named.get(machine_id)
    if known is None or known[0] != etag:
        published = _published()
        clips = json.loads(published.body)["signed"]["clips"]
        known = (published.etag, {one["hash"]: one["media_type"] for one in clips})
        _named[machine_id] = known
    return known[1]


def _seconds(wait: timedelta) -> int:
    return int(wait.total_seconds())
