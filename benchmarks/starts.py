"""Start error of ten slots on a machine process with the virtual sink, and the memory of each process.

Measured from the samples: the wall time of each clip's first sample less its plan.
"""

import json
import math
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "endtoend"))

from town import RATE, ZONE, Town, heard, soon, town, wait_for

from audio_library.codec import encode_flac
from domain.audio import Clip, ClipKind, Loudness
from domain.timetable import Programme, ProgrammeItem, Rule
from player.clock import SystemClock
from store import clips, timetable

SLOTS = 10
APART = timedelta(seconds=5)
_CLIP_S = 2.0


def main() -> None:
    """Print one line of JSON after the table."""
    with tempfile.TemporaryDirectory() as folder, town(Path(folder)) as place:
        place.start_panel()
        place.start_worker()
        wait_for(lambda: place.centre.folder.station_key.exists() or None, 20, "the station's key")
        machine = place.enrol()
        place.start_machine(machine)
        tones = [_tone(440 + 20 * number) for number in range(SLOTS)]
        starts = _schedule(place, tones)
        wait_for(lambda: time.time() > starts[-1] + _CLIP_S + 4 or None, 120, "the last slot")
        errors = [_error(machine, tone, at) for tone, at in zip(tones, starts, strict=True)]
        memory = {name: psutil.Process(one.pid).memory_info().rss / 2**20 for name, one in place.processes.items()}
    found = sorted(abs(error) for error in errors if error is not None)
    print(f"slots {SLOTS}, missed {SLOTS - len(found)}")
    print("start error, ms: " + ", ".join("missed" if one is None else f"{one:+.2f}" for one in errors))
    print("memory, MB resident: " + ", ".join(f"{name} {size:.0f}" for name, size in memory.items()))
    print(json.dumps({"p50_ms": statistics.median(found), "max_ms": found[-1], "missed": SLOTS - len(found)}))


def _tone(pitch: float) -> np.ndarray:
    wave = 12_000 * np.sin(2 * math.pi * pitch * np.arange(int(_CLIP_S * RATE)) / RATE + 0.5)
    return wave.astype("<i2")


def _schedule(place: Town, tones: list[np.ndarray]) -> list[float]:
    first, now = soon(12), SystemClock().now()
    starts = [first + number * APART for number in range(SLOTS)]
    with place.centre.database.write() as connection:
        for number, (tone, at) in enumerate(zip(tones, starts, strict=True)):
            data = encode_flac(tone.tobytes())
            clip_hash = place.centre.blobs.put(data)
            length = timedelta(seconds=len(tone) / RATE)
            clips.put(
                connection,
                Clip(
                    clip_hash, len(data), "audio/flac", length, Loudness(-16, -3, 1), ClipKind.OTHER, f"{number}", now
                ),
            )
            item = ProgrammeItem(clip_hash=clip_hash)
            timetable.add_programme(connection, Programme(f"bench-{number}", f"Mốc {number}", (item,)))
            local = at.astimezone(ZONE)
            timetable.add_rule(
                connection,
                Rule(
                    f"bench-{number}",
                    f"bench-{number}",
                    frozenset({"lai-chau"}),
                    (local.time(),),
                    dates=frozenset({local.date()}),
                ),
            )
    return [at.timestamp() for at in starts]


def _error(machine: Path, tone: np.ndarray, at: float) -> float | None:
    for sounding in heard(machine):
        wall = sounding.first_of(tone)
        if wall is not None and abs(wall - at) < 60:
            return (wall - at) * 1000
    return None


if __name__ == "__main__":
    main()
