"""The timetable beside its peers and against its goals: `python -m benchmarks.timetable [--json]`.

Rules are expanded by ours, by dateutil and by recurring-ical-events in one run; an edit of a year's plan is checked
for conflicts; the plans of a thousand machines are made anew, as values and in a database; and the alarm decides
among a quarter of a million occurrences. The expansions are in processor seconds, ours and the peers' alike; the rest,
which a person or a machine waits for, by the wall clock, with processor seconds beside it. The last line is one line of
JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks import timetable_alarm, timetable_town
from benchmarks.peers import HERE, python_of
from benchmarks.timetable_rules import DAYS, END, RULES, START, as_icalendar, by_dateutil, rules
from scheduler.conflicts import Edit, conflicts
from scheduler.expand import expand
from scheduler.planning import make_plan, replan
from scheduler.publishing import publish
from scheduler.signing import StationKey

SAMPLE = 100
"""Rules that recurring-ical-events expands; its time is scaled to all."""
PEER = "recurring-ical-events"
_NEEDS = ("click", "icalendar", "python-dateutil", "six", "typing-extensions", "tzdata", "x-wr-timezone")

Timed = tuple[float, float]
"""Seconds of the wall clock, and of the processor."""


def timed(work: Callable[[], object], passes: int = 1) -> Timed:
    """Return the least of some passes, of each clock."""
    found = []
    for _ in range(passes):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(wall for wall, _ in found), min(cpu for _, cpu in found)


def expanding() -> dict[str, object]:
    """Return the times of ours and of the peers over the same rules; all must find the same number."""
    every = rules()
    count = len(expand(every, START, END))
    ours = timed(lambda: expand(every, START, END), 5)
    theirs = timed(lambda: _require(by_dateutil(every), count))
    found: dict[str, object] = {
        "expand_s": ours[1],
        "expand_wall_s": ours[0],
        "dateutil_s": theirs[1],
        "dateutil_wall_s": theirs[0],
        "occurrences": count,
    }
    try:
        found["recurring_ical_s"] = _peer_seconds()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        found |= {"recurring_ical_s": None, "recurring_ical_error": f"{type(error).__name__}: {error}"}
    return found


def _peer_seconds() -> float:
    """Return the processor seconds of the peer for all rules, from a sample of them, reading and expanding."""
    some = rules()[:SAMPLE]
    command = [str(python_of(PEER, _NEEDS)), str(HERE / "timetable_peer.py"), START.isoformat(), END.isoformat()]
    run = subprocess.run(command, input=as_icalendar(some).encode(), capture_output=True, check=True, timeout=180)
    told = json.loads(run.stdout)
    _require(told["occurrences"], len(expand(some, START, END)))
    return float(told["read_s"] + told["expand_s"]) * RULES / len(some)


def _require(found: int, wanted: int) -> None:
    if found != wanted:
        raise ValueError(f"{found} occurrences, not {wanted}")


def conflict() -> dict[str, object]:
    """Return how long the check of one edit takes in the plan of a year: a session of a commune, and of a hamlet."""
    inputs, machines, now = timetable_town.inputs(), timetable_town.machines(), timetable_town.NOW
    rule = inputs.shelf.rules["ban-3-4"]
    edits = [Edit(rules=(replace(rule, times=(at,)),)) for at in timetable_town.EDIT_TIMES]
    found = [timed(lambda edit=edit: conflicts(inputs, machines, edit, now)) for edit in edits]  # type: ignore[misc]
    return {
        "conflict_ms": median(wall for wall, _ in found) * 1000,
        "conflict_cpu_ms": median(c for _, c in found) * 1000,
    }


def planning() -> dict[str, object]:
    """Return how long the plans of a thousand machines take: as values, into a new database, and again unchanged."""
    inputs, machines, now = timetable_town.inputs(), timetable_town.machines(), timetable_town.NOW
    pure = timed(lambda: make_plan(inputs, machines, now), 2)
    with tempfile.TemporaryDirectory() as folder:
        database = timetable_town.fill(Path(folder))
        first = timed(lambda: replan(database, now))
        again = timed(lambda: replan(database, now + timedelta(minutes=1)))
        plan = replan(database, now + timedelta(minutes=2))
        key = StationKey.load_or_create(Path(folder) / "key")
        signing = timed(lambda: publish(database, key, plan, now + timedelta(minutes=2)))
        database.close()
    return {
        "make_plan_s": pure[0],
        "make_plan_cpu_s": pure[1],
        "plans_1000_s": first[0],
        "plans_1000_cpu_s": first[1],
        "replan_again_s": again[0],
        "replan_again_cpu_s": again[1],
        "publish_1000_s": signing[0],
        "publish_1000_cpu_s": signing[1],
        "slots": sum(map(len, plan.slots.values())),
    }


PARTS: dict[str, Callable[[], dict[str, object]]] = {
    "expanding": expanding,
    "conflict": conflict,
    "planning": planning,
    "alarm": lambda: dict(timetable_alarm.measure()),
}


def print_table(found: dict[str, object]) -> None:
    """Print what was found as a table."""
    print(f"{RULES:,} weekly rules over {DAYS} days; recurring-ical-events on {SAMPLE} of them, scaled.\n")
    print("| figure | value |\n|---|---|")
    for name, value in found.items():
        print(f"| {name} | {value:,.3f} |" if isinstance(value, float) else f"| {name} | {value} |")
    print()


def main(arguments: Sequence[str] = ()) -> None:
    """Measure; the last line is one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timetable")
    parser.add_argument("--json", action="store_true", help="only the line of JSON")
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    options = parser.parse_args(arguments)
    found: dict[str, object] = {}
    for name, part in PARTS.items():
        if options.only in {None, name}:
            found |= part()
    if not options.json:
        print_table(found)
    print(json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in found.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
