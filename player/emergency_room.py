"""Everything of a machine that is for emergencies, started and ended together; the machine hands it what it shares."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from domain.playlist import ClipRef
from domain.ports import Clock
from player.button import Button, ButtonWatch
from player.cabinet import Cabinet
from player.emergencies import Emergencies
from player.events import MachineEvent
from player.faults import Faults
from player.line import Line
from player.local_desk import LocalDesk, answer
from player.local_door import LocalDoor
from player.order_line import AlertReporter, ClipKeeper, OrderLine
from player.pinned import Pinned
from player.rounds import Rounds, jitter_of
from player.trust import Signer


@dataclass(frozen=True, slots=True)
class Shared:
    """What the machine shares: `bring` has a clip on the shelf, `poke` wakes the alarm, `poll` is seconds."""

    cabinet: Cabinet
    clock: Clock
    line: Line
    pinned: Pinned
    faults: Faults
    tell: Callable[[MachineEvent], None]
    bring: Callable[[ClipRef], None]
    poke: Callable[[], None]
    poll: float


class EmergencyRoom:
    """The machine's emergencies with their threads: orders, clips, reports, the local door and the buttons.

    Each step has a thread of its own: nothing slow stands before an order.
    """

    def __init__(self, shared: Shared) -> None:
        cabinet, clock, faults = shared.cabinet, shared.clock, shared.faults
        self.emergencies = Emergencies(cabinet, clock, shared.pinned, faults, shared.tell)
        self.emergencies.poke = shared.poke
        self.local = LocalDesk(self.emergencies, clock)
        self._shared = shared
        self._undo = ExitStack()
        self._line = Line(cabinet.identity.server, Signer(cabinet.identity.machine_id, cabinet.key), clock)
        self._line.on_answer = shared.line.on_answer
        self._orders = orders = OrderLine(self._line, self.emergencies, clock)
        keeper = ClipKeeper(shared.bring, self.emergencies, shared.pinned)
        reporter = AlertReporter(shared.line, self.emergencies.book, clock)
        self._ordering = self._rounds("orders", orders.ask)
        self._keeping = self._rounds("emergency clips", keeper.keep)
        self._telling = self._rounds("alerts", reporter.report)
        self.rounds = (self._ordering, self._keeping, self._telling)
        orders.stopping = lambda: self._ordering.stopping
        self.emergencies.nudge_clips, self.emergencies.nudge_report = self._keeping.nudge, self._telling.nudge

    def nudge(self) -> None:
        """Ask for orders soon."""
        self._ordering.nudge()

    def set_clock_by(self, set_clock: Callable[[], None]) -> None:
        """Have `set_clock` called before orders of the centre are obeyed."""
        self._orders.set_clock = set_clock

    def clip_came(self) -> None:
        """Have what has just come onto the shelf taken into memory, if emergencies need it."""
        self._keeping.nudge()

    def start(self, buttons: tuple[Button, ...]) -> None:
        """Begin; the door and the buttons first, since they need nobody. Raises StorageError."""
        door = LocalDoor(self._shared.cabinet.folder, lambda asked: answer(self.local, asked))
        door.open()
        self._undo.callback(door.close)
        for button in buttons:
            watch = ButtonWatch(button, self._press, self._shared.clock, self._notes(f"button {button.name}"))
            watch.start()
            self._undo.callback(watch.stop)
        for one in self.rounds:
            one.start()
            self._undo.callback(one.stop)

    def let_go(self) -> None:
        """Let go whoever waits for the centre's answer to ask for orders."""
        self._ordering.leave_off()
        self._line.hang_up()

    def stop(self) -> None:
        """End everything; whoever waits for the centre's answer is let go."""
        self.let_go()
        self._undo.close()
        self._line.close()

    def _press(self, button: Button) -> None:
        if button.does == "start":
            self.local.start(button.message, drill=button.drill)
        elif button.does == "stop":
            self.local.stop()
        else:
            self.local.all_clear()

    def _rounds(self, name: str, step: Callable[[], None]) -> Rounds:
        jitter = jitter_of(self._shared.cabinet.identity.machine_id)
        return Rounds(name, step, self._shared.poll, jitter, self._notes(name))

    def _notes(self, area: str) -> Callable[[str], None]:
        return lambda sentence: self._shared.faults.set(area, sentence)
