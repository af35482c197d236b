"""Joins pieces into sentences: one breath each, one punctuation mark at a time, and the silence after them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from domain.reading import SpokenSentence, Token
from tts.reading import marks
from tts.reading.normalise import Clean
from tts.reading.page import Piece

_ENDS = frozenset(".?!")
_MARKS = _ENDS | {","}
_PAUSE_MS = {",": 200, ".": 0, "?": 0, "!": 0}
_LONGER_PAUSE_MS = {";": 350, ":": 300}
_SENTENCE_MS = 500
_PARAGRAPH_MS = 800
_SWITCH_MS = 200
"""The silence where a script mark changes the manner in mid-sentence."""


def sentences_of(script: str, cleaned: Clean, pieces: Iterable[Piece]) -> tuple[SpokenSentence, ...]:
    """Return the sentences that `pieces` make, with spans into `script`."""
    growing = _Growing(script, cleaned)
    for piece in pieces:
        growing.take(piece)
    growing.close(_PARAGRAPH_MS)
    return tuple(growing.done)


@dataclass(slots=True)
class _Growing:
    """The sentence being joined; `held` is the place of its last mark while no word followed it.

    `exact` tells that the silence after the last sentence was asked for by a script mark.
    """

    script: str
    cleaned: Clean
    done: list[SpokenSentence] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    words: int = 0
    held: int | None = None
    presenter: int = 1
    slower: bool = False
    exact: bool = False

    def take(self, piece: Piece) -> None:
        """Add a piece; a word after the end of a sentence opens the next one."""
        if piece.rule == "break":
            self._end_line()
        elif piece.rule in _ACTS:
            _ACTS[piece.rule](self, piece)
        elif piece.spoken in _MARKS:
            self._take_mark(piece)
        else:
            self._take_word(piece)

    def close(self, pause_ms: int) -> None:
        """End the sentence with silence after it; a comma that nothing follows is not said."""
        if self.held is not None and self.tokens[self.held].spoken == ",":
            self._silence(self.held)
        if self.tokens:
            pause = pause_ms if self.words else 0
            self.done.append(SpokenSentence(tuple(self.tokens), pause, self.presenter, self.slower))
        self.tokens, self.words, self.held = [], 0, None

    def _end_line(self) -> None:
        """End the paragraph, also when a script mark has already ended its last sentence."""
        if not self.words and self.done and self.done[-1].pause_ms and not self.exact:
            self.done[-1] = replace(self.done[-1], pause_ms=max(self.done[-1].pause_ms, _PARAGRAPH_MS))
        self.close(_PARAGRAPH_MS)

    def _take_word(self, piece: Piece) -> None:
        if piece.spoken or piece.flags:
            if self._has_ended():
                self.close(_SENTENCE_MS)
            self.held = None if piece.spoken else self.held
            self.words += bool(piece.spoken)
            self.exact = self.exact and not piece.spoken
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

    def _pause(self, piece: Piece) -> None:
        """Make the silence here as long as was asked; several marks in a row add up."""
        if not self.words and not self.tokens and self.done and not self.exact:
            self.done[-1] = replace(self._last_with(piece), pause_ms=piece.amount)
        else:
            if not self.words and self.done and not self.exact:
                self.done[-1] = replace(self.done[-1], pause_ms=0)
            self.tokens.append(self._token(piece, ""))
            self.close(0)
            self.done[-1] = replace(self.done[-1], pause_ms=piece.amount)
        self.exact = True

    def _again(self, piece: Piece) -> None:
        """Have the sentence that ends here said again."""
        if self.words:
            self.tokens.append(self._token(piece, ""))
            self.close(_SENTENCE_MS)
            self.done[-1] = replace(self.done[-1], times=1 + piece.amount)
        elif not self.tokens and self.done and self.done[-1].spoken and self.done[-1].times == 1:
            self.done[-1] = replace(self._last_with(piece), times=1 + piece.amount)
        else:
            self._take_word(marks.misplaced_again(piece, self._token(piece, "").source))

    def _slow(self, piece: Piece) -> None:
        self._split()
        self.slower = True
        self.tokens.append(self._token(piece, ""))

    def _slow_end(self, piece: Piece) -> None:
        self.tokens.append(self._token(piece, ""))
        self._split()
        self.slower = False

    def _switch(self, piece: Piece) -> None:
        if piece.amount != self.presenter:
            self._split()
        self.presenter = piece.amount
        self.tokens.append(self._token(piece, ""))

    def _insert(self, piece: Piece) -> None:
        self.close(_SENTENCE_MS)
        self.done.append(SpokenSentence((self._token(piece, ""),), _SENTENCE_MS, clip=piece.named))
        self.exact = False

    def _split(self) -> None:
        """End the sentence where the manner changes."""
        if self.words:
            self.close(_SENTENCE_MS if self._has_ended() else _SWITCH_MS)

    def _has_ended(self) -> bool:
        return self.held is not None and self.tokens[self.held].spoken in _ENDS

    def _last_with(self, piece: Piece) -> SpokenSentence:
        """Return the last sentence with the token of a script mark added."""
        last = self.done[-1]
        return replace(last, tokens=(*last.tokens, self._token(piece, "")))

    def _silence(self, index: int) -> None:
        old = self.tokens[index]
        self.tokens[index] = Token(old.start, old.end, old.source, "", old.rule, old.flags)

    def _token(self, piece: Piece, spoken: str) -> Token:
        start, end = self.cleaned.span(piece.start, piece.end)
        source = self.script[start:end]
        pause = _LONGER_PAUSE_MS.get(source, _PAUSE_MS.get(spoken, 0)) if spoken else 0
        return Token(start, end, source, spoken, piece.rule, piece.flags, pause)


_ACTS = {
    marks.PAUSE: _Growing._pause,
    marks.AGAIN: _Growing._again,
    marks.SLOW: _Growing._slow,
    marks.SLOW_END: _Growing._slow_end,
    marks.PRESENTER: _Growing._switch,
    marks.INSERT: _Growing._insert,
}
