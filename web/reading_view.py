"""How a reading is shown under its script: every changed word with what is written, every doubt with a proposal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bulletins.checks import is_malformed
from domain.bulletins import AcceptedReading
from domain.reading import SpokenSentence, SpokenText, Token
from tts.reading.marks import INSERT, PRESENTER

_SYLLABLES_A_MINUTE = 150
_SLOWER = 1.25
_CLOSERS = ",.;:?!…)]}»”"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sentence: `kind` is same, changed, silent, doubt, mark or fault.

    `space` tells whether one goes before; `note` says what a voice cannot do about a mark.
    """

    kind: str
    spoken: str
    source: str
    space: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word whose reading a person must confirm, with the proposed one and how often it occurs."""

    written: str
    proposed: str
    sentence: str
    times: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A mark that only a change of the script can mend: malformed, or a clip that is not there to be inserted."""

    written: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to obey marks with: why a named clip cannot be inserted, and who cannot sound like two people."""

    missing: Mapping[str, str] = field(default_factory=dict)
    lone_voice: str = ""


_ALL_MEANS = Means()
_NOTHING = SpokenText(())


@dataclass(frozen=True, slots=True)
class ReadingView:
    """A script as it will be said, behind the line that announces it."""

    opening: tuple[tuple[Piece, ...], ...]
    sentences: tuple[tuple[Piece, ...], ...]
    doubts: tuple[Doubt, ...]
    faults: tuple[Fault, ...]
    accepted: tuple[AcceptedReading, ...]
    words: int
    length: timedelta


def view(
    text: SpokenText,
    accepted: tuple[AcceptedReading, ...] = (),
    opening: SpokenText = _NOTHING,
    means: Means = _ALL_MEANS,
) -> ReadingView:
    """Return how `text` is shown behind the `opening` that is said before it."""
    whole = SpokenText((*opening.sentences, *text.sentences))
    return ReadingView(
        opening=tuple(_pieces(sentence, means) for sentence in opening.sentences),
        sentences=tuple(_pieces(sentence, means) for sentence in text.sentences),
        doubts=_doubts(whole),
        faults=_faults(whole, means),
        accepted=accepted,
        words=whole.syllables,
        length=sum((_length(sentence) for sentence in whole.sentences), timedelta()),
    )


def _length(sentence: SpokenSentence) -> timedelta:
    """Estimate how long a sentence sounds, its pause included."""
    syllables = SpokenText((sentence,)).syllables  # each time it is said
    spoken = timedelta(minutes=syllables / _SYLLABLES_A_MINUTE) * (_SLOWER if sentence.slower else 1)
    return spoken + sentence.times * timedelta(milliseconds=sentence.pause_ms)


def _pieces(sentence: SpokenSentence, means: Means) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for group in _groups(sentence):
        spoken, kind = SpokenSentence(group, 0).spoken, _kind(group, sentence.clip in means.missing)
        if spoken or kind != "same":
            space = bool(pieces) and not spoken.startswith(tuple(_CLOSERS))
            source = "".join(token.source for token in group).strip()
            pieces.append(Piece(kind, spoken, source, space, _note(group[0], sentence, means)))
    return tuple(pieces)


def _note(token: Token, sentence: SpokenSentence, means: Means) -> str:
    if means.lone_voice and token.rule == PRESENTER and sentence.presenter > 1:
        return f"giọng {means.lone_voice} chỉ có một người đọc"
    return ""


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


def _kind(group: tuple[Token, ...], clip_is_missing: bool) -> str:
    if any(is_malformed(token) for token in group) or (clip_is_missing and group[0].rule == INSERT):
        return "fault"
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
        if not is_malformed(token):
            found.setdefault(token.source.strip(), []).append(token)
    return tuple(_doubt(written, alike) for written, alike in found.items())


def _doubt(written: str, alike: list[Token]) -> Doubt:
    return Doubt(written, alike[0].spoken, _sentence(alike[0]), len(alike))


def _faults(text: SpokenText, means: Means) -> tuple[Fault, ...]:
    found = {}
    for sentence in text.sentences:
        for token in sentence.tokens:
            if is_malformed(token):
                found[token.source.strip()] = _sentence(token)
            elif token.rule == INSERT and sentence.clip in means.missing:
                found[token.source.strip()] = means.missing[sentence.clip]
    return tuple(Fault(written, sentence) for written, sentence in found.items())


def _sentence(token: Token) -> str:
    return " ".join(flag.sentence for flag in token.flags)
