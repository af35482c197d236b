"""How much louder or softer a clip of the library is to be than it lies there, to be as loud as everything else. Pure.

Bulletins are mastered to what their preset asks for, and short sounds are levelled as they come in. A long one keeps
its loudness on the shelf: its machine turns it up or down.
"""

from collections.abc import Mapping
from dataclasses import replace

from domain.audio import TARGET_LUFS, Clip, ClipKind
from domain.playlist import PlaylistItem, PlaylistSlot

HEARD_LU = 1.0
"""A smaller difference is left alone, so that clips pass bit for bit."""
MOST_DB, LEAST_DB = 6.0, -12.0


def gain_mb_of(clip: Clip) -> int:
    """Return the gain of a clip in hundredths of a dB, nothing for one that is as loud as it is meant to be."""
    off = TARGET_LUFS - clip.loudness.integrated_lufs
    if clip.kind is ClipKind.BULLETIN or abs(off) < HEARD_LU:
        return 0
    return round(min(max(off, LEAST_DB), MOST_DB) * 100)


def levelled(slot: PlaylistSlot, clips: Mapping[str, Clip]) -> PlaylistSlot:
    """Return `slot` with the gain of each clip named in its items; a source from outside has none."""
    gains = [_gain_mb(item, clips) for item in slot.items]
    if not any(gains):
        return slot
    items = (replace(item, gain_mb=gain) for item, gain in zip(slot.items, gains, strict=True))
    return replace(slot, items=tuple(items))


def _gain_mb(item: PlaylistItem, clips: Mapping[str, Clip]) -> int:
    clip = clips.get(item.clip_hash or "")
    return 0 if clip is None or item.refusal or item.source else gain_mb_of(clip)
