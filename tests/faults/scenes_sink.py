"""Faults of the output, and of who reads what the machine prints."""

from tests.faults.disks import PowerDisk, fill
from tests.faults.rig import Rig, wait_for
from tests.faults.verdict import Hopes, Outcome, judge

RESERVE_S = 10.0
"""Within how long the reserve has to sound."""


def sink_blocks(rig: Rig, disk: PowerDisk) -> Outcome:
    """The output takes no more sound, its writes hang: the reserve sounds, and the centre is told."""
    _with_a_reserve(rig)
    disk.freeze(frozen=True)
    try:
        rig.child.until("Finished", 6, 40)
        wait_for(lambda: any(not beat["sink_ok"] or beat["fault"] for beat in rig.centre.heartbeats), 10, "the fault")
    finally:
        disk.freeze(frozen=False)
    rig.until_settled()
    rig.end()
    return judge(rig, Hopes(within=RESERVE_S + 5, joined=True))


def sink_vanishes(rig: Rig) -> Outcome:
    """The output fails at once and for good: the reserve sounds, and the centre is told."""
    _with_a_reserve(rig)
    filler = fill(rig.heard)
    rig.child.until("Finished", 6, 40)
    wait_for(lambda: any(beat["fault"] for beat in rig.centre.heartbeats), 10, "the fault")
    filler.unlink()
    rig.until_settled()
    rig.end()
    return judge(rig, Hopes(within=RESERVE_S + 5, joined=True))


def _with_a_reserve(rig: Rig) -> None:
    rig.arguments = ("--reserve", f"virtual:{rig.reserve}")
    rig.line_up(2, first=6)
    rig.line_up(4, first=13)
    rig.publish()
    rig.start()
    rig.child.until("Finished", 2)


def log_reader_stalled(rig: Rig) -> Outcome:
    """Whoever takes the lines that the machine prints stands still: it sounds and reports all the same."""
    rig.line_up(12, first=6, apart=0.8, seconds=0.4)
    rig.publish()
    rig.start(read=False)
    rig.until_settled(40)
    rig.end()
    return judge(rig)
