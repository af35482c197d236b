"""From a person's second yes to sound and back to silence: the real desk, signer, server and machine together."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from player.cabinet import write_identity
from player.machine import Machine, MachineSettings
from player.trust import Identity
from scheduler.emergency_desk import Ask
from scheduler.ordering import OrderLookout, OrderWorker
from scheduler.planning import replan
from scheduler.publishing import publish
from scheduler.signing import StationKey
from store import airings, emergencies
from tests.fakes import FakeClock
from tests.fakes_emergency import stocked
from tests.fakes_player import wait_until
from tests.fakes_web import APPROVER, EDITOR, Panel, machine, panel
from web.server import address_of, make_server


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    monkeypatch.setattr(FakeClock, "now", lambda _self: datetime.now(UTC))
    monkeypatch.setattr(FakeClock, "monotonic", lambda _self: time.monotonic())
    (tmp_path / "centre").mkdir()
    with panel(tmp_path / "centre") as one:
        yield one


class Whole:
    """A station with its signer and server running, and one machine on it."""

    def __init__(self, town: Panel, folder: Path, stack: ExitStack) -> None:
        self.town = town
        self.key = StationKey.load_or_create(folder / "station.key")
        self.worker = OrderWorker(town.database, self.key, town.clock)
        lookout = OrderLookout(self.worker.tick, lambda _name, error: pytest.fail(str(error)))
        lookout.start()
        stack.callback(lookout.stop)
        self.address = stack.enter_context(served(town))
        key = Ed25519PrivateKey.generate()
        self.machine_id = machine(town, "Máy bản", "san-thang", key.public_key().public_bytes_raw()).id
        identity = Identity(self.machine_id, "Máy bản", "dai-mau", self.address, self.key.public_key)
        write_identity(folder / "may", identity, key)
        publish(town.database, self.key, replan(town.database, town.clock.now()), town.clock.now())
        self.box = Machine(folder / "may", MachineSettings(poll=0.2, heartbeat=0.3, sink="virtual"))
        self.box.start()
        stack.callback(self.box.stop)

    def reported(self, emergency_id: str) -> list[emergencies.Report]:
        with self.town.database.read() as connection:
            return list(emergencies.reports(connection, emergency_id))

    def aired(self, key: str) -> str:
        now = self.town.clock.now()
        with self.town.database.read() as connection:
            found = airings.between(connection, now - timedelta(hours=1), now + timedelta(hours=1), self.machine_id)
        return next((one.outcome.value for one in found if one.key == f"{self.machine_id}/{key}"), "")


@contextmanager
def served(town: Panel) -> Iterator[str]:
    server = make_server(town.app, "127.0.0.1", 0)
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield address_of(server)
    finally:
        server.stop()
        thread.join()


@pytest.fixture
def whole(town: Panel, tmp_path: Path) -> Iterator[Whole]:
    with ExitStack() as stack:
        yield Whole(town, tmp_path, stack)


def test_a_second_yes_sounds_a_stop_silences_and_the_all_clear_follows(town: Panel, whole: Whole) -> None:
    ready = stocked(town)
    publish(town.database, whole.key, replan(town.database, town.clock.now()), town.clock.now())
    wait_until(lambda: whole.box._pinned.held() == (4, 4))
    desk = town.services.emergencies
    one = desk.ask(EDITOR, Ask(ready.message.id, "", frozenset({"tan-phong"}), frozenset(), drill=False))
    desk.confirm(APPROVER, one.id)
    wait_until(lambda: whole.aired(f"khan-{one.id}-1/1") == "played")
    desk.all_clear(EDITOR, one.id)
    wait_until(lambda: whole.aired(f"yen-{one.id}-yen-1/0") == "played")
    wait_until(lambda: len([told for told in whole.reported(one.id) if told.ended_at]) == 2)


def test_what_people_start_at_the_machine_is_told_and_can_be_stopped_from_the_centre(town: Panel, whole: Whole) -> None:
    ready = stocked(town)
    publish(town.database, whole.key, replan(town.database, town.clock.now()), town.clock.now())
    wait_until(lambda: whole.box._pinned.held() == (4, 4))
    started = whole.box.local.start(ready.message.id, drill=False)

    def running() -> list[str]:
        with town.database.read() as connection:
            return [held.id for held in emergencies.at_hand(connection, town.clock.now())]

    wait_until(lambda: running() == [started])
    town.services.emergencies.stop(EDITOR, started)
    wait_until(lambda: not [held for held in whole.box.emergencies.alerts if held.running])
    wait_until(lambda: all(told.ended_at for told in whole.reported(started)))


def test_a_server_that_stops_lets_the_machines_go_that_wait_for_orders(town: Panel, whole: Whole) -> None:
    wait_until(lambda: bool(whole.box.urgent._line._wire._waiting))
    begun = time.monotonic()
    whole.box.stop()
    assert time.monotonic() - begun < 20  # and not as long as the centre would keep its answer back
