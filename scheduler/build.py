"""The plan of one machine: occurrences become slots with their items decided, and slots become a playlist.

Whatever cannot sound stays in the plan with the reason, and nothing gets into a playlist that a machine would
refuse whole: one bad clip must not silence a ward.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.airtime import AirtimePolicy
from domain.audio import Clip
from domain.emergency_set import EmergencySet
from domain.playlist import (
    LEAST_GAIN_MB,
    MAX_ITEMS,
    MAX_LENGTH,
    MAX_SLOTS,
    MOST_GAIN_MB,
    ClipRef,
    Heading,
    Playlist,
    PlaylistItem,
    PlaylistSlot,
    to_document,
)
from domain.sources import Source, SourceKind
from domain.timetable import (
    STATION_ZONE,
    ItemKind,
    LatePolicy,
    Occurrence,
    PlannedItem,
    Priority,
    Rule,
    Slot,
)
from scheduler.items import Shelf, Terms, plan_items
from scheduler.levels import levelled
from scheduler.policy import airtime_of, at_place, check_session, gain_at, stagger_of
from scheduler.resolve import resolve

MAX_TEXT = 1000
"""Code points of a title or reason that a playlist may carry."""

ANNOUNCED_OVER_MB = 1800
"""Hundredths of a dB by which a relay is softer while an announcement is made over it."""

_ZONE = ZoneInfo(STATION_ZONE)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Listener:
    """A machine as a target: `area_ids` are its own area and every area above it.

    `later` are the days, in order, from each of which on these are others: an area ends, and its heir is heard.
    """

    machine_id: str
    area_ids: frozenset[str]
    later: tuple[tuple[date, frozenset[str]], ...] = ()

    @property
    def paths(self) -> tuple[frozenset[str], ...]:
        """Return each of its paths, in the order of their days."""
        return (self.area_ids, *(area_ids for _, area_ids in self.later))

    def path_at(self, instant: datetime) -> frozenset[str]:
        """Return the path on the local day of `instant`."""
        found = self.area_ids
        if self.later:
            day = instant.astimezone(_ZONE).date()
            for since, area_ids in self.later:
                found = area_ids if since <= day else found
        return found


def slots_for(
    listener: Listener,
    occurrences: Iterable[Occurrence],
    shelf: Shelf,
    terms: Terms,
    begun: tuple[Slot, ...] = (),
) -> tuple[Slot, ...]:
    """Return a slot for each of `occurrences` meant for `listener`, sorted by (starts_at, key).

    Each sounds within the policy and without overlap, or carries a refusal; so does each item in it. Give whole
    local days, since the limits of a day count all of its sessions. An occurrence whose rule is no longer on the
    shelf is nobody's. The policy holds whatever the priority: an emergency is an order of its own, never a slot.
    `begun` are slots of this machine as they were planned when their instant came: they stay as they were, but for
    an item that may no longer sound, and a slot whose rule was stopped.
    """
    heard = {path: {one.id for one in shelf.rules.values() if reaches(one, path)} for path in listener.paths}
    asked = (one for one in occurrences if one.rule_id in heard[listener.path_at(one.starts_at)])
    return slots_of(listener, asked, shelf, terms, begun)


def slots_of(
    listener: Listener, asked: Iterable[Occurrence], shelf: Shelf, terms: Terms, begun: tuple[Slot, ...] = ()
) -> tuple[Slot, ...]:
    """Return what `slots_for` does of occurrences that are all meant for `listener`."""
    here = {
        path: (Listener(listener.machine_id, path), replace(terms, policy=at_place(terms.policy, path)))
        for path in listener.paths
    }
    slots: dict[str, Slot] = {}
    for one in asked:
        part, own = here[listener.path_at(one.starts_at)]
        slots[one.key] = slot_of(part, one, shelf, own)
    standing = tuple(_as_begun(one, slots.pop(one.key)) for one in begun if one.key in slots)
    ahead = resolve(slots.values(), terms.policy, begun).slots
    return tuple(sorted((*standing, *ahead), key=lambda slot: (slot.starts_at, slot.key)))


def _as_begun(begun: Slot, fresh: Slot) -> Slot:
    """Return `begun` with the refusals that came since; its sounds and its place stay what they were."""
    if len(begun.items) != len(fresh.items):
        return begun
    items = tuple(
        replace(old, refusal=old.refusal or new.refusal) for old, new in zip(begun.items, fresh.items, strict=True)
    )
    return replace(begun, items=items)


def reaches(rule: Rule, area_ids: frozenset[str]) -> bool:
    """Tell whether `rule` is meant for a machine whose own and upper areas are `area_ids`; an exception wins."""
    return not rule.area_ids.isdisjoint(area_ids) and rule.except_area_ids.isdisjoint(area_ids)


def slot_of(listener: Listener, occurrence: Occurrence, shelf: Shelf, terms: Terms) -> Slot:
    """Return what `occurrence` comes to at `listener` by itself, before it meets any other."""
    programme = shelf.programmes.get(occurrence.programme_id)
    if programme is None:
        return _orphan(listener, occurrence)
    starts_at = occurrence.starts_at + stagger_of(terms.policy, listener.area_ids)
    on = occurrence.starts_at.astimezone(_ZONE).date()
    items = plan_items(programme, on, shelf, terms)
    slot = Slot(
        key=occurrence.key,
        machine_id=listener.machine_id,
        starts_at=starts_at,
        title=programme.name,
        priority=programme.priority,
        late_policy=programme.late_policy,
        grace=programme.grace,
        items=items[:MAX_ITEMS],
        rule_id=occurrence.rule_id,
        programme_id=programme.id,
        layer=occurrence.layer,
        rank=programme.rank,
        gain_db=gain_at(terms.policy, starts_at),
    )
    reason = _slot_refusal(slot, listener, max(len(programme.items), len(items)), terms.policy)
    return replace(slot, refusal=reason) if reason else slot


def _orphan(listener: Listener, occurrence: Occurrence) -> Slot:
    return Slot(
        key=occurrence.key,
        machine_id=listener.machine_id,
        starts_at=occurrence.starts_at,
        title="Chương trình đã bị xóa",
        priority=Priority.NORMAL,
        late_policy=LatePolicy.SKIP,
        grace=timedelta(),
        refusal="chương trình đã bị xóa",
        rule_id=occurrence.rule_id,
        layer=occurrence.layer,
    )


def _slot_refusal(slot: Slot, listener: Listener, wanted: int, policy: AirtimePolicy) -> str:
    if not wanted:
        return "chương trình chưa có mục nào"
    if wanted > MAX_ITEMS:
        return f"chương trình có quá {MAX_ITEMS} mục"
    length = slot.length
    if not length:
        first = slot.items[0].refusal if slot.items else "chương trình chỉ có khoảng nghỉ hoặc nhạc nền"
        return f"không có mục nào phát được: {first}"
    if length > MAX_LENGTH:
        return "buổi phát dài quá 6 giờ"
    return " ".join(check_session(policy, slot.starts_at, length, listener.area_ids))


def playlist_of(slots: Iterable[Slot], heading: Heading, policy: AirtimePolicy, clips: Mapping[str, Clip]) -> Playlist:
    """Return the playlist of `slots`, all of the machine of `heading`: the earliest MAX_SLOTS of them.

    `policy` is that of the place of the machine (`along`). `clips` are by hash and hold every clip that sounds.
    Offsets and lengths are whole milliseconds, rounded up so that an item never starts upon the last frames of the
    one before it.
    """
    first = sorted(slots, key=lambda slot: (slot.starts_at, slot.key))[:MAX_SLOTS]
    rows = tuple(levelled(playlist_slot(slot), clips) for slot in first)
    sounding = {item.clip_hash for row in rows for item in row.items if item.clip_hash and not item.refusal}
    return Playlist(
        station_id=heading.station_id,
        machine_id=heading.machine_id,
        epoch=heading.epoch,
        counter=heading.counter,
        issued_at=heading.issued_at,
        expires_at=heading.expires_at,
        zone=STATION_ZONE,
        quiet=policy.quiet,
        clips=tuple(clip_ref(clips[clip_hash]) for clip_hash in sorted(sounding)),
        slots=rows,
        airtime=airtime_of(policy),
    )


def with_ready(playlist: Playlist, ready: EmergencySet, clips: Mapping[str, Clip]) -> Playlist:
    """Return `playlist` with what its machine holds ready; a message whose sound is gone is left out, not the rest."""
    messages = tuple(one for one in ready.messages if one.message in clips)
    notice = ready.notice if messages and ready.notice in clips else None
    kept = tuple(
        replace(one, chime=_if_held(one.chime, clips), all_clear=_if_held(one.all_clear, clips)) for one in messages
    )
    held = EmergencySet(notice, kept)
    named = {clip.hash for clip in playlist.clips}
    more = (clip_ref(clips[one]) for one in sorted(held.hashes - named))
    return replace(playlist, emergency=held, clips=(*playlist.clips, *more))


def _if_held(clip_hash: str | None, clips: Mapping[str, Clip]) -> str | None:
    return clip_hash if clip_hash in clips else None


def playlist_slot(slot: Slot) -> PlaylistSlot:
    """Return `slot` as a machine is told of it."""
    return PlaylistSlot(
        key=slot.key,
        starts_at=slot.starts_at,
        title=slot.title[:MAX_TEXT],
        priority=slot.priority,
        late_policy=slot.late_policy,
        grace=min(max(slot.grace, timedelta()), MAX_LENGTH),
        items=_playlist_items(slot),
        refusal=slot.refusal[:MAX_TEXT],
        gain_mb=_gain_mb(slot),
        duck_mb=ANNOUNCED_OVER_MB if _announces(slot) else 0,
    )


def _announces(slot: Slot) -> bool:
    """Tell whether a session is nothing but announcements: a relay that it meets need not be left for it."""
    kinds = {item.kind for item in slot.items if not item.refusal}
    return ItemKind.ANNOUNCEMENT in kinds and kinds <= {ItemKind.ANNOUNCEMENT, ItemKind.IDENT}


def louder(playlist: Playlist, gain_mb: int) -> Playlist:
    """Return `playlist` with every session but emergencies that much louder, as far as a machine takes it."""
    if not gain_mb:
        return playlist
    return replace(playlist, slots=tuple(_louder(slot, gain_mb) for slot in playlist.slots))


def _louder(slot: PlaylistSlot, gain_mb: int) -> PlaylistSlot:
    if slot.priority is Priority.EMERGENCY:
        return slot
    return replace(slot, gain_mb=min(max(slot.gain_mb + gain_mb, LEAST_GAIN_MB), MOST_GAIN_MB))


def _gain_mb(slot: Slot) -> int:
    """Return the volume of a slot's hour in hundredths of a dB; an emergency is never made softer."""
    gain_mb = round(slot.gain_db * 100)
    least = 0 if slot.priority is Priority.EMERGENCY else LEAST_GAIN_MB
    return min(max(gain_mb, least), MOST_GAIN_MB)


def _playlist_items(slot: Slot) -> tuple[PlaylistItem, ...]:
    """Return the items at their offsets; in a silent slot none has length, so no machine fetches a clip for it."""
    rows: list[PlaylistItem] = []
    offset = timedelta()
    for item in slot.items:
        refusal = (item.refusal or slot.refusal)[:MAX_TEXT]
        length = timedelta() if refusal else _whole_ms(item.length)
        offset += timedelta() if refusal else _whole_ms(item.lead)
        source = None if refusal else source_of(item)
        rows.append(PlaylistItem(item.clip_hash, offset, length, item.title[:MAX_TEXT], refusal, source=source))
        offset += length
    return tuple(rows)


def source_of(item: PlannedItem) -> Source | None:
    """Return where the sound of a relay or live item comes from; a microphone's is filled in once it is opened."""
    if item.stream_url:
        return Source(SourceKind.RELAY, url=item.stream_url)
    return Source(SourceKind.LIVE) if item.kind is ItemKind.LIVE else None


def clip_ref(clip: Clip) -> ClipRef:
    """Return `clip` as a machine is told of it."""
    return ClipRef(clip.hash, clip.size, _whole_ms(clip.length), clip.media_type)


def _whole_ms(length: timedelta) -> timedelta:
    return -(-length // _MILLISECOND) * _MILLISECOND


def fingerprint(playlist: Playlist) -> str:
    """Return the SHA-256, in hex, of all that `playlist` tells a machine to do.

    Its counter and its instants of issue and expiry are left out, so that a playlist made again from the same
    plan keeps its fingerprint.
    """
    document = to_document(playlist)
    told = {name: value for name, value in document.items() if name not in {"counter", "issued", "expires"}}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
