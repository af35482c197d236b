"""The machine as a whole: what is started, in which order, and how it all ends."""

import gc
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from domain.errors import SinkError, TrustError
from domain.playlist import Playlist
from domain.ports import AudioSink, Clock
from player import memory
from player.alone import alone_in
from player.attached import Attached
from player.cabinet import open_cabinet
from player.clock import SystemClock
from player.conductor import Conductor, Desk
from player.deck import Deck
from player.emergency_room import EmergencyRoom, Shared
from player.engine import Engine
from player.errands import Baggage, Errands
from player.events import Fault, Finished, MachineEvent, Missed, PlaylistAccepted
from player.faults import Faults
from player.housework import Housework, said
from player.journal import Journal
from player.line import Line
from player.on_air import OnAir, outside_of, urgent_of
from player.outlet import Outlet
from player.owed import Owed
from player.pulse import Pulse, StatusFile
from player.revocation import Revocation
from player.rounds import Rounds
from player.self_report import SelfReport
from player.settings import read_machine_file
from player.sinks.choose import Choice, Place, choose_sink
from player.sources import opener
from player.space import Space
from player.supervisor import Supervisor
from player.sync import Sync
from player.telling import Telling
from player.timekeeping import Timekeeper
from player.trust import Signer
from player.tuner import Tuner
from scheduler.alarm import Alarm

OnEvent = Callable[[MachineEvent], None]
_PURGE_EVERY_S = 6 * 3600.0
_WATCH_EVERY_S = 2.0
_SPACE_EVERY_S = 60.0
_TRIM_EVERY_S = 600.0
_STATUS_EVERY_S = 5.0
_NEWS_EVERY_S = 1.0
_LOOK_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """How a machine runs: seconds between polls and heartbeats, its outputs, and where a virtual output writes.

    An empty `sink` or `reserve` is the one that `machine.toml` names.
    """

    poll: float = 5.0
    heartbeat: float = 15.0
    sink: str = ""
    reserve: str = ""
    recordings: Path | None = None


class Machine:
    """One broadcast machine in this process, from `start` to `stop`.

    `on_event` is called from a thread of its own, one call at a time, and may wait; `on_give_up` once the
    machine can no longer sound in this process, after which `check` says why.
    """

    def __init__(
        self,
        folder: Path,
        settings: MachineSettings | None = None,
        on_event: OnEvent | None = None,
        clock: Clock | None = None,
        sink: AudioSink | None = None,
    ) -> None:
        self._folder = folder
        self._settings = settings or MachineSettings()
        self._telling = Telling(on_event or (lambda _event: None))
        self._clock = self._keeper = Timekeeper(clock or SystemClock())
        self._given_sink = sink
        recordings = self._settings.recordings or folder / "recordings"
        self._place = Place(recordings, folder, self._clock)
        self._undo = ExitStack()
        self._gave_up = ""
        self.on_give_up: Callable[[], None] = lambda: None
        self._errands: Errands | None = None
        self._rounds: tuple[Rounds, ...] = ()
        self._supervisor = Supervisor()
        self._let_go: Callable[[], None] = lambda: None
        self.faults = Faults(lambda area, sentence: self._tell(Fault(area, sentence)))

    def start(self) -> None:
        """Start everything, in order; what was started is ended again when something fails.

        Raises NotFoundError, StorageError, BusyError, SinkError.
        """
        self._telling.start()
        self._undo.callback(self._telling.stop)
        try:
            self._take_the_folder()
            self._open_cabinet()
            self._open_sink()
            self._start_engine()
            self._start_ear()
            self._take_up_stored_playlist()
            self._ready_emergencies()
            self._ready_errands()
            self._start_alarm()
            self._start_emergencies()
            self._start_errands()
        except BaseException:
            self.stop()
            raise
        gc.collect()
        gc.freeze()  # what lives as long as the machine need not be walked through while it sounds
        self._tell(self._report.ready())
        self._supervisor.ready(self._report.sentence())

    def stop(self) -> None:
        """End everything in the reverse order: the sound fades, the journal says "cut", the files are closed."""
        self._supervisor.stopping()
        self._let_go()
        for one in self._rounds:  # all at once, so that those that wait for the network are waited for together
            one.leave_off()
        self._undo.close()

    def check(self) -> None:
        """Tell whether this process can still sound. Raises SinkError when only a new one may."""
        if self._gave_up:
            raise SinkError(self._gave_up)

    def _take_the_folder(self) -> None:
        self._undo.enter_context(alone_in(self._folder))

    def _open_cabinet(self) -> None:
        self.cabinet = open_cabinet(self._folder)
        self._undo.callback(self.cabinet.close)
        self._space = Space(self.cabinet, self.faults)
        self._space.look()
        self.faults.set("cabinet", self.cabinet.mended)
        identity = self.cabinet.identity
        self.journal = Journal(self.cabinet.database)
        self._pulse = Pulse(self._folder, self.journal, self._clock, self._settings.heartbeat)
        self._status = StatusFile(self._folder, identity.machine_id, self._clock)
        self._undo.callback(self._status.remove)
        self._line = Line(identity.server, Signer(identity.machine_id, self.cabinet.key), self._clock)
        self._undo.callback(self._line.close)

    def _open_sink(self) -> None:
        self._box = read_machine_file(self._folder)
        self._place = replace(self._place, latency_s=self._box.latency_ms / 1000)
        if self._given_sink:
            self._given_sink.open()
            self._choice = Choice(self._given_sink, "Theo yêu cầu")
        else:
            told, box = self._settings, self._box.outputs
            self._choice = choose_sink(self._place, told.sink or box.sink, told.reserve or box.reserve)

    def _start_engine(self) -> None:
        self._sync = Sync(self.cabinet, self._line, self._clock, self._accepted)
        deck = Deck(self.cabinet, self._poke, self._damaged)
        box = self._box
        tuner = Tuner(opener(self._line, lambda: self._sync.playlist, box.relay_hosts))
        owed = Owed(self.faults, self._space.relieve)
        desk = Desk(self.journal, owed, deck, self.faults, tuner, round(box.gain_db * 100))
        self._conductor = Conductor(desk, self._clock, self._tell)
        self._conductor.clock_is_trusted = self._keeper.trusted
        self._pinned = deck.pinned
        self._heed_revocation()
        if self.cabinet.mended:
            self._conductor.forget_before(self._clock.now())
        self._engine = Engine(self._choice.sink, self._clock, self._conductor.post)
        self._outlet = Outlet(self._choice, self._engine, self._clock, self.faults)
        self._engine.give_up = self._give_up
        self._conductor.engine = self._engine
        self._undo.callback(self._conductor.settle)
        self._attached = Attached(self._clock, self._notes, self._undo)
        self._attached.start_transmitter(box.pre_key, lambda: self._engine.sounding, lambda: self._conductor.sounds_at)
        self._report = SelfReport(
            self.cabinet, self._clock, self._line, self.faults, self._sync, self._pinned, self._outlet, self._pulse
        )
        self._engine.start()
        self._undo.callback(self._engine.stop)

    def _start_ear(self) -> None:
        witness = self._attached.start_ear(self._box.outputs.listen, self._conductor.post, self._clip_file)
        if witness:
            self._conductor.call(witness)

    def _clip_file(self, clip_hash: str) -> tuple[Path, str] | None:
        playlist = self._sync.playlist
        kinds = {ref.hash: ref.media_type for ref in playlist.clips} if playlist else {}
        return (self.cabinet.clip_path(clip_hash), kinds[clip_hash]) if clip_hash in kinds else None

    def _heed_revocation(self) -> None:
        self._revocation = Revocation(self.cabinet, self._clock, self._conductor.revoke)
        if self._revocation.in_force:
            self._conductor.revoke(revoked=True)
            self.cabinet.forget_etag()  # the playlist that lifts it may be the one held
        self._line.on_answer = self._answered

    def _answered(self, revoked: bool) -> None:
        self._report.reached_at = self._clock.now()
        self._revocation.heard(revoked=revoked)

    def _take_up_stored_playlist(self) -> None:
        try:
            playlist = self.cabinet.playlist()
        except TrustError as error:
            self.faults.set("playlist", error.sentence)
            self.cabinet.forget_etag()
            return
        if playlist:
            self._sync.playlist = playlist
            self._conductor.take_up(playlist)

    def _ready_emergencies(self) -> None:
        shared = Shared(
            self.cabinet,
            self._clock,
            self._line,
            self._pinned,
            self.faults,
            self._tell,
            self._sync.bring,
            self._poke,
            self._settings.poll,
        )
        self.urgent = EmergencyRoom(shared)
        self.emergencies, self.local = self.urgent.emergencies, self.urgent.local
        self._conductor.overlay, self._conductor.after_act = self.emergencies.overlay, self.emergencies.keep
        self._report.on_air = self._on_air

    def _on_air(self) -> OnAir:
        return OnAir(urgent_of(self.emergencies.alerts), outside_of(self._conductor.sounding))

    def _start_emergencies(self) -> None:
        self._undo.callback(self.urgent.stop)
        self._let_go = self.urgent.let_go
        self.urgent.start(self._box.buttons)
        self._rounds += self.urgent.rounds

    def _start_alarm(self) -> None:
        conductor = self._conductor
        alarm = Alarm(self._clock, conductor.next_transition, self._act, self._failed)
        tasks = Housework(alarm, self.faults)
        tasks.every(_WATCH_EVERY_S, self._outlet.watch, "theo dõi đầu ra")
        tasks.every(_PURGE_EVERY_S, self._keep_house, "dọn nhật ký cũ")
        tasks.every(_WATCH_EVERY_S, lambda: self.faults.set("clock offset", self._keeper.fault()), "theo dõi đồng hồ")
        tasks.every(_WATCH_EVERY_S, self._revive, "trông các luồng khác")
        tasks.every(_SPACE_EVERY_S, self._space.look, "xem ổ đĩa")
        tasks.every(_SPACE_EVERY_S, conductor.steps.forget, "quên lần nhảy đồng hồ cũ")
        tasks.every(_TRIM_EVERY_S, self._give_back_memory, "trả bộ nhớ thừa", first=_SPACE_EVERY_S)
        tasks.every(_NEWS_EVERY_S, self._put_down, "ghi tình trạng máy", first=0.1)
        if self._supervisor.look_every_s:
            tasks.every(self._supervisor.look_every_s, self._feed_the_watchdog, "báo cho systemd")
        if self._choice.stand_in:
            tasks.every(_LOOK_EVERY_S, self._look_for_device, "tìm thiết bị âm thanh")
        conductor.poke = alarm.poke
        alarm.start()
        self._undo.callback(alarm.stop)

    def _ready_errands(self) -> None:
        baggage = Baggage(
            self.cabinet,
            self.journal,
            self._line,
            self._keeper,
            self.faults,
            self._sync,
            self._report,
            self._conductor.steps,
            self._settings.poll,
            self._settings.heartbeat,
            self._box.usb_folders,
        )
        self._sync.on_clip = self._clip_came
        self._errands = Errands(baggage, self.urgent.nudge)
        self.urgent.set_clock_by(self._errands.set_clock)
        self.nudges = self._errands.nudges

    def _start_errands(self) -> None:
        errands = self._errands
        assert errands is not None
        self._undo.callback(errands.stop)
        errands.start()
        self._rounds += errands.rounds  # started: else they would be taken for dead

    def _revive(self) -> None:
        for one in self._rounds:
            one.revive()

    def _notes(self, area: str) -> Callable[[str], None]:
        return lambda sentence: self.faults.set(area, sentence)

    def _clip_came(self) -> None:
        self.urgent.clip_came()
        self._poke()

    def _poke(self) -> None:
        self._conductor.poke()

    def _act(self) -> None:
        self._conductor.act()
        self.faults.set("alarm", "")

    def _failed(self, _name: str, error: Exception) -> None:
        self.faults.set("alarm", f"Lỗi khi xét lịch phát: {said(error)}"[:300])

    def _accepted(self, playlist: Playlist) -> None:
        self._conductor.take_up(playlist)
        self._revocation.lift()
        if self._errands:
            self._errands.fetching.nudge()
            self._errands.timing.nudge()
        self._tell(PlaylistAccepted(playlist.counter, len(playlist.slots)))

    def _damaged(self, clip_hash: str) -> None:
        self._sync.doubt(clip_hash)
        self.faults.set("clips", "Một tệp âm thanh trên máy bị hỏng; đang kiểm tra và tải lại.")
        if self._errands:
            self._errands.fetching.nudge()

    def _give_up(self, sentence: str) -> None:
        self._gave_up = f"{sentence} Máy phát dừng để được khởi động lại."
        self.faults.set("sink", self._gave_up)
        self.on_give_up()

    def _keep_house(self) -> None:
        playlist = self._sync.playlist
        if playlist:  # a clock that runs far ahead must not make the journal forget
            self._conductor.forget_airings(self.journal.purge(min(self._clock.now(), playlist.expires_at)))

    def _give_back_memory(self) -> None:
        if not self._engine.sounding:
            memory.give_back()

    def _look_for_device(self) -> None:
        if self._outlet.look_for_device(self._place):
            self._tell(self._report.ready())

    def _put_down(self) -> None:
        if self._status.is_due(self._report.news(), _STATUS_EVERY_S):
            self._status.write(self._report.standing(), self._pulse.running)

    def _feed_the_watchdog(self) -> None:
        self._supervisor.look(self._engine.frames, self._report.sentence())

    def _tell(self, event: MachineEvent) -> None:
        if self._errands and isinstance(event, (Finished, Missed)):
            self._errands.reporting.nudge()
        elif self._errands and isinstance(event, Fault):
            self._errands.beating.nudge()
        self._telling.tell(event)
