"""The live desk: opens a session of a live broadcast for who speaks, and knows whose chunks belong in it.

The key is made where the person speaks and only its public half comes here. It is named in the signed playlist of the
machines that hold the slot, so neither this process nor the line can put another voice on the air.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.errors import BadInputError, NotFoundError, TrustError, WrongStateError
from domain.live import MEDIA, MOST_DATA, MOST_SEQUENCE, SIGNATURE_BYTES, Chunk, LiveSession, message_of
from domain.people import Role, User
from domain.playlist import MAX_LENGTH, Playlist, PlaylistItem
from domain.ports import Clock
from domain.sources import Source, SourceKind
from domain.timetable import ItemKind, Slot
from scheduler.noting import Deed, note, require
from store import live, plans
from store.engine import Database, new_id

OPEN_AHEAD = timedelta(minutes=10)
"""How long before its slot a session may be opened, so that machines know the key in time."""
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LiveDesk:
    """Lets approvers speak live: what is said on the air at once, nobody reviews."""

    database: Database
    clock: Clock

    def open(self, user: User, slot_key: str, public_key: str) -> LiveSession:
        """Open the live slot of `slot_key` for the raw Ed25519 key `public_key` in hex, until the slot ends.

        An older session of the slot is closed. Raises NotAllowedError, BadInputError, NotFoundError, WrongStateError.
        """
        require(user, Role.APPROVER)
        if not _KEY.fullmatch(public_key):
            raise BadInputError("Khóa của người nói không đúng khuôn dạng.")
        now = self.clock.now()
        with self.database.write() as connection:
            slots = [one for one in plans.slots(connection, now - MAX_LENGTH, now + OPEN_AHEAD) if one.key == slot_key]
            spoken = [one for one in slots if _is_live(one)]
            if not spoken:
                raise NotFoundError("Không có buổi phát trực tiếp nào như vậy đang hoặc sắp diễn ra.")
            ends_at = max(one.ends_at for one in spoken)
            if ends_at <= now:
                raise WrongStateError("Buổi phát trực tiếp này đã hết giờ.")
            made = LiveSession(new_id(), slot_key, public_key, user.id, now, ends_at)
            live.add(connection, made)
            words = f"mở micrô cho buổi trực tiếp «{spoken[0].title}»"
            note(connection, Deed(user, now), "programme", (spoken[0].programme_id, words))
        return made

    def close(self, user: User, session_id: str) -> None:
        """End a session; its machines go over to the stand-in. Any approver may.

        Raises NotAllowedError, NotFoundError when there never was such a session.
        """
        require(user, Role.APPROVER)
        with self.database.write() as connection:
            found = live.get(connection, session_id)
            if found is None:
                raise NotFoundError("Không có buổi phát trực tiếp này.")
            live.close_slot(connection, found.slot_key, self.clock.now())

    def session(self, session_id: str) -> LiveSession:
        """Return a session that is open now. Raises NotFoundError."""
        with self.database.read() as connection:
            found = live.get(connection, session_id)
        if found is None or found.ends_at <= self.clock.now():
            raise NotFoundError("Buổi phát trực tiếp này không mở.")
        return found

    def chunk(self, user: User, session_id: str, told: Mapping[str, str], data: bytes) -> Chunk:
        """Return a chunk that belongs in an open session of `user`, made from `sequence`, `media` and `signature`.

        Raises NotAllowedError, NotFoundError, BadInputError, TrustError.
        """
        require(user, Role.APPROVER)
        session = self.session(session_id)
        if session.opened_by != user.id:
            raise WrongStateError("Người khác đang nói trong buổi trực tiếp này.")
        chunk = _chunk(told, data)
        message = message_of(session.id, chunk.sequence, chunk.media_type, chunk.data)
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(session.public_key)).verify(chunk.signature, message)
        except InvalidSignature as error:
            raise TrustError("Đoạn tiếng không mang chữ ký của người đang nói.") from error
        return chunk


def opened(playlist: Playlist, sessions: Mapping[str, LiveSession]) -> Playlist:
    """Return `playlist` with the key of each session that is open named in the live items of its slot."""
    slots = tuple(
        replace(slot, items=tuple(_named(item, sessions[slot.key]) for item in slot.items))
        if slot.key in sessions
        else slot
        for slot in playlist.slots
    )
    return replace(playlist, slots=slots)


def _named(item: PlaylistItem, session: LiveSession) -> PlaylistItem:
    if item.source is None or item.source.kind is not SourceKind.LIVE:
        return item
    return replace(item, source=Source(SourceKind.LIVE, session=session.id, key=session.public_key))


def _is_live(slot: Slot) -> bool:
    spoken = (one for one in slot.items if one.kind is ItemKind.LIVE and not one.stream_url and not one.refusal)
    return not slot.refusal and any(spoken)


def _chunk(told: Mapping[str, str], data: bytes) -> Chunk:
    number, media = told.get("sequence", ""), told.get("media", "")
    try:
        signature = base64.b64decode(told.get("signature", ""), validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    fits = number.isascii() and number.isdigit() and len(number) <= 10 and 0 < int(number) <= MOST_SEQUENCE
    if not fits or media not in MEDIA or len(signature) != SIGNATURE_BYTES or not 0 < len(data) <= MOST_DATA:
        raise BadInputError("Đoạn tiếng trực tiếp sai khuôn dạng.")
    return Chunk(int(number), media, signature, data)
