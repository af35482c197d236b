"""A sound card made of JACK's dummy driver: every player sounds into a port of its own, and is recorded."""

import ctypes
import ctypes.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.playout_hearing import GAP_S, RATE, Timeline, onsets
from benchmarks.playout_recorder import BLOCK_TYPE, CLIENT, READY, sound_type
from player.clock import SystemClock, wall_offset

PERIOD = 512
SERVER = f"tiengloa-bench-{os.getpid()}"
NICENESS = -10
"""What our machine gives itself is given to every peer as well, where the system allows it."""
PROGRAMS = {"jackd": "jackd2", "mpd": "mpd", "liquidsoap": "liquidsoap", "ffplay": "ffmpeg"}
PLUGIN = "alsa-lib/libasound_module_pcm_jack.so"
_STOP_S = 10.0
_PR_SET_PDEATHSIG = 1
T = TypeVar("T")


class ToolMissingError(Exception):
    """Something that the bench stands on is not installed."""


def require_tools() -> None:
    """Check that every program is there. Raises ToolMissingError naming the packages to install."""
    lacking = {package for program, package in PROGRAMS.items() if not shutil.which(program)}
    if not ctypes.util.find_library("jack"):
        lacking.add("libjack-jackd2-0")
    if not ctypes.util.find_library("asound"):
        lacking.add("libasound2")
    if not any(folder.joinpath(PLUGIN).exists() for root in ("/usr/lib", "/usr/lib64") for folder in _folders(root)):
        lacking.add("libasound2-plugins")
    if lacking:
        names = " ".join(sorted(lacking))
        raise ToolMissingError(f"The playout bench needs: sudo apt-get install --no-install-recommends {names}")


def _folders(root: str) -> list[Path]:
    place = Path(root)
    return [place, *place.glob("*-linux-*")]


def wait_for(probe: Callable[[], T | None], seconds: float, what: Callable[[], str]) -> T:
    """Return the first true answer of `probe`. Raises TimeoutError with what `what` says then."""
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what()}")
        time.sleep(0.02)
    return answer


class Graph:
    """A running JACK server; `environment` leads ALSA programs into it, where PCM `port_NAME` is the port NAME."""

    def __init__(self, folder: Path, ports: Sequence[str]) -> None:
        self.folder = folder
        self.ports = tuple(ports)
        self.started: list[subprocess.Popen] = []
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        settings = folder / "asound.conf"
        settings.write_text(_alsa_settings(ports), "utf-8")
        self.environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(runtime),
            "JACK_DEFAULT_SERVER": SERVER,
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
            "ALSA_CONFIG_PATH": str(settings),
        }

    def start(self, name: str, command: Sequence[str], nice: bool = True, **more: object) -> subprocess.Popen:
        """Start a program of the bench, its messages in NAME.log; it ends with the bench."""
        log = (self.folder / f"{name}.log").open("ab")
        with log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "env": self.environment, **more}
            process = subprocess.Popen(command, preexec_fn=end_with_parent, **options)  # noqa: PLW1509
        self.started.append(process)
        if nice:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    def stop(self, process: subprocess.Popen) -> None:
        """End one program that was started here, and wait for it."""
        if process in self.started:
            self.started.remove(process)
        if process.stdin:
            process.stdin.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()

    def stop_all(self) -> None:
        """End everything, the newest first."""
        for process in reversed(tuple(self.started)):
            self.stop(process)

    def tail(self, name: str) -> str:
        """Return the end of a program's log."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-1500:]


def end_with_parent() -> None:
    """Let the kernel end this child when the bench dies, however it dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _alsa_settings(ports: Sequence[str]) -> str:
    lines = ["</usr/share/alsa/alsa.conf>"]
    for port in ports:
        jack = f'type jack name "{port}" playback_ports {{ 0 "{CLIENT}:{port}" }}'
        lines += [f"pcm.jack_{port} {{ {jack} }}", f'pcm.port_{port} {{ type plug slave.pcm "jack_{port}" }}']
    return "\n".join(lines) + "\n"


@contextmanager
def graph(folder: Path, ports: Sequence[str]) -> Iterator[Graph]:
    """Run a JACK server with realtime scheduling in `folder`; everything started in it ends with it."""
    made = Graph(folder, ports)
    try:
        command = ["jackd", "-n", SERVER, "-R", "-P", "60", "-d", "dummy", "-r", str(RATE), "-p", str(PERIOD)]
        made.start("jackd", command, nice=False)
        with recording(made, "check", ()):
            pass
        yield made
    finally:
        made.stop_all()


class Recording:
    """What was recorded from the graph, and where it lies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.xruns = 0
        self._timeline: Timeline | None = None
        self._offset = wall_offset(SystemClock())

    def holes(self, port: str) -> int:
        """Return how often a clip on `port` broke off and went on."""
        sounds = np.fromfile(self._folder / f"{port}.bin", sound_type(PERIOD))
        heard = sounds["frame"].tolist(), sounds["samples"]
        return len(onsets(*heard, quiet_s=GAP_S)) - len(onsets(*heard))

    def onsets(self, port: str) -> list[float]:
        """Return the wall clock instants, seconds since 1970, at which sound begins on `port`."""
        sounds = np.fromfile(self._folder / f"{port}.bin", sound_type(PERIOD))
        timeline = self.timeline()
        return [timeline.at(frame) + self._offset for frame in onsets(sounds["frame"].tolist(), sounds["samples"])]

    def timeline(self) -> Timeline:
        """Return when each frame lay in time, once the recording has ended."""
        if self._timeline is None:
            blocks = np.fromfile(self._folder / "blocks.bin", BLOCK_TYPE)
            self._timeline = Timeline(blocks["frame"], blocks["seen"])
        return self._timeline


@contextmanager
def recording(where: Graph, name: str, ports: Sequence[str] | None = None) -> Iterator[Recording]:
    """Record the graph's ports while the block runs; players, which look for these ports, are started within it."""
    folder = where.folder / f"recording-{name}"
    folder.mkdir()
    made = Recording(folder)
    command = [
        sys.executable,
        "-m",
        "benchmarks.playout_recorder",
        str(folder),
        *(where.ports if ports is None else ports),
    ]
    process = wait_for(lambda: _recorder(where, command), 10, lambda: f"the JACK server; {where.tail('jackd')}")
    try:
        yield made
    finally:
        process.stdin.close()
        made.xruns = int(process.stdout.read().split()[-1])
        where.stop(process)


def _recorder(where: Graph, command: Sequence[str]) -> subprocess.Popen | None:
    """Start the recorder, or return None when the server is not up yet."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = where.start("recorder", command, **pipes)
    if process.stdout.readline().strip() == READY:
        return process
    where.stop(process)
    return None
