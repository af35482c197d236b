"""Whole machines in the process of a test, each against the small centre of `fakes_player`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from player.events import Fault, MachineEvent
from player.machine import Machine, MachineSettings
from tests.fakes_player import Centre, Steps


class Running:
    """A machine under test and what it told."""

    def __init__(self, folder: Path, settings: MachineSettings, clock: Steps | None = None) -> None:
        self.events: list[MachineEvent] = []
        self.machine = Machine(folder, settings, self.events.append, clock)
        self.recordings = folder / "recordings"
        self.machine.start()

    def told(self, kind: type[MachineEvent]) -> list[MachineEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def has_fault(self, words: str) -> bool:
        return any(isinstance(event, Fault) and words in event.sentence for event in self.events)

    def stop(self) -> None:
        self.machine.stop()


R = TypeVar("R", bound=Running)


@contextmanager
def machines(settings: MachineSettings, kind: type[R]) -> Iterator[Callable[..., R]]:
    """Give a function that starts a machine in a folder; all of them are stopped in the end."""
    with ExitStack() as stack:

        def start(folder: Path, clock: Steps | None = None) -> R:
            running = kind(folder, settings, clock)
            stack.callback(running.stop)
            return running

        yield start


@pytest.fixture
def centre() -> Iterator[Centre]:
    """The small centre, serving."""
    made = Centre()
    try:
        yield made
    finally:
        made.stop()
