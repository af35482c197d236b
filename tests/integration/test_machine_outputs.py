"""The whole machine when its sound device blocks or vanishes: the reserve sounds, and the centre knows."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from player.clock import SystemClock
from player.events import Finished, MachineEvent, Sounding
from player.machine import Machine, MachineSettings
from player.output import Patience
from player.sinks.guarded import GuardedSink
from tests.fakes_player import MACHINE, Centre, item, playlist, slot, sound, wait_until
from tests.fakes_sinks import Bench, Mood

SETTINGS = MachineSettings(poll=0.2, heartbeat=30.0)
QUICK = Patience(0.05, 0.3, 0.4, 0.2, 0.8, 0.1, 0.5, 60.0, (0.05, 0.1, 0.2))
CLIP = sound(1.0)
Run = Callable[..., "Running"]


class Running:
    """A machine whose two outputs the test breaks and mends; its heartbeats come by themselves every 30 s only."""

    def __init__(self, folder: Path, first: Bench, reserve: Bench | None) -> None:
        self.events: list[MachineEvent] = []
        sink = GuardedSink(first.plug, reserve.plug if reserve else None, SystemClock(), QUICK)
        self.machine = Machine(folder, SETTINGS, self.events.append, sink=sink)
        self.machine.start()

    def told(self, kind: type[MachineEvent]) -> list[MachineEvent]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr("player.machine._WATCH_EVERY_S", 0.2)
    with ExitStack() as stack:

        def start(folder: Path, first: Bench, reserve: Bench | None = None) -> Running:
            running = Running(folder, first, reserve)
            stack.callback(running.machine.stop)
            stack.callback(first.freed.set)
            return running

        yield start


def published(centre: Centre, after: float) -> datetime:
    """Publish one session `after` seconds from now."""
    at = datetime.now(UTC) + timedelta(seconds=after)
    centre.publish(playlist([slot("a", at, item(CLIP))], [CLIP], datetime.now(UTC)), CLIP)
    return at


def fault(centre: Centre) -> str:
    return str(centre.heartbeats[-1]["fault"]) if centre.heartbeats else ""


def test_a_device_lost_in_mid_item_costs_a_gap_and_no_item(centre: Centre, run: Run, tmp_path: Path) -> None:
    first, reserve = Bench("loa chính"), Bench("loa dự phòng")
    published(centre, 0.8)
    running = run(centre.enrolled(tmp_path), first, reserve)
    wait_until(lambda: running.told(Sounding) and first.loud_after(0))
    first.mood = Mood.BLOCKS
    wait_until(lambda: running.told(Finished))
    assert reserve.loud_after(0)
    wait_until(lambda: centre.airings.get(f"{MACHINE}/a/0", {}).get("outcome") == "played")
    wait_until(lambda: "loa dự phòng" in fault(centre))
    beat = centre.heartbeats[-1]
    assert (beat["sink"], beat["sink_ok"]) == ("loa dự phòng", True)


def test_the_centre_hears_at_once_when_the_first_output_is_back(centre: Centre, run: Run, tmp_path: Path) -> None:
    first, reserve = Bench("loa chính"), Bench("loa dự phòng")
    first.mood = Mood.GONE
    running = run(centre.enrolled(tmp_path), first, reserve)
    wait_until(lambda: "No such device" in fault(centre))
    first.mood = Mood.WELL
    wait_until(lambda: centre.heartbeats[-1]["sink"] == "loa chính" and not fault(centre))
    assert running.machine.faults.all() == ""


def test_without_a_reserve_the_machine_survives_a_device_that_blocks(centre: Centre, run: Run, tmp_path: Path) -> None:
    first = Bench("loa chính")
    running = run(centre.enrolled(tmp_path), first)
    wait_until(lambda: first.frames > 4800)
    first.mood = Mood.BLOCKS
    wait_until(lambda: "không nhận tiếng" in fault(centre))
    assert centre.heartbeats[-1]["sink_ok"] is False
    first.mood = Mood.WELL
    published(centre, 0.8)
    back = time.monotonic()
    wait_until(lambda: running.told(Finished))
    assert first.loud_after(back)
    wait_until(lambda: not fault(centre))


def test_a_machine_with_a_hanging_device_still_ends(centre: Centre, tmp_path: Path) -> None:
    first = Bench("loa chính")
    running = Running(centre.enrolled(tmp_path), first, None)
    wait_until(lambda: first.frames > 4800)
    first.mood = Mood.BLOCKS
    ending = threading.Thread(target=running.machine.stop)
    ending.start()
    ending.join(20)
    first.freed.set()
    assert not ending.is_alive()
