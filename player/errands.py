"""The machine's errands to the centre, and to sticks: each in a thread of its own, so that none waits for another."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from domain.errors import TiengLoaError
from domain.nudges import Nudge
from player.cabinet import Cabinet
from player.courier import LOOK_EVERY_S, Courier
from player.courier import Watch as CourierWatch
from player.faults import Faults
from player.journal import Journal
from player.line import Line
from player.nudges import NUDGED_RARER, Nudges
from player.rounds import Rounds, jitter_of
from player.self_report import SelfReport
from player.steps import Steps
from player.sync import Reporter, Sync
from player.timekeeping import Timekeeper, ask_time

_TIME_EACH_BEATS = 4


@dataclass(frozen=True, slots=True)
class Baggage:
    """What the errands share with the machine; `poll` and `heartbeat` are seconds."""

    cabinet: Cabinet
    journal: Journal
    line: Line
    keeper: Timekeeper
    faults: Faults
    sync: Sync
    report: SelfReport
    steps: Steps
    poll: float
    heartbeat: float
    usb_folders: tuple[str, ...]


class Errands:
    """Fetches the playlist, clips and the time, tells what sounded and how the machine is, and looks for sticks.

    `on_order` is called when the centre nudges the machine to ask for orders.
    """

    def __init__(self, baggage: Baggage, on_order: Callable[[], None]) -> None:
        self._baggage = baggage
        self._on_order = on_order
        self._undo = ExitStack()
        sync, machine_id = baggage.sync, baggage.cabinet.identity.machine_id
        self._jitter = jitter_of(machine_id)
        self._reporter = Reporter(baggage.line, baggage.journal, baggage.keeper)
        sticks = Courier(baggage.cabinet, baggage.journal, baggage.keeper)
        watch = CourierWatch(baggage.cabinet, sync, sticks, baggage.keeper, baggage.usb_folders)
        self.polling = self._rounds("poll", sync.poll, baggage.poll, "playlist")
        self.fetching = self._rounds("fetch", sync.fetch, baggage.poll, "clips")
        self.timing = self._rounds("time", self._ask_time, baggage.heartbeat * _TIME_EACH_BEATS, "time")
        self.reporting = self._rounds("report", self._reporter.report, baggage.poll, "report")
        self.beating = self._rounds("heartbeat", self._beat, baggage.heartbeat, "line")
        self._sticks = Rounds("usb", watch.look, LOOK_EVERY_S, 0.0, self._notes("usb"))
        self.nudges = Nudges(baggage.line, machine_id, baggage.keeper, self._nudged)
        self.polling.rarer = lambda: NUDGED_RARER if self.nudges.connected else 1.0
        baggage.report.nudged = lambda: self.nudges.connected
        sync.stopping = lambda: self.fetching.stopping

    @property
    def rounds(self) -> tuple[Rounds, ...]:
        """Return all that is done again and again."""
        return self.polling, self.fetching, self.timing, self.reporting, self.beating, self._sticks

    def start(self) -> None:
        """Begin; the first of each is at once."""
        for one in self.rounds:
            one.start()
            self._undo.callback(one.stop)
        self.nudges.start()
        self._undo.callback(self.nudges.stop)

    def stop(self) -> None:
        """End, or leave behind what waits for the network."""
        for one in self.rounds:  # all at once, so that they are waited for together
            one.leave_off()
        self._undo.close()

    def set_clock(self) -> None:
        """Learn the time from the centre unless it has told it since the start; without an answer nothing changes."""
        if not self._baggage.keeper.was_told:
            with suppress(TiengLoaError):
                self._learn_time()

    def _ask_time(self) -> None:
        self._baggage.keeper.look()
        self._learn_time()

    def _learn_time(self) -> None:
        baggage = self._baggage
        playlist = baggage.sync.playlist
        key = playlist.clock_key if playlist else ""
        ask_time(baggage.keeper, baggage.line.get, baggage.cabinet.identity.machine_id, key)

    def _beat(self) -> None:
        state = self._baggage.report.state()
        self._reporter.heartbeat(state)
        self._baggage.steps.heard(state.fault)

    def _nudged(self, what: Nudge) -> None:
        if what is Nudge.PLAYLIST:
            self.polling.nudge()
        else:
            self._on_order()

    def _rounds(self, name: str, step: Callable[[], None], interval: float, area: str) -> Rounds:
        return Rounds(name, step, interval, self._jitter, self._notes(area))

    def _notes(self, area: str) -> Callable[[str], None]:
        return lambda sentence: self._baggage.faults.set(area, sentence)
