"""How a reading is shown under its script: every changed word with what is written, every doubt with a proposal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.bulletins import AcceptedReading
from domain.reading import FlagKind, SpokenSentence, SpokenText, Token

_SYLLABLES_A_MINUTE = 150
_SLOWER = 1.25
_CLOSERS = ",.;:?!…)]}»”"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sentence: `kind` is same, changed, silent, doubt or mark; `space` tells whether one goes before."""

    kind: str
    spoken: str
    source: str
    space: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word whose reading a person must confirm, with the proposed one and how often it occurs.

    `settable` is false for what only a change of the script can mend, such as a malformed mark.
    """

    written: str
    proposed: str
    sentence: str
    times: int
    settable: bool = True


@dataclass(frozen=True, slots=True)
class ReadingView:
    """A script as it will be said."""

    sentences: tuple[tuple[Piece, ...], ...]
    doubts: tuple[Doubt, ...]
    accepted: tuple[AcceptedReading, ...]
    words: int
    length: timedelta

    def left(self, limit: timedelta) -> timedelta:
        """Return how much of a session of `limit` is left; negative when the script is longer."""
        return limit - self.length


def view(text: SpokenText, accepted: tuple[AcceptedReading, ...] = ()) -> ReadingView:
    """Return how `text` is shown."""
    return ReadingView(
        sentences=tuple(_pieces(sentence) for sentence in text.sentences),
        doubts=_doubts(text),
        accepted=accepted,
        words=text.syllables,
        length=sum((_length(sentence) for sentence in text.sentences), timedelta()),
    )


def _length(sentence: SpokenSentence) -> timedelta:
    """Estimate how long a sentence sounds, its pause included."""
    syllables = SpokenText((sentence,)).syllables  # each time it is said
    spoken = timedelta(minutes=syllables / _SYLLABLES_A_MINUTE) * (_SLOWER if sentence.slower else 1)
    return spoken + sentence.times * timedelta(milliseconds=sentence.pause_ms)


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
    for run in _runs(sentence.tokens):
        words = [at for at, token in enumerate(run) if _is_word(token)]
        first, last = (words[0], words[-1]) if words else (len(run), len(run))
        yield from ((token,) for token in run[:first])
        if words:
            yield tuple(run[first : last + 1])
        yield from ((token,) for token in run[last + 1 :])


def _runs(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield tokens with nothing between them together."""
    run: list[Token] = []
    for token in tokens:
        if run and not _touch(run[-1], token):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _touch(first: Token, second: Token) -> bool:
    if _is_mark(first) or _is_mark(second):
        return False
    return first.end == second.start and not first.source[-1:].isspace() and not second.source[:1].isspace()


def _is_mark(token: Token) -> bool:
    return token.rule.startswith("mark")


def _is_word(token: Token) -> bool:
    return any(letter.isalnum() for letter in token.source)


def _kind(group: tuple[Token, ...]) -> str:
    if any(token.flags for token in group):
        return "doubt"
    if _is_mark(group[0]):
        return "mark"
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
    doubts = (_doubt(written, alike) for written, alike in found.items())
    return tuple(sorted(doubts, key=lambda doubt: not doubt.settable))


def _doubt(written: str, alike: list[Token]) -> Doubt:
    flags = alike[0].flags
    settable = all(flag.kind is not FlagKind.MALFORMED_MARK for flag in flags)
    return Doubt(written, alike[0].spoken, " ".join(flag.sentence for flag in flags), len(alike), settable)
