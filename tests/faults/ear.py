"""What was heard, decided from the recorded samples alone: each piece of a clip, bit for bit, and what is none."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.fakes_player import RATE, Sound

_HEADER = 44
_STEP, _NEEDLE = RATE // 50, 32
_UNWRITTEN_S = 0.1
"""How much of its last sound a killed process may not have written yet: lost to us, not to the ear."""
_LAST_BIT_S = 0.8
_RAMP = RATE // 20


@dataclass(frozen=True)
class Piece:
    """Frames [begin, end) of the clip `key` were heard; its first frame was, or would have been, at `at`.

    In the recording that is frame `shift`.
    """

    key: str
    at: float
    begin: int
    end: int
    frames: int
    shift: int = 0

    @property
    def whole(self) -> bool:
        """Tell whether it is the clip in full."""
        return self.end - self.begin >= self.frames - _UNWRITTEN_S * RATE

    @property
    def nearly_whole(self) -> bool:
        """Tell whether it counts as heard: a clip may lack its last bit, and is not begun again for that."""
        return self.end - self.begin >= self.frames - min(_LAST_BIT_S, self.frames / RATE / 4) * RATE

    @property
    def heard_from(self) -> float:
        return self.at + self.begin / RATE


@dataclass(frozen=True)
class Recording:
    """One file of a virtual sink: its samples, and marks (frame, true wall clock time) wherever its time moved."""

    samples: npt.NDArray[np.int16]
    marks: tuple[tuple[int, float], ...]

    def time_of(self, frame: int) -> float:
        """Return when `frame` sounded, by the last mark before it."""
        at, wall = max((mark for mark in self.marks if mark[0] <= frame), default=self.marks[0])
        return wall + (frame - at) / RATE


def recordings(folder: Path) -> list[Recording]:
    """Return what a virtual sink wrote, dated by the monotonic clock, whatever the machine's wall clock said."""
    log = folder / "log.jsonl"
    lines = (
        [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.endswith("}")] if log.exists() else []
    )
    true_offset = time.time() - time.monotonic()
    marks: dict[str, list[tuple[int, float]]] = {}
    for line in lines:
        marks.setdefault(line["file"], []).append((line["file_frame"], line["monotonic"] + true_offset))
    found = []
    for path in sorted(folder.glob("*.wav")):
        raw = path.read_bytes()[_HEADER:]  # the header of a killed process is behind its samples
        samples = np.frombuffer(raw[: len(raw) // 2 * 2], np.int16)
        if samples.any():
            found.append(Recording(samples, tuple(marks[path.name])))
    return sorted(found, key=lambda one: one.marks[0][1])


def pieces(found: Iterable[Recording], clips: Mapping[str, Sound]) -> list[Piece]:
    """Return every piece of `clips` (by key) that is in the recordings, in the order of time."""
    heard = [piece for one in found for key, clip in clips.items() for piece in _pieces_of(one, key, clip)]
    return sorted(heard, key=lambda piece: piece.heard_from)


def _pieces_of(recording: Recording, key: str, clip: Sound) -> list[Piece]:
    """Return the runs in which the recording repeats the clip: places where a short bit of it is found, made longer."""
    data, frames = recording.samples.tobytes(), len(clip.samples)
    diagonals: set[int] = set()
    for start in range(0, frames - _NEEDLE, _STEP):
        needle = clip.samples[start : start + _NEEDLE].tobytes()
        place = data.find(needle)
        while place >= 0:
            if place % 2 == 0:
                diagonals.add(place // 2 - start)
            place = data.find(needle, place + 1)
    return [piece for shift in sorted(diagonals) for piece in _along(recording, key, clip, shift)]


def _along(recording: Recording, key: str, clip: Sound, shift: int) -> list[Piece]:
    """Return the piece of the clip that lies `shift` frames into the recording."""
    begin = max(0, -shift)
    end = min(len(clip.samples), len(recording.samples) - shift)
    same = np.flatnonzero(recording.samples[begin + shift : end + shift] == clip.samples[begin:end])
    heard_from = begin + int(same[0])
    at = recording.time_of(heard_from + shift) - heard_from / RATE
    return [Piece(key, at, heard_from, begin + int(same[-1]) + 1, len(clip.samples), shift)]


def strange_frames(found: Iterable[Recording], clips: Mapping[str, Sound]) -> int:
    """Return how many frames sound but belong to none of `clips`; fades, which change samples, are forgiven."""
    strange = 0
    for one in found:
        known = one.samples == 0
        for key, clip in clips.items():
            for piece in _pieces_of(one, key, clip):
                known[max(piece.shift + piece.begin - _RAMP, 0) : piece.shift + piece.end + _RAMP] = True
        strange += int(np.count_nonzero(~known))
    return strange
