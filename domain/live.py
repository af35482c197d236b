"""A live broadcast's chunks (phát trực tiếp): a second or so of a microphone, signed where it was spoken.

Packed, big-endian: `TLL1`, sequence (4 bytes), media (1 byte), length (4 bytes), Ed25519 signature (64 bytes), data.
Signed is `message_of`: the session, the place in it, and what was said, so that no chunk fits anywhere else.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.errors import BadInputError

MEDIA = ("audio/l16;rate=16000", "audio/l16;rate=48000", "audio/flac", "audio/ogg")
"""What a chunk may be: bare little-endian 16 bit mono samples, or a whole small file."""
MOST_DATA = 256 * 1024
MOST_SEQUENCE = 2**31
SIGNATURE_BYTES = 64
_MAGIC = b"TLL1"
_HEAD = struct.Struct(">4sIBI64s")


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A live broadcast that `opened_by` may speak in until `ends_at`, with the raw Ed25519 key `public_key` (hex)."""

    id: str
    slot_key: str
    public_key: str
    opened_by: str
    opened_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a live broadcast; `sequence` grows by one with each."""

    sequence: int
    media_type: str
    signature: bytes
    data: bytes


def message_of(session: str, sequence: int, media_type: str, data: bytes) -> bytes:
    """Return the bytes that the key of a session signs for a chunk."""
    digest = hashlib.sha256(data).hexdigest()
    return "\n".join(("tiengloa-live-1", session, str(sequence), media_type, digest)).encode()


def pack(chunk: Chunk) -> bytes:
    """Return a chunk as it is sent."""
    media = MEDIA.index(chunk.media_type)
    return _HEAD.pack(_MAGIC, chunk.sequence, media, len(chunk.data), chunk.signature) + chunk.data


def unpack(packed: bytes) -> Iterator[Chunk]:
    """Yield the chunks of an answer. Raises BadInputError for what is not exactly of the form."""
    at = 0
    while at < len(packed):
        if len(packed) - at < _HEAD.size:
            raise BadInputError("Đoạn tiếng trực tiếp bị cụt.")
        magic, sequence, media, length, signature = _HEAD.unpack_from(packed, at)
        data = packed[at + _HEAD.size : at + _HEAD.size + length]
        whole = magic == _MAGIC and media < len(MEDIA) and sequence <= MOST_SEQUENCE
        if not whole or not 0 < length <= MOST_DATA or len(data) != length:
            raise BadInputError("Đoạn tiếng trực tiếp sai khuôn dạng.")
        yield Chunk(sequence, MEDIA[media], signature, data)
        at += _HEAD.size + length
