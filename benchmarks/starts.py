"""Start error of ten slots on a machine process with the virtual sink, and the memory of each process.

Measured from the samples: the wall time of each clip's first sample less its plan.
"""

import json
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import psutil
from town import Town, heard, soon, tone, town, wait_for

SLOTS = 10
APART = timedelta(seconds=5)
_CLIP_S = 2.0


def main() -> None:
    """Print one line of JSON after the table."""
    with tempfile.TemporaryDirectory() as folder, town(Path(folder)) as place:
        machine = place.start_all()
        sounds = [tone(440 + 20 * number, _CLIP_S) for number in range(SLOTS)]
        starts = _schedule(place, sounds)
        wait_for(lambda: time.time() > starts[-1] + _CLIP_S + 4 or None, 120, "the last slot")
        errors = [_error(machine, sound, at) for sound, at in zip(sounds, starts, strict=True)]
        memory = {name: psutil.Process(one.pid).memory_info().rss / 2**20 for name, one in place.processes.items()}
    found = sorted(abs(error) for error in errors if error is not None)
    print(f"slots {SLOTS}, missed {SLOTS - len(found)}")
    print("start error, ms: " + ", ".join("missed" if one is None else f"{one:+.2f}" for one in errors))
    print("memory, MB resident: " + ", ".join(f"{name} {size:.0f}" for name, size in memory.items()))
    print(json.dumps({"p50_ms": statistics.median(found), "max_ms": found[-1], "missed": SLOTS - len(found)}))


def _schedule(place: Town, tones: list[np.ndarray]) -> list[float]:
    first = soon(12)
    for number, sound in enumerate(tones):
        place.schedule_tone(sound, first + number * APART)
    return [(first + number * APART).timestamp() for number in range(len(tones))]


def _error(machine: Path, sound: np.ndarray, at: float) -> float | None:
    for sounding in heard(machine):
        wall = sounding.first_of(sound)
        if wall is not None and abs(wall - at) < 60:
            return (wall - at) * 1000
    return None


if __name__ == "__main__":
    main()
