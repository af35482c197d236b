"""The playlist (danh sách phát) one machine obeys, and its JSON form before it is signed.

Signed form (both sides canonicalise `signed` by RFC 8785 before they sign or verify with Ed25519)::

    {"signed": {...document...}, "signatures": [{"key_id": "<hex>", "signature": "<base64>"}]}

`key_id` is the first 16 hex digits of the SHA-256 of the raw public key. All instants are integers:
milliseconds since 1970-01-01 UTC; all lengths are integers in milliseconds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.airtime import Airtime, QuietHours
from domain.airtime_form import airtime_document, read_airtime, read_time
from domain.emergency_set import NO_SET, EmergencySet, read_set, set_document
from domain.errors import BadInputError, TrustError
from domain.fields import clip_hash as _hash
from domain.fields import instant as _instant
from domain.fields import integer as _integer
from domain.fields import length
from domain.fields import listed as _list
from domain.fields import object_of as _object
from domain.fields import text as _text
from domain.sources import Source, read_source, to_source_document
from domain.timetable import LatePolicy, Priority

FORMAT = "tiengloa-playlist"
FORMAT_VERSION = 1
MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
MAX_SLOTS = 20_000
MAX_ITEMS = 200
MAX_LENGTH = timedelta(hours=6)
MOST_DUCK_MB = 6000
"""Millibels by which a session may be told to soften what goes on under it."""
MAX_LIFE = timedelta(days=31)
"""How long after its issue a playlist may still hold: whoever freezes a machine has it silent by then."""
LEAST_GAIN_MB, MOST_GAIN_MB = -6000, 1200
"""Millibels, hundredths of a dB: how much softer or louder than its clips a session may be."""
_TOP = "format version station machine epoch counter issued expires zone quiet clips slots airtime emergency clock_key"
_SLOT = "key starts title priority late grace items refusal gain duck"
_ITEM = "clip offset length title refusal gain source"
_CLOCK_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ClipRef:
    """A clip that the machine must hold: `size` in bytes."""

    hash: str
    size: int
    length: timedelta
    media_type: str


@dataclass(frozen=True, slots=True)
class PlaylistItem:
    """An item of a slot: it starts `offset` after the slot; with a `refusal` it is silent and is reported so.

    `gain_mb` comes on top of its slot's. With a `source` that is what sounds for `length`, and the clip, over and
    over, in its stead.
    """

    clip_hash: str | None
    offset: timedelta
    length: timedelta
    title: str
    refusal: str = ""
    gain_mb: int = 0
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class PlaylistSlot:
    """A session on this machine, `gain_mb` hundredths of a dB louder than its clips are.

    With `duck_mb` a relay or filler that it meets goes on under it, so many hundredths of a dB softer.
    """

    key: str
    starts_at: datetime
    title: str
    priority: Priority
    late_policy: LatePolicy
    grace: timedelta
    items: tuple[PlaylistItem, ...]
    refusal: str = ""
    gain_mb: int = 0
    duck_mb: int = 0


@dataclass(frozen=True, slots=True)
class Heading:
    """What a signed document says of itself: whose it is, for whom, which of them all, and until when it is good.

    `epoch` and `counter` only grow (epoch first): a machine refuses a lower pair.
    """

    station_id: str
    machine_id: str
    epoch: int
    counter: int
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Playlist(Heading):
    """All that one machine needs to speak without its server.

    It starts nothing routine after `expires_at`, nor inside `quiet`, which is in the zone `zone`, nor above `airtime`.
    `clock_key` is the raw Ed25519 key, in hex, of whoever may tell it the time; empty when nobody may.
    """

    zone: str
    quiet: tuple[QuietHours, ...]
    clips: tuple[ClipRef, ...]
    slots: tuple[PlaylistSlot, ...]
    emergency: EmergencySet = NO_SET
    airtime: Airtime | None = None
    clock_key: str = ""


def to_ms(instant: datetime) -> int:
    """Return `instant` as whole milliseconds since 1970 UTC."""
    return round(instant.timestamp() * 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_ms(milliseconds: int) -> datetime:
    """Return the aware UTC instant of `milliseconds` since 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def length_ms(length: timedelta) -> int:
    """Return `length` in whole milliseconds."""
    return round(length.total_seconds() * 1000)


def to_document(playlist: Playlist) -> dict[str, Any]:
    """Return the JSON document of `playlist`, made of strings, integers, lists and objects only."""
    # Left out when it is empty: machines of the first version refuse a key that they do not know.
    ready = {} if playlist.emergency == NO_SET else {"emergency": set_document(playlist.emergency)}
    limits = {"airtime": airtime_document(playlist.airtime)} if playlist.airtime else {}
    clock_key = {"clock_key": playlist.clock_key} if playlist.clock_key else {}
    return {
        **ready,
        **limits,
        **clock_key,
        **heading_document(playlist, FORMAT, FORMAT_VERSION),
        "zone": playlist.zone,
        "quiet": [[f"{span.start:%H:%M:%S}", f"{span.end:%H:%M:%S}"] for span in playlist.quiet],
        "clips": [clip_document(clip) for clip in playlist.clips],
        "slots": [_slot_document(slot) for slot in playlist.slots],
    }


def heading_document(heading: Heading, name: str, version: int) -> dict[str, Any]:
    """Return the first keys of a document of the format `name`."""
    return {
        "format": name,
        "version": version,
        "station": heading.station_id,
        "machine": heading.machine_id,
        "epoch": heading.epoch,
        "counter": heading.counter,
        "issued": to_ms(heading.issued_at),
        "expires": to_ms(heading.expires_at),
    }


def clip_document(clip: ClipRef) -> dict[str, Any]:
    """Return the JSON object of a clip."""
    return {"hash": clip.hash, "size": clip.size, "length": length_ms(clip.length), "media_type": clip.media_type}


def _slot_document(slot: PlaylistSlot) -> dict[str, Any]:
    # Left out when it is nothing: machines of the first version refuse a key that they do not know.
    return {
        **_volume_document(slot.gain_mb),
        **({"duck": slot.duck_mb} if slot.duck_mb else {}),
        "key": slot.key,
        "starts": to_ms(slot.starts_at),
        "title": slot.title,
        "priority": slot.priority.name,
        "late": slot.late_policy.value,
        "grace": length_ms(slot.grace),
        "refusal": slot.refusal,
        "items": [_item_document(item) for item in slot.items],
    }


def _item_document(item: PlaylistItem) -> dict[str, Any]:
    return {
        **_volume_document(item.gain_mb),
        **({"source": to_source_document(item.source)} if item.source else {}),
        "clip": item.clip_hash,
        "offset": length_ms(item.offset),
        "length": length_ms(item.length),
        "title": item.title,
        "refusal": item.refusal,
    }


def _volume_document(gain_mb: int) -> dict[str, int]:
    return {"gain": gain_mb} if gain_mb else {}


def from_document(document: object) -> Playlist:
    """Return the playlist of a JSON document, refusing whatever is not exactly of the form.

    Raises TrustError: a wrong type, an unknown or missing key, a number out of range, a repeated slot,
    or an item whose clip is not listed.
    """
    try:
        playlist = _read_playlist(document)
    except (KeyError, TypeError, ValueError, OverflowError, BadInputError) as error:
        raise TrustError(f"Danh sách phát sai khuôn dạng ({error}); máy giữ danh sách cũ.") from error
    return playlist


def _read_playlist(document: object) -> Playlist:
    absent = {"airtime": None, "emergency": set_document(NO_SET), "clock_key": ""}
    top = _object({**absent, **document} if isinstance(document, dict) else document, _TOP)
    check_format(top, FORMAT, FORMAT_VERSION)
    clips = tuple(read_clip(entry) for entry in _list(top["clips"], MAX_SLOTS))
    held = {clip.hash for clip in clips}
    slots = tuple(_read_slot(entry, held) for entry in _list(top["slots"], MAX_SLOTS))
    if len({slot.key for slot in slots}) != len(slots):
        raise ValueError("slots: key")
    if len(held) != len(clips):
        raise ValueError("clips: hash")
    return Playlist(
        *read_heading(top, MAX_LIFE),
        zone=_text(top["zone"]),
        quiet=tuple(_read_quiet(entry) for entry in _list(top["quiet"], 48)),
        clips=clips,
        slots=slots,
        emergency=read_set(top["emergency"], held),
        airtime=None if top["airtime"] is None else read_airtime(top["airtime"]),
        clock_key=_clock_key(top["clock_key"]),
    )


def check_format(top: Mapping[str, object], name: str, version: int) -> None:
    """Hold a document to its format. Raises ValueError."""
    if top["format"] != name or top["version"] != version:
        raise ValueError("format")


def read_heading(top: Mapping[str, object], longest: timedelta) -> tuple[str, str, int, int, datetime, datetime]:
    """Return the fields of a Heading that is good for `longest` at most. Raises TypeError, ValueError."""
    issued_at, expires_at = _instant(top["issued"]), _instant(top["expires"])
    if not timedelta() < expires_at - issued_at <= longest:
        raise ValueError("expires")
    epoch, counter = (_integer(top[key], 1, 2**53) for key in ("epoch", "counter"))
    return _text(top["station"]), _text(top["machine"]), epoch, counter, issued_at, expires_at


def _clock_key(value: object) -> str:
    if not isinstance(value, str) or (value and not _CLOCK_KEY.fullmatch(value)):
        raise ValueError("clock_key")
    return value


def _read_quiet(entry: object) -> QuietHours:
    start, end = _list(entry, 2)
    return QuietHours(read_time(start), read_time(end))


def read_clip(entry: object) -> ClipRef:
    """Return the clip of its JSON object. Raises TypeError, ValueError."""
    clip = _object(entry, "hash size length media_type")
    return ClipRef(
        hash=_hash(clip["hash"]),
        size=_integer(clip["size"], 1, 2**31),
        length=_length(clip["length"]),
        media_type=_text(clip["media_type"]),
    )


def _read_slot(entry: object, held: set[str]) -> PlaylistSlot:
    slot = _object({"gain": 0, "duck": 0, **entry} if isinstance(entry, dict) else entry, _SLOT)
    return PlaylistSlot(
        key=_text(slot["key"]),
        starts_at=_instant(slot["starts"]),
        title=_text(slot["title"]),
        priority=Priority[_text(slot["priority"])],
        late_policy=LatePolicy(_text(slot["late"])),
        grace=_length(slot["grace"]),
        items=tuple(_read_item(item, held) for item in _list(slot["items"], MAX_ITEMS)),
        refusal=_text(slot["refusal"]),
        gain_mb=_integer(slot["gain"], LEAST_GAIN_MB, MOST_GAIN_MB),
        duck_mb=_integer(slot["duck"], 0, MOST_DUCK_MB),
    )


def _read_item(entry: object, held: set[str]) -> PlaylistItem:
    item = _object({"gain": 0, "source": None, **entry} if isinstance(entry, dict) else entry, _ITEM)
    refusal = _text(item["refusal"])
    clip_hash = None if item["clip"] is None else _hash(item["clip"])
    if not refusal and clip_hash not in held:
        raise ValueError("items: clip")
    return PlaylistItem(
        clip_hash=clip_hash,
        offset=_length(item["offset"]),
        length=_length(item["length"]),
        title=_text(item["title"]),
        refusal=refusal,
        gain_mb=_integer(item["gain"], LEAST_GAIN_MB, MOST_GAIN_MB),
        source=None if item["source"] is None else read_source(item["source"]),
    )


def _length(value: object) -> timedelta:
    return length(value, MAX_LENGTH)
