"""Housework: a task that fails is told once and taken back once, whatever the other tasks do."""

from pathlib import Path

import pytest

from domain.errors import StorageError
from player.engine import Engine
from player.faults import Faults
from player.housework import Housework
from player.outlet import BLOCKED, BLOCKED_AFTER_S, Outlet
from player.sinks.choose import Choice, Place
from scheduler.alarm import Alarm
from tests.fakes_player import MemorySink, Still


def test_a_task_that_fails_again_and_again_is_one_fault_until_it_succeeds() -> None:
    told: list[tuple[str, str]] = []
    clock = Still()
    work = Housework(Alarm(clock, lambda _now: None, lambda: None), Faults(lambda *one: told.append(one)))
    broken = True

    def task() -> None:
        if broken:
            raise StorageError("Không ghi được.")

    for _ in range(3):
        work.do(task, "ghi tình trạng máy")
        work.do(lambda: None, "xem ổ đĩa")
    assert [sentence for _, sentence in told] == ["Không ghi tình trạng máy được: Không ghi được."]
    broken = False
    work.do(task, "ghi tình trạng máy")
    assert [sentence for _, sentence in told][1:] == [""]


def test_an_error_that_nobody_knew_of_is_told_too() -> None:
    faults = Faults(lambda *_told: None)
    work = Housework(Alarm(Still(), lambda _now: None, lambda: None), faults)
    work.do(lambda: {}["x"], "xem ổ đĩa")
    assert "KeyError" in faults.all()


def outlet(*, stand_in: bool) -> tuple[Outlet, MemorySink, Still, Faults]:
    clock = Still()
    sink, faults = MemorySink(clock), Faults(lambda *_told: None)
    sink.open()
    engine = Engine(sink, clock, lambda _event: None)
    return Outlet(Choice(sink, "thử", stand_in=stand_in), engine, clock, faults), sink, clock, faults


def test_an_output_that_takes_nothing_is_told_until_it_takes_something() -> None:
    made, sink, clock, faults = outlet(stand_in=False)
    made.watch()
    clock.rest(BLOCKED_AFTER_S + 1)
    made.watch()
    assert faults.get("sink") == BLOCKED
    assert not made.is_well
    sink.write(bytes(960))
    made.watch()
    assert made.is_well


def test_a_device_that_is_not_there_is_looked_for_with_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _, clock, _ = outlet(stand_in=True)
    devices: list[MemorySink] = []

    def device(_place: Place) -> MemorySink:
        devices.append(MemorySink(clock))
        devices[-1].broken = True
        return devices[-1]

    monkeypatch.setattr("player.outlet.sound_device", device)
    place = Place(tmp_path, tmp_path, clock)
    assert not made.look_for_device(place)
    assert not made.look_for_device(place)
    devices[0].broken = False
    assert made.look_for_device(place)
    assert len(devices) == 1
    assert not made.choice.stand_in
    assert not made.look_for_device(place)
