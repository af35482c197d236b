"""What a rule sees and what it gives back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from domain.reading import Flag, FlagKind
from tts.reading.meanings import Meanings
from tts.reading.numbers import Numbers
from tts.reading.wordlist import Lexicon, WordIndex


@dataclass(frozen=True, slots=True)
class Piece:
    """A reading of the clean characters from `start` to `end`, by the rule named `rule`.

    A script mark has its number in `amount` (milliseconds, times or presenter) and its words in `named`.
    """

    start: int
    end: int
    spoken: str
    rule: str
    flags: tuple[Flag, ...] = ()
    amount: int = 0
    named: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The clean script with everything a rule may ask; `lower` has the same offsets as `text`.

    `marks` holds the script marks by where they begin; `heads` are the offsets where a line begins behind its marks;
    `meanings` are the abbreviations that the script explains.
    """

    text: str
    lower: str
    lexicon: Lexicon
    own: WordIndex
    say: Numbers
    marks: Mapping[int, Piece] = field(default_factory=dict)
    heads: frozenset[int] = frozenset()
    meanings: Meanings = field(default_factory=Meanings)

    def before(self, start: int, reach: int = 60) -> str:
        """Return up to `reach` lower-cased characters before `start`, not beyond its line."""
        edge = max(0, start - reach)
        return self.lower[max(edge, self.lower.rfind("\n", edge, start) + 1) : start]

    def after(self, end: int, reach: int = 40) -> str:
        """Return up to `reach` lower-cased characters from `end`, not beyond its line."""
        return self.lower[end : end + reach].split("\n", 1)[0]

    def at_line_start(self, start: int) -> bool:
        """Tell whether a line begins at `start`."""
        return start == 0 or self.text[start - 1] == "\n" or start in self.heads

    def reading_of(self, written: str) -> str | None:
        """Return what a person or the lexicon says for exactly `written`."""
        return self.own.exact(written) or self.lexicon.words.exact(written)


Rule = Callable[[Page, int], tuple[Piece, ...]]
"""Reads what stands at an offset of the page; an empty tuple means "not mine"."""


def one(start: int, end: int, spoken: str, rule: str, *flags: Flag) -> tuple[Piece, ...]:
    """Return a reading of one piece."""
    return (Piece(start, end, spoken, rule, flags),)


def from_match(match: re.Match[str], spoken: str, rule: str, *flags: Flag) -> tuple[Piece, ...]:
    """Return a reading of everything that `match` covers."""
    return (Piece(match.start(), match.end(), spoken, rule, flags),)


def unknown_abbreviation(written: str, spoken: str) -> Flag:
    """Doubt an abbreviation that no lexicon knows."""
    return Flag(FlagKind.UNKNOWN_ABBREVIATION, f"Chưa biết cách đọc “{written}”. Tạm đọc là “{spoken}”.")


def suspect_value(written: str, why: str, spoken: str) -> Flag:
    """Doubt a value that can be meant in two ways or cannot be right."""
    return Flag(FlagKind.SUSPECT_VALUE, f"“{written}” {why}. Tạm đọc là “{spoken}”.")


def leftover_digits(written: str, spoken: str) -> Flag:
    """Doubt digits that no rule could place."""
    return Flag(FlagKind.LEFTOVER_DIGITS, f"Chưa rõ “{written}” là số gì. Tạm đọc là “{spoken}”.")


def unreadable(written: str) -> Flag:
    """Doubt signs that have no reading."""
    shown = written if len(written) <= 20 else written[:20] + "…"
    return Flag(FlagKind.UNREADABLE_SYMBOL, f"“{shown}” không đọc được và sẽ bị bỏ qua khi phát.")
