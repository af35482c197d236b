"""Our machines under test: real player processes, enrolled at a small centre that signs and serves their playlists."""

import json
import subprocess
import sys
import time
import wave
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil

from benchmarks.playout_graph import Graph, wait_for
from benchmarks.playout_hearing import onsets
from domain.playlist import PlaylistSlot
from domain.timetable import Priority
from tests.fakes_player import RATE, Centre, Sound, item, playlist, slot, wav

CLIP_S = 0.5
_TONE_HZ = 1000


def tone(seconds: float, level: float = 0.8) -> Sound:
    """Return a tone that is at its full level from its first sample on."""
    phase = np.arange(round(seconds * RATE)) * (2 * np.pi * _TONE_HZ / RATE)
    samples = (np.cos(phase) * level * 32767).astype(np.int16)
    return Sound(samples, wav(samples))


class OurMachine:
    """One player process and the centre it belongs to."""

    def __init__(self, where: Graph, name: str, sink: str) -> None:
        self.name = name
        self.folder = where.folder / name
        self._where = where
        self._sink = sink
        self.centre = Centre()
        self.centre.enrolled(self.folder)
        self._counter = 0
        self.process: subprocess.Popen | None = None
        self.ready_s = 0.0

    def publish(self, slots: Sequence[PlaylistSlot], *clips: Sound) -> None:
        """Sign and serve a playlist of these slots."""
        self._counter += 1
        self.centre.publish(playlist(slots, clips, datetime.now(UTC), counter=self._counter), *clips)

    def schedule(self, instants: Sequence[float], clip: Sound) -> None:
        """Publish a session at each instant (seconds since 1970)."""
        days = enumerate(datetime.fromtimestamp(at, UTC) for at in instants)
        self.publish([slot(f"buoi-{number}", at, item(clip)) for number, at in days], clip)

    def start(self, *command: str) -> None:
        """Start the process and wait until it says that it is ready; `ready_s` is how long that took."""
        usual = ("-m", "tiengloa", "machine", "run", "--json", "--dir", str(self.folder), "--sink", self._sink)
        before, began = len(self.events("Ready")), time.monotonic()
        self.process = self._where.start(
            self.name, [sys.executable, *(command or usual)], nice=False, stdin=subprocess.PIPE
        )
        wait_for(
            lambda: len(self.events("Ready")) > before,
            30,
            lambda: f"the machine {self.name}; {self._where.tail(self.name)}",
        )
        self.ready_s = time.monotonic() - began

    def events(self, kind: str) -> list[dict[str, object]]:
        """Return what the process has told of one kind."""
        log = self._where.folder / f"{self.name}.log"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return [event for line in lines if line.startswith("{") and (event := json.loads(line))["event"] == kind]

    def wait_for_playlist(self) -> None:
        """Wait until it holds the newest playlist and its clips."""
        wait_for(
            lambda: [e for e in self.events("PlaylistAccepted") if e["counter"] == self._counter],
            20,
            lambda: "the playlist",
        )
        wait_for(lambda: all(self._holds(clip) for clip in self.centre.files), 20, lambda: "the clips")

    def _holds(self, clip_hash: str) -> bool:
        return (self.folder / "clips" / clip_hash[:2] / clip_hash).exists()

    def memory(self) -> tuple[float, float]:
        """Return its resident and its unshared memory in MB."""
        told = psutil.Process(self.process.pid).memory_full_info()
        return told.rss / 1e6, told.uss / 1e6

    def processor_seconds(self) -> float:
        """Return the processor time it has used so far."""
        told = psutil.Process(self.process.pid).cpu_times()
        return told.user + told.system

    def stop(self) -> None:
        """End the process, then its centre."""
        if self.process:
            self._where.stop(self.process)
        self.centre.stop()


def urgent(number: int, clip: Sound, at: datetime) -> PlaylistSlot:
    """Return an emergency session that is due `at`."""
    return slot(f"khan-{number}", at, item(clip, title="Khẩn"), priority=Priority.EMERGENCY)


def bed(clip: Sound, at: datetime) -> PlaylistSlot:
    """Return a long session that is on the air from `at` on."""
    return slot("nen", at, item(clip, title="Nền"), grace=timedelta(hours=1))


def first_onsets(folder: Path) -> list[float]:
    """Return the wall clock instants at which sound begins in what a virtual sink wrote."""
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]
    found = []
    for path in sorted(folder.glob("*.wav")):
        lines = [line for line in log if line["file"] == path.name]
        with wave.open(str(path), "rb") as stream:
            samples = np.frombuffer(stream.readframes(stream.getnframes()), np.int16).astype(np.float32) / 32768
        for frame in onsets([0], samples.reshape(1, -1)):
            line = [one for one in lines if one["file_frame"] <= frame][-1]
            found.append(line["wall_ms"] / 1000 + (frame - line["file_frame"]) / RATE)
    return sorted(found)
