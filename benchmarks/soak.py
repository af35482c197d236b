"""Whole random timetables by the hundred thousand, each held to what must hold of every one: `make soak`.

The last line is one line of JSON; `broken` holds the seed and the promise of each timetable that broke one.
"""

import json
import sys
import time
from collections import Counter

from tests.timetables import broken_promises, timetable

TRIED = 100_000


def main(tried: int = TRIED) -> None:
    """Try the timetables of the first seeds, and end with an error when any promise was broken."""
    began = time.process_time()
    sounded: Counter[bool] = Counter()
    broken: dict[int, list[str]] = {}
    for seed in range(tried):
        made = timetable(seed)
        if found := sorted(set(broken_promises(made))):
            broken[seed] = found
        sounded.update(not slot.refusal for slots in made.slots().values() for slot in slots)
    quiet = sum("quiet hours" in one for found in broken.values() for one in found)
    print(f"{tried:,} timetables, {sounded[True]:,} sessions that sound, {sounded[False]:,} refused with a reason")
    line = {
        "timetables": tried,
        "sounding": sounded[True],
        "in_quiet_hours": quiet,
        "broken": broken,
        "cpu_s": round(time.process_time() - began, 1),
    }
    print(json.dumps(line))
    sys.exit(bool(broken))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else TRIED)
