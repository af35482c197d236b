"""A whole small town for end-to-end tests: panel, worker and machines as processes of their own."""

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from audio_library.codec import encode_flac
from domain.audio import Clip, ClipKind, Loudness
from domain.bulletins import Genre
from domain.people import User
from domain.timetable import ItemKind, Programme, ProgrammeItem, Rule
from player.cabinet import read_identity
from scheduler.desk import NewSession
from store import bulletins, clips, people, timetable
from store.bulletins import Draft
from tests.ports import free_port
from tiengloa.centre import open_centre
from tiengloa.example import load as example
from tiengloa.example.places import EXAMPLE_CLUSTER
from tiengloa.settings import Settings
from tiengloa.wiring import Centre

RATE = 48_000
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
T = TypeVar("T")


def wait_for(probe: Callable[[], T | None], seconds: float, what: str) -> T:
    """Return the first true answer of `probe`, asked often; fail with `what` when the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)


@dataclass
class Town:
    """One data folder and the processes that use it."""

    root: Path
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = self.root / "data"
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "TIENGLOA_VOICES": "espeak"}
        self.centre: Centre = open_centre(Settings(self.data, port=self.port, voices=("espeak",)))

    def load_people_and_places(self) -> None:
        """Put the example station in, without its daily sessions and bulletins still to be made."""
        with self.centre.database.write() as connection:
            example.load(connection, datetime.now(UTC))
            for rule_id in timetable.rules(connection):
                timetable.set_enabled(connection, rule_id, False)

    def person(self, login: str) -> User:
        with self.centre.database.read() as connection:
            found = people.by_login(connection, login)
        assert found is not None
        return found[0]

    def start(self, name: str, *arguments: str) -> None:
        log = (self.root / f"{name}.log").open("ab")
        with log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "tiengloa", "--data", str(self.data), *arguments],
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.root,
            )

    def start_panel(self) -> None:
        self.start("panel", "serve", "--port", str(self.port))
        wait_for(lambda: self.answers() or None, 30, f"the panel; {self.log('panel')}")

    def start_worker(self) -> None:
        self.start("worker", "work")

    def start_all(self, name: str = "machine") -> Path:
        """Start the panel, the worker and a machine, and return the folder of the machine."""
        self.start_panel()
        self.start_worker()
        self.await_key()
        machine = self.enrol(name)
        self.start_machine(machine)
        return machine

    def await_key(self) -> None:
        """Wait until the worker has made the key that machines are let in with."""
        wait_for(lambda: self.centre.folder.station_key.exists() or None, 20, "the station's key")

    def enrol(self, name: str = "machine") -> Path:
        """Enrol a machine over HTTP and return its folder."""
        folder = self.root / name
        code = self.centre.office.new_code(self.person(example.EDITOR_LOGIN), EXAMPLE_CLUSTER, f"Máy {name}")
        subprocess.run(
            [
                sys.executable,
                "-m",
                "tiengloa",
                "machine",
                "enrol",
                "--no-wait",
                "--server",
                self.address,
                "--code",
                code,
                "--dir",
                str(folder),
            ],
            check=True,
            env=self.environment,
            cwd=self.root,
            timeout=60,
        )
        identity, _key = read_identity(folder)
        technician = self.person(example.EDITOR_LOGIN)
        self.centre.office.enrolment.confirm(technician, identity.machine_id, EXAMPLE_CLUSTER)
        return folder

    def start_machine(self, folder: Path) -> None:
        self.start("machine", "machine", "run", "--dir", str(folder), "--sink", "virtual")

    def stop(self, name: str, number: int = signal.SIGTERM) -> int:
        process = self.processes.pop(name)
        process.send_signal(number)
        return process.wait(30)

    def stop_all(self) -> None:
        for name in ("machine", "worker", "panel"):
            if name in self.processes:
                self.stop(name)
        self.centre.database.close()

    def answers(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self, name: str) -> str:
        path = self.root / f"{name}.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def approve(self, title: str, script: str) -> str:
        """Write, submit and approve a bulletin by two people; return its id."""
        editor, approver = self.person(example.EDITOR_LOGIN), self.person(example.APPROVER_LOGIN)
        bulletin_id = self.centre.desk.write(editor, Draft(title, script, Genre.NEWS))
        self.centre.desk.submit(editor, bulletin_id)
        self.centre.desk.approve(approver, bulletin_id, 1, backup_voice_ok=True)
        return bulletin_id

    def await_clip(self, bulletin_id: str) -> str:
        def made() -> str | None:
            with self.centre.database.read() as connection:
                return bulletins.get(connection, bulletin_id).clip_hash

        return wait_for(made, 60, f"the clip; {self.log('worker')}")

    def schedule(self, name: str, bulletin_ids: tuple[str, ...], starts_at: datetime) -> str:
        """Add a one-off session for the whole province and return its rule."""
        local = starts_at.astimezone(ZONE)
        wanted = NewSession(
            name=name,
            bulletin_ids=bulletin_ids,
            area_ids=frozenset({"lai-chau"}),
            times=(local.time(),),
            dates=frozenset({local.date()}),
        )
        return self.centre.timetable.add(self.person(example.EDITOR_LOGIN), wanted)

    def schedule_tone(self, samples: np.ndarray, starts_at: datetime) -> str:
        """Put a sound in the library and on the timetable, once, for the whole province; return its rule."""
        data, name = encode_flac(samples.tobytes()), f"tone-{starts_at:%H%M%S}"
        clip_hash, length = self.centre.blobs.put(data), timedelta(seconds=len(samples) / RATE)
        figures, now = Loudness(-16, -3, 1), datetime.now(UTC)
        local = starts_at.astimezone(ZONE)
        when = {"times": (local.time(),), "dates": frozenset({local.date()})}
        with self.centre.database.write() as connection:
            clips.put(connection, Clip(clip_hash, len(data), "audio/flac", length, figures, ClipKind.OTHER, name, now))
            timetable.put_programme(
                connection, Programme(name, name, (ProgrammeItem(clip_hash=clip_hash, kind=ItemKind.CLIP),))
            )
            timetable.put_rule(connection, Rule(name, name, frozenset({"lai-chau"}), **when))
        return name


def tone(pitch: float, seconds: float) -> np.ndarray:
    """Return a tone as samples; each pitch is another sound."""
    turns = pitch * np.arange(int(seconds * RATE)) / RATE
    return (12_000 * np.sin(2 * math.pi * turns + 0.5)).astype("<i2")


@contextmanager
def town(root: Path) -> Iterator[Town]:
    """A town that is stopped whatever happens."""
    one = Town(root)
    try:
        one.load_people_and_places()
        yield one
    finally:
        one.stop_all()


@dataclass(frozen=True)
class Sounding:
    """A WAV file that a virtual sink wrote, and when each of its samples sounded."""

    samples: np.ndarray
    marks: tuple[tuple[int, float], ...]

    def wall_of(self, frame: int) -> float:
        """Return the wall time, in seconds since 1970, of sample `frame`."""
        mark = max((one for one in self.marks if one[0] <= frame), default=self.marks[0])
        return mark[1] + (frame - mark[0]) / RATE

    def first_of(self, clip: np.ndarray, after: int = 0) -> float | None:
        """Return the wall time of the first sample of `clip`, found whole and bit for bit, or None."""
        sound = np.flatnonzero(clip)
        loud = int(sound[0])
        needle = clip[loud : int(sound[-1]) + 1].tobytes()
        place = self.samples[after:].tobytes().find(needle)
        if place < 0 or place % 2:
            return None
        return self.wall_of(after + place // 2 - loud)


def heard(folder: Path) -> tuple[Sounding, ...]:
    """Return everything that the virtual sink of a machine's folder wrote, in order."""
    log = next(folder.rglob("log.jsonl"), None)
    if log is None:
        return ()
    marks: dict[str, list[tuple[int, float]]] = {}
    for line in log.read_text().splitlines():
        mark = json.loads(line)
        marks.setdefault(mark["file"], []).append((mark["file_frame"], mark["wall_ms"] / 1000))
    return tuple(
        Sounding(samples_of(log.parent / name), tuple(marks[name]))
        for name in sorted(marks)
        if (log.parent / name).exists()
    )


def samples_of(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


def soon(seconds: float) -> datetime:
    """Return a whole second at least `seconds` ahead."""
    return (datetime.now(UTC) + timedelta(seconds=seconds + 1)).replace(microsecond=0)
