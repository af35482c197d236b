"""Enrolment (ghi danh): the machine makes its own key pair, gives a one-use code, and pins its station's key."""

import base64
import binascii
import http.client
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import BadInputError, NotAllowedError, ServerUnreachableError, WrongStateError
from domain.machines import EnrolmentState
from domain.ports import Clock
from player.alone import alone_in
from player.cabinet import put_aside, read_identity, write_identity
from player.connect import connect
from player.line import TIMEOUT_S, Line, parsed_server
from player.trust import Identity, Signer, fingerprint

_MOST_ANSWER = 1 << 16
_BAD_ANSWER = "Máy chủ trả lời không đúng khuôn dạng; máy chưa được ghép. Kiểm tra lại địa chỉ máy chủ."
_NOT_A_CENTRE = (
    "Ở địa chỉ {server} không có trung tâm Tiếng Loa; mã chưa bị dùng. Hãy ghi địa chỉ gốc như trang «Thêm máy» in ra, "
    "không kèm phần sau dấu / như /may-phat."
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A finished enrolment; two people compare the fingerprints with those the panel shows."""

    machine_id: str
    machine_name: str
    station_id: str
    machine_fingerprint: str
    station_fingerprint: str


def enrol(folder: Path, server: str, code: str, *, again: bool = False) -> Enrolment:
    """Ask to join as the machine that `code` was given out for; a technician's yes is still to come.

    `again`: an identity that the folder holds is put aside with what belonged to it, but for the clips.
    Raises WrongStateError when the folder already holds a machine, NotAllowedError when the code is not taken,
    ServerUnreachableError, BadInputError on a bad address, StorageError, BusyError when a machine runs in the folder.
    Nothing is kept, and nothing put aside, unless all went well.
    """
    parsed_server(server)
    held = (folder / "identity.json").exists()
    if held and not again:
        raise WrongStateError(
            f"Thư mục {folder} đã là một máy phát. Muốn ghép lại bằng mã mới, hãy thêm --again vào lệnh; máy cũ được "
            "cất lại, âm thanh đã tải được giữ."
        )
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    if held:
        with alone_in(folder):
            identity = _asked_for(server, code, public)
            put_aside(folder)
            write_identity(folder, identity, key)
    else:
        identity = _asked_for(server, code, public)
        write_identity(folder, identity, key)
    return _told(identity, public)


def enrolled(folder: Path) -> Enrolment:
    """Return what a folder's enrolment told. Raises NotFoundError, StorageError."""
    identity, key = read_identity(folder)
    return _told(identity, key.public_key().public_bytes_raw())


def await_answer(
    folder: Path, clock: Clock, pause: Callable[[], bool], on_trouble: Callable[[str], None]
) -> EnrolmentState:
    """Ask the centre again and again whether a technician has said yes, and return the answer.

    `pause` waits between two tries and tells whether to go on; when it does not, WAITING is returned. `on_trouble`
    hears why a try failed. The name that the machine was given with the yes is kept.
    Raises NotAllowedError once the centre knows nothing of this box any more.
    """
    identity, key = read_identity(folder)
    with closing(Line(identity.server, Signer(identity.machine_id, key), clock)) as line:
        while True:
            try:
                state, name = _answer(line)
            except ServerUnreachableError as error:
                on_trouble(error.sentence)
            else:
                if state is EnrolmentState.CONFIRMED and name and name != identity.machine_name:
                    write_identity(folder, replace(identity, machine_name=name), key)
                if state is not EnrolmentState.WAITING:
                    return state
            if not pause():
                return EnrolmentState.WAITING


def forget(folder: Path) -> None:
    """Put aside the identity of a box that was refused, so that it can ask again. Raises StorageError."""
    put_aside(folder)


def _told(identity: Identity, public: bytes) -> Enrolment:
    return Enrolment(
        machine_id=identity.machine_id,
        machine_name=identity.machine_name,
        station_id=identity.station_id,
        machine_fingerprint=fingerprint(public),
        station_fingerprint=fingerprint(identity.station_key),
    )


def _answer(line: Line) -> tuple[EnrolmentState, str]:
    answer = line.get("/api/v1/enrolment", {})
    if answer.status == 404:  # a centre of the first version, where every code was a yes
        return EnrolmentState.CONFIRMED, ""
    if answer.status in (401, 403):
        raise NotAllowedError(
            "Trung tâm không còn biết máy này (đã bị thu hồi, hoặc chờ quá lâu). "
            "Hãy lấy mã mới rồi ghép lại với --again."
        )
    if answer.status != 200:
        raise ServerUnreachableError(f"Máy chủ đang gặp lỗi (mã {answer.status}); sẽ hỏi lại.")
    told = answer.document()
    try:
        state = EnrolmentState(told.get("state", ""))
    except (ValueError, TypeError) as error:
        raise ServerUnreachableError("Máy chủ trả lời không đúng khuôn dạng; sẽ hỏi lại.") from error
    name = told.get("machine_name")
    return state, name[:80] if isinstance(name, str) else ""


def _asked_for(server: str, code: str, public: bytes) -> Identity:
    told = _ask(server, {"code": code.strip(), "public_key": base64.b64encode(public).decode()})
    return _identity(server, told)


def _ask(server: str, document: dict[str, str]) -> dict[str, Any]:
    url = parsed_server(server)
    try:
        connection = connect(url, TIMEOUT_S)
    except OSError as error:
        raise ServerUnreachableError(f"Không liên lạc được với máy chủ {server}; máy chưa được ghép.") from error
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", url.path.rstrip("/") + "/api/v1/enrol", json.dumps(document).encode(), headers)
        response = connection.getresponse()
        status, body = response.status, response.read(_MOST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnreachableError(f"Không liên lạc được với máy chủ {server}; máy chưa được ghép.") from error
    finally:
        connection.close()
    if status == 404 and not _sentence(body):
        raise BadInputError(_NOT_A_CENTRE.format(server=server))
    if 400 <= status < 500:
        raise NotAllowedError(_sentence(body) or "Mã ghép máy không đúng, đã dùng hoặc đã hết hạn; hãy lấy mã mới.")
    if status not in (200, 201):
        raise ServerUnreachableError(f"Máy chủ đang gặp lỗi (mã {status}); máy chưa được ghép, hãy thử lại.")
    return _object(body)


def _sentence(body: bytes) -> str:
    """Return the sentence of an error answer, which may come as {"error": ...} or {"sentence": ...}."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    found = [told[name] for name in ("sentence", "error", "message") if name in told] if isinstance(told, dict) else []
    return found[0][:500] if found and isinstance(found[0], str) else ""


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError as error:
        raise ServerUnreachableError(_BAD_ANSWER) from error
    if not isinstance(told, dict):
        raise ServerUnreachableError(_BAD_ANSWER)
    return told


def _identity(server: str, told: dict[str, Any]) -> Identity:
    names = ("machine", "machine_name", "station", "station_key")
    if not all(isinstance(told.get(name), str) and told[name] for name in names):
        raise ServerUnreachableError(_BAD_ANSWER)
    try:
        station_key = base64.b64decode(told["station_key"], validate=True)
        Ed25519PublicKey.from_public_bytes(station_key)
    except (binascii.Error, ValueError) as error:
        raise ServerUnreachableError(_BAD_ANSWER) from error
    return Identity(told["machine"], told["machine_name"], told["station"], server.strip(), station_key)
