"""Power cuts of the machine's own store, by the hundred: what was told to be on the disk is there, and whole.

A child writes to a disk as the machine does (playlists, airings, clips), telling after each write that it is done. The
power is cut at a random instant; the disk is mounted anew, and everything that was told must be found on it.
"""

import os
import random
import select
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import TiengLoaError
from domain.machines import AiringOutcome
from player.cabinet import Cabinet, disk_errors, file_hash, open_cabinet, write_identity
from player.journal import Journal
from player.trust import Identity
from tests.fakes_player import MACHINE, STATION, Sound, item, playlist, signed, slot, sound
from tests.faults.disks import PowerDisk

_STATION_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_SLOTS = 40
_LONGEST_S = 0.12
_MOST_TOLD = 1 << 16


@dataclass
class Told:
    """What the child said was on the disk."""

    counter: int = 0
    airings: set[str] = field(default_factory=set)
    clips: set[str] = field(default_factory=set)

    def take(self, line: str) -> None:
        kind, _, value = line.partition(" ")
        if kind == "playlist":
            self.counter = int(value)
        elif kind == "airing":
            self.airings.add(value)
        elif kind == "clip":
            self.clips.add(value)


@dataclass(frozen=True)
class Tally:
    """How many cuts there were, how many told writes they hit after, and what was broken, as sentences."""

    cuts: int
    writes: int
    broken: tuple[str, ...]


def cut_again_and_again(disk: PowerDisk, cuts: int, seed: int) -> Tally:
    """Cut the power of `disk` this many times while a machine's store is written on it."""
    dice = random.Random(seed)
    home = disk.place / "machine"
    write_identity(
        home, Identity(MACHINE, "Loa", STATION, "http://127.0.0.1:9", _STATION_KEY.public_key().public_bytes_raw()),
        Ed25519PrivateKey.generate(),
    )  # fmt: skip
    open_cabinet(home).close()
    told, every, broken, writes = Told(), Told(), list[str](), 0
    for number in range(cuts):
        writes += _write_and_cut(disk, home, told, dice.uniform(0.0, _LONGEST_S))
        broken += [f"cut {number} of seed {seed}: {text}" for text in _missing(home, told)]
        every.airings |= told.airings
        every.clips |= told.clips
        told = Told(told.counter)
    broken += [f"after all cuts of seed {seed}: {text}" for text in _missing(home, every)]
    return Tally(cuts, writes, tuple(broken))


def _write_and_cut(disk: PowerDisk, home: Path, told: Told, after_s: float) -> int:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - ends by a kill
        with suppress(BaseException):
            os.close(reading)
            _write_for_ever(home, told.counter, writing)
        os._exit(0)
    os.close(writing)
    select.select([reading], [], [], 10)  # the first write is done
    time.sleep(after_s)
    # What is told after this instant is left out: a flush that the cut overtakes may still be said to have succeeded.
    said = os.read(reading, _MOST_TOLD).decode() if select.select([reading], [], [], 0)[0] else ""
    disk.cut()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    lines = said.split("\n")[:-1]
    for line in lines:
        told.take(line)
    disk.unmount()
    disk.mount()
    return len(lines)


def _write_for_ever(home: Path, counter: int, tell: int) -> None:
    cabinet = open_cabinet(home)
    journal = Journal(cabinet.database)
    short = sound(0.05, seed=counter)
    while True:
        counter += 1
        for line in _one_round(cabinet, journal, counter, short):
            os.write(tell, f"{line}\n".encode())


def _one_round(cabinet: Cabinet, journal: Journal, counter: int, clip: Sound) -> Iterator[str]:
    now = datetime.now(UTC)
    slots = [slot(f"{counter}-{number}", now + timedelta(minutes=number), item(clip)) for number in range(_SLOTS)]
    cabinet.accept(signed(playlist(slots, [clip], now, counter=counter), _STATION_KEY), f'"{counter}"', now)
    yield f"playlist {counter}"
    for one in slots[:3]:
        key = f"{MACHINE}/{one.key}/0"
        journal.claim(key, one, 0, one.starts_at, now)
        journal.started(key, now, one.starts_at)
        journal.finish(key, AiringOutcome.PLAYED, now, 50, "")
        yield f"airing {key}"
    journal.acknowledge(journal.unsent())
    if not cabinet.holds(clip.hash):
        with disk_errors(), cabinet.partial_path(clip.hash).open("wb") as stream:
            stream.write(clip.data)
            stream.flush()
            os.fsync(stream.fileno())
        cabinet.shelve(clip.hash)
        yield f"clip {clip.hash}"


def _missing(home: Path, told: Told) -> Iterator[str]:
    """Tell what is not on the disk though it was told, or is torn."""
    try:
        cabinet = open_cabinet(home)
    except TiengLoaError as error:
        yield f"the store does not open: {error.sentence}"
        return
    if cabinet.mended:
        yield cabinet.mended
    try:
        held = cabinet.playlist()
        if told.counter and (held is None or held.counter < told.counter):
            yield f"told of playlist {told.counter}, found {held and held.counter}"
        told.counter = held.counter if held else 0
    except TiengLoaError as error:
        yield f"the playlist is torn: {error.sentence}"
    known = Journal(cabinet.database).known()
    for key in told.airings:
        if key not in known or known[key].outcome is not AiringOutcome.PLAYED:
            yield f"airing {key} is lost"
    yield from (f"clip {one[:8]} is lost or torn" for one in told.clips if file_hash(cabinet.clip_path(one)) != one)
    cabinet.close()
