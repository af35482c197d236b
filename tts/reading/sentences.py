"""Joins pieces into sentences: one breath each, one punctuation mark at a time, and the silence after them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.reading import SpokenSentence, Token
from tts.reading.normalise import Clean
from tts.reading.page import Piece

_ENDS = frozenset(".?!")
_MARKS = _ENDS | {","}
_PAUSE_MS = {",": 200, ".": 0, "?": 0, "!": 0}
_LONGER_PAUSE_MS = {";": 350, ":": 300}
_SENTENCE_MS = 500
_PARAGRAPH_MS = 800


def sentences_of(script: str, cleaned: Clean, pieces: Iterable[Piece]) -> tuple[SpokenSentence, ...]:
    """Return the sentences that `pieces` make, with spans into `script`."""
    growing = _Growing(script, cleaned)
    for piece in pieces:
        growing.take(piece)
    growing.close(_PARAGRAPH_MS)
    return tuple(growing.done)


@dataclass(slots=True)
class _Growing:
    """The sentence being joined; `held` is the place of its last mark while no word followed it."""

    script: str
    cleaned: Clean
    done: list[SpokenSentence] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    words: int = 0
    held: int | None = None

    def take(self, piece: Piece) -> None:
        """Add a piece; a word after the end of a sentence opens the next one."""
        if piece.rule == "break":
            self.close(_PARAGRAPH_MS)
        elif piece.spoken in _MARKS:
            self._take_mark(piece)
        else:
            self._take_word(piece)

    def close(self, pause_ms: int) -> None:
        """End the sentence with silence after it; a comma that nothing follows is not said."""
        if self.held is not None and self.tokens[self.held].spoken == ",":
            self._silence(self.held)
        if self.tokens:
            self.done.append(SpokenSentence(tuple(self.tokens), pause_ms if self.words else 0))
        self.tokens, self.words, self.held = [], 0, None

    def _take_word(self, piece: Piece) -> None:
        if piece.spoken or piece.flags:
            if self.held is not None and self.tokens[self.held].spoken in _ENDS:
                self.close(_SENTENCE_MS)
            self.held = None if piece.spoken else self.held
            self.words += bool(piece.spoken)
        self.tokens.append(self._token(piece, piece.spoken))

    def _take_mark(self, piece: Piece) -> None:
        """Keep one mark of several in a row, the one that ends the sentence if there is one."""
        held = self.tokens[self.held].spoken if self.held is not None else ""
        silent = not self.words or (held and (held in _ENDS or piece.spoken == ","))
        if not silent and self.held is not None:
            self._silence(self.held)
        if not silent:
            self.held = len(self.tokens)
        self.tokens.append(self._token(piece, "" if silent else piece.spoken))

    def _silence(self, index: int) -> None:
        old = self.tokens[index]
        self.tokens[index] = Token(old.start, old.end, old.source, "", old.rule, old.flags)

    def _token(self, piece: Piece, spoken: str) -> Token:
        start, end = self.cleaned.span(piece.start, piece.end)
        source = self.script[start:end]
        pause = _LONGER_PAUSE_MS.get(source, _PAUSE_MS.get(spoken, 0)) if spoken else 0
        return Token(start, end, source, spoken, piece.rule, piece.flags, pause)
