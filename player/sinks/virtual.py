"""A sound device made of files: keeps a real device's time and writes what it would have sounded as WAV files."""

import json
import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from domain.audio import SAMPLE_RATE
from domain.errors import SinkError
from domain.ports import Clock
from domain.timetable import STATION_ZONE
from player.clock import wall_offset
from player.sinks.pacing import BUFFER_S, Pace, rest

GAP = 2 * SAMPLE_RATE
"""Frames of digital silence that end a file, so that each session is one."""
LONGEST = 30 * 60 * SAMPLE_RATE
MOST_FILES = 100
MOST_BYTES = 500_000_000
MOST_LOG_BYTES = 2_000_000
LOG = "log.jsonl"


class VirtualSink:
    """Paced by the monotonic clock as if it had a 20 ms buffer; writes WAV files and a log of (frame, time).

    A new file, named by its local start, begins whenever sound follows GAP of digital silence; its header is right
    each second. Each line of the log tells that frame `file_frame` of `file`, which is frame `frame` since the sink
    was opened, sounds at `monotonic` seconds and `wall_ms` milliseconds since 1970; the frames after it follow at
    the sample rate. Old files are removed beyond MOST_FILES or MOST_BYTES.
    """

    name = "tệp WAV (không có thiết bị âm thanh)"
    rate = SAMPLE_RATE

    def __init__(self, folder: Path, clock: Clock, sleep: Callable[[float], None] = rest) -> None:
        self.folder = folder
        self._clock = clock
        self._sleep = sleep
        self._pace: Pace | None = None
        self._file: _Recording | None = None
        self._silent = GAP

    def open(self) -> None:
        """Make the folder and start to count. Raises SinkError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"Không tạo được thư mục âm thanh ({error.strerror}).") from error
        self._pace = Pace(self._clock, self._sleep, self.rate)

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next frame sounds. Raises SinkError when not open."""
        return self._opened().next_frame_at()

    def write(self, block: bytes) -> None:
        """Take one block, waiting until there is room for it. Raises SinkError when it cannot be kept."""
        pace = self._opened()
        frame = pace.frames
        due = pace.wait_for_room(len(block) // 2)
        try:
            self._keep(block, frame, due)
        except OSError as error:
            self._abandon()
            raise SinkError(f"Không ghi được tệp âm thanh ({error.strerror}).") from error

    @property
    def frames(self) -> int:
        """Return how many frames were taken since `open`."""
        return self._pace.frames if self._pace else 0

    def close(self) -> None:
        """Wait until what was taken has sounded, then finish the file."""
        if self._pace:
            self._pace.drain()
        self._abandon()

    def _opened(self) -> Pace:
        if self._pace is None:
            raise SinkError("Đầu ra âm thanh chưa được mở.")
        return self._pace

    def _keep(self, block: bytes, frame: int, due: float) -> None:
        if block == bytes(len(block)):
            self._rest(len(block) // 2)
            return
        if self._file is None or self._file.frames > LONGEST:
            self._abandon()
            self._file = self._new_file(due + wall_offset(self._clock))
        elif self._silent:
            self._file.write(bytes(self._silent * 2))
        self._silent = 0
        self._file.note(frame, due, (due + wall_offset(self._clock)) * 1000)
        self._file.write(block)

    def _rest(self, frames: int) -> None:
        """Count silence: the file is flushed where it begins, so that the end can be heard, and ends when it lasts."""
        if self._file and not self._silent:
            self._file.flush()
        self._silent += frames
        if self._file and self._silent >= GAP:
            self._file.close()
            self._file = None

    def _new_file(self, wall: float) -> "_Recording":
        self._make_room()
        started = datetime.fromtimestamp(wall + BUFFER_S / 2, ZoneInfo(STATION_ZONE))
        path = self.folder / f"{started:%Y-%m-%dT%H-%M-%S}.wav"
        number = 1
        while path.exists():
            number += 1
            path = self.folder / f"{started:%Y-%m-%dT%H-%M-%S}_{number}.wav"
        return _Recording(path, self.rate)

    def _make_room(self) -> None:
        kept, size = 0, 0
        for path in sorted(self.folder.glob("*.wav"), reverse=True):
            kept, size = kept + 1, size + path.stat().st_size
            if kept >= MOST_FILES or size > MOST_BYTES:
                path.unlink(missing_ok=True)

    def _abandon(self) -> None:
        if self._file:
            with suppress(OSError):
                self._file.close()
            self._file = None
        self._silent = GAP


class _Recording:
    """One WAV file being written, and its lines in the log."""

    def __init__(self, path: Path, rate: int) -> None:
        self._path = path
        self._rate = rate
        self._stream: BinaryIO = path.open("xb")
        self.frames = 0
        self._next_note = 0
        self._expected = (0, 0.0)
        self._write_header()

    def write(self, block: bytes) -> None:
        self._stream.write(block)
        self.frames += len(block) // 2

    def note(self, frame: int, monotonic: float, wall_ms: float) -> None:
        """Log where the next frame lies in time: each second, and whenever that does not follow from the last line."""
        last_frame, last_monotonic = self._expected
        drift = monotonic - last_monotonic - (self.frames - last_frame) / self._rate
        if self.frames < self._next_note and abs(drift) < 1e-4:
            return
        self._next_note = self.frames + self._rate
        self._expected = (self.frames, monotonic)
        self.flush()
        line = {"file": self._path.name, "file_frame": self.frames, "frame": frame}
        _append(self._path.with_name(LOG), {**line, "monotonic": round(monotonic, 6), "wall_ms": round(wall_ms, 3)})

    def close(self) -> None:
        try:
            self.flush()
        finally:
            self._stream.close()

    def flush(self) -> None:
        """Let what was written be heard by whoever opens the file now."""
        self._write_header()
        self._stream.flush()

    def _write_header(self) -> None:
        size = self.frames * 2
        self._stream.seek(0)
        shape = struct.pack("<IHHIIHH", 16, 1, 1, self._rate, self._rate * 2, 2, 16)
        self._stream.write(struct.pack("<4sI8s", b"RIFF", 36 + size, b"WAVEfmt ") + shape)
        self._stream.write(struct.pack("<4sI", b"data", size))
        self._stream.seek(0, 2)


def _append(log: Path, line: dict[str, object]) -> None:
    if log.exists() and log.stat().st_size > MOST_LOG_BYTES:
        log.replace(log.with_name("log.old.jsonl"))
    with log.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
