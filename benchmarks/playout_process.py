"""What a machine process weighs: how soon it is ready, what it takes while nothing sounds, how much memory it holds."""

import re
import time
from pathlib import Path

from benchmarks.playout_graph import Graph, recording
from benchmarks.playout_ours import CLIP_S, OurMachine, tone

STARTS = 5
_HOUR_S = 3600.0
_JACK = re.compile(r"/dev/shm/.*jack|/lib.*jack|/libdb-")


def measure(where: Graph, idle_s: float) -> dict[str, object]:
    """Return the figures of a machine that sounds through ALSA, and of one with the virtual output."""
    with recording(where, "process"):
        alsa = _of(where, "alsa", "alsa:port_ours", idle_s)
        return {"process": {"alsa": alsa, "virtual": _of(where, "virtual", "virtual", idle_s / 3)}}


def _of(where: Graph, kind: str, sink: str, idle_s: float) -> dict[str, object]:
    machine = OurMachine(where, f"process-{kind}", sink)
    clip = tone(CLIP_S)
    try:
        ready = []
        for _ in range(STARTS):
            machine.start()
            ready.append(machine.ready_s)
            if len(ready) < STARTS:
                where.stop(machine.process)
        first = time.time() + _HOUR_S  # a plan is held, and nothing of it is due
        machine.schedule([first + 60 * number for number in range(200)], clip)
        machine.wait_for_playlist()
        time.sleep(2)
        used, began = machine.processor_seconds(), time.monotonic()
        time.sleep(idle_s)
        share = (machine.processor_seconds() - used) / (time.monotonic() - began)
        resident, unshared = machine.memory()
        return {
            "ready_s": round(sorted(ready)[len(ready) // 2], 2),
            "ready_max_s": round(max(ready), 2),
            "idle_percent": round(100 * share, 2),
            "idle_s": idle_s,
            "rss_mb": round(resident, 1),
            "rss_without_jack_mb": round(resident - jack_mb(machine.process.pid), 1),
            "uss_mb": round(unshared, 1),
        }
    finally:
        machine.stop()


def jack_mb(pid: int) -> float:
    """Return how much of a process is JACK's shared memory and libraries, which no box with a sound card has."""
    total, counting = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text("utf-8").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            counting = bool(_JACK.search(line))
        elif counting and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total * 1024 / 1e6
