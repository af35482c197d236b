"""A real machine and a real broker: nudged it fetches at once; without a broker, or with a hostile one, it goes on."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.nudges import CENTRE, Nudge
from player.events import Fault, MachineEvent, PlaylistAccepted
from player.machine import Machine, MachineSettings
from player.nudges import BURST, LOST, NO_BROKER, NUDGED_RARER, REFUSED
from scheduler.channels.mqtt import MqttChannel
from tests.fakes_broker import Broker, embedded
from tests.fakes_player import MACHINE, Centre, playlist, wait_until

RARELY = MachineSettings(poll=600.0, heartbeat=600.0, sink="silent")


def account(broker: Broker, user: str = MACHINE) -> dict[str, object]:
    """What the centre tells a machine of its broker."""
    password = broker.known.get(user, "sai")
    return {"host": "", "port": broker.port, "tls": False, "ca": "", "user": user, "password": password}


@contextmanager
def running(folder: Path) -> Iterator[tuple[Machine, list[MachineEvent]]]:
    events: list[MachineEvent] = []
    machine = Machine(folder, RARELY, events.append)
    machine.start()
    try:
        yield machine, events
    finally:
        machine.stop()


def counters(events: list[MachineEvent]) -> list[int]:
    return [event.counter for event in events if isinstance(event, PlaylistAccepted)]


def polls(centre: Centre) -> int:
    return centre.asked.count(("GET", "/api/v1/playlist"))


def test_a_nudged_machine_takes_up_the_new_playlist_at_once(centre: Centre, tmp_path: Path) -> None:
    centre.publish(playlist((), (), datetime.now(UTC)))
    with embedded() as broker, running(centre.enrolled(tmp_path)) as (machine, events):
        assert not machine.nudges.connected
        centre.broker = account(broker)
        with closing(MqttChannel(lambda: broker.account(CENTRE))) as channel:
            wait_until(lambda: machine.nudges.connected and channel.connected)
            assert machine.nudges.state == ""
            centre.publish(playlist((), (), datetime.now(UTC), counter=2))
            channel.nudge(MACHINE)
            wait_until(lambda: counters(events)[-1:] == [2], 5)


def test_a_machine_that_comes_into_the_broker_asks_once_for_what_it_may_have_missed(
    centre: Centre, tmp_path: Path
) -> None:
    with embedded() as broker:
        centre.publish(playlist((), (), datetime.now(UTC)))
        folder = centre.enrolled(tmp_path)
        with running(folder) as (machine, events):
            wait_until(lambda: counters(events))
            centre.publish(playlist((), (), datetime.now(UTC), counter=2))
            centre.broker = account(broker)
            wait_until(lambda: counters(events)[-1:] == [2])
            assert machine.nudges.connected


@pytest.mark.parametrize("case", ["none", "nobody there", "wrong password"])
def test_a_broker_that_is_not_there_or_refuses_is_no_fault(centre: Centre, tmp_path: Path, case: str) -> None:
    centre.publish(playlist((), (), datetime.now(UTC)))
    with embedded() as broker:
        if case != "none":
            centre.broker = account(broker, MACHINE if case == "nobody there" else "la")
        if case == "nobody there":
            centre.broker = {**account(broker), "port": 1}
        with running(centre.enrolled(tmp_path)) as (machine, events):
            expected = {"none": NO_BROKER, "nobody there": LOST, "wrong password": REFUSED}[case]
            wait_until(lambda: machine.nudges.state == expected)
            wait_until(lambda: counters(events) == [1])
            assert not [event for event in events if isinstance(event, Fault)]
            assert machine.faults.all() == ""


def test_a_flood_from_a_hostile_broker_does_not_make_the_machine_hammer_its_server(
    centre: Centre, tmp_path: Path
) -> None:
    centre.publish(playlist((), (), datetime.now(UTC)))
    with embedded() as broker:
        centre.broker = account(broker)
        with (
            running(centre.enrolled(tmp_path)) as (machine, _events),
            closing(MqttChannel(lambda: broker.account(CENTRE))) as channel,
        ):
            wait_until(lambda: machine.nudges.connected and channel.connected)
            for _ in range(500):
                channel.nudge(MACHINE)
                channel.nudge(MACHINE, Nudge.ORDERS)
            wait_until(lambda: machine.nudges._held)
            assert polls(centre) <= 1 + BURST + 1


def test_a_machine_comes_back_to_a_broker_that_was_away(centre: Centre, tmp_path: Path) -> None:
    centre.publish(playlist((), (), datetime.now(UTC)))
    with running(centre.enrolled(tmp_path)) as (machine, events):
        with embedded() as broker:
            centre.broker = account(broker)
            wait_until(lambda: machine.nudges.connected)
        wait_until(lambda: not machine.nudges.connected)
        with embedded() as again:
            centre.broker = account(again)
            wait_until(lambda: machine.nudges.connected, 20)
        assert not [event for event in events if isinstance(event, Fault)]


def test_a_machine_that_hears_nudges_polls_more_rarely_and_one_that_does_not_as_before(
    centre: Centre, tmp_path: Path
) -> None:
    with embedded() as broker, running(centre.enrolled(tmp_path)) as (machine, _events):
        alone = machine._errands.polling._pause()
        centre.broker = account(broker)
        wait_until(lambda: machine.nudges.connected)
        assert machine._errands.polling._pause() == pytest.approx(NUDGED_RARER * alone)
        broker.known.clear()
        wait_until(lambda: not machine.nudges.connected)
        assert machine._errands.polling._pause() == pytest.approx(alone)
