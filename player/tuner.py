"""The tuner: sources from outside that are soon to sound, opened some seconds ahead beside their stand-ins."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from domain.audio import SAMPLE_RATE
from domain.playlist import PlaylistItem
from domain.sources import Source, SourceKind
from player import live, relay
from player.decode import Loop
from player.outside import Outside
from player.tap import Tap

MOST_SOURCES = 2
NAMES = {SourceKind.RELAY: "tiếp âm", SourceKind.LIVE: "trực tiếp"}

OpenSource = Callable[[str, Source, Tap], None]
"""Begins to fill a tap with what a source gives for an airing, until the tap is closed; never waits."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """An item whose source is to be open: `key` is that of its airing."""

    key: str
    item: PlaylistItem


class Tuner:
    """Holds at most MOST_SOURCES opened sources; used by the alarm's thread alone."""

    def __init__(self, open_source: OpenSource) -> None:
        self._open = open_source
        self._taps: dict[str, Tap] = {}

    def tune(self, wanted: Iterable[Tuned]) -> None:
        """Have these sources open, and close all others that nobody has taken."""
        soon = {one.key: one.item for one in tuple(wanted)[:MOST_SOURCES]}
        for key in set(self._taps) - set(soon):
            self._taps.pop(key).close()
        for key, item in soon.items():
            if key not in self._taps and item.source:
                self._taps[key] = self._opened(key, item.source)

    def take(self, tuned: Tuned, stand_in: Loop, skip: timedelta) -> Outside:
        """Give away the source of an item, with its stand-in, for what is left of it after `skip`."""
        source = tuned.item.source or Source(SourceKind.LIVE)
        tap = self._taps.pop(tuned.key, None) or self._opened(tuned.key, source)
        left = tuned.item.length - skip
        return Outside(tap, stand_in, round(left.total_seconds() * SAMPLE_RATE), NAMES[source.kind])

    def clear(self) -> None:
        """Close every source that nobody has taken."""
        self.tune(())

    def _opened(self, key: str, source: Source) -> Tap:
        lively = source.kind is SourceKind.LIVE
        tap = Tap(live.LEAST, live.MOST, lively=True) if lively else Tap(relay.LEAST, relay.MOST)
        self._open(key, source, tap)
        return tap
