"""The machine's threads stand apart: one that dies or stands still leaves the others, and is started anew."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from player.events import Fault, MachineEvent
from player.journal import Journal
from player.line import AWAITED
from player.machine import Machine, MachineSettings
from player.sync import Reporter, Sync
from tests.fakes_player import MACHINE, Centre, item, playlist, slot, sound, wait_until

CLIP = sound(0.5)
SETTINGS = MachineSettings(poll=0.2, heartbeat=0.3, sink="virtual")


@pytest.fixture
def centre() -> Iterator[Centre]:
    made = Centre()
    at = datetime.now(UTC) + timedelta(seconds=2.5)
    made.publish(playlist([slot("a", at, item(CLIP))], [CLIP], datetime.now(UTC)), CLIP)
    yield made
    made.stop()


@pytest.fixture
def run(centre: Centre, tmp_path: Path) -> Iterator[Callable[[], list[MachineEvent]]]:
    events: list[MachineEvent] = []
    machine = Machine(centre.enrolled(tmp_path), SETTINGS, events.append)

    def start() -> list[MachineEvent]:
        machine.start()
        return events

    yield start
    machine.stop()


def dying_once(step: Callable[..., object]) -> Callable[..., object]:
    """Return `step`, of which the first call ends its thread without an error that anyone could catch."""
    lives = iter([True])

    def dies(*arguments: object) -> object:
        if next(lives, False):
            raise SystemExit
        return step(*arguments)

    return dies


def heard(centre: Centre) -> bool:
    return centre.airings.get(f"{MACHINE}/a/0", {}).get("outcome") == "played"


def test_a_machine_that_waits_for_its_technicians_yes_says_so_once_and_its_end_once(
    centre: Centre, run: Callable[[], list[MachineEvent]]
) -> None:
    centre.awaiting = True
    events = run()

    def asked(path: str) -> int:
        return sum(one.startswith(path) for _, one in tuple(centre.asked))

    paths = ("/api/v1/orders", "/api/v1/playlist", "/api/v1/heartbeat")
    wait_until(lambda: all(asked(path) >= 3 for path in paths), 20)
    told = [event.sentence for event in events if isinstance(event, Fault)]
    assert told == [AWAITED]
    centre.awaiting = False
    wait_until(lambda: any(isinstance(one, Fault) and not one.sentence for one in events), 20)
    wait_until(lambda: heard(centre), 20)
    assert [event.sentence for event in events if isinstance(event, Fault)] == [AWAITED, ""]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_threads_that_die_are_started_anew_and_told(
    centre: Centre, run: Callable[[], list[MachineEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, name in ((Sync, "poll"), (Sync, "fetch"), (Reporter, "report"), (Reporter, "heartbeat")):
        monkeypatch.setattr(kind, name, dying_once(getattr(kind, name)))
    events = run()
    wait_until(lambda: heard(centre), 15)
    wait_until(lambda: centre.heartbeats)
    told = [event.sentence for event in events if isinstance(event, Fault)]
    assert [sum(f"«{name}»" in sentence for sentence in told) for name in ("poll", "report", "heartbeat")] == [1, 1, 1]


def test_a_journal_that_stands_still_for_the_reports_does_not_stop_the_sound(
    centre: Centre, run: Callable[[], list[MachineEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    freed = threading.Event()
    unsent = Journal.unsent
    monkeypatch.setattr(Journal, "unsent", lambda journal: freed.wait(20) and unsent(journal))
    events = run()
    wait_until(lambda: any(type(event).__name__ == "Finished" for event in events), 15)
    wait_until(lambda: len(centre.heartbeats) > 2)
    assert not centre.airings
    freed.set()
    wait_until(lambda: heard(centre), 15)
