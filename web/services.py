"""What the panel needs, handed to it by the switchboard."""

from collections.abc import Callable
from dataclasses import dataclass

from bulletins.desk import Desk
from domain.audio import SpokenAudio
from domain.ports import BlobStore, Clock, Speaker
from domain.reading import SpokenText
from scheduler.desk import TimetableDesk
from scheduler.machines import MachineOffice
from store.engine import Database


@dataclass(frozen=True, slots=True)
class VoiceHealth:
    """How one engine of the voice chain is, as the panel shows it."""

    name: str
    backup: bool
    ok: bool
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms the panel may call; `secret_key` signs only CSRF tokens and flashed messages."""

    database: Database
    clock: Clock
    desk: Desk
    timetable: TimetableDesk
    office: MachineOffice
    blobs: BlobStore
    speaker: Speaker
    secret_key: bytes
    voices: Callable[[], tuple[VoiceHealth, ...]] = tuple
    secure_cookies: bool = False

    def preview(self, text: SpokenText) -> SpokenAudio:
        """Return the speech of a script that is not approved yet, to be listened to in the panel only."""
        return self.speaker.speak(text, lambda stage, done, total: None)
