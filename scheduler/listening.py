"""Listening lines: what an ordinary player hears at a place, by a secret address that a technician makes."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.airtime import QuietHours
from domain.audio import Clip
from domain.errors import BadInputError, NotAllowedError, NotFoundError
from domain.formats import local
from domain.people import Role, User
from domain.ports import Clock
from domain.text import tidy
from domain.timetable import Priority, Slot
from scheduler.named import load_named
from scheduler.spots import slots_at, spots_of_areas
from store import clips, listening_lines, places, station
from store.engine import Database, new_id
from store.listening_lines import ListeningLine

EARLY = timedelta(seconds=60)
"""How long before its instant a session is told: a player begins at once with what it is given."""
LINGER = timedelta(minutes=10)
"""How long after a session its sounds are still given to who was told of them."""
_BEFORE, _AHEAD = timedelta(hours=12), timedelta(days=3)
_NAME_LIMIT = 80
_MOST_LINES = 200
_LIVES = (timedelta(days=30), timedelta(days=365))


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound of a list."""

    title: str
    clip: Clip


@dataclass(frozen=True, slots=True)
class Listing:
    """What a player is given now: the sounds of the session on the air, or none; `next_at` is the next session."""

    title: str = ""
    starts_at: datetime | None = None
    sounds: tuple[Heard, ...] = ()
    next_at: datetime | None = None
    next_title: str = ""


@dataclass(slots=True)
class _Kept:
    version: int
    minute: datetime
    slots: tuple[Slot, ...]
    clips: Mapping[str, Clip]
    quiet: tuple[QuietHours, ...]


@dataclass(frozen=True, slots=True)
class ListeningDesk:
    """Makes and revokes lines, and answers players; what it read is kept for a minute at most."""

    database: Database
    clock: Clock
    kept: dict[str, _Kept] = field(default_factory=dict)

    def make(self, user: User, area_id: str, name: str, days: int = 0) -> str:
        """Return the token of a new line, which is never told again; `days` of 0 last until it is revoked."""
        _only_a_technician(user)
        now, told = self.clock.now(), tidy(name)[:_NAME_LIMIT]
        if not told:
            raise BadInputError("Hãy đặt tên cho đường dẫn, ví dụ «Loa kéo nhà văn hóa».")
        if timedelta(days=days) not in (timedelta(), *_LIVES):
            raise BadInputError("Hãy chọn thời hạn trong danh sách.")
        token = secrets.token_urlsafe(24)
        with self.database.write() as connection:
            if area_id not in {one.id for one in places.areas(connection)}:
                raise BadInputError("Hãy chọn địa bàn trong danh sách.")
            if len(listening_lines.everything(connection)) >= _MOST_LINES:
                raise BadInputError(f"Đã có {_MOST_LINES} đường dẫn. Hãy thu hồi bớt đường dẫn không dùng.")
            until = now + timedelta(days=days) if days else None
            line = ListeningLine(new_id(), area_id, told, user.name, now, until)
            listening_lines.add(connection, line, user, token)
        return token

    def revoke(self, user: User, line_id: str) -> None:
        """Take a line away: who asks by it is told nothing from now on. Raises NotAllowedError, NotFoundError."""
        _only_a_technician(user)
        with self.database.write() as connection:
            if not listening_lines.remove(connection, line_id):
                raise NotFoundError("Không có đường dẫn này, hoặc đã bị thu hồi. Chưa có gì thay đổi.")

    def lines(self) -> tuple[ListeningLine, ...]:
        """Return every line, the newest first."""
        with self.database.read() as connection:
            return listening_lines.everything(connection)

    def line(self, token: str) -> ListeningLine | None:
        """Return the line of a token that is in force, and note that it was asked, once a minute."""
        now = self.clock.now()
        with self.database.read() as connection:
            found = listening_lines.by_token(connection, token, now)
        if found is not None and (found.asked_at is None or now - found.asked_at > timedelta(minutes=1)):
            with self.database.write() as connection:
                listening_lines.asked(connection, found.id, now)
        return found

    def listing(self, line: ListeningLine) -> Listing:
        """Return what a player is given now."""
        kept = self._slots(line.area_id)
        return coming(kept.slots, kept.clips, self.clock.now(), kept.quiet)

    def clip(self, line: ListeningLine, clip_hash: str) -> Clip | None:
        """Return a sound of what is or was just told, or None: nothing else of the library is given."""
        kept, now = self._slots(line.area_id), self.clock.now()
        near = (slot for slot in kept.slots if slot.starts_at - EARLY <= now < slot.ends_at + LINGER)
        named = {one.clip.hash for slot in near for one in _sounds(slot, kept.clips)}
        return kept.clips[clip_hash] if clip_hash in named else None

    def _slots(self, area_id: str) -> _Kept:
        """Return what sounds at a place about now; it is read anew when the plan has changed."""
        now = self.clock.now()
        minute = now.replace(second=0, microsecond=0)
        with self.database.read() as connection:
            version, before = station.plan_version(connection), self.kept.get(area_id)
            if before is not None and (before.version, before.minute) == (version, minute):
                return before
            inputs = load_named(connection)
            spots = spots_of_areas(connection, inputs, (area_id,), now)
            since = now - _BEFORE
            # Where no machine holds anything, what has begun is known by the plan alone.
            asked_at = now if spots[0].machines else since
            slots = slots_at(connection, inputs, spots, (since, now + _AHEAD), asked_at)[area_id]
            named = clips.some(connection, (item.clip_hash for slot in slots for item in slot.items if item.clip_hash))
        kept = _Kept(version, minute, tuple(slots), named, inputs.terms.policy.quiet)
        self.kept[area_id] = kept
        return kept


def coming(
    slots: Iterable[Slot], clips: Mapping[str, Clip], now: datetime, quiet: tuple[QuietHours, ...] = ()
) -> Listing:
    """Return the sounds that are still to be heard of the session on the air at `now`, and when the next begins.

    In `quiet` hours nothing is on the air but an emergency.
    """
    hushed = any(span.covers(local(now).time()) for span in quiet)
    sounding = sorted(
        (slot for slot in slots if not slot.refusal and slot.length and _sounds(slot, clips)),
        key=lambda slot: (slot.starts_at, slot.key),
    )
    on_air = [
        slot
        for slot in sounding
        if slot.starts_at - EARLY <= now < slot.ends_at and (not hushed or slot.priority is Priority.EMERGENCY)
    ]
    current = max(on_air, key=lambda slot: (slot.priority, slot.starts_at), default=None)
    later = next((slot for slot in sounding if slot.starts_at > now and slot is not current), None)
    following = (later.starts_at, later.title) if later else (None, "")
    if current is None:
        return Listing(next_at=following[0], next_title=following[1])
    left = tuple(_sounds(current, clips, since=now))
    return Listing(current.title, current.starts_at, left, *following)


def _sounds(slot: Slot, clips: Mapping[str, Clip], since: datetime | None = None) -> list[Heard]:
    """Return the sounds of a slot, those that end after `since`; one that is no longer approved is none."""
    found, at = list[Heard](), slot.starts_at
    for item in slot.items:
        at += item.span
        over = since is not None and at <= since
        clip = clips.get(item.clip_hash or "")
        if clip is not None and not (over or item.refusal or slot.refusal):
            found.append(Heard(item.title, clip))
    return found


def _only_a_technician(user: User) -> None:
    if not user.may(Role.TECHNICIAN):
        raise NotAllowedError("Chỉ kỹ thuật viên mới tạo hoặc thu hồi được đường dẫn nghe. Chưa có gì thay đổi.")
