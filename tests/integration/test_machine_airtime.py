"""The limits of airtime on the whole machine: what it has sounded counts through a restart, and samples decide."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from domain.airtime import Airtime
from domain.playlist import Playlist
from domain.timetable import Priority
from player import orders
from player.events import Finished, Missed
from player.machine import Machine, MachineSettings
from tests.fakes_player import Centre, heard, item, playlist, signed, slot, sound, wait_until

ONE_A_DAY = Airtime(timedelta(minutes=15), timedelta(minutes=60), sessions=1)
MORNING, SECOND, URGENT = (sound(0.3, seed=seed) for seed in (31, 32, 33))


def run(folder: Path, events: list[object]) -> Machine:
    machine = Machine(folder, MachineSettings(poll=0.2, heartbeat=1.0, sink="virtual"), events.append)
    machine.start()
    return machine


def day(begins: datetime) -> Playlist:
    slots = (
        slot("sang", begins, item(MORNING)),
        slot("trua", begins + timedelta(seconds=3.0), item(SECOND)),
        slot("khan", begins + timedelta(seconds=3.2), item(URGENT), priority=Priority.EMERGENCY),
    )
    return playlist(slots, [MORNING, SECOND, URGENT], datetime.now(UTC), airtime=ONE_A_DAY)


def test_the_second_session_of_a_day_stays_silent_through_a_restart_and_an_emergency_sounds(tmp_path: Path) -> None:
    centre, events = Centre(), list[object]()
    folder = centre.enrolled(tmp_path)
    centre.publish(day(datetime.now(UTC) + timedelta(seconds=1.5)), MORNING, SECOND, URGENT)
    assert b'"airtime"' in signed(day(datetime.now(UTC)), centre.key)
    machine = run(folder, events)
    try:
        wait_until(lambda: any(isinstance(event, Finished) for event in events))
    finally:
        machine.stop()
    machine = run(folder, events)
    try:
        wait_until(lambda: sum(isinstance(event, Finished) for event in events) == 2, 20)
    finally:
        machine.stop()
        centre.stop()
    assert [event.reason for event in events if isinstance(event, Missed)] == [orders.SESSIONS]
    sounds = np.concatenate([samples for _, samples in heard(folder / "recordings")])
    assert np.array_equal(sounds[sounds != 0], np.concatenate([MORNING.samples, URGENT.samples]))
