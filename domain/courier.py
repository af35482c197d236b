"""The courier pack (gói USB): what lies where on a stick, and the JSON of what is carried both ways.

::

    TIENGLOA/DOC-TOI.txt                   for people
    TIENGLOA/clips/<sha-256>               sounds, shared by the machines of the stick
    TIENGLOA/may-<id>/playlist.json        the signed playlist as published, written last
    TIENGLOA/may-<id>/held.json            signed by the station: which airings it has
    TIENGLOA/may-<id>/pack.json            a list of what the pack holds; nothing is believed by it
    TIENGLOA/may-<id>/airings-001.json     signed by the machine: what sounded

Every name is plain ASCII that FAT32 keeps, and none is taken from what lies on a stick. Signed files are envelopes as
in `domain/playlist.py`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import TrustError
from domain.fields import instant, integer, listed, object_of, text
from domain.playlist import to_ms

FOLDER = "TIENGLOA"
CLIPS = "clips"
README = "DOC-TOI.txt"
PLAYLIST = "playlist.json"
HELD = "held.json"
PACK = "pack.json"
AIRINGS = re.compile(r"airings-[0-9]{3}\.json")
MOST_PARTS = 100
ROWS_IN_A_PART = 500
MOST_HELD = 100_000
MOST_PART_BYTES = 2 << 20
MOST_HELD_BYTES = 4 << 20
AIRINGS_FORMAT = "tiengloa-airings"
HELD_FORMAT = "tiengloa-held"
_VERSION = 1
_PLAIN = re.compile(r"[0-9a-z-]{1,40}")
_DIGEST = re.compile(r"[0-9a-f]{20}")
_TOLD = ("key", "slot", "position", "title", "clip", "planned", "outcome", "started", "ended", "rendered", "reason")


@dataclass(frozen=True, slots=True)
class AiringsPart:
    """Some of what a machine says became of its slots; `rows` are as in the machines' API and not checked yet."""

    station_id: str
    machine_id: str
    written_at: datetime
    counter: int
    rows: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What the station has of a machine's airings: the digest of each state."""

    station_id: str
    machine_id: str
    issued_at: datetime
    digests: frozenset[str]


def machine_folder(machine_id: str) -> str:
    """Return the name of a machine's folder on a stick."""
    plain = _PLAIN.fullmatch(machine_id)
    return f"may-{machine_id if plain else hashlib.sha256(machine_id.encode()).hexdigest()[:16]}"


def airings_name(number: int) -> str:
    """Return the name of a part of the airings, counted from 1."""
    return f"airings-{number:03}.json"


def airing_digest(told: Mapping[str, Any]) -> str:
    """Return the digest of an airing's state as a machine reports it: the same state has the same on both sides."""
    state = [told.get(name) for name in _TOLD]
    return hashlib.sha256(json.dumps(state, separators=(",", ":")).encode()).hexdigest()[:20]


def airings_document(part: AiringsPart) -> dict[str, Any]:
    """Return the JSON object of a part."""
    return {
        "format": AIRINGS_FORMAT,
        "version": _VERSION,
        "station": part.station_id,
        "machine": part.machine_id,
        "written": to_ms(part.written_at),
        "counter": part.counter,
        "airings": list(part.rows),
    }


def read_airings(document: object) -> AiringsPart:
    """Return the part of a JSON object. Raises TrustError when it is not exactly of the form."""
    try:
        told = object_of(document, "format version station machine written counter airings")
        _check_format(told, AIRINGS_FORMAT)
        return AiringsPart(
            station_id=text(told["station"]),
            machine_id=text(told["machine"]),
            written_at=instant(told["written"]),
            counter=integer(told["counter"], 0, 2**53),
            rows=tuple(listed(told["airings"], ROWS_IN_A_PART)),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise TrustError(f"Tệp lượt phát trên USB sai khuôn dạng ({error}); đã bỏ qua.") from error


def held_document(held: Held) -> dict[str, Any]:
    """Return the JSON object of what the station has."""
    return {
        "format": HELD_FORMAT,
        "version": _VERSION,
        "station": held.station_id,
        "machine": held.machine_id,
        "issued": to_ms(held.issued_at),
        "held": sorted(held.digests),
    }


def read_held(document: object) -> Held:
    """Return what a JSON object says the station has. Raises TrustError when it is not exactly of the form."""
    try:
        told = object_of(document, "format version station machine issued held")
        _check_format(told, HELD_FORMAT)
        return Held(
            station_id=text(told["station"]),
            machine_id=text(told["machine"]),
            issued_at=instant(told["issued"]),
            digests=frozenset(_digest(one) for one in listed(told["held"], MOST_HELD)),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise TrustError(f"Tệp xác nhận lượt phát trên USB sai khuôn dạng ({error}); đã bỏ qua.") from error


def _check_format(told: Mapping[str, object], name: str) -> None:
    if told["format"] != name or told["version"] != _VERSION:
        raise ValueError("format")


def _digest(value: object) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError("held")
    return value
