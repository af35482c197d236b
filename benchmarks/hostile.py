"""Junk to every door of the panel and the machine API, from everybody, over and over: `make soak`.

The last line is one line of JSON; `broken` holds each promise that was broken, with the call that broke it.
"""

import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hostile_town import hostile_town

ROUNDS = 40


def main(rounds: int = ROUNDS) -> None:
    """Walk `rounds` stations, and end with an error when any promise was broken."""
    began = time.process_time()
    statuses: Counter[int] = Counter()
    broken: dict[str, str] = {}
    for number in range(rounds):
        with TemporaryDirectory() as folder, hostile_town(Path(folder)) as town:
            town.walk(f"soak {number}")
            statuses.update(town.statuses)
            broken.update(town.broken)
    cpu_s = time.process_time() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(statuses.values()):,} hostile calls; by status: {dict(sorted(statuses.items()))}")
    print(
        json.dumps(
            {"calls": sum(statuses.values()), "broken": broken, "cpu_s": round(cpu_s), "peak_mb": round(peak_mb)}
        )
    )
    sys.exit(bool(broken))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ROUNDS)
