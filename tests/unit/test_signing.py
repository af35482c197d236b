"""The station's key and its signatures, and the check of machines' requests."""

import base64
import hashlib
import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.airtime import QuietHours
from domain.errors import BadInputError, StorageError, TrustError
from domain.playlist import (
    MAX_DOCUMENT_BYTES,
    ClipRef,
    Playlist,
    PlaylistItem,
    PlaylistSlot,
    from_document,
    to_document,
)
from domain.timetable import LatePolicy, Priority
from scheduler import signing
from scheduler.signing import ALLOWED_SKEW, StationKey, key_id_of, request_bytes, verify_request

NOW = datetime(2026, 11, 2, 20, tzinfo=UTC)
SLOT = PlaylistSlot(
    key="sang@1",
    starts_at=NOW + timedelta(hours=2),
    title="Buổi sáng “xã”",
    priority=Priority.NORMAL,
    late_policy=LatePolicy.CATCH_UP,
    grace=timedelta(minutes=5),
    items=(PlaylistItem("a" * 64, timedelta(), timedelta(minutes=1), "Nhạc hiệu"),),
)
PLAYLIST = Playlist(
    station_id="tram",
    machine_id="m1",
    epoch=1,
    counter=1,
    issued_at=NOW,
    expires_at=NOW + timedelta(days=14),
    zone="Asia/Ho_Chi_Minh",
    quiet=(QuietHours(time(21, 30), time(5)),),
    clips=(ClipRef("a" * 64, 1000, timedelta(minutes=1), "audio/mpeg"),),
    slots=(SLOT,),
)


@pytest.fixture
def key(tmp_path: Path) -> StationKey:
    return StationKey.load_or_create(tmp_path / "station.key")


def test_a_key_is_made_once_for_its_owner_alone_and_loaded_ever_after(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "station.key"
    key = StationKey.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 32
    assert [file.name for file in path.parent.iterdir()] == ["station.key"]
    again = StationKey.load_or_create(path)
    assert (again.public_key, again.key_id) == (key.public_key, key.key_id)


def test_the_private_key_is_never_shown(key: StationKey) -> None:
    assert "private" not in repr(key).lower()


def test_the_key_id_is_the_start_of_the_digest_of_the_public_key(key: StationKey) -> None:
    assert key.key_id == hashlib.sha256(key.public_key).hexdigest()[:16] == key_id_of(key.public_key)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_that_others_can_open_is_refused_with_the_command_that_helps(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "station.key"
    StationKey.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(TrustError, match="chmod 600"):
        StationKey.load_or_create(path)


@pytest.mark.parametrize("raw", [b"", b"x" * 31, b"x" * 33])
def test_a_damaged_key_is_refused_and_left_as_it_is(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "station.key"
    path.write_bytes(raw)
    path.chmod(0o600)
    with pytest.raises(TrustError, match="bị hỏng"):
        StationKey.load_or_create(path)
    assert path.read_bytes() == raw


def test_a_key_that_another_process_made_first_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "station.key"
    link = os.link

    def lose_the_race(source: str, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        signing._create_key(path)
        link(source, target)

    monkeypatch.setattr(os, "link", lose_the_race)
    key = StationKey.load_or_create(path)
    assert key.public_key == StationKey.load_or_create(path).public_key
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_hold_a_key_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="khóa ký"):
        StationKey.load_or_create(tmp_path / "file" / "station.key")
    with pytest.raises(StorageError, match="khóa ký"):
        StationKey.load_or_create(tmp_path)


def test_the_envelope_is_canonical_and_its_signature_holds(key: StationKey) -> None:
    data = key.sign(PLAYLIST)
    envelope = json.loads(data)
    assert rfc8785.dumps(envelope) == data
    assert set(envelope) == {"signed", "signatures"}
    assert from_document(envelope["signed"]) == PLAYLIST
    ((signature),) = envelope["signatures"]
    assert signature["key_id"] == key.key_id
    public = Ed25519PublicKey.from_public_bytes(key.public_key)
    public.verify(base64.b64decode(signature["signature"]), rfc8785.dumps(envelope["signed"]))
    envelope["signed"]["counter"] = 2
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(signature["signature"]), rfc8785.dumps(envelope["signed"]))


def test_the_same_playlist_is_signed_in_the_same_bytes(key: StationKey) -> None:
    assert key.sign(PLAYLIST) == key.sign(from_document(to_document(PLAYLIST)))


def test_a_document_that_a_machine_would_refuse_is_not_signed(key: StationKey) -> None:
    with pytest.raises(TrustError):
        key.sign(replace(PLAYLIST, clips=()))


def test_what_cannot_be_written_or_sent_is_refused_in_a_sentence(key: StationKey) -> None:
    with pytest.raises(BadInputError, match="không ghi được"):
        key.sign(replace(PLAYLIST, slots=(replace(SLOT, title="\ud800"),)))
    slots = tuple(replace(SLOT, key=str(number), title="x" * 1000) for number in range(4000))
    assert len(slots) * 1000 < MAX_DOCUMENT_BYTES
    with pytest.raises(BadInputError, match="4 MiB"):
        key.sign(replace(PLAYLIST, slots=slots))


MACHINE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MACHINE_PUBLIC = base64.b64encode(MACHINE_KEY.public_key().public_bytes_raw()).decode()
PATH = "/api/playlist?since=3"
BODY = "đã phát".encode()


def headers(*, sent: datetime = NOW, path: str = PATH, body: bytes = BODY, method: str = "POST") -> dict[str, str]:
    time_ms = str(round(sent.timestamp() * 1000))
    digest = hashlib.sha256(body).hexdigest()
    signed = b"\n".join([method.encode(), path.encode(), time_ms.encode(), digest.encode()])
    return {
        "TL-Machine": "m1",
        "TL-Time": time_ms,
        "TL-Signature": base64.b64encode(MACHINE_KEY.sign(signed)).decode(),
    }


def test_a_request_that_its_machine_signed_is_taken() -> None:
    verify_request(MACHINE_PUBLIC, "POST", PATH, headers(), BODY, NOW)
    verify_request(MACHINE_PUBLIC, "post", PATH, {k.lower(): v for k, v in headers().items()}, BODY, NOW)
    verify_request(MACHINE_PUBLIC, "GET", "/", headers(method="GET", path="/", body=b""), b"", NOW)


@pytest.mark.parametrize("away", [ALLOWED_SKEW, -ALLOWED_SKEW])
def test_a_clock_may_be_five_minutes_off_and_no_more(away: timedelta) -> None:
    assert timedelta(seconds=300) == ALLOWED_SKEW
    verify_request(MACHINE_PUBLIC, "POST", PATH, headers(sent=NOW + away), BODY, NOW)
    too_far = NOW + away + away / 300_000
    with pytest.raises(TrustError, match="Đồng hồ"):
        verify_request(MACHINE_PUBLIC, "POST", PATH, headers(sent=too_far), BODY, NOW)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", PATH, BODY), ("POST", "/api/playlist?since=4", BODY), ("POST", PATH, b""), ("POST", "/đ", BODY)],
)
def test_a_request_that_is_not_what_was_signed_is_refused(method: str, path: str, body: bytes) -> None:
    with pytest.raises(TrustError, match="Chữ ký"):
        verify_request(MACHINE_PUBLIC, method, path, headers(), body, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"TL-Machine": ""},
        {"TL-Time": ""},
        {"TL-Time": "-1"},
        {"TL-Time": "1e3"},
        {"TL-Time": "٣"},
        {"TL-Time": "9" * 5000},
        {"TL-Signature": ""},
        {"TL-Signature": "không phải base64"},
        {"TL-Signature": base64.b64encode(b"x" * 64).decode()},
        {"TL-Signature": base64.b64encode(b"x").decode()},
    ],
)
def test_a_missing_or_malformed_header_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(TrustError):
        verify_request(MACHINE_PUBLIC, "POST", PATH, {**headers(), **change}, BODY, NOW)


@pytest.mark.parametrize(
    "public", ["", "x", "đ", base64.b64encode(b"x" * 31).decode(), base64.b64encode(bytes(32)).decode()]
)
def test_a_key_that_is_not_the_machines_is_refused(public: str) -> None:
    with pytest.raises(TrustError):
        verify_request(public, "POST", PATH, headers(), BODY, NOW)


def test_a_request_without_headers_is_refused() -> None:
    with pytest.raises(TrustError):
        verify_request(MACHINE_PUBLIC, "POST", PATH, {}, BODY, NOW)


def test_what_is_signed_is_four_lines() -> None:
    assert request_bytes("get", "/a?b", 5, b"") == b"\n".join(
        [b"GET", b"/a?b", b"5", hashlib.sha256(b"").hexdigest().encode()]
    )
