"""Playout beside its peers, on a bench without a sound card: `python -m benchmarks.playout [--json] [--quick]`.

The machine under test is the real player process, enrolled at a small centre, its playlist signed and fetched over
HTTP, sounding through ALSA into a JACK graph (dummy driver, realtime, 512 frames of 48 kHz); mpd, liquidsoap and
APScheduler + ffplay sound into the same graph at the same instants (their settings: `benchmarks/playout_peers.py`).
A recording client, a process of its own, keeps every block; frames are laid in time by the lower envelope of when the
blocks were seen, and a start is the first sample above a tenth of full scale. Figures are absolute differences from
the planned instant, constant latencies of each output included.

- ours: a machine as it comes; second: one like it in the same graph, for the skew of the two; calibrated: one that was
  told the constant latency of its output, one period of the graph that ALSA's JACK plug does not report
  (`latency_ms` in its machine.toml); virtual: one whose output is files paced by the clock.
- busy: the same with two busy loops beside it, as many as the cores of a small box.
- preemption: a long session is on the air; an emergency, signed and served, is nudged at the machine: from the nudge
  until its first sample: the fetch over local HTTP, the check of the signature, the commit, the output's buffer.
- day: 24 hours of virtual time in a process of its own (`benchmarks/playout_day.py`).
- memory, idle, ready: of a machine process (`benchmarks/playout_process.py`).

It needs Debian's jackd2, mpd, liquidsoap, ffmpeg and libasound2-plugins, and ends with an error when one is missing.
All of it takes about nine minutes, --quick less than two with fewer slots. The last line is one line of JSON.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.playout_day import measure as day
from benchmarks.playout_graph import (
    PERIOD,
    Graph,
    Recording,
    ToolMissingError,
    end_with_parent,
    graph,
    recording,
    require_tools,
)
from benchmarks.playout_hearing import RATE, Score, percentile, score
from benchmarks.playout_ours import CLIP_S, OurMachine, first_onsets, tone
from benchmarks.playout_peers import PEERS
from benchmarks.playout_preempt import measure as preemption
from benchmarks.playout_process import measure as process

APART_S, PHASE_S = 2.0, 0.3
"""Between two instants; each is moved by up to PHASE_S, so that no player's own rhythm helps it."""
EARLY_S, LATE_S = 0.4, 1.2
LATENCY_MS = PERIOD / RATE * 1000
PEER_NAMES = tuple(peer.name for peer in PEERS)
ALSA = ("ours", "second", "calibrated")
_LEAST_LEAD_S = 14.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    slots: int
    busy_slots: int
    preemptions: int
    idle_s: float
    day_slots: int


WHOLE = Sizes(slots=100, busy_slots=40, preemptions=40, idle_s=60, day_slots=1000)
QUICK = Sizes(slots=12, busy_slots=6, preemptions=8, idle_s=8, day_slots=240)


@dataclass(frozen=True, slots=True)
class Race:
    """What one run of everybody gave: scores and holes in the sound by name, our two machines' skews, the graph."""

    scores: dict[str, Score]
    holes: dict[str, int]
    skews_ms: tuple[float, ...]
    graph: dict[str, object]


def race(where: Graph, name: str, slots: int, loops: int = 0) -> Race:
    """Let everybody sound at the same instants, beside some busy loops, and listen."""
    clip = tone(CLIP_S)
    path = where.folder / "clip.wav"
    path.write_bytes(clip.data)
    load = os.getloadavg()[0]
    with recording(where, name) as heard, ExitStack() as started:
        began = time.monotonic()
        machines = [_start(where, name, one, started) for one in (*ALSA, "virtual")]
        first = time.time() + max(_LEAST_LEAD_S, 3 * (time.monotonic() - began))  # the peers take as long, or longer
        instants = _instants(first, slots)
        for machine in machines:
            machine.schedule(instants, clip)
        for peer in [peer(where, path, name) for peer in PEERS]:
            peer.start(instants)
            started.callback(peer.stop)
        for machine in machines:
            machine.wait_for_playlist()
        if time.time() > first - 1:
            raise TimeoutError("the players took too long to start")
        started.enter_context(busy_loops(loops))
        time.sleep(max(instants[-1] + APART_S - time.time(), 0))
    starts = {port: heard.onsets(port) for port in where.ports}
    starts["virtual"] = first_onsets(machines[-1].folder / "recordings")
    scores = {port: score(instants, found, EARLY_S, LATE_S) for port, found in starts.items()}
    pairs = zip(_first_heard(instants, starts["ours"]), _first_heard(instants, starts["second"]), strict=True)
    skews = tuple((one - other) * 1000 for one, other in pairs if one and other)
    holes = {port: heard.holes(port) for port in where.ports}
    return Race(scores, holes, skews, _state(heard, load))


def _instants(first: float, slots: int) -> list[float]:
    draw = random.Random(slots)
    return [round(first + number * APART_S + draw.random() * PHASE_S, 3) for number in range(slots)]


def _start(where: Graph, race_name: str, name: str, started: ExitStack) -> OurMachine:
    """Start one of our machines; its playlist comes later."""
    machine = OurMachine(where, f"{race_name}-{name}", "virtual" if name == "virtual" else f"alsa:port_{name}")
    started.callback(machine.stop)
    if name == "calibrated":
        (machine.folder / "machine.toml").write_text(f"[sound]\nlatency_ms = {LATENCY_MS:.3f}\n", "utf-8")
    machine.start()
    return machine


def _first_heard(instants: Sequence[float], starts: Sequence[float]) -> list[float | None]:
    return [next((one for one in starts if -EARLY_S <= one - at < LATE_S), None) for at in instants]


def _state(heard: Recording, load: float) -> dict[str, object]:
    jitter = heard.timeline().jitter * 1000
    return {
        "xruns": heard.xruns,
        "jitter_p50_ms": round(float(np.percentile(jitter, 50)), 3),
        "jitter_p99_ms": round(float(np.percentile(jitter, 99)), 3),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep `count` cores busy with loops that do nothing else."""
    command = [sys.executable, "-c", "while True: pass"]
    loops = [subprocess.Popen(command, preexec_fn=end_with_parent) for _ in range(count)]  # noqa: PLW1509
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measure(sizes: Sizes, say: Callable[[str], None]) -> dict[str, object]:
    """Return every figure, the parts one after the other."""
    with tempfile.TemporaryDirectory(prefix="tiengloa-playout-") as folder, ExitStack() as started:
        where = started.enter_context(graph(Path(folder), (*ALSA, *PEER_NAMES)))
        say("start, memory, idle")
        found: dict[str, object] = process(where, sizes.idle_s)
        say(f"{sizes.slots} slots of everybody")
        calm = race(where, "calm", sizes.slots)
        say(f"{sizes.busy_slots} slots beside two busy loops")
        busy = race(where, "busy", sizes.busy_slots, loops=2)
        say(f"{sizes.preemptions} emergencies")
        found["preemption"] = preemption(where, sizes.preemptions)
    say(f"a day of {sizes.day_slots} slots in virtual time")
    found["day"] = day(sizes.day_slots)
    return {
        **{name: one.document() for name, one in calm.scores.items()},
        "skew": _skew(calm.skews_ms),
        "holes": calm.holes,
        "graph": calm.graph,
        "busy": {
            **{name: one.document() for name, one in busy.scores.items()},
            "skew": _skew(busy.skews_ms),
            "holes": busy.holes,
            "graph": busy.graph,
        },
        **found,
    }


def _skew(skews: Sequence[float]) -> dict[str, object]:
    sizes = [abs(one) for one in skews]
    found = {"p50_ms": percentile(sizes, 50), "p99_ms": percentile(sizes, 99), "max_ms": max(sizes, default=None)}
    return {"n": len(sizes), **{name: None if one is None else round(one, 3) for name, one in found.items()}}


def print_tables(found: dict[str, object]) -> None:
    """Print the figures as tables for people."""
    for title, scores in (("calm", found), ("two busy loops", found["busy"])):
        print(f"\nStart error, {title}: {scores['graph']}\n\n| | n | p50 ms | p99 ms | max ms | missed | doubled |")
        print("|---|---|---|---|---|---|---|")
        for name in (*ALSA, "virtual", *PEER_NAMES):
            one = scores[name]
            figures = " | ".join(str(one[key]) for key in ("n", "p50_ms", "p99_ms", "max_ms", "missed", "doubled"))
            print(f"| {name} | {figures} |")
        print(f"\nHoles of 2 ms or more in what sounded: {scores['holes']}")
        print(f"\nTwo machines apart: {scores['skew']}")
    for part in ("preemption", "day", "process"):
        print(f"\n{part}: {found[part]}")
    print()


def main(arguments: Sequence[str] = ()) -> None:
    """Measure; the last line is one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.playout")
    parser.add_argument("--json", action="store_true", help="only the line of JSON")
    parser.add_argument("--quick", action="store_true", help="fewer slots: less than two minutes")
    options = parser.parse_args(arguments)
    try:
        require_tools()
    except ToolMissingError as error:
        sys.exit(str(error))

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # so that what was started ends too

    def say(part: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {part} ...", file=sys.stderr, flush=True)

    found = measure(QUICK if options.quick else WHOLE, say)
    if not options.json:
        print_tables(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
