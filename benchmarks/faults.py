"""Sessions heard of those that had to be, through each fault, on a real machine process; a naive player beside it.

What was heard is decided from the recorded samples, bit for bit; besides, each fault is held to the invariants of
`tests/faults/verdict.py`. Faults of the disk and of the output need root. `--json` leaves the table out.
"""

import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from benchmarks import faults_peer
from tests.faults.disks import can_mount
from tests.faults.scenes import SCENES, play
from tests.faults.verdict import Outcome

_AT_ONCE = 4


def main(arguments: Iterable[str] | None = None) -> None:
    """Play every fault, or those named, and print the table and one line of JSON."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    named = [name for name in given if name in SCENES]
    able = can_mount()
    wanted = [name for name in named or SCENES if able or not SCENES[name].mounts]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = dict(zip(wanted, pool.map(play, wanted), strict=True))
        peers = [name for name in wanted if name in faults_peer.SCENES and faults_peer.can_play()]
        beside = dict(zip(peers, pool.map(faults_peer.play, peers), strict=True))
    if "--json" not in given:
        _print_table(outcomes, beside)
    line = {name: outcome.document() for name, outcome in outcomes.items()}
    line |= {f"{name} (APScheduler + ffplay)": outcome.document() for name, outcome in beside.items()}
    print(json.dumps(line, ensure_ascii=False))


def _print_table(outcomes: dict[str, Outcome], beside: dict[str, Outcome]) -> None:
    print("| fault | heard of | promises broken | APScheduler + ffplay, heard of | heard more than once |")
    print("|---|---|---|---|---|")
    for name, outcome in outcomes.items():
        other = beside.get(name)
        peer = f"{other.heard} of {other.of} | {len(other.broken)}" if other else " | "
        print(f"| {name} | {outcome.heard} of {outcome.of} | {'; '.join(outcome.broken) or 'none'} | {peer} |")


if __name__ == "__main__":
    main()
