"""What the machine says of itself: to the centre in a heartbeat, to the person at the box, to whoever runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.ports import Clock
from player.ahead import shortfalls
from player.cabinet import Cabinet
from player.events import Ready
from player.faults import Faults
from player.line import Line
from player.on_air import OnAir
from player.outlet import Outlet
from player.pinned import Pinned
from player.pulse import Pulse, Standing
from player.sync import State, Sync


@dataclass(slots=True)
class SelfReport:
    """Asks the machine's parts how they are; `nudged` tells whether nudges are heard, `on_air` what sounds besides."""

    cabinet: Cabinet
    clock: Clock
    line: Line
    faults: Faults
    sync: Sync
    pinned: Pinned
    outlet: Outlet
    pulse: Pulse
    nudged: Callable[[], bool] = lambda: False
    on_air: Callable[[], OnAir] = OnAir
    reached_at: datetime | None = None

    def state(self) -> State:
        """Return what the next heartbeat says."""
        held, needed = self.sync.held()
        ready, wanted = self.pinned.held()
        playlist = self.sync.playlist
        more = self.pulse.beat(playlist, self.cabinet.holds, clock_trusted=not self.faults.get("clock"))
        return State(
            counter=playlist.counter if playlist else 0,
            clips_held=held,
            clips_needed=needed,
            sink=self.outlet.name,
            sink_ok=self.outlet.is_well,
            free=self.cabinet.free_bytes(),
            fault=self.faults.all(),
            emergency_held=ready,
            emergency_needed=wanted,
            shortfalls=shortfalls(playlist, self.clock.now(), self.sync.lack_of) if playlist else (),
            nudged=self.nudged(),
            more={**more, "stand_in": self.outlet.choice.stand_in, "clips_checking": self.sync.checking()},
        )

    def standing(self) -> Standing:
        """Return how it stands, for the file that is read at the box."""
        return Standing(
            sink=self.outlet.name,
            why=self.outlet.choice.why,
            stand_in=self.outlet.choice.stand_in,
            sink_ok=self.outlet.is_well,
            frames=self.outlet.frames,
            faults=self.faults.areas(),
            clips=self.sync.held(),
            checking=self.sync.checking(),
            offset_ms=self.line.offset_ms,
            reached_at=self.reached_at,
            on_air=self.on_air(),
        )

    def news(self) -> object:
        """Return what a person at the box wants to see at once when it changes: cheap to ask for each second."""
        return self.faults.areas(), self.outlet.name, self.outlet.is_well, self.on_air()

    def sentence(self) -> str:
        """Say in one line how it is."""
        return self.faults.all() or f"«{self.cabinet.identity.machine_name}» sẵn sàng, đầu ra {self.outlet.name}."

    def ready(self) -> Ready:
        """Return the event of a machine that is up."""
        playlist = self.sync.playlist
        slots = len(playlist.slots) if playlist else 0
        return Ready(self.cabinet.identity.machine_name, self.outlet.name, self.outlet.choice.why, slots)
