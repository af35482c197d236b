"""How a reading is shown under its script: every changed word with what is written, every doubt with a proposal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from domain.bulletins import AcceptedReading
from domain.reading import SpokenSentence, SpokenText, Token

_SYLLABLES_A_MINUTE = 150
_CLOSERS = ",.;:?!…)]}»”"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sentence: `kind` is same, changed, silent or doubt; `space` tells whether one goes before it."""

    kind: str
    spoken: str
    source: str
    space: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word whose reading a person must confirm, with the proposed one and how often it occurs."""

    written: str
    proposed: str
    sentence: str
    times: int


@dataclass(frozen=True, slots=True)
class ReadingView:
    """A script as it will be said."""

    sentences: tuple[tuple[Piece, ...], ...]
    doubts: tuple[Doubt, ...]
    accepted: tuple[AcceptedReading, ...]
    words: int
    length: timedelta


def view(text: SpokenText, accepted: tuple[AcceptedReading, ...] = ()) -> ReadingView:
    """Return how `text` is shown."""
    pauses = sum(sentence.pause_ms for sentence in text.sentences)
    spoken = timedelta(minutes=text.syllables / _SYLLABLES_A_MINUTE)
    return ReadingView(
        sentences=tuple(_pieces(sentence) for sentence in text.sentences),
        doubts=_doubts(text),
        accepted=accepted,
        words=text.syllables,
        length=spoken + timedelta(milliseconds=pauses),
    )


def _pieces(sentence: SpokenSentence) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for group in _groups(sentence):
        spoken, kind = SpokenSentence(group, 0).spoken, _kind(group)
        if spoken or kind != "same":
            space = bool(pieces) and not spoken.startswith(tuple(_CLOSERS))
            pieces.append(Piece(kind, spoken, "".join(token.source for token in group).strip(), space))
    return tuple(pieces)


def _groups(sentence: SpokenSentence) -> Iterator[tuple[Token, ...]]:
    """Yield tokens written as one word, such as 69/KH-UBND, together; the marks around it come by themselves."""
    tokens = list(sentence.tokens)
    while tokens:
        end = 1
        while end < len(tokens) and _touch(tokens[end - 1], tokens[end]):
            end += 1
        while end > 1 and not (_is_word(tokens[0]) and _is_word(tokens[end - 1])):
            end = end - 1 if _is_word(tokens[0]) else 1
        yield tuple(tokens[:end])
        del tokens[:end]


def _touch(first: Token, second: Token) -> bool:
    return first.end == second.start and not first.source[-1:].isspace() and not second.source[:1].isspace()


def _is_word(token: Token) -> bool:
    return any(letter.isalnum() for letter in token.source)


def _kind(group: tuple[Token, ...]) -> str:
    if any(token.flags for token in group):
        return "doubt"
    if not any(token.spoken for token in group):
        return "silent" if any(_is_word(token) for token in group) else "same"
    return "changed" if any(_is_changed(token) for token in group) else "same"


def _is_changed(token: Token) -> bool:
    heard = any(letter.isalnum() for letter in token.spoken)
    return heard and token.source.strip().casefold() != token.spoken.casefold()


def _doubts(text: SpokenText) -> tuple[Doubt, ...]:
    found: dict[str, list[Token]] = {}
    for token in text.flagged:
        found.setdefault(token.source.strip(), []).append(token)
    return tuple(
        Doubt(written, alike[0].spoken, " ".join(flag.sentence for flag in alike[0].flags), len(alike))
        for written, alike in found.items()
    )
