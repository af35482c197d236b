"""What systemd is told: ready, stopping, and a watchdog that eats only while frames advance."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from player.supervisor import Supervisor


@pytest.fixture
def line(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(0)
        yield listening


def told(line: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(line.recv(4096).decode())
        except BlockingIOError:
            return found


def watched(line: socket.socket, **more: str) -> Supervisor:
    return Supervisor({"NOTIFY_SOCKET": line.getsockname(), "WATCHDOG_USEC": "30000000", **more})


def test_ready_and_stopping_are_told_on_one_line_each(line: socket.socket) -> None:
    supervisor = watched(line)
    supervisor.ready("Máy «A»\n sẵn   sàng")
    supervisor.stopping()
    assert told(line) == ["READY=1\nSTATUS=Máy «A» sẵn sàng", "STOPPING=1"]


def test_the_watchdog_is_fed_only_when_frames_have_advanced(line: socket.socket) -> None:
    supervisor = watched(line)
    supervisor.look(0, "tốt")
    assert told(line) == ["STATUS=tốt"]
    supervisor.look(480, "tốt")
    assert told(line) == ["WATCHDOG=1"]
    supervisor.look(480, "tốt")
    supervisor.look(480, "tốt")
    assert told(line) == []
    supervisor.look(480, "không nhận tiếng")
    assert told(line) == ["STATUS=không nhận tiếng"]
    supervisor.look(0, "không nhận tiếng")  # opened anew: the count begins again, and that is a sign of life
    assert told(line) == ["WATCHDOG=1"]


def test_an_abstract_socket_is_written_to_as_well() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0tiengloa-{os.getpid()}")
        listening.settimeout(0)
        Supervisor({"NOTIFY_SOCKET": f"@tiengloa-{os.getpid()}"}).stopping()
        assert told(listening) == ["STOPPING=1"]


@pytest.mark.parametrize(
    ("environment", "every"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, None),
        ({"NOTIFY_SOCKET": "/x"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000"}, 7.5),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 7.5),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "rất lâu"}, None),
    ],
)
def test_how_often_to_look_follows_what_systemd_asks(environment: dict[str, str], every: float | None) -> None:
    assert Supervisor(environment).look_every_s == every


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "x" * 300])
def test_without_a_listener_nothing_happens(address: str) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": address})
    supervisor.ready("tốt")
    supervisor.look(1, "tốt")
    supervisor.stopping()
