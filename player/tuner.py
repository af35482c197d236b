"""The tuner: sources from outside that are soon to sound, opened some seconds ahead beside their stand-ins."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from domain.audio import SAMPLE_RATE
from domain.playlist import PlaylistItem
from domain.sources import Source, SourceKind
from player import live, relay
from player.decode import Frames, Loop
from player.outside import RELAYED, SPOKEN, Outside
from player.tap import Tap

MOST_SOURCES = 2
MANNERS = {SourceKind.RELAY: RELAYED, SourceKind.LIVE: SPOKEN}

OpenSource = Callable[[str, Source, Tap], None]
"""Begins to fill a tap with what a source gives for an airing, until the tap is closed; never waits."""

Loops = Callable[[str], Loop | None]
"""Begins to decode the stand-in of a hash, or returns None when it is not here."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """An item whose source is to be open: `key` is that of its airing."""

    key: str
    item: PlaylistItem


class Tuner:
    """Holds at most MOST_SOURCES opened sources; used by the alarm's thread alone."""

    def __init__(self, open_source: OpenSource) -> None:
        self._open = open_source
        self._tuned: dict[str, tuple[Tap, Loop | None]] = {}
        self._lacking: list[tuple[Outside, str]] = []
        self._taken: list[Outside] = []

    def tune(self, wanted: Iterable[Tuned], loop: Loops) -> None:
        """Have these sources open beside their stand-ins, and close all others that nobody has taken.

        What was given away without its stand-in gets it as soon as it is here.
        """
        self._lacking = [(one, clip) for one, clip in self._lacking if not (one.closed or _supplied(one, loop(clip)))]
        soon = {one.key: one.item for one in tuple(wanted)[:MOST_SOURCES]}
        for key in set(self._tuned) - set(soon):
            _close(*self._tuned.pop(key))
        for key, item in soon.items():
            tap, stand_in = self._tuned.get(key) or (self._opened(key, item), None)
            if stand_in is None or stand_in.failure:
                stand_in = loop(item.clip_hash or "")
            self._tuned[key] = tap, stand_in

    def take(self, tuned: Tuned, loop: Loops, skip: timedelta) -> Outside:
        """Give away the source of an item, with its stand-in, for what is left of it after `skip`."""
        item = tuned.item
        tap, stand_in = self._tuned.pop(tuned.key, (None, None))
        left = round((item.length - skip).total_seconds() * SAMPLE_RATE)
        manner = MANNERS[item.source.kind if item.source else SourceKind.LIVE]
        instead = stand_in or loop(item.clip_hash or "")
        made = Outside(tap or self._opened(tuned.key, item), instead or Silence(), left, manner)
        self._taken = [one for one in (*self._taken, made) if not one.closed]
        if instead is None:
            self._lacking.append((made, item.clip_hash or ""))
        return made

    @property
    def trouble(self) -> str:
        """Tell in a sentence what ails a source that is on the air, or an empty string."""
        found = next((one.trouble for one in self._taken if one.trouble), "")
        return f"Nguồn tiếp âm hoặc trực tiếp: {found}." if found else ""

    def clear(self) -> None:
        """Close every source that nobody has taken."""
        self.tune((), lambda _clip_hash: None)

    def _opened(self, key: str, item: PlaylistItem) -> Tap:
        source = item.source or Source(SourceKind.LIVE)
        lively = source.kind is SourceKind.LIVE
        tap = Tap(live.LEAST, live.MOST, lively=True) if lively else Tap(relay.LEAST, relay.MOST)
        self._open(key, source, tap)
        return tap


class Silence:
    """The stand-in that is not there: a source may still be heard, and silence is told as such."""

    failure = "thiếu âm thanh thay thế"
    account = ""
    exhausted = False

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.ready.set()

    def take(self, _count: int) -> Frames:
        """Return nothing."""
        return np.zeros(0, np.int16)

    def close(self) -> None:
        """Do nothing."""


def _supplied(outside: Outside, stand_in: Loop | None) -> bool:
    if stand_in is None:
        return False
    outside.stand_in(stand_in)
    return True


def _close(tap: Tap, stand_in: Loop | None) -> None:
    tap.close()
    if stand_in:
        stand_in.close()
