"""A machine as the person at the box sees it: its status page, what systemd hears, and that it listens nowhere."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from domain.errors import NotFoundError, SinkError
from player.clock import SystemClock
from player.machine import Machine, MachineSettings
from player.pulse import STATUS, StatusFile, status_place
from player.sinks.silent import SilentSink
from player.standing import look
from player.supervisor import Supervisor
from tests.commands import Here, here
from tests.fakes_player import Centre, Still, item, playlist, slot, sound, wait_until
from tiengloa.machine_status import document, lines

__all__ = ["here"]

SETTINGS = MachineSettings(poll=0.2, heartbeat=0.3, sink="silent")
CLIP = sound(0.2)


class Stoppable(SilentSink):
    """A silent output that a test can make hang, as a driver does."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.free = threading.Event()
        self.free.set()

    def write(self, block: bytes) -> None:
        if not self.free.wait(30):
            raise SinkError("Hết kiên nhẫn.")
        super().write(block)


@pytest.fixture
def sink() -> Stoppable:
    return Stoppable()


@pytest.fixture
def machine(centre: Centre, sink: Stoppable, tmp_path: Path) -> Iterator[Machine]:
    now = datetime.now(UTC)
    sessions = [slot("a", now + timedelta(seconds=0.5), item(CLIP)), slot("b", now + timedelta(hours=1), item(CLIP))]
    centre.publish(playlist(sessions, [CLIP], now), CLIP)
    made = Machine(centre.enrolled(tmp_path), SETTINGS, sink=sink)
    made.start()
    yield made
    sink.free.set()
    made.stop()


def is_well(folder: Path) -> bool:
    return look(folder, datetime.now(UTC)).troubles == ()


def test_a_machine_that_runs_well_says_so_with_exit_code_0(
    machine: Machine, centre: Centre, here: Here, tmp_path: Path
) -> None:
    wait_until(lambda: centre.airings)
    wait_until(lambda: look(tmp_path, datetime.now(UTC)).airings)
    wait_until(lambda: is_well(tmp_path), 15)
    page = here("machine", "status", "--dir", str(tmp_path))
    assert (page.code, page.err) == (0, "")
    for words in ("Loa thôn Một", "TỐT", f"số {os.getpid()}", centre.url, "số 1, ký", "giữ 1/1", "đủ âm thanh"):
        assert words in page.out
    told = json.loads(here("machine", "status", "--json", "--dir", str(tmp_path)).out)
    assert (told["healthy"], told["running"], told["clips"]) == (True, True, {"held": 1, "needed": 1, "checking": 0})
    assert told["next"][-1]["title"] == "Chương trình b"
    assert told["last"][0]["title"] == "Bản tin"


def test_a_machine_that_does_not_run_says_so_with_exit_code_1(machine: Machine, here: Here, tmp_path: Path) -> None:
    wait_until(lambda: is_well(tmp_path), 15)
    machine.stop()
    page = here("machine", "status", "--dir", str(tmp_path))
    assert page.code == 1
    assert "Máy phát không chạy" in page.out
    assert "giữ 1/1" in page.out


def test_faults_are_told_in_words(machine: Machine, here: Here, tmp_path: Path) -> None:
    wait_until(lambda: is_well(tmp_path), 15)
    report = look(tmp_path, datetime.now(UTC))
    assert report.told is not None
    assert report.playlist is not None
    hung = replace(report, now=report.now + timedelta(minutes=1))
    assert "có thể bị treo" in " ".join(hung.troubles)
    sick = replace(
        report,
        told=replace(
            report.told, faults={"sink": "Mất loa."}, offset_ms=5000, stand_in=True, reached_at=None, sink_ok=False
        ),
        clips=(0, 1),
        free=0,
        box={"temperature": 91_000},
        revoked=True,
    )
    for words in (
        "Mất loa.",
        "lệch 5,0 giây",
        "Không thấy thiết bị",
        "Chưa liên lạc",
        "không nhận tiếng",
        "thiếu 1",
        "đầy",
        "91 °C",
        "thu hồi",
    ):
        assert words in " ".join(sick.troubles)
    late = replace(report, playlist=replace(report.playlist, expires_at=report.now))
    assert "hết hạn" in " ".join(late.troubles)


def test_the_page_of_a_box_that_never_joined_says_what_to_do(here: Here, tmp_path: Path) -> None:
    here("machine", "status", "--dir", str(tmp_path)).refused(2, "machine enrol")
    with pytest.raises(NotFoundError):
        look(tmp_path, datetime.now(UTC))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"machine": "may-1"}', '{"machine": "may-1", "at": "x"}'])
def test_a_damaged_status_file_is_as_none(machine: Machine, tmp_path: Path, text: str) -> None:
    machine.stop()
    (tmp_path / STATUS).write_text(text)
    assert look(tmp_path, datetime.now(UTC)).told is None


def test_the_status_is_written_at_once_when_there_is_news_and_else_now_and_then(tmp_path: Path) -> None:
    clock = Still(datetime(2026, 11, 23, tzinfo=UTC))
    file = StatusFile(tmp_path, "may-1", clock)
    assert file.is_due("a", 5.0)
    clock.rest(1)
    assert not file.is_due("a", 5.0)
    assert file.is_due("b", 5.0)
    clock.rest(4.5)
    assert not file.is_due("b", 5.0)
    clock.rest(0.5)
    assert file.is_due("b", 5.0)


def test_a_machine_that_still_checks_its_clips_says_how_far_it_is(machine: Machine, here: Here, tmp_path: Path) -> None:
    wait_until(lambda: is_well(tmp_path), 15)
    report = look(tmp_path, datetime.now(UTC))
    assert report.told is not None
    assert report.checking == 0
    begun = replace(report, told=replace(report.told, checking=3), clips=(4, 4))
    assert "Âm thanh      giữ 4/4 tệp, đang kiểm sau khi khởi động: xong 1/4" in lines(begun)
    assert document(begun)["clips"] == {"held": 4, "needed": 4, "checking": 3}
    assert not begun.troubles
    assert replace(begun, alive=False).checking == 0


def test_the_status_lies_in_systemds_runtime_folder_and_a_copy_in_the_cabinet(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(runtime))
    assert status_place(tmp_path) == runtime / STATUS
    running = Machine(centre.enrolled(tmp_path / "may"), SETTINGS)
    running.start()
    wait_until(lambda: (runtime / STATUS).exists() and (tmp_path / "may" / STATUS).exists())
    assert look(tmp_path / "may", datetime.now(UTC)).told is not None
    running.stop()
    assert not (runtime / STATUS).exists()


def test_systemd_hears_ready_and_its_watchdog_starves_once_the_output_hangs(
    centre: Centre, sink: Stoppable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    looked = Supervisor.look
    monkeypatch.setattr(Supervisor, "look", lambda self, *told: (looked(self, *told), looks.append(told[0])))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        machine = Machine(centre.enrolled(tmp_path / "may"), SETTINGS, sink=sink)
        machine.start()
        assert line.recv(4096).startswith(b"READY=1")
        while line.recv(4096) != b"WATCHDOG=1":
            pass
        sink.free.clear()
        wait_until(lambda: len(looks) > 2 and looks[-1] == looks[-2])
        _drained(line)
        seen = len(looks)
        wait_until(lambda: len(looks) >= seen + 6)
        assert not [said for said in _drained(line) if b"WATCHDOG=1" in said]
        sink.free.set()
        while b"WATCHDOG=1" not in line.recv(4096):
            pass
        machine.stop()
        assert b"STOPPING=1" in _drained(line)


def _drained(line: socket.socket) -> list[bytes]:
    found = []
    line.settimeout(0)
    try:
        while True:
            found.append(line.recv(4096))
    except BlockingIOError:
        return found
    finally:
        line.settimeout(10)


def test_a_machine_listens_on_no_port(machine: Machine, centre: Centre) -> None:
    wait_until(lambda: centre.heartbeats)
    own = int(centre.url.rpartition(":")[2])
    listening = [
        one.laddr.port
        for one in psutil.Process().net_connections()
        if one.status == psutil.CONN_LISTEN or (one.type == socket.SOCK_DGRAM and one.laddr)
    ]
    assert listening == [own]  # the stand-in for the centre lives in this process


def test_a_heartbeat_tells_of_the_box_what_comes_and_what_came(machine: Machine, centre: Centre) -> None:
    wait_until(lambda: centre.heartbeats and "last" in centre.heartbeats[-1])
    wait_until(lambda: centre.heartbeats[-1]["next"]["title"] == "Chương trình b")
    wait_until(lambda: centre.heartbeats[-1]["next"]["ready"])
    first, last = centre.heartbeats[0], centre.heartbeats[-1]
    assert last["last"]["title"] == "Bản tin"
    assert last["number"] > first["number"]
    assert (last["boot"], last["every"], last["clock_trusted"]) == (first["boot"], 1, True)
    assert {"disk", "python", "system"} <= set(last["box"])
