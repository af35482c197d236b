"""What the machine tells whoever runs it, as it happens."""

from dataclasses import dataclass
from datetime import datetime

from domain.machines import AiringOutcome


@dataclass(frozen=True, slots=True)
class Ready:
    """The machine is up: its name, its output and why this one, and how many sessions it holds."""

    machine_name: str
    sink: str
    why: str
    slots: int


@dataclass(frozen=True, slots=True)
class Sounding:
    """An item began to sound at `at`; `late_ms` is how far that is from its plan."""

    title: str
    session: str
    at: datetime
    planned: datetime

    @property
    def late_ms(self) -> int:
        """Return the start error in milliseconds, negative when early."""
        return round((self.at - self.planned).total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class Finished:
    """An item is over: played or cut, and why it was cut."""

    title: str
    outcome: AiringOutcome
    rendered_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """An item did not sound."""

    title: str
    planned: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class PlaylistAccepted:
    """A new playlist is in force."""

    counter: int
    slots: int


@dataclass(frozen=True, slots=True)
class EmergencyBegan:
    """An emergency, a drill or an all-clear was ordered; `local`: by people at the machine."""

    title: str
    drill: bool
    local: bool
    clear: bool


@dataclass(frozen=True, slots=True)
class EmergencyEnded:
    """An emergency, a drill or an all-clear is over, and why."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something is wrong in `area`; an empty `sentence` means that it is well again."""

    area: str
    sentence: str


MachineEvent = Ready | Sounding | Finished | Missed | PlaylistAccepted | EmergencyBegan | EmergencyEnded | Fault
