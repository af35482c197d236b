"""How a reading is shown under its script: every changed word with what is written, every doubt with a proposal."""

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
    for token in sentence.tokens:
        kind, source = _kind(token), token.source.strip()
        if token.spoken or kind != "same":
            space = bool(pieces) and not token.spoken.startswith(tuple(_CLOSERS))
            pieces.append(Piece(kind, token.spoken, source, space))
    return tuple(pieces)


def _kind(token: Token) -> str:
    if token.flags:
        return "doubt"
    if not token.spoken:
        return "silent" if any(letter.isalnum() for letter in token.source) else "same"
    return "changed" if token.source.strip().casefold() != token.spoken.casefold() else "same"


def _doubts(text: SpokenText) -> tuple[Doubt, ...]:
    found: dict[str, list[Token]] = {}
    for token in text.flagged:
        found.setdefault(token.source.strip(), []).append(token)
    return tuple(
        Doubt(written, alike[0].spoken, " ".join(flag.sentence for flag in alike[0].flags), len(alike))
        for written, alike in found.items()
    )
