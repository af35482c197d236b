"""The whole machine against a small centre over real HTTP, heard through its virtual output."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from player.events import MachineEvent
from player.machine import Machine, MachineSettings
from tests.fakes_player import MACHINE, Centre, heard, item, playlist, slot, sound, wait_until

SETTINGS = MachineSettings(poll=0.2, heartbeat=0.3, sink="virtual")
Run = Callable[[Path], "Running"]


class Running:
    """A machine under test and what it told."""

    def __init__(self, folder: Path) -> None:
        self.events: list[MachineEvent] = []
        self.machine = Machine(folder, SETTINGS, self.events.append)
        self.recordings = folder / "recordings"
        self.machine.start()

    def stop(self) -> None:
        self.machine.stop()


@pytest.fixture
def centre() -> Iterator[Centre]:
    made = Centre()
    yield made
    made.stop()


@pytest.fixture
def run() -> Iterator[Run]:
    with ExitStack() as stack:

        def start(folder: Path) -> Running:
            running = Running(folder)
            stack.callback(running.stop)
            return running

        yield start


def soon(seconds: float = 3.0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def outcome_of(centre: Centre, key: str, position: int = 0) -> str:
    return centre.airings.get(f"{MACHINE}/{key}/{position}", {}).get("outcome", "")


def test_a_session_sounds_on_its_instant_bit_for_bit_and_is_reported(centre: Centre, run: Run, tmp_path: Path) -> None:
    clip, at = sound(1.0), soon()
    centre.publish(playlist([slot("a", at, item(clip))], [clip], datetime.now(UTC)), clip)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: outcome_of(centre, "a") == "played")
    wait_until(lambda: centre.heartbeats and centre.heartbeats[-1]["clips_held"] == 1)
    running.stop()
    [(wall, samples)] = heard(running.recordings)
    assert np.array_equal(samples, clip.samples)
    print(f"start error {1000 * (wall - at.timestamp()):.2f} ms")
    assert abs(wall - at.timestamp()) < 0.05
    airing = centre.airings[f"{MACHINE}/a/0"]
    assert abs(airing["started"] - airing["planned"]) <= 50
    assert airing["rendered"] == 1000
