"""What the machine believes: the signed playlist envelope, and how the machine signs its own requests.

A playlist is believed when the pinned station key signed exactly these canonical bytes (RFC 8785, Ed25519), when
it is for this machine and no older than what is held. The roll-back rules follow The Update Framework; each of its
attacks is a row of `tests/integration/test_attacks.py`.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import TrustError
from domain.playlist import MAX_DOCUMENT_BYTES, Playlist, from_document

MAX_ENVELOPE_BYTES = MAX_DOCUMENT_BYTES + 8192
_MAX_SIGNATURES = 8
_MOST_SIGNATURE_BYTES = 4096
_HEAD, _MIDDLE, _TAIL = b'{"signatures":', b',"signed":', b"}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this machine is and whom it obeys; `station_key` is the station's raw Ed25519 public key."""

    machine_id: str
    machine_name: str
    station_id: str
    server: str
    station_key: bytes


def key_id(raw_public_key: bytes) -> str:
    """Return the first 16 hex digits of the SHA-256 of a raw public key."""
    return hashlib.sha256(raw_public_key).hexdigest()[:16]


def fingerprint(raw_public_key: bytes) -> str:
    """Return the key id in groups of four, for two people to compare aloud."""
    digits = key_id(raw_public_key)
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def read_envelope(raw: bytes, identity: Identity) -> Playlist:
    """Return the playlist inside `raw` once its signature and its addressee hold.

    Raises TrustError.
    """
    playlist = from_document(read_sealed(raw, identity.station_key))
    if playlist.machine_id != identity.machine_id or playlist.station_id != identity.station_id:
        raise TrustError("Danh sách phát là của máy khác hoặc đài khác; máy giữ danh sách cũ.")
    _check_zone(playlist.zone)
    return playlist


def read_sealed(raw: bytes, raw_key: bytes, most: int = MAX_ENVELOPE_BYTES) -> object:
    """Return the JSON document inside an envelope of at most `most` bytes that the key `raw_key` signed.

    The signature is checked over the very bytes of the document before any of it is parsed, so that whoever does not
    hold the key can make the machine work no longer than a hash of `most` bytes takes. Raises TrustError.
    """
    if len(raw) > most:
        raise TrustError("Tài liệu nhận được quá lớn; máy giữ danh sách cũ.")
    signatures, signed = _parts(raw)
    _check_signature(signed, signatures, raw_key)
    return _strict_json(signed)


def seal(document: object, key: Ed25519PrivateKey) -> bytes:
    """Return `document` in an envelope signed by `key`. Raises TrustError when it cannot be written as JSON."""
    try:
        signed = rfc8785.dumps(document)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, ValueError, RecursionError) as error:
        raise TrustError("Tài liệu có giá trị không ghi được.") from error
    signature = base64.b64encode(key.sign(signed)).decode("ascii")
    named = rfc8785.dumps([{"key_id": key_id(key.public_key().public_bytes_raw()), "signature": signature}])
    return _HEAD + named + _MIDDLE + signed + _TAIL


def check_newer(playlist: Playlist, held: tuple[int, int], now: datetime) -> None:
    """Check that a verified `playlist` may replace one of the (epoch, counter) `held`.

    Raises TrustError when it is older, or already expired at `now`.
    """
    if (playlist.epoch, playlist.counter) < held:
        raise TrustError("Danh sách phát cũ hơn bản máy đang giữ (nghi bị quay lui); máy giữ danh sách mới hơn.")
    if playlist.expires_at <= now:
        raise TrustError("Danh sách phát đã hết hạn; máy giữ danh sách cũ. Kiểm tra đồng hồ của máy và máy chủ.")


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the machine's own requests."""

    machine_id: str
    key: Ed25519PrivateKey

    def headers(self, method: str, target: str, body: bytes, time_ms: int) -> dict[str, str]:
        """Return the headers that prove who asks, what and when; `target` is the path with its query."""
        digest = hashlib.sha256(body).hexdigest()
        message = "\n".join([method, target, str(time_ms), digest]).encode()
        signature = base64.b64encode(self.key.sign(message)).decode()
        return {"TL-Machine": self.machine_id, "TL-Time": str(time_ms), "TL-Signature": signature}


def _strict_json(raw: bytes) -> object:
    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=_no_repeats, parse_constant=_no_number, parse_float=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise TrustError("Danh sách phát không phải JSON hợp lệ; máy giữ danh sách cũ.") from error


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("repeated key")
    return value


def _no_number(text: str) -> object:
    raise ValueError(f"{text[:20]} is no integer")


def _parts(raw: bytes) -> tuple[object, bytes]:
    """Return the signatures of an envelope and the bytes that they sign: its keys stand in their canonical order."""
    middle = raw.find(_MIDDLE, 0, _MOST_SIGNATURE_BYTES)
    if middle < 0 or not raw.startswith(_HEAD) or not raw.endswith(_TAIL):
        raise TrustError("Danh sách phát thiếu chữ ký hoặc sai khuôn dạng; máy giữ danh sách cũ.")
    return _strict_json(raw[len(_HEAD) : middle]), raw[middle + len(_MIDDLE) : -len(_TAIL)]


def _check_signature(signed: bytes, signatures: object, raw_key: bytes) -> None:
    public = Ed25519PublicKey.from_public_bytes(raw_key)
    for signature in _signatures_by(key_id(raw_key), signatures):
        try:
            public.verify(signature, signed)
        except InvalidSignature:
            continue
        return
    raise TrustError("Chữ ký của danh sách phát không đúng; máy giữ danh sách cũ và không phát bản này.")


def _signatures_by(signer: str, entries: object) -> list[bytes]:
    if not isinstance(entries, list) or len(entries) > _MAX_SIGNATURES:
        return []
    named = [entry for entry in entries if isinstance(entry, dict) and entry.get("key_id") == signer]
    return [signature for entry in named if (signature := _decoded(entry)) is not None]


def _decoded(entry: Mapping[str, object]) -> bytes | None:
    text = entry.get("signature")
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise TrustError("Danh sách phát nêu múi giờ không có thật; máy giữ danh sách cũ.") from error
