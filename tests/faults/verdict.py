"""The invariants that every fault is held to, judged from the samples and from the machine's and the centre's rows."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from domain.playlist import PlaylistSlot
from tests.fakes_player import RATE, Sound
from tests.faults.ear import Piece, pieces, recordings, strange_frames
from tests.faults.rig import Rig


@dataclass(frozen=True)
class Outcome:
    """How many sessions were heard of those that had to be, and each promise that was broken, as a sentence."""

    heard: int
    of: int
    broken: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Return what the closing line of the benchmark tells."""
        told: dict[str, object] = {"heard": self.heard, "of": self.of}
        return {**told, "broken": list(self.broken)} if self.broken else told


@dataclass(frozen=True)
class Hopes:
    """What is asked of a scene.

    Every session but those in `silent` is to be heard in full, once, at most `early` seconds before and `within`
    seconds after its plan, unless the clock is `stepped` on purpose; a heartbeat's fault is to say each of `told`.
    With `joined` a clip may begin at one output and end at another.
    """

    silent: frozenset[str] = frozenset()
    within: float = 15.0
    early: float = 0.5
    told: tuple[str, ...] = ()
    stepped: bool = False
    joined: bool = False


def judge(rig: Rig, hopes: Hopes | None = None) -> Outcome:
    """Judge what the machine of `rig` did, once it has ended."""
    hopes = hopes or Hopes()
    found = [*recordings(rig.heard), *recordings(rig.reserve)]
    heard = pieces(found, rig.clips)
    full = Counter(piece.key for piece in heard if piece.whole)
    if hopes.joined:
        full.update(key for key, clip in rig.clips.items() if not full[key] and _joined(key, heard, clip))
    enough = set(full) | {piece.key for piece in heard if piece.nearly_whole}
    wanted = [one for one in rig.slots if one.key not in hopes.silent]
    broken = [f"{key} was heard {count} times in full" for key, count in full.items() if count > 1]
    broken += [f"{key} had to stay silent" for key in sorted({piece.key for piece in heard} & hopes.silent)]
    if not hopes.stepped:
        broken += [text for one in wanted for text in _out_of_time(one, heard, hopes)]
    if strange := strange_frames(found, rig.clips):
        broken.append(f"{strange} frames of what nobody approved")
    broken += list(_rows(rig, full))
    broken += [f"no heartbeat told {words!r}" for words in hopes.told if not rig.centre.told(words)]
    once = sum(one.key in enough and full[one.key] <= 1 for one in wanted)
    return Outcome(once, len(wanted), tuple(broken))


def _joined(key: str, heard: list[Piece], clip: Sound) -> bool:
    """Tell whether the pieces of a clip make it up, but for what an output that was lost had not written yet."""
    covered = np.zeros(len(clip.samples), bool)
    for piece in heard:
        if piece.key == key:
            covered[piece.begin : piece.end] = True
    return int(np.count_nonzero(~covered)) <= 0.15 * RATE


def _out_of_time(one: PlaylistSlot, heard: list[Piece], hopes: Hopes) -> Iterator[str]:
    due = one.starts_at.timestamp()
    for piece in heard:
        late = piece.at - due
        if piece.key == one.key and not -hopes.early <= late <= hopes.within:
            yield f"{one.key} was heard {late:+.2f} s from its plan"


def _rows(rig: Rig, full: Counter[str]) -> Iterator[str]:
    """Tell what is wrong with the rows: each session needs exactly one, final, with a reason, and true to the ear."""
    rows = machine_rows(rig)
    centre = {row["slot"]: row["outcome"] for row in rig.centre.airings.values()}
    for key in (one.key for one in rig.slots):
        mine = [row for row in rows if row[0] == key]
        outcome = mine[0][1] if mine else centre.get(key, "")  # a journal that was damaged began anew
        reason = mine[0][2] if mine else "told to the centre before the journal was lost"
        if len(mine) > 1 or not outcome:
            yield f"{key} has {len(mine)} rows"
        elif outcome == "playing" or (outcome != "played" and not reason):
            yield f"{key} ended as {outcome!r}, reason {reason!r}"
        elif (outcome == "played") != (full[key] > 0):
            yield f"{key} is said to be {outcome!r} ({reason}), and was heard {full[key]} times in full"
        if rig.centre.up and key in centre and mine and centre[key] != outcome:
            yield f"{key} is {outcome!r} at the machine and {centre[key]!r} at the centre"


def machine_rows(rig: Rig) -> list[tuple[str, str, str]]:
    """Return (slot, outcome, reason) of each airing in the machine's own journal."""
    connection = sqlite3.connect(f"file:{rig.home}/cabinet.db?mode=ro", uri=True)
    try:
        return connection.execute("SELECT slot, outcome, reason FROM airings").fetchall()
    finally:
        connection.close()
