"""The items of a programme as they will sound on a day: which clip, how long, or why not. Pure."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, repeat

from domain.airtime import AirtimePolicy
from domain.audio import Clip, ClipKind
from domain.bulletins import Bulletin, BulletinState
from domain.playlist import MAX_ITEMS, MAX_LENGTH
from domain.timetable import FROM_OUTSIDE, ItemKind, PlannedItem, Programme, ProgrammeItem, Rule

_NOTHING, _DAY = timedelta(), timedelta(days=1)
OFF_BED = FROM_OUTSIDE | {ItemKind.IDENT, ItemKind.PAUSE, ItemKind.BED}
"""Kinds of item that never lie over a bed of music."""

_NOT_APPROVED = {
    BulletinState.DRAFT: "bản tin chưa được duyệt",
    BulletinState.SUBMITTED: "bản tin chưa được duyệt",
    BulletinState.RETURNED: "bản tin bị trả lại, chưa được duyệt",
    BulletinState.WITHDRAWN: "bản tin đã bị thu hồi",
    BulletinState.EXPIRED: "bản tin đã hết hạn",
    BulletinState.ARCHIVED: "bản tin đã lưu trữ",
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a plan is made from: rules, programmes and bulletins by id, clips by hash.

    `mixes` holds, by `mix_key`, the hash of each clip that has been laid over a bed of music. What a programme comes
    to is kept by `plan_items`, since a thousand machines ask the same: the mappings must not be changed.
    """

    rules: Mapping[str, Rule]
    programmes: Mapping[str, Programme]
    bulletins: Mapping[str, Bulletin]
    clips: Mapping[str, Clip]
    mixes: Mapping[str, str] = field(default_factory=dict)
    _turns: list[date] = field(init=False, repr=False, compare=False)
    _kept: dict[object, tuple[Programme, tuple[PlannedItem, ...]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_turns", sorted({day for one in self.bulletins.values() for day in _turns_of(one)}))

    def spell(self, on: date) -> int:
        """Return the number of the span of days about `on` in which no bulletin begins or ceases to be valid."""
        return bisect_right(self._turns, on)


def _turns_of(bulletin: Bulletin) -> Iterator[date]:
    if bulletin.valid_from is not None:
        yield bulletin.valid_from
    if bulletin.valid_until is not None and bulletin.valid_until < date.max:
        yield bulletin.valid_until + _DAY


@dataclass(frozen=True, slots=True)
class Terms:
    """What the station asks of a plan: its policy, and whether a backup voice needs a person's yes before air."""

    policy: AirtimePolicy
    backup_voice_needs_yes: bool = True


def plan_items(programme: Programme, on: date, shelf: Shelf, terms: Terms) -> tuple[PlannedItem, ...]:
    """Return the items of `programme` as they would sound on the local date `on`.

    A repeated item comes as often as it is said; a pause becomes the lead of what follows it, and a bed of music the
    mix of each item that it lies under, once there is one. Of more than a playlist takes, MAX_ITEMS, one too many is
    returned, and no more.
    """
    asked = (programme.id, shelf.spell(on), terms.backup_voice_needs_yes)
    held = shelf._kept.get(asked)
    if held is None or held[0] is not programme:
        held = shelf._kept[asked] = (programme, tuple(islice(_planned(programme, on, shelf, terms), MAX_ITEMS + 1)))
    return held[1]


def _planned(programme: Programme, on: date, shelf: Shelf, terms: Terms) -> Iterator[PlannedItem]:
    bed = next((one for one in programme.items if one.kind is ItemKind.BED), None)
    lead = _NOTHING
    for item in programme.items:
        if item.kind is ItemKind.PAUSE:
            lead += max(item.length, _NOTHING)
        elif item.kind is not ItemKind.BED:
            planned = _on_bed(plan_item(item, on, shelf, terms), bed, shelf)
            yield replace(planned, lead=lead)
            yield from repeat(replace(planned, lead=max(item.gap, _NOTHING)), max(item.repeat, 1) - 1)
            lead = _NOTHING


def mix_key(bed: ProgrammeItem, clip_hash: str) -> str:
    """Return the key of the mix of a clip over a bed: the same two clips at the same level have the same key."""
    return hashlib.sha256(f"{bed.clip_hash} {clip_hash} {bed.duck_db:.1f}".encode()).hexdigest()


def _on_bed(planned: PlannedItem, bed: ProgrammeItem | None, shelf: Shelf) -> PlannedItem:
    """Return `planned` over its bed of music; as it is while the mix is not there yet, or when it is no speech."""
    if bed is None or planned.clip_hash is None or planned.kind in OFF_BED:
        return planned
    mixed = shelf.clips.get(shelf.mixes.get(mix_key(bed, planned.clip_hash), ""))
    return planned if mixed is None else replace(planned, clip_hash=mixed.hash, length=mixed.length)


def plan_item(item: ProgrammeItem, on: date, shelf: Shelf, terms: Terms) -> PlannedItem:
    """Return `item` as it would sound on the local date `on`, or with the reason why it would not."""
    if item.kind is ItemKind.LATEST:
        return _latest_item(item, on, shelf, terms)
    if item.kind in FROM_OUTSIDE:
        return _outside_item(item, shelf, terms)
    if item.bulletin_id is not None:
        return _bulletin_item(item.bulletin_id, on, shelf, terms)
    return replace(_clip_item(item.clip_hash, shelf, terms), kind=item.kind)


def _clip_item(clip_hash: str | None, shelf: Shelf, terms: Terms) -> PlannedItem:
    clip = shelf.clips.get(clip_hash or "")
    if clip is None:
        return PlannedItem("Âm thanh không còn trong kho", None, timedelta(), refusal="không tìm thấy tệp âm thanh")
    refusal = _library_refusal(clip) or _sound_refusal(clip, backup_ok=not terms.backup_voice_needs_yes)
    return PlannedItem(clip.title, clip.hash, clip.length, refusal=refusal)


def _outside_item(item: ProgrammeItem, shelf: Shelf, terms: Terms) -> PlannedItem:
    """Return a relay or a live item: as long as it is booked, with the clip that sounds in its stead."""
    named = "Tiếp âm" if item.kind is ItemKind.RELAY else "Phát trực tiếp"
    if item.clip_hash is None:
        refusal = "chưa chọn âm thanh thay thế khi nguồn không có tiếng"
        return PlannedItem(named, None, timedelta(), refusal=refusal, kind=item.kind, stream_url=item.stream_url)
    stand_in = _clip_item(item.clip_hash, shelf, terms)
    refusal = stand_in.refusal or ("" if item.length > _NOTHING else f"chưa đặt thời lượng {named.lower()}")
    return replace(
        stand_in,
        title=f"{named} (khi mất nguồn: {stand_in.title})",
        length=max(item.length, _NOTHING),
        refusal=refusal,
        kind=item.kind,
        stream_url=item.stream_url,
    )


def _latest_item(item: ProgrammeItem, on: date, shelf: Shelf, terms: Terms) -> PlannedItem:
    """Return the newest approved bulletin of a topic or column that can sound on `on`; else why the newest cannot."""
    asked = [one for one in shelf.bulletins.values() if is_of(one, item) and one.state is BulletinState.APPROVED]
    newest: PlannedItem | None = None
    for one in sorted(asked, key=_newest, reverse=True):
        planned = replace(_bulletin_item(one.id, on, shelf, terms), kind=ItemKind.LATEST)
        if not planned.refusal:
            return planned
        newest = newest or planned
    refusal = "chưa có bản tin đã duyệt nào thuộc chuyên mục hoặc chủ đề này"
    return newest or PlannedItem("Bản tin mới nhất", None, _NOTHING, refusal=refusal, kind=ItemKind.LATEST)


def is_of(bulletin: Bulletin, item: ProgrammeItem) -> bool:
    """Tell whether a bulletin belongs to the column or topic that a LATEST item names."""
    if item.column_id is not None:
        return bulletin.column_id == item.column_id
    return item.topic_id is not None and bulletin.topic_id == item.topic_id


def _newest(bulletin: Bulletin) -> tuple[datetime, str]:
    return bulletin.approved_at or datetime.min.replace(tzinfo=UTC), bulletin.id


def _bulletin_item(bulletin_id: str, on: date, shelf: Shelf, terms: Terms) -> PlannedItem:
    bulletin = shelf.bulletins.get(bulletin_id)
    if bulletin is None:
        return PlannedItem("Bản tin đã bị xóa", None, timedelta(), bulletin_id, "bản tin đã bị xóa")
    clip = shelf.clips.get(bulletin.clip_hash or "")
    refusal = _NOT_APPROVED.get(bulletin.state, "") or _date_refusal(bulletin, on) or _clip_refusal(bulletin, clip)
    if clip is None:
        return PlannedItem(bulletin.title, None, timedelta(), bulletin_id, refusal)
    backup_ok = bulletin.backup_voice_ok_by is not None or not terms.backup_voice_needs_yes
    refusal = refusal or _sound_refusal(clip, backup_ok=backup_ok)
    return PlannedItem(bulletin.title, clip.hash, clip.length, bulletin_id, refusal)


def _date_refusal(bulletin: Bulletin, on: date) -> str:
    if bulletin.valid_from is not None and on < bulletin.valid_from:
        return f"bản tin chỉ có hiệu lực từ {bulletin.valid_from:%d/%m/%Y}"
    if bulletin.valid_until is not None and on > bulletin.valid_until:
        return f"bản tin hết hạn từ {bulletin.valid_until + _DAY:%d/%m/%Y}"
    return ""


def _clip_refusal(bulletin: Bulletin, clip: Clip | None) -> str:
    if bulletin.clip_hash is None:
        return "bản tin chưa có âm thanh"
    if bulletin.clip_version != bulletin.version:
        return "bản tin chưa có âm thanh cho bản vừa duyệt"
    return "" if clip is not None else "không tìm thấy tệp âm thanh của bản tin"


def _library_refusal(clip: Clip) -> str:
    # Otherwise a withdrawn or unapproved bulletin could go on air by the hash of its sound.
    return "âm thanh của bản tin chỉ được phát qua bản tin đã duyệt" if clip.kind is ClipKind.BULLETIN else ""


def _sound_refusal(clip: Clip, *, backup_ok: bool) -> str:
    if clip.voice is not None and clip.voice.backup and not backup_ok:
        return "giọng dự phòng chưa được đồng ý"
    if clip.size <= 0 or clip.length <= timedelta():
        return "tệp âm thanh rỗng"
    return "tệp âm thanh dài quá 6 giờ" if clip.length > MAX_LENGTH else ""
