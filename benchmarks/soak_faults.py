"""A thousand power cuts of a machine's store and two hundred kills of a machine's process: part of `make soak`.

The last line is one line of JSON; `broken` names the seed of whatever broke a promise. Power cuts need root.
"""

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.disks import can_mount, power_disk
from tests.faults.power import Tally, cut_again_and_again
from tests.faults.rig import WaitedInVainError, rig
from tests.faults.scenes_power import kill_at_random
from tests.faults.verdict import Outcome

CUTS, CUTS_A_SEED = 1000, 100
KILLS, KILLS_A_SEED = 200, 5
_AT_ONCE = 12


def main(cuts: int = CUTS, kills: int = KILLS) -> None:
    """Cut and kill, and end with an error when any promise was broken."""
    began = time.monotonic()
    tallies = [_cut(seed) for seed in range(cuts // CUTS_A_SEED)] if can_mount() else []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = list(pool.map(_kill, range(kills // KILLS_A_SEED)))
    broken = [text for tally in tallies for text in tally.broken]
    broken += [f"kills of seed {seed}: {text}" for seed, one in enumerate(outcomes) for text in one.broken]
    line = {
        "power_cuts": sum(tally.cuts for tally in tallies),
        "writes_told": sum(tally.writes for tally in tallies),
        "kills": len(outcomes) * KILLS_A_SEED,
        "heard": sum(one.heard for one in outcomes),
        "of": sum(one.of for one in outcomes),
        "broken": broken,
        "wall_s": round(time.monotonic() - began),
    }
    print(json.dumps(line, ensure_ascii=False))
    sys.exit(bool(broken))


def _cut(seed: int) -> Tally:
    with tempfile.TemporaryDirectory(prefix="cuts-") as folder, power_disk(Path(folder) / "power", 64) as disk:
        tally = cut_again_and_again(disk, CUTS_A_SEED, seed)
    print(f"seed {seed}: {tally.cuts} power cuts, {tally.writes} writes told, {len(tally.broken)} promises broken")
    return tally


def _kill(seed: int) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="kills-") as folder, rig(Path(folder) / "rig") as made:
        try:
            outcome = kill_at_random(made, kills=KILLS_A_SEED, seed=seed)
        except WaitedInVainError as error:
            outcome = Outcome(0, len(made.slots), (str(error),))
    print(
        f"seed {seed}: {KILLS_A_SEED} kills, {outcome.heard} of {outcome.of} heard, {outcome.broken or 'none broken'}"
    )
    return outcome


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
