"""Looking ahead on the machine: which of the next day's sessions it could not sound as things are now. Pure.

The centre is told hours before the air, when somebody can still mend it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.machines import Lack, Shortfall
from domain.playlist import Playlist, PlaylistSlot
from domain.timetable import Priority
from player.session import CLOCK_SLACK

AHEAD = timedelta(hours=24)
MOST = 50
_WORST_FIRST = (Lack.DISK, Lack.DAMAGED, Lack.CLIP)


def shortfalls(playlist: Playlist, now: datetime, lack_of: Callable[[str], Lack | None]) -> tuple[Shortfall, ...]:
    """Return the sessions of the next AHEAD for which the machine is not ready, the soonest first, MOST at most.

    `lack_of` tells of a clip, by its hash, why it is not ready. While the clock is behind the time at which the
    playlist was signed, the machine knows no better now than that time, and it starts nothing but emergencies.
    """
    trusted = now >= playlist.issued_at - CLOCK_SLACK
    since = max(now, playlist.issued_at) if not trusted else now
    soon = sorted(
        (one for one in playlist.slots if since < one.starts_at <= since + AHEAD and not one.refusal),
        key=lambda one: (one.starts_at, one.key),
    )
    found = (_shortfall(one, playlist.expires_at, lack_of, trusted=trusted) for one in soon)
    return tuple(one for one in found if one is not None)[:MOST]


def _shortfall(
    slot: PlaylistSlot, expires_at: datetime, lack_of: Callable[[str], Lack | None], *, trusted: bool
) -> Shortfall | None:
    if not trusted and slot.priority is not Priority.EMERGENCY:
        return Shortfall(slot.key, slot.starts_at, Lack.CLOCK)
    if slot.starts_at >= expires_at:
        return Shortfall(slot.key, slot.starts_at, Lack.EXPIRED)
    needed = {one.clip_hash for one in slot.items if one.clip_hash is not None and not one.refusal}
    lacking = [lack for clip_hash in needed if (lack := lack_of(clip_hash)) is not None]
    worst = next((lack for lack in _WORST_FIRST if lack in lacking), None)
    return None if worst is None else Shortfall(slot.key, slot.starts_at, worst, len(lacking))
