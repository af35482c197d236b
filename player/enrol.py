"""Enrolment (ghi danh): the machine makes its own key pair, gives a one-use code, and pins its station's key."""

import base64
import binascii
import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import NotAllowedError, ServerUnreachableError, WrongStateError
from player.cabinet import write_identity
from player.line import TIMEOUT_S, parsed_server
from player.trust import Identity, fingerprint

_MOST_ANSWER = 1 << 16
_BAD_ANSWER = "Máy chủ trả lời không đúng khuôn dạng; máy chưa được ghi danh. Kiểm tra lại địa chỉ máy chủ."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A finished enrolment; two people compare the fingerprints with those the panel shows."""

    machine_id: str
    machine_name: str
    station_id: str
    machine_fingerprint: str
    station_fingerprint: str


def enrol(folder: Path, server: str, code: str) -> Enrolment:
    """Make this box the machine that `code` was given out for.

    Raises WrongStateError when the folder already holds a machine, NotAllowedError when the code is not taken,
    ServerUnreachableError, BadInputError on a bad address, StorageError. Nothing is kept unless all went well.
    """
    if (folder / "identity.json").exists():
        raise WrongStateError(f"Thư mục {folder} đã là một máy phát; hãy chọn thư mục khác, hoặc xoá máy cũ trước.")
    parsed_server(server)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    told = _ask(server, {"code": code.strip(), "public_key": base64.b64encode(public).decode()})
    identity = _identity(server, told)
    write_identity(folder, identity, key)
    return Enrolment(
        machine_id=identity.machine_id,
        machine_name=identity.machine_name,
        station_id=identity.station_id,
        machine_fingerprint=fingerprint(public),
        station_fingerprint=fingerprint(identity.station_key),
    )


def _ask(server: str, document: dict[str, str]) -> dict[str, Any]:
    url = parsed_server(server)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=TIMEOUT_S)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", url.path.rstrip("/") + "/api/v1/enrol", json.dumps(document).encode(), headers)
        response = connection.getresponse()
        status, body = response.status, response.read(_MOST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnreachableError(f"Không liên lạc được với máy chủ {server}; máy chưa được ghi danh.") from error
    finally:
        connection.close()
    if 400 <= status < 500:
        raise NotAllowedError(_sentence(body) or "Mã ghi danh không đúng, đã dùng hoặc đã hết hạn; hãy xin mã mới.")
    if status not in (200, 201):
        raise ServerUnreachableError(f"Máy chủ đang gặp lỗi (mã {status}); máy chưa được ghi danh, hãy thử lại.")
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
