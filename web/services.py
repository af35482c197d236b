"""What the panel needs, handed to it by the switchboard."""

from collections.abc import Callable
from dataclasses import dataclass, field

from audio_library.session_audio import SessionAudio
from bulletins.desk import Desk
from bulletins.lexicon import LexiconDesk
from domain.audio import SpokenAudio
from domain.errors import BadInputError
from domain.machines import Machine
from domain.nudges import BrokerAccount
from domain.ports import BlobStore, Clock, Speaker
from domain.reading import SpokenText
from scheduler.alert_reports import AlertReports
from scheduler.desk import TimetableDesk
from scheduler.emergency_desk import EmergencyDesk
from scheduler.live_desk import LiveDesk
from scheduler.machines import MachineOffice
from scheduler.message_desk import MessageDesk
from store.engine import Database
from web.live_room import LiveRoom


@dataclass(frozen=True, slots=True)
class VoiceHealth:
    """How one engine of the voice chain is, as the panel shows it; not `tried` until it was first asked to speak."""

    name: str
    backup: bool
    ok: bool
    sentence: str = ""
    tried: bool = True


@dataclass(frozen=True, slots=True)
class PanelVoice:
    """One engine of the chain by itself, to be compared with others; `trouble` tells why it cannot speak now.

    `presenters` is how many people it can sound like; `second` names the voice that speaks for the second presenter,
    where it is another one.
    """

    name: str
    label: str
    speaker: Speaker
    trouble: Callable[[], str] = str
    presenters: int = 1
    second: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms the panel may call; `secret_key` signs only CSRF tokens and flashed messages.

    `public_address` is what machines type to reach the centre, without a slash at its end; empty when nobody set it.
    `broker_account` tells how a machine comes into the broker of nudges; None when there is no broker.
    """

    database: Database
    clock: Clock
    desk: Desk
    lexicon: LexiconDesk
    timetable: TimetableDesk
    office: MachineOffice
    emergencies: EmergencyDesk
    messages: MessageDesk
    alert_reports: AlertReports
    blobs: BlobStore
    sessions: SessionAudio
    speaker: Speaker
    secret_key: bytes
    voices: Callable[[], tuple[VoiceHealth, ...]] = tuple
    secure_cookies: bool = False
    engines: tuple[PanelVoice, ...] = ()
    public_address: str = ""
    behind_proxy: bool = False
    broker_account: Callable[[Machine], BrokerAccount | None] = lambda _machine: None

    live_room: LiveRoom = field(default_factory=LiveRoom)

    @property
    def live(self) -> LiveDesk:
        """Return the desk that opens live broadcasts."""
        return LiveDesk(self.database, self.clock)

    def preview(self, text: SpokenText, engine: str = "") -> SpokenAudio:
        """Return the speech of a script that is not approved yet, to be listened to in the panel only.

        The chain speaks it, or the one voice named `engine`. Raises NoVoiceError, BadInputError.
        """
        return self._speaker(engine).speak(text, lambda stage, done, total: None)

    def first_voice(self) -> PanelVoice | None:
        """Return the best engine that can speak now, if one can."""
        return next((one for one in self.engines if not one.trouble()), None)

    def _speaker(self, engine: str) -> Speaker:
        if not engine:
            return self.speaker
        found = next((one.speaker for one in self.engines if one.name == engine), None)
        if found is None:
            raise BadInputError("Không còn giọng đọc này. Hãy tải lại trang rồi chọn giọng khác.")
        return found
