"""Faults of the power and of the disk: kills, power cuts, full disks and flipped bytes."""

import random
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from domain.playlist import PlaylistSlot
from domain.timetable import Priority
from tests.faults.disks import PowerDisk, fill
from tests.faults.ear import recordings
from tests.faults.rig import Rig, wait_for
from tests.faults.verdict import Hopes, Outcome, judge

BOOT_S = 20.0


def kill_at_random(rig: Rig, kills: int = 5, seed: int = 1) -> Outcome:
    """The process is killed again and again, in mid-clip as well as while it boots; its supervisor starts it anew."""
    begin_in_spite_of_kills(rig, kills, seed)
    rig.until_settled(60)
    rig.end()
    return judge(rig, Hopes(within=60))


def begin_in_spite_of_kills(rig: Rig, kills: int, seed: int) -> None:
    """Publish six sessions, and start the process once more than it is killed."""
    dice = random.Random(seed)
    rig.line_up(6, first=6, apart=3.4, seconds=3.2)
    rig.publish()
    for _ in range(kills):
        rig.start()
        time.sleep(dice.uniform(0.3, 4.0))
        rig.kill()
    rig.start()


def power_cut(rig: Rig, disk: PowerDisk, cuts: int = 2, seed: int = 1) -> Outcome:
    """The power is cut in mid-clip; after the boot the machine sounds again, and nothing is heard twice."""
    dice = random.Random(seed)
    rig.line_up(4, first=6, apart=3.4, seconds=3.2)
    rig.publish()
    for _ in range(cuts):
        rig.start()
        wait_for(lambda: rig.child.told("Sounding"), 20, "sound")
        time.sleep(dice.uniform(0.0, 4.0))
        disk.cut()
        rig.kill()
        disk.unmount()
        disk.mount()
    rig.start()
    rig.until_settled(60)
    rig.end()
    slow = [text for child in rig.runs if (text := _slow(rig, child.started))]
    found = judge(rig, Hopes(within=60))
    return Outcome(found.heard, found.of, (*found.broken, *slow))


def _slow(rig: Rig, booted: float) -> str:
    after = [at for one in recordings(rig.heard) if (at := one.marks[0][1]) > booted]
    took = min(after, default=float("inf")) - booted
    return f"sounded {took:.1f} s after its boot" if took > BOOT_S else ""


def disk_full(rig: Rig) -> Outcome:
    """Every byte of the disk is taken while the machine runs: its reserve lets it write its journal all the same."""
    rig.line_up(6, first=6)
    rig.publish()
    rig.start()
    rig.synced()
    fill(rig.home)
    rig.until_settled()
    wait_for(lambda: rig.centre.told("Ổ đĩa"), 15, "word of the full disk")
    rig.end()
    return judge(rig, Hopes(told=("Ổ đĩa",)))


def disk_full_to_the_last_byte(rig: Rig) -> Outcome:
    """A disk too small for a reserve is full: an emergency sounds, routine sessions that cannot be claimed do not."""
    rig.line_up(3, first=6)
    rig.plan(rig.slots[-1].starts_at, priority=Priority.EMERGENCY)
    rig.publish()
    rig.start()
    rig.synced()
    filler = fill(rig.home)
    wait_for(lambda: rig.child.told("Finished"), 20, "the emergency")
    wait_for(lambda: rig.centre.told("Ổ đĩa"), 15, "word of the full disk")
    filler.unlink()
    rig.until_settled()
    rig.end()
    return judge(rig, Hopes(within=30, told=("Ổ đĩa",)))


def flipped_bytes(rig: Rig) -> Outcome:
    """A byte is flipped in every clip but the last, in the playlist that is held, and in half a download."""
    rig.line_up(6, first=0)
    rig.stock(first=9)
    shelf = sorted((rig.home / "clips").glob("??/*"))
    for path in shelf[:-1]:
        flip(path, path.stat().st_size // 2)
    partial = rig.home / "clips" / "partial" / shelf[-1].name
    partial.write_bytes(shelf[-1].read_bytes()[:20_000])
    flip(partial, 10_000)
    shelf[-1].unlink()
    database = rig.home / "cabinet.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what a killed process left beside it
    flip(database, database.read_bytes().index(b'"signed"') + 200)
    rig.start()
    rig.until_settled()
    rig.end()
    return judge(rig)


def damaged_database(rig: Rig) -> Outcome:
    """The database is beyond use after two sessions: it is put aside, and nothing of the past is heard again."""
    rig.line_up(6, first=6, apart=1.5)
    rig.publish()
    rig.start()
    rig.until_settled(keys={"s0", "s1"})
    rig.kill()
    for path in rig.home.glob("cabinet.db*"):
        path.write_bytes(random.Random(1).randbytes(path.stat().st_size))
    for number in range(2, 6):
        rig.slots[number] = _later(rig, number)
    rig.publish(counter=2)
    rig.start()
    rig.until_settled()
    wait_for(lambda: rig.centre.told("bị hỏng"), 15, "word of the damage")
    rig.end()
    return judge(rig, Hopes(told=("bị hỏng",)))


def _later(rig: Rig, number: int) -> PlaylistSlot:
    return replace(rig.slots[number], starts_at=rig.now() + timedelta(seconds=8 + 1.2 * (number - 1)))


def flip(path: Path, place: int) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
