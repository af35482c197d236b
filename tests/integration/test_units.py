"""The units under deploy/: systemd takes them, they expose little, and the machine lives within what they leave it."""

import re
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from player.pulse import RUNTIME
from player.supervisor import Supervisor
from tests.commands import ROOT, can, environment
from tests.fakes import need_tool
from tests.fakes_player import Centre, item, playlist, slot, sound, wait_until
from tiengloa.cli import parser

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
INSTALLED = "/opt/tiengloa/.venv/bin/tiengloa"
MOST_EXPOSED = 20
"""Tenths: of ten, where an ordinary unit has 96."""


def told(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


@pytest.fixture(params=UNITS, ids=lambda path: path.name)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A unit whose program is one that this box has."""
    need_tool(shutil.which("systemd-analyze") is not None, "systemd-analyze")
    path: Path = request.param
    copy = tmp_path / path.name
    copy.write_text(path.read_text("utf-8").replace(INSTALLED, "/bin/true"), "utf-8")
    return copy


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_there_is_a_unit_for_each_process() -> None:
    assert [path.stem for path in UNITS] == [
        "tiengloa-broker",
        "tiengloa-machine",
        "tiengloa-panel",
        "tiengloa-worker",
    ]


def test_systemd_takes_the_unit_without_a_word(unit: Path) -> None:
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_exposes_little(unit: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit))
    assert done.returncode == 0, done.stdout[-400:]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_unit_starts_a_command_that_there_is(path: Path) -> None:
    (command,) = told(path, "ExecStart")
    program, *arguments = command.split()
    assert program == INSTALLED
    assert parser().parse_args(arguments).command


def test_the_machines_unit_and_the_machine_agree() -> None:
    (machine,) = (path for path in UNITS if path.stem == "tiengloa-machine")
    assert told(machine, "RuntimeDirectory") == [RUNTIME.name]
    assert told(machine, "Type") == ["notify"]
    (watch,) = told(machine, "WatchdogSec")
    looks = Supervisor({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": f"{watch}000000"}).look_every_s
    assert looks is not None
    assert looks * 2 < int(watch)
    folder = told(machine, "ExecStart")[0].rpartition(" ")[2]
    assert folder.startswith(f"/var/lib/{told(machine, 'StateDirectory')[0]}/")


def test_on_a_read_only_root_a_machine_sounds_writes_only_its_own_folders_and_listens_nowhere(
    centre: Centre, tmp_path: Path
) -> None:
    need_tool(can("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "true"), "bwrap")
    state, runtime = tmp_path / "state", tmp_path / "run"
    runtime.mkdir()
    clip, now = sound(0.3), datetime.now(UTC)
    centre.publish(playlist([slot("a", now + timedelta(seconds=4), item(clip))], [clip], now), clip)
    centre.enrolled(state)
    writable = [word for path in (state, runtime) for word in ("--bind", str(path), str(path))]
    view = ["bwrap", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", *writable]
    machine = [sys.executable, "-m", "tiengloa", "machine", "run", "--sink", "virtual", "--dir", str(state)]
    with subprocess.Popen(
        [*view, "--chdir", "/", *machine],
        env=environment(RUNTIME_DIRECTORY=str(runtime), HOME="/nonexistent"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            wait_until(lambda: any(one["outcome"] == "played" for one in centre.airings.values()), 30)
            wait_until((runtime / "status.json").exists)
            assert _listening(process.pid) == []
        finally:
            for one in _family(process.pid):
                with suppress(psutil.NoSuchProcess):
                    one.terminate()
            _out, err = process.communicate(timeout=30)
    assert b"Read-only" not in err, err
    assert list((state / "recordings").glob("*.wav"))


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [*parent.children(recursive=True), parent]


def _listening(pid: int) -> list[object]:
    return [
        line
        for one in _family(pid)
        for line in one.net_connections()
        if line.status == psutil.CONN_LISTEN or (line.type == socket.SOCK_DGRAM and line.laddr and not line.raddr)
    ]
