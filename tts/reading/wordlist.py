"""The reviewed readings as the reader uses them: indexed by their first piece, longest first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from domain.reading import LexiconEntry
from tts.reading.normalise import clean_word

CHUNK = re.compile(r"[^\W\d_]+|[0-9]+|.", re.DOTALL)
"""Text in chunks: a run of letters, a run of digits, or one other character."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading ready for matching."""

    written: str
    spoken: str
    match_case: bool = True
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class WordIndex:
    """Readings by the lower-cased first chunk of their written form, longest first."""

    heads: dict[str, tuple[Reading, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> "WordIndex":
        """Build the index; where a written form occurs twice the later reading wins."""
        latest = {(reading.written, reading.match_case): reading for reading in readings if reading.written}
        heads: dict[str, list[Reading]] = {}
        for reading in latest.values():
            heads.setdefault(_head(reading.written), []).append(reading)
        ordered = {
            head: tuple(sorted(group, key=lambda reading: (-len(reading.written), not reading.match_case)))
            for head, group in heads.items()
        }
        return cls(ordered)

    def longest(self, text: str, lower: str, start: int, head: str) -> Reading | None:
        """Return the longest reading that stands at `start` as a whole token."""
        for reading in self.heads.get(head, ()):
            end = start + len(reading.written)
            same = (
                text.startswith(reading.written, start)
                if reading.match_case
                else lower.startswith(reading.written.lower(), start)
            )
            if same and _is_whole(text, start, end):
                return reading
        return None

    def exact(self, written: str) -> str | None:
        """Return the spoken form of exactly `written`."""
        for reading in self.heads.get(_head(written), ()):
            if reading.written == written or (not reading.match_case and reading.written.lower() == written.lower()):
                return reading.spoken
        return None


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All reviewed readings: words anywhere, and what is said so only inside document codes or signature heads."""

    words: WordIndex = field(default_factory=WordIndex)
    kinds: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    offices: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    place_heads: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=16)
def index_entries(entries: tuple[LexiconEntry, ...]) -> WordIndex:
    """Return the index of readings a person entered or accepted; later ones win."""
    return WordIndex.of(
        Reading(clean_word(entry.written), " ".join(entry.spoken.split()), entry.match_case) for entry in entries
    )


def _head(written: str) -> str:
    match = CHUNK.match(written)
    return match.group().lower() if match else ""


def _is_whole(text: str, start: int, end: int) -> bool:
    before = start > 0 and _joins(text[start - 1]) and _joins(text[start])
    after = end < len(text) and _joins(text[end - 1]) and _joins(text[end])
    cut = end < len(text) and text[end] == "&" and not text[start:end].isalnum()
    return not before and not after and not cut


def _joins(char: str) -> bool:
    return char.isalpha() or char.isdecimal()
