"""What a script becomes before a voice speaks it: sentences of tokens that remember their source."""

from dataclasses import dataclass
from enum import StrEnum


class FlagKind(StrEnum):
    """Why a person must look at a token before the script may be submitted."""

    UNKNOWN_ABBREVIATION = "unknown_abbreviation"
    LEFTOVER_DIGITS = "leftover_digits"
    UNREADABLE_SYMBOL = "unreadable_symbol"
    SUSPECT_VALUE = "suspect_value"
    MALFORMED_MARK = "malformed_mark"


@dataclass(frozen=True, slots=True)
class Flag:
    """A doubt about one token, with the Vietnamese sentence that explains it to the operator."""

    kind: FlagKind
    sentence: str


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the script and how it is said.

    `start` and `end` are offsets in the script as given (code points); `spoken` is empty for what is
    silent (a slash, `./.`); `rule` names the rule that made the reading; `pause_ms` is silence after it.
    """

    start: int
    end: int
    source: str
    spoken: str
    rule: str
    flags: tuple[Flag, ...] = ()
    pause_ms: int = 0

    @property
    def changed(self) -> bool:
        """Tell whether the spoken form differs from what is written."""
        return self.source.strip() != self.spoken


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """Tokens that a voice speaks in one breath, and the silence after them.

    Script marks say who speaks it (`presenter`, from 1), whether `slower`, and how many `times` in all. A sentence
    with a `clip` has no words: the clip of the library with that name or hash sounds in its place.
    """

    tokens: tuple[Token, ...]
    pause_ms: int
    presenter: int = 1
    slower: bool = False
    times: int = 1
    clip: str = ""

    @property
    def start(self) -> int:
        """Return the offset of the first character of the sentence in the script."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Return the offset after the last character of the sentence in the script."""
        return self.tokens[-1].end

    @property
    def spoken(self) -> str:
        """Return the sentence as a voice is given it: words with light punctuation for pauses."""
        words = " ".join(token.spoken for token in self.tokens if token.spoken)
        for mark in ",.;:?!…":
            words = words.replace(f" {mark}", mark)
        return words


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A whole script as it will be read; `flags` must be empty or accepted before submission."""

    sentences: tuple[SpokenSentence, ...]

    @property
    def spoken(self) -> str:
        """Return the text as it will be said, a line a sentence."""
        return "\n".join(sentence.spoken for sentence in self.sentences)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Return the tokens of all sentences, in order."""
        return tuple(token for sentence in self.sentences for token in sentence.tokens)

    @property
    def flagged(self) -> tuple[Token, ...]:
        """Return the tokens that a person has to confirm."""
        return tuple(token for token in self.tokens if token.flags)

    @property
    def syllables(self) -> int:
        """Return how many Vietnamese syllables will be spoken, those of repeated sentences each time."""
        return sum(sentence.times * _syllables(sentence.spoken) for sentence in self.sentences)


def _syllables(spoken: str) -> int:
    return sum(1 for word in spoken.split() if any(letter.isalnum() for letter in word))


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """A reviewed reading: `written` is matched as a whole word, `spoken` is said in its place."""

    written: str
    spoken: str
    note: str = ""
    match_case: bool = True
