"""The machine as a whole: what is started, in which order, and how it all ends."""

import fcntl
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from domain.errors import BusyError, SinkError, TiengLoaError, TrustError
from domain.nudges import Nudge
from domain.playlist import Playlist
from domain.ports import AudioSink, Clock
from player.cabinet import disk_errors, open_cabinet
from player.clock import SystemClock
from player.conductor import Conductor, Desk
from player.deck import Deck
from player.emergencies import Emergencies
from player.engine import Engine
from player.events import Fault, Finished, MachineEvent, Missed, PlaylistAccepted, Ready
from player.faults import Faults
from player.journal import Journal
from player.line import Line
from player.nudges import Nudges
from player.order_line import AlertReporter, ClipKeeper, OrderLine
from player.owed import Owed
from player.revocation import Revocation
from player.rounds import Rounds, jitter_of
from player.settings import read_machine_file
from player.sinks.choose import AUTO, Choice, Place, choose_sink, sound_device, trouble_of
from player.sources import opener
from player.sync import Reporter, State, Sync
from player.trust import Signer
from player.tuner import Tuner
from scheduler.alarm import Alarm

OnEvent = Callable[[MachineEvent], None]
_PURGE_EVERY_S = 6 * 3600.0
_WATCH_EVERY_S = 2.0
_BLOCKED_AFTER_S = 5.0
_FORGET_STEP_S = 600.0
_LOOK_EVERY_S = 15.0
_NICENESS = -10
_TURN_S = 0.001
"""How long the sound thread waits, at most, for another Python thread to stand aside; by default it is 5 ms."""
_BLOCKED = "Thiết bị âm thanh không nhận tiếng; kiểm tra dây, nguồn và âm-li."


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """How a machine runs: seconds between polls and heartbeats, its outputs, and where a virtual output writes."""

    poll: float = 5.0
    heartbeat: float = 15.0
    sink: str = AUTO
    reserve: str = ""
    recordings: Path | None = None


class Machine:
    """One broadcast machine in this process, from `start` to `stop`.

    `on_event` is called from the machine's threads, one call at a time, and must not wait; `on_give_up` once the
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
        self._on_event = on_event or (lambda _event: None)
        self._telling = threading.Lock()
        self._clock = clock or SystemClock()
        self._given_sink = sink
        recordings = self._settings.recordings or folder / "recordings"
        self._place = Place(recordings, folder, self._clock)
        self._undo = ExitStack()
        self._gave_up = ""
        self.on_give_up: Callable[[], None] = lambda: None
        self._nudge_report: Callable[[], None] = lambda: None
        self._nudge_heartbeat: Callable[[], None] = lambda: None
        self.faults = Faults(lambda area, sentence: self._tell(Fault(area, sentence)))

    def start(self) -> None:
        """Start everything, in order; what was started is ended again when something fails.

        Raises NotFoundError, StorageError, BusyError, SinkError.
        """
        try:
            self._take_the_folder()
            self._open_cabinet()
            self._open_sink()
            self._start_engine()
            self._take_up_stored_playlist()
            self._ready_emergencies()
            self._start_alarm()
            self._start_sync()
            self._start_order_line()
            self._start_reporter()
            self._start_nudges()
        except BaseException:
            self.stop()
            raise
        gc.collect()
        gc.freeze()  # what lives as long as the machine need not be walked through while it sounds
        self._tell(self._ready())

    def stop(self) -> None:
        """End everything in the reverse order: the sound fades, the journal says "cut", the files are closed."""
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
        self.cabinet.keep_reserve()
        self.faults.set("cabinet", self.cabinet.mended)
        identity = self.cabinet.identity
        self.journal = Journal(self.cabinet.database)
        self._line = Line(identity.server, Signer(identity.machine_id, self.cabinet.key), self._clock)
        self._undo.callback(self._line.close)

    def _open_sink(self) -> None:
        self._box = read_machine_file(self._folder)
        self._place = replace(self._place, latency_s=self._box.latency_ms / 1000)
        if self._given_sink:
            self._given_sink.open()
            self._choice = Choice(self._given_sink, "Theo yêu cầu")
        else:
            self._choice = choose_sink(self._place, self._settings.sink, self._settings.reserve)

    def _start_engine(self) -> None:
        self._sync = Sync(self.cabinet, self._line, self._clock, self._accepted)
        deck = Deck(self.cabinet, self._poke, self._damaged)
        box = self._box
        tuner = Tuner(opener(self._line, lambda: self._sync.playlist, box.relay_hosts))
        owed = Owed(self.faults, self.cabinet.free_reserve)
        desk = Desk(self.journal, owed, deck, self.faults, tuner, round(box.gain_db * 100))
        self._conductor = Conductor(desk, self._clock, self._tell)
        self._pinned = deck.pinned
        self._heed_revocation()
        if self.cabinet.mended:
            self._conductor.forget_before(self._clock.now())
        self._engine = Engine(self._choice.sink, self._clock, self._conductor.post)
        self._engine.give_up = self._give_up
        self._conductor.engine = self._engine
        self._undo.callback(self._conductor.settle)
        self._engine.start()
        self._undo.callback(self._engine.stop)
        self._frames, self._frames_at = 0, self._clock.monotonic()

    def _heed_revocation(self) -> None:
        self._revocation = Revocation(self.cabinet, self._clock, self._conductor.revoke)
        if self._revocation.in_force:
            self._conductor.revoke(revoked=True)
            self.cabinet.forget_etag()  # the playlist that lifts it may be the one held
        self._line.on_answer = lambda revoked: self._revocation.heard(revoked=revoked)

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
        self.emergencies = Emergencies(self.cabinet, self._clock, self._pinned, self.faults, self._tell)
        self.emergencies.poke = self._poke
        self._conductor.overlay, self._conductor.after_act = self.emergencies.overlay, self.emergencies.keep

    def _start_order_line(self) -> None:
        """Start what asks for orders, each step in a thread of its own: nothing slow stands before an emergency."""
        identity, jitter = self.cabinet.identity, jitter_of(self.cabinet.identity.machine_id)
        line = Line(identity.server, Signer(identity.machine_id, self.cabinet.key), self._clock)
        line.on_answer = self._line.on_answer
        orders = OrderLine(line, self.emergencies, self._clock)
        keeper = ClipKeeper(self._sync.bring, self.emergencies, self._pinned)
        reporter = AlertReporter(self._line, self.emergencies.book, self._clock)
        every = self._settings.poll
        self._ordering = Rounds("orders", orders.ask, every, jitter, self._notes("orders"))
        keeping = Rounds("emergency clips", keeper.keep, every, jitter, self._notes("emergency clips"))
        telling = Rounds("alerts", reporter.report, every, jitter, self._notes("alerts"))
        orders.stopping = lambda: self._ordering.stopping
        self.emergencies.nudge_clips, self.emergencies.nudge_report = keeping.nudge, telling.nudge
        self._run(self._ordering, keeping, telling)
        self._undo.callback(line.hang_up)
        self._undo.callback(self._ordering.leave_off)

    def _start_alarm(self) -> None:
        conductor = self._conductor
        alarm = Alarm(self._clock, conductor.next_transition, self._act, self._failed)
        alarm.every(_WATCH_EVERY_S, self._watch_sink, "watch the sink")
        alarm.every(_PURGE_EVERY_S, self._keep_house, "keep house")
        alarm.every(_FORGET_STEP_S, lambda: self.faults.set("step", ""), "forget clock steps")
        if self._choice.stand_in:
            alarm.every(_LOOK_EVERY_S, self._look_for_device, "look for a sound device")
        conductor.poke = alarm.poke
        alarm.start()
        self._undo.callback(alarm.stop)

    def _start_sync(self) -> None:
        settings, jitter = self._settings, jitter_of(self.cabinet.identity.machine_id)
        self._polling = Rounds("poll", self._sync.poll, settings.poll, jitter, self._notes("playlist"))
        self._fetching = Rounds("fetch", self._sync.fetch, settings.poll, jitter, self._notes("clips"))
        self._sync.on_clip = self._poke
        self._sync.stopping = lambda: self._fetching.stopping
        self._run(self._polling, self._fetching)

    def _start_reporter(self) -> None:
        reporter, jitter = Reporter(self._line, self.journal, self._clock), jitter_of(self.cabinet.identity.machine_id)
        reporting = Rounds("report", reporter.report, self._settings.poll, jitter, self._notes("report"))
        beating = Rounds(
            "heartbeat",
            lambda: reporter.heartbeat(self._state()),
            self._settings.heartbeat,
            jitter,
            self._notes("line"),
        )
        self._nudge_report, self._nudge_heartbeat = reporting.nudge, beating.nudge
        self._run(reporting, beating)

    def _start_nudges(self) -> None:
        self.nudges = Nudges(self._line, self.cabinet.identity.machine_id, self._clock, self._nudged)
        self.nudges.start()
        self._undo.callback(self.nudges.stop)

    def _nudged(self, what: Nudge) -> None:
        (self._polling if what is Nudge.PLAYLIST else self._ordering).nudge()

    def _run(self, *rounds: Rounds) -> None:
        for one in rounds:
            one.start()
            self._undo.callback(one.stop)

    def _notes(self, area: str) -> Callable[[str], None]:
        return lambda sentence: self.faults.set(area, sentence)

    def _poke(self) -> None:
        self._conductor.poke()

    def _act(self) -> None:
        self._conductor.act()
        self.faults.set("alarm", "")

    def _failed(self, name: str, error: Exception) -> None:
        told = error.sentence if isinstance(error, TiengLoaError) else f"{type(error).__name__}: {error}"
        self.faults.set("alarm", f"Lỗi khi {name}: {told}"[:300])

    def _accepted(self, playlist: Playlist) -> None:
        self._conductor.take_up(playlist)
        self._revocation.lift()
        self._fetching.nudge()
        self._tell(PlaylistAccepted(playlist.counter, len(playlist.slots)))

    def _damaged(self, clip_hash: str) -> None:
        self._sync.doubt(clip_hash)
        self.faults.set("clips", "Một tệp âm thanh trên máy bị hỏng; đang kiểm tra và tải lại.")
        self._fetching.nudge()

    def _give_up(self, sentence: str) -> None:
        self._gave_up = f"{sentence} Máy phát dừng để được khởi động lại."
        self.faults.set("sink", self._gave_up)
        self.on_give_up()

    def _keep_house(self) -> None:
        self.cabinet.keep_reserve()
        playlist = self._sync.playlist
        if playlist:  # a clock that runs far ahead must not make the journal forget
            self.journal.purge(min(self._clock.now(), playlist.expires_at))

    def _watch_sink(self) -> None:
        """Notice an output that is lost, and one that takes nothing: it hangs, so only the count of frames can tell."""
        self.faults.set("output", trouble_of(self._choice.sink))
        now, frames = self._clock.monotonic(), self._engine.frames
        if frames != self._frames:
            self._frames, self._frames_at = frames, now
            if self.faults.get("sink") == _BLOCKED:
                self.faults.set("sink", "")
        elif now - self._frames_at > _BLOCKED_AFTER_S and not self.faults.get("sink"):
            self.faults.set("sink", _BLOCKED)

    def _look_for_device(self) -> None:
        """Change over to a sound device that has appeared since the start: at boot the disk is often quicker."""
        if not self._choice.stand_in:
            return
        try:
            device = sound_device(self._place)
        except SinkError:
            return
        self._choice = Choice(device, "Đã thấy thiết bị âm thanh")
        self._engine.use(device)
        self._tell(self._ready())

    def _state(self) -> State:
        held, needed = self._sync.held()
        ready, wanted = self._pinned.held()
        playlist = self._sync.playlist
        return State(
            counter=playlist.counter if playlist else 0,
            clips_held=held,
            clips_needed=needed,
            sink=self._choice.sink.name,
            sink_ok=self._engine.sink_ok and not self.faults.get("sink"),
            free=self.cabinet.free_bytes(),
            fault=self.faults.all(),
            emergency_held=ready,
            emergency_needed=wanted,
        )

    def _ready(self) -> Ready:
        playlist = self._sync.playlist
        name, slots = self.cabinet.identity.machine_name, len(playlist.slots) if playlist else 0
        return Ready(name, self._choice.sink.name, self._choice.why, slots)

    def _tell(self, event: MachineEvent) -> None:
        if isinstance(event, (Finished, Missed)):
            self._nudge_report()
        elif isinstance(event, Fault):
            self._nudge_heartbeat()
        with self._telling, suppress(Exception):  # a listener's trouble is not the machine's
            self._on_event(event)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises BusyError when another machine runs in it, StorageError."""
    with disk_errors():
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "machine.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(f"Một máy phát khác đang chạy trong thư mục {folder}.") from error
        yield
    finally:
        os.close(descriptor)


def run_machine(folder: Path, settings: MachineSettings | None = None, on_event: OnEvent | None = None) -> None:
    """Run the machine of `folder` until SIGTERM or SIGINT, then end it in order.

    Raises NotFoundError when the folder is not enrolled, BusyError, StorageError, and SinkError when there is no
    output, or when the sound broke down again and again: its supervisor is to start it anew.
    """
    stopping = threading.Event()
    handled = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_signal: stopping.set()) for number in handled]
    machine = Machine(folder, settings, on_event)
    machine.on_give_up = stopping.set
    sys.setswitchinterval(_TURN_S)
    with suppress(OSError):  # threads inherit it; only the sound thread gets more
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    try:
        machine.start()
        stopping.wait()
        machine.check()
    finally:
        machine.stop()
        for number, handler in zip(handled, before, strict=True):
            signal.signal(number, handler)
