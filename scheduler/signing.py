"""The station's key that signs playlists, and the check of what machines sign to the server."""

import base64
import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import BadInputError, StorageError, StorageFullError, TrustError
from domain.order_sheet import MAX_SHEET_BYTES, OrderSheet, sheet_document, sheet_from
from domain.playlist import MAX_DOCUMENT_BYTES, Playlist, from_document, to_document, to_ms
from domain.signed_time import time_statement

MACHINE_HEADER = "TL-Machine"
TIME_HEADER = "TL-Time"
SIGNATURE_HEADER = "TL-Signature"
ALLOWED_SKEW = timedelta(seconds=300)
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class StationKey:
    """The Ed25519 key of a station; `public_key` is raw, and `key_id` names it in a signature.

    `clock_key` is the raw public key of whoever may tell machines the time; the playlists that are published name it.
    """

    public_key: bytes
    key_id: str
    _private: Ed25519PrivateKey = field(repr=False)
    clock_key: bytes = b""

    @classmethod
    def load_or_create(cls, path: Path) -> "StationKey":
        """Return the key in the file `path`, making it (raw, mode 0600) when there is none.

        A damaged key is never replaced: every enrolled machine trusts only the old one. Raises TrustError when the
        file is damaged or open to other users, StorageError when it cannot be read or written.
        """
        try:
            return cls._of(_read_key(path))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StorageError(
                f"Không đọc được tệp khóa ký của đài ({error.strerror}); hãy kiểm tra {path}."
            ) from error
        try:
            _create_key(path)
            return cls._of(_read_key(path))
        except OSError as error:
            kind = StorageFullError if error.errno == errno.ENOSPC else StorageError
            raise kind(f"Không ghi được tệp khóa ký của đài ({error.strerror}); hãy kiểm tra {path.parent}.") from error

    @classmethod
    def _of(cls, raw: bytes) -> "StationKey":
        private = Ed25519PrivateKey.from_private_bytes(raw)
        public = private.public_key().public_bytes_raw()
        return cls(public, key_id_of(public), private)

    def sign(self, playlist: Playlist) -> bytes:
        """Return the signed envelope of `playlist` in canonical JSON.

        Raises TrustError when a machine would refuse the document, BadInputError when it is too large or cannot be
        written as JSON: such a playlist must be noticed at the centre, not in the ward.
        """
        document = to_document(playlist)
        from_document(document)
        envelope = self.seal(document)
        if len(envelope) > MAX_DOCUMENT_BYTES:
            raise BadInputError("Danh sách phát lớn quá 4 MiB; hãy bớt lịch phát hoặc rút ngắn khoảng gửi trước.")
        return envelope

    def sign_orders(self, sheet: OrderSheet) -> bytes:
        """Return the signed envelope of a sheet of orders. Raises TrustError, BadInputError as `sign` does."""
        document = sheet_document(sheet)
        sheet_from(document)
        envelope = self.seal(document)
        if len(envelope) > MAX_SHEET_BYTES:
            raise BadInputError("Có quá nhiều lệnh khẩn cùng lúc; hãy dừng bớt.")
        return envelope

    def seal(self, document: dict[str, Any]) -> bytes:
        """Return the signed envelope of any document of ours. Raises BadInputError."""
        try:
            signed = rfc8785.dumps(document)
            signature = base64.b64encode(self._private.sign(signed)).decode("ascii")
            signatures = rfc8785.dumps([{"key_id": self.key_id, "signature": signature}])
        except (rfc8785.CanonicalizationError, UnicodeError) as error:
            raise BadInputError(
                "Danh sách phát có chữ không ghi được; hãy sửa tên chương trình hoặc bản tin."
            ) from error
        # Canonical JSON sorts its keys: so stands the envelope, without the long document being written twice.
        return b'{"signatures":' + signatures + b',"signed":' + signed + b"}"


@dataclass(frozen=True, slots=True)
class ClockKey:
    """The key with which the panel's process tells machines the time; it can sign nothing else that they believe."""

    public_key: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def load_or_create(cls, path: Path) -> "ClockKey":
        """Return the key in the file `path`, made when there is none, as `StationKey` does and with its errors."""
        key = StationKey.load_or_create(path)
        return cls(key.public_key, key._private)

    def signed_time(self, machine_id: str, nonce: str, server_ms: int) -> str:
        """Return the signature, in base64, of `domain.signed_time.time_statement`."""
        return base64.b64encode(self._private.sign(time_statement(machine_id, nonce, server_ms))).decode("ascii")


def key_id_of(public_key: bytes) -> str:
    """Return the name of a raw public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def _read_key(path: Path) -> bytes:
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise TrustError(f"Tệp khóa ký {path} mở cho người khác; hãy chạy: chmod 600 {path}, rồi thử lại.")
        raw = file.read(_KEY_BYTES + 1)
    if len(raw) != _KEY_BYTES:
        raise TrustError(f"Tệp khóa ký {path} bị hỏng; hãy khôi phục từ bản sao lưu, đừng tạo khóa mới.")
    return raw


def _create_key(path: Path) -> None:
    """Write a new key beside `path` and link it there, leaving alone a key that another process made first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def request_bytes(method: str, path: str, time_ms: int, body: bytes) -> bytes:
    """Return what a machine signs: METHOD, path with query, ms since 1970 and the SHA-256 of the body, by lines.

    Raises UnicodeEncodeError when the path is not ASCII.
    """
    lines = (method.upper(), path, str(time_ms), hashlib.sha256(body).hexdigest())
    return b"\n".join(line.encode("ascii") for line in lines)


def verify_request(  # noqa: PLR0913, PLR0917 - a request has this many parts
    public_key_b64: str, method: str, path: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> None:
    """Check that the machine whose raw public key is `public_key_b64` sent a request within ALLOWED_SKEW of `now`.

    `path` is with its query; header names may be in any case. Raises TrustError when a header is missing or
    malformed, the time is too far off, or the signature is wrong.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if not given.get(MACHINE_HEADER.lower()):
        raise TrustError("Yêu cầu không nói tên máy phát; máy chủ từ chối.")
    sent_ms = _sent_ms(given.get(TIME_HEADER.lower(), ""))
    if abs(to_ms(now) - sent_ms) > ALLOWED_SKEW // timedelta(milliseconds=1):
        raise TrustError("Đồng hồ của máy phát lệch quá 5 phút so với máy chủ; hãy chỉnh giờ máy phát.")
    try:
        signature = base64.b64decode(given.get(SIGNATURE_HEADER.lower(), ""), validate=True)
        _public_key(public_key_b64).verify(signature, request_bytes(method, path, sent_ms, body))
    except (InvalidSignature, ValueError) as error:
        raise TrustError("Chữ ký của máy phát không đúng; máy chủ từ chối yêu cầu.") from error


@lru_cache(maxsize=16_384)
def _public_key(public_key_b64: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key_b64, validate=True))


def _sent_ms(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise TrustError("Yêu cầu của máy phát thiếu giờ gửi; máy chủ từ chối.")
    return int(text)
