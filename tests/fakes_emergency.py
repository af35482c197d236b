"""A panel's station with what emergencies need: own sounds that can be heard, an approved bulletin, a message."""

from dataclasses import dataclass
from datetime import timedelta

from domain.audio import Clip, ClipKind, Loudness
from domain.emergencies import Pattern, StandardMessage
from scheduler.emergency_desk import ALL_CLEAR_TITLE, CHIME_TITLE, NOTICE_TITLE
from scheduler.message_desk import Proposal
from store import bulletins, clips
from tests.fakes_player import Sound, sound
from tests.fakes_web import APPROVER, EDITOR, Panel

CHIME, NOTICE, ALL_CLEAR, FLOOD = (sound(length, seed) for seed, length in enumerate((0.2, 0.25, 0.3, 0.4), 60))
QUICK = Pattern(2, timedelta(seconds=1), timedelta(minutes=5), timedelta(hours=1))


@dataclass(frozen=True)
class Ready:
    """What was put into the station."""

    message: StandardMessage
    bulletin_id: str


def keep(town: Panel, title: str, made: Sound, kind: ClipKind = ClipKind.ANNOUNCEMENT) -> Clip:
    """Put a sound into the library."""
    loudness = Loudness(-16.0, -2.1, 4.0)
    now = town.clock.now()
    clip = Clip(town.blobs.put(made.data), len(made.data), "audio/wav", made.length, loudness, kind, title, now)
    with town.database.write() as connection:
        clips.put(connection, clip)
    return clip


def stocked(town: Panel, *, local: bool = True, pattern: Pattern = QUICK) -> Ready:
    """Give the station its own sounds and a flood message that two people agreed upon."""
    for title, made in ((CHIME_TITLE, CHIME), (NOTICE_TITLE, NOTICE), (ALL_CLEAR_TITLE, ALL_CLEAR)):
        keep(town, title, made)
    bulletin_id = town.approved("Lũ quét")
    clip = keep(town, "Lũ quét", FLOOD, ClipKind.BULLETIN)
    with town.database.write() as connection:
        bulletins.attach_clip(connection, bulletin_id, 1, clip.hash)
    proposal = Proposal("Lũ quét", bulletin_id, "", chime=True, pattern=pattern, local=local)
    message = town.services.messages.propose(EDITOR, proposal)
    return Ready(town.services.messages.agree(APPROVER, message.id), bulletin_id)
