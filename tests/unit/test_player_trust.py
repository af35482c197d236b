"""What the machine believes and what it refuses."""

import base64
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import TrustError
from domain.playlist import MAX_DOCUMENT_BYTES, to_document
from player.trust import Identity, Signer, check_newer, fingerprint, key_id, read_envelope
from tests.fakes_player import MACHINE, STATION, item, playlist, sealed, signed, slot, sound

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
IDENTITY = Identity(MACHINE, "Loa thôn Một", STATION, "http://trung-tam", PUBLIC)
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
CLIP = sound(0.01)
GOOD = playlist([slot("a", NOW, item(CLIP))], [CLIP], NOW)
ENVELOPE = signed(GOOD, KEY)


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return the good envelope, changed before it was signed."""
    document = to_document(GOOD)
    change(document)
    return sealed(document, KEY)


def test_a_rightly_signed_playlist_is_read_whole() -> None:
    assert read_envelope(ENVELOPE, IDENTITY) == GOOD


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(ENVELOPE) - 1), st.integers(0, 7))
def test_no_flipped_bit_changes_what_is_obeyed(index: int, bit: int) -> None:
    flipped = bytearray(ENVELOPE)
    flipped[index] ^= 1 << bit
    with suppress(TrustError):
        assert read_envelope(bytes(flipped), IDENTITY) == GOOD  # a byte that carries no meaning


@given(st.binary(max_size=300))
def test_rubbish_is_refused_with_a_sentence(raw: bytes) -> None:
    with pytest.raises(TrustError):
        read_envelope(raw, IDENTITY)


def around(signed_bytes: bytes) -> bytes:
    """Return any bytes in an envelope that the station truly signed, as no station of ours would."""
    signature = base64.b64encode(KEY.sign(signed_bytes)).decode()
    named = json.dumps([{"key_id": key_id(PUBLIC), "signature": signature}], separators=(",", ":")).encode()
    return b'{"signatures":' + named + b',"signed":' + signed_bytes + b"}"


HOSTILE = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "a float": b"1.5",
    "a float too large": b"1e400",
    "a huge number": b"9" * 5000,
    "a repeated key": b'{"a":1,"a":2}',
    "half a surrogate pair": b'"\\ud800"',
    "null": b"null",
    "a list": b"[]",
    "no UTF-8": b'"\xff\xfe"',
    "two documents": b"{} {}",
    "nothing": b"",
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_forms_are_refused_whoever_signed_them(hostile: bytes) -> None:
    for raw in (hostile, around(hostile)):
        with pytest.raises(TrustError):
            read_envelope(raw, IDENTITY)


@pytest.mark.parametrize(
    "raw",
    [
        ENVELOPE.replace(b'{"signatures":', b'{"more":1,"signatures":'),
        ENVELOPE.replace(b'{"signatures":', b'{ "signatures":'),
        ENVELOPE + b" ",
        json.dumps(json.loads(ENVELOPE)).encode(),
        b" " * (MAX_DOCUMENT_BYTES + 10_000),
    ],
    ids=["more keys", "a space", "a space behind", "another layout", "large"],
)
def test_an_envelope_has_one_form(raw: bytes) -> None:
    with pytest.raises(TrustError):
        read_envelope(raw, IDENTITY)


def test_a_repeated_key_is_refused_even_when_the_signature_holds() -> None:
    document = ENVELOPE.partition(b',"signed":')[2][:-1]
    assert read_envelope(around(document), IDENTITY) == GOOD
    with pytest.raises(TrustError, match="JSON"):
        read_envelope(around(document.replace(b'"epoch":1', b'"epoch":9,"epoch":1')), IDENTITY)


def test_another_key_is_refused() -> None:
    with pytest.raises(TrustError, match="Chữ ký"):
        read_envelope(signed(GOOD, Ed25519PrivateKey.generate()), IDENTITY)


def test_a_signature_under_a_wrong_key_id_is_refused() -> None:
    envelope = json.loads(ENVELOPE)
    envelope["signatures"][0]["key_id"] = "0" * 16
    with pytest.raises(TrustError, match="Chữ ký"):
        read_envelope(rfc8785.dumps(envelope), IDENTITY)


def test_one_good_signature_among_strange_ones_is_enough() -> None:
    envelope = json.loads(ENVELOPE)
    envelope["signatures"] = [7, {"key_id": key_id(PUBLIC), "signature": "?"}, *envelope["signatures"]]
    assert read_envelope(rfc8785.dumps(envelope), IDENTITY) == GOOD


@pytest.mark.parametrize("other", [replace(GOOD, machine_id="may-2"), replace(GOOD, station_id="dai-2")])
def test_a_playlist_for_another_is_refused(other: Any) -> None:
    with pytest.raises(TrustError, match="máy khác"):
        read_envelope(signed(other, KEY), IDENTITY)


@pytest.mark.parametrize("zone", ["Asia/Khong_Co", "../../etc/passwd", ""])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(TrustError, match="múi giờ"):
        read_envelope(signed(replace(GOOD, zone=zone), KEY), IDENTITY)


def test_a_signed_document_of_the_wrong_form_is_refused() -> None:
    with pytest.raises(TrustError, match="khuôn dạng"):
        read_envelope(changed(lambda document: document.update(counter=-1)), IDENTITY)
    with pytest.raises(TrustError, match="khuôn dạng"):
        read_envelope(changed(lambda document: document.update(extra=1)), IDENTITY)


@pytest.mark.parametrize(
    "change",
    [
        {"quiet": [["21:30:00", "05:00:00+07:00"]]},
        {"quiet": [["21:30", "05:00:00"]]},
        {"expires": to_document(GOOD)["issued"]},
        {"expires": to_document(GOOD)["issued"] + 32 * 86_400_000},
        {"clips": [*to_document(GOOD)["clips"], {**to_document(GOOD)["clips"][0], "size": 7}]},
        {"airtime": {"session": 1}},
        {"airtime": {"session": 1, "day": 1, "sessions": 0, "weekdays": [0], "windows": []}},
        {"airtime": {"session": 1, "day": 1, "sessions": 0, "weekdays": [1, 1], "windows": []}},
        {"airtime": {"session": True, "day": 1, "sessions": 0, "weekdays": [1], "windows": []}},
        {"epoch": True},
    ],
    ids=str,
)
def test_what_would_trip_the_machine_later_is_refused_at_the_door(change: dict[str, Any]) -> None:
    with pytest.raises(TrustError, match="khuôn dạng"):
        read_envelope(changed(lambda document: document.update(change)), IDENTITY)


@pytest.mark.parametrize("held", [(1, 2), (2, 0), (2, 1)])
def test_a_roll_back_is_refused(held: tuple[int, int]) -> None:
    with pytest.raises(TrustError, match="cũ hơn"):
        check_newer(GOOD, held, NOW)


def test_the_same_or_a_newer_playlist_is_taken() -> None:
    check_newer(GOOD, (1, 1), NOW)
    check_newer(replace(GOOD, epoch=2), (1, 900), NOW)


def test_an_expired_playlist_is_not_taken() -> None:
    with pytest.raises(TrustError, match="hết hạn"):
        check_newer(GOOD, (0, 0), NOW + timedelta(days=14))


def test_a_request_is_signed_over_method_path_time_and_body() -> None:
    headers = Signer(MACHINE, KEY).headers("POST", "/api/v1/airings?x=1", b"{}", 1_700_000_000_000)
    message = b"\n".join(
        [b"POST", b"/api/v1/airings?x=1", b"1700000000000", hashlib.sha256(b"{}").hexdigest().encode()]
    )
    KEY.public_key().verify(base64.b64decode(headers["TL-Signature"]), message)
    assert (headers["TL-Machine"], headers["TL-Time"]) == (MACHINE, "1700000000000")


def test_a_fingerprint_is_easy_to_read_aloud() -> None:
    assert fingerprint(PUBLIC).replace(" ", "") == key_id(PUBLIC)
    assert len(fingerprint(PUBLIC).split()) == 4
