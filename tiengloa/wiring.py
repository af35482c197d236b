"""The only place that knows concrete classes. Read it from top to bottom to see the product."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from audio_library.bedding import lay
from audio_library.blobs import FolderBlobStore
from audio_library.codec import decode
from audio_library.intake import take_in
from audio_library.library import Library
from audio_library.mastering import PRESETS, HornMastering
from audio_library.session_audio import SessionAudio
from bulletins.desk import Desk
from bulletins.lexicon import LexiconDesk, SiteReader
from bulletins.production import Production
from bulletins.remake import PROBE, Remaking
from bulletins.standing_words import StandingWords
from domain.audio import PLAIN, Manner, Speech
from domain.errors import NoVoiceError
from domain.ports import Channel, Clock, JobBell, VoiceEngine
from player.clock import SystemClock
from scheduler.alert_reports import AlertReports
from scheduler.area_desk import AreaDesk
from scheduler.channels.mqtt import MqttChannel
from scheduler.channels.silent import SilentChannel
from scheduler.desk import TimetableDesk
from scheduler.emergency_desk import EmergencyDesk
from scheduler.machines import MachineOffice
from scheduler.message_desk import MessageDesk
from scheduler.mixing import Mixing
from scheduler.ordering import OrderWorker
from scheduler.signing import ClockKey, StationKey
from scheduler.watch import Watch
from scheduler.worker import TimetableWorker
from store.engine import Database
from tiengloa.backup import Backups
from tiengloa.broker import BrokerDoor
from tiengloa.folder import Folder, secret
from tiengloa.jobs import Bell, kept_health
from tiengloa.settings import ESPEAK_REGIONS, Settings
from tts.cache import SentenceCache
from tts.chain import LABELS, VoiceChain
from tts.chain import VoiceHealth as EngineHealth
from tts.engines.courtesy import Courtesy
from tts.engines.espeak import EspeakVoice
from tts.engines.google import GoogleVoice
from tts.engines.piper import PiperVoice
from tts.lexicon import LexiconReader
from tts.pair import Pair
from tts.voice_store import VoiceStore
from web.formats import moment
from web.services import PanelVoice, Services, VoiceHealth

VOICES: dict[str, Callable[[Settings], list[VoiceEngine]]] = {
    "gtts": lambda settings: [GoogleVoice(courtesy=Courtesy(settings.data / "google.json"))],
    "piper": lambda settings: _piper_voices(voice_store(settings)),
    "espeak": lambda _settings: [EspeakVoice()],
}


_PRESENTERS = {"espeak": 2}
"""How many people an engine can sound like, where it is more than one."""


@dataclass
class Centre:
    """The centre's parts, each made when it is first asked for."""

    settings: Settings
    folder: Folder

    @cached_property
    def clock(self) -> Clock:
        """The real clock."""
        return SystemClock()

    @cached_property
    def database(self) -> Database:
        """The station's database."""
        return Database(self.folder.database)

    @cached_property
    def reader(self) -> SiteReader:
        """The reader: the reviewed lexicon with the site's own entries on top, as they are now."""
        return SiteReader(self.database, LexiconReader())

    @cached_property
    def lexicon(self) -> LexiconDesk:
        """Changes of the site's entries."""
        return LexiconDesk(self.database, self.reader, self.clock)

    @cached_property
    def speaker(self) -> VoiceChain:
        """The chain of voices, over one cache of sentences."""
        return VoiceChain(self.engines, self.clock, self.speech_cache)

    @cached_property
    def engines(self) -> tuple[VoiceEngine, ...]:
        """The voices, best first."""
        return chosen_voices(self.settings)

    @cached_property
    def speech_cache(self) -> SentenceCache:
        """The sentences that were spoken before."""
        return _Cache(self.folder.speech)

    @cached_property
    def blobs(self) -> FolderBlobStore:
        """The library's files."""
        return FolderBlobStore(self.folder.clips)

    @cached_property
    def bell(self) -> Bell:
        """Rings for the worker."""
        return Bell(self.folder.queue)

    @cached_property
    def desk(self) -> Desk:
        """Drafting and review."""
        return Desk(self.database, self.reader, self.clock, self.bell)

    @cached_property
    def timetable(self) -> TimetableDesk:
        """The timetable's desk."""
        return TimetableDesk(self.database, self.clock)

    @cached_property
    def areas(self) -> AreaDesk:
        """The tree of places."""
        return AreaDesk(self.database, self.clock)

    @cached_property
    def library(self) -> Library:
        """Sounds that people bring."""
        return Library(self.database, self.clock, self.blobs, take_in)

    @cached_property
    def mixing(self) -> Mixing:
        """Speech over beds of music, made ahead."""
        return Mixing(self.database, self.clock, self.blobs, decode, lay)

    @cached_property
    def office(self) -> MachineOffice:
        """The machines' office."""
        return MachineOffice(self.database, self.clock, self.clock_key)

    @cached_property
    def production(self) -> Production:
        """From approved script to clip."""
        return Production(
            self.database,
            self.clock,
            self.reader,
            self.speaker,
            HornMastering(),
            self.blobs,
            presets={name: HornMastering(preset) for name, preset in PRESETS.items()},
            decode=decode,
            voice_labels=LABELS,
        )

    def remaking(self, bell: JobBell) -> Remaking:
        """From a backup voice's clip to a better one; `bell` is the worker's own."""
        return Remaking(self.database, self.clock, self.speaker, bell)

    @cached_property
    def station_key(self) -> StationKey:
        """The key that signs playlists; only the worker's process may ask for it."""
        return replace(StationKey.load_or_create(self.folder.station_key), clock_key=self.clock_key.public_key)

    @cached_property
    def clock_key(self) -> ClockKey:
        """The key that tells machines the time; the panel signs with it, the worker names it in playlists."""
        return ClockKey.load_or_create(self.folder.clock_key)

    @cached_property
    def timetable_worker(self) -> TimetableWorker:
        """Plans and publishes."""
        return TimetableWorker(self.database, self.station_key, self.clock, self.channel)

    @cached_property
    def order_worker(self) -> OrderWorker:
        """Signs the orders of emergencies."""
        return OrderWorker(self.database, self.station_key, self.clock, self.channel)

    @cached_property
    def standing_words(self) -> StandingWords:
        """The words that drills and the all-clear need, spoken once."""
        return StandingWords(
            self.database, self.clock, self.reader, self.speaker, HornMastering().finished_alone, self.blobs
        )

    @cached_property
    def broker_door(self) -> BrokerDoor:
        """Where the broker of nudges is, and who may come in."""
        return BrokerDoor(self.settings.broker, self.folder.root, self.folder.broker_secret, self.database)

    @cached_property
    def channel(self) -> Channel:
        """Nudges machines; each process that asks for it has a connection of its own, and closes it in the end."""
        if self.settings.broker.where == "off":
            return SilentChannel()
        return MqttChannel(self.broker_door.centre_account)

    @cached_property
    def watch(self) -> Watch:
        """Looks ahead at what will not sound, and back at what nobody reported."""
        return Watch(self.database, self.clock)

    @cached_property
    def backups(self) -> Backups:
        """A copy of the database for each of the last days."""
        return Backups(self.database, self.folder.backups, self.clock)

    @cached_property
    def services(self) -> Services:
        """What the panel is given."""
        return Services(
            database=self.database,
            clock=self.clock,
            desk=self.desk,
            lexicon=self.lexicon,
            timetable=self.timetable,
            office=self.office,
            emergencies=EmergencyDesk(self.database, self.clock),
            messages=MessageDesk(self.database, self.clock),
            alert_reports=AlertReports(self.database, self.clock),
            blobs=self.blobs,
            sessions=SessionAudio(self.blobs, self.folder.sessions),
            speaker=self.speaker,
            secret_key=secret(self.folder.panel_secret),
            voices=self._voices,
            secure_cookies=self.settings.secure_cookies,
            engines=tuple(map(self._by_itself, self.engines)),
            public_address=self.settings.public_address if self.settings.address else "",
            behind_proxy=self.settings.behind_proxy,
            broker_account=self.broker_door.machine_account,
        )

    def _by_itself(self, engine: VoiceEngine) -> PanelVoice:
        """Return one voice of the chain, to be compared with the others."""
        chain = VoiceChain((engine,), self.clock, self.speech_cache)
        alike = sum(other.name == engine.name for other in self.engines)
        name = LABELS.get(engine.name, engine.name)
        return PanelVoice(
            f"{engine.name}:{engine.voice}",
            f"{name} {engine.voice}" if alike > 1 else name,
            chain,
            lambda: self._trouble(engine, chain),
            presenters=2 if isinstance(engine, Pair) else _PRESENTERS.get(engine.name, 1),
            second=engine.second.voice if isinstance(engine, Pair) else "",
        )

    def _trouble(self, engine: VoiceEngine, chain: VoiceChain) -> str:
        """Return why a voice cannot speak now: as last tried in the panel, else as the worker found it."""
        (own,) = chain.health()
        named = (engine.name, engine.voice)
        told = next((one for one in kept_health(self.folder.root) if (one.name, one.voice) == named), own)
        last = told if own.ok is None else own
        return last.sentence if last.ok is False else ""

    def _voices(self) -> tuple[VoiceHealth, ...]:
        """Return how the worker last found the voices; how this process did until the worker has said anything."""
        told = kept_health(self.folder.root) or self.speaker.health()
        shared = Counter(one.label for one in told)
        return tuple(
            VoiceHealth(_called(one, shared), one.backup, one.ok is not False, _why(one), one.ok is not None)
            for one in told
        )


class _Cache(SentenceCache):
    """The cache of sentences, which forgets the one that a voice is tried with."""

    def get(self, engine: VoiceEngine, sentence: str, manner: Manner = PLAIN) -> Speech | None:
        """Return the speech of `sentence`, or None when it is not held whole."""
        return None if sentence == PROBE else super().get(engine, sentence, manner)


def _called(voice: EngineHealth, shared: Counter[str]) -> str:
    return f"{voice.label} {voice.voice}" if shared[voice.label] > 1 else voice.label


def _why(voice: EngineHealth) -> str:
    if voice.ok is not False or voice.since is None:
        return voice.sentence
    tried = f", thử lần cuối {moment(voice.tried)}" if voice.tried and voice.tried != voice.since else ""
    return f"{voice.sentence.rstrip('.')} (từ {moment(voice.since)}{tried})."


def voice_store(settings: Settings) -> VoiceStore:
    """Return the store of the Piper voices that were added."""
    return VoiceStore(settings.data / "voices")


def voice_chain(settings: Settings, clock: Clock, cache: SentenceCache | None) -> VoiceChain:
    """Return the chain of the voices in `settings`, in order. Raises NoVoiceError when there is none."""
    return VoiceChain(chosen_voices(settings), clock, cache)


def chosen_voices(settings: Settings) -> tuple[VoiceEngine, ...]:
    """Return the voices in `settings`, in order. Raises NoVoiceError when there is none."""
    engines = [engine for name in settings.voices for engine in _engines(name, settings)]
    if not settings.voices:
        raise NoVoiceError("Chưa chọn giọng đọc nào. Hãy đặt TIENGLOA_VOICES=gtts,espeak rồi chạy lại.")
    if not engines:
        raise NoVoiceError("Chưa cài giọng Piper nào. Hãy thêm bằng «tiengloa voice add» rồi chạy lại.")
    return tuple(engines)


def _piper_voices(store: VoiceStore) -> list[VoiceEngine]:
    return [_piper_voice(store, card.name) for card in store.cards()]


def _piper_voice(store: VoiceStore, name: str) -> VoiceEngine:
    """Return the voice `name`, with another installed one of its language as the second presenter when there is one."""
    voice, second = PiperVoice(store.folder(name)), store.second(name)
    return Pair(voice, PiperVoice(store.folder(second))) if second else voice


def _engines(name: str, settings: Settings) -> list[VoiceEngine]:
    if name in ESPEAK_REGIONS:
        return [EspeakVoice(ESPEAK_REGIONS[name])]
    engine, _, voice = name.partition(":")
    return [_piper_voice(voice_store(settings), voice)] if voice else VOICES[engine](settings)
