"""Proves what sounded: cuts excerpts of each item out of what an ear heard, and correlates them with the clip.

It runs in a thread of low priority behind the sound. Of a long item three excerpts are looked at, and most of them
decide: two sound cards drift apart by more than the length of a syllable within minutes.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from domain.audio import SAMPLE_RATE
from domain.errors import TiengLoaError
from domain.playlist import PlaylistItem
from domain.ports import Clock
from domain.proof import Hearing, Proof
from player.clock import wall_offset
from player.decode import Frames, decoded
from player.haste import be_patient
from player.listening import Recorder
from player.logbook import Proved
from player.proof import EARLY_S, LEAST_S, MOST_DELAY_S, RATE, Samples, evidence, verdict
from player.sinks.resample import BLOCK, Resampler

EXCERPT_S = 10.0
_EDGE_S = 0.5
_TICK_S = 0.5


@dataclass(frozen=True, slots=True)
class ClipFile:
    """Where a clip is, and of which kind."""

    path: Path
    media_type: str


@dataclass(slots=True)
class _Item:
    """An item under proof: `at` is the monotonic instant of its first frame, which is `skip` into the clip."""

    key: str
    clip: ClipFile
    at: float
    skip: float
    waiting: list[tuple[float, float]]
    found: list[Proof] = field(default_factory=list)
    rendered: float | None = None


class Prover:
    """Watches items as they sound; `post` is told of each proof, once, after its item has ended."""

    def __init__(self, recorder: Recorder, post: Callable[[Proved], None]) -> None:
        self._recorder = recorder
        self._post = post
        self._items: dict[str, _Item] = {}
        self._change = threading.Condition()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="prove", daemon=True)

    def start(self) -> None:
        """Begin to listen and to prove."""
        self._recorder.start()
        self._thread.start()

    def stop(self) -> None:
        """End; what is not proved yet stays unproved."""
        with self._change:
            self._ending = True
            self._change.notify()
        if self._thread.is_alive():
            self._thread.join(2.0)
        self._recorder.stop()

    def began(self, key: str, clip: ClipFile, at: float, skip: float, length: float) -> None:
        """Take note that an item sounds since a monotonic instant; never waits."""
        with self._change:
            self._items[key] = _Item(key, clip, at, skip, excerpts(length - skip))

    def ended(self, key: str, rendered: float) -> None:
        """Take note that an item is over after `rendered` seconds."""
        with self._change:
            if key in self._items:
                self._items[key].rendered = rendered
                self._change.notify()

    def _run(self) -> None:
        be_patient()
        while True:
            with self._change:
                self._change.wait(_TICK_S)
                if self._ending:
                    return
                items = tuple(self._items.values())
            for item in items:
                self._look_at(item)

    def _look_at(self, item: _Item) -> None:
        heard_until = self._recorder.until
        for excerpt in tuple(item.waiting):
            start, seconds = excerpt
            if item.rendered is not None and start + seconds > item.rendered + 0.05:
                item.waiting.remove(excerpt)
            elif item.at + start + seconds + MOST_DELAY_S <= heard_until:
                item.waiting.remove(excerpt)
                if proof := self._proof(item, start, seconds):
                    item.found.append(proof)
        if item.rendered is None:
            return
        deaf = heard_until < item.at
        if not item.waiting or deaf:
            with self._change:
                self._items.pop(item.key, None)
            if item.found:
                self._post(Proved(item.key, _most(item.found)))

    def _proof(self, item: _Item, start: float, seconds: float) -> Proof | None:
        recording = self._recorder.cut(item.at + start - EARLY_S, seconds + EARLY_S + MOST_DELAY_S - 0.01)
        if recording is None:
            return None
        try:
            return verdict(evidence(recording, excerpt_of(item.clip, item.skip + start, seconds)))
        except (OSError, ValueError, TiengLoaError):  # the clip is gone, damaged or short: nothing to hold it against
            return None


class Witness:
    """What the conductor tells of the items that sound; only plain clips can be proved."""

    def __init__(self, prover: Prover, clock: Clock, find: Callable[[str], ClipFile | None]) -> None:
        self._prover = prover
        self._clock = clock
        self._find = find

    def began(self, key: str, item: PlaylistItem, at: datetime, skip: timedelta) -> None:
        """Take note that an item sounds since `at`, from `skip` into its clip on."""
        clip = self._find(item.clip_hash) if item.clip_hash and item.source is None else None
        if clip:
            instant = at.timestamp() - wall_offset(self._clock)
            self._prover.began(key, clip, instant, skip.total_seconds(), item.length.total_seconds())

    def ended(self, key: str, rendered: int) -> None:
        """Take note that an item is over after `rendered` frames."""
        self._prover.ended(key, rendered / SAMPLE_RATE)


def excerpts(length: float) -> list[tuple[float, float]]:
    """Return which parts of an item are looked at, as (start, seconds)."""
    if length < LEAST_S:
        return []
    if length <= EXCERPT_S + 2 * _EDGE_S:
        return [(0.0, length)]
    last = length - EXCERPT_S - _EDGE_S
    starts = [_EDGE_S, (last + _EDGE_S) / 2, last]
    if last < _EDGE_S + EXCERPT_S:  # none may lie over another: it would count twice
        starts = starts[:1]
    elif last < _EDGE_S + 2 * EXCERPT_S:
        starts = starts[::2]
    return [(start, EXCERPT_S) for start in starts]


def excerpt_of(clip: ClipFile, start: float, seconds: float) -> Samples:
    """Return a part of a clip as the ear's recording is kept. Raises OSError, AudioError."""
    wanted = round(seconds * SAMPLE_RATE)
    parts: list[Frames] = []
    count = 0
    with clip.path.open("rb") as stream:
        for frames in decoded(stream, clip.media_type, start):
            parts.append(frames)
            count += len(frames)
            if count >= wanted:
                break
    whole = np.concatenate(parts)[:wanted]
    resampler = Resampler(RATE)
    blocks = [resampler.resampled(whole[at : at + BLOCK]) for at in range(0, len(whole) - len(whole) % BLOCK, BLOCK)]
    return np.concatenate(blocks).astype(np.float32)


def _most(found: list[Proof]) -> Proof:
    """Return what most excerpts say; when none has the most it is unsure."""
    counts = Counter(proof.hearing for proof in found)
    score = round(sum(proof.score for proof in found) / len(found))
    hearing, count = counts.most_common(1)[0]
    return Proof(hearing if 2 * count > len(found) else Hearing.UNSURE, score)
