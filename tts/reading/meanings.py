"""Abbreviations that a script itself explains: `trợ giúp viên pháp lý (TGVPL)`, read so from there on."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from tts.reading.letters import CAPITALS
from tts.reading.syllables import is_syllable
from tts.reading.units import UNITS
from tts.reading.wordlist import Reading, WordIndex
from tts.reading.wordsets import word_set

_SHORT = rf'"?([{CAPITALS}](?:[{CAPITALS}&-]{{0,10}}[{CAPITALS}]))"?'
_CALLED = r"(?:sau đây |dưới đây )?(?:được )?(?:gọi|viết|ghi) (?:tắt chung|tắt|chung)(?: là)?:? "
_WORDS_FIRST = re.compile(rf" ?(?:\( ?(?:{_CALLED})?|, {_CALLED}){_SHORT}(?![\w&-])(?! \()", re.IGNORECASE)
_SHORT_FIRST = re.compile(rf"(?<![\w&/-]){_SHORT} \(([^()\n]{{4,90}})\)")
_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile(r"[^\W\d_]+(?:,? [^\W\d_]+)*")
_EDGE = re.compile(r"[.;:()\n\"!?/]")
_PASSED_OVER = word_set("và của các về cho với trong những theo là")
_REACH = 120


@dataclass(frozen=True, slots=True)
class Meanings:
    """What the script explains: the readings, and from which offset on each of them holds."""

    words: WordIndex = field(default_factory=WordIndex)
    since: dict[str, int] = field(default_factory=dict)

    def at(self, text: str, lower: str, start: int, head: str) -> Reading | None:
        """Return the reading of an abbreviation at `start` that has been explained by then."""
        found = self.words.longest(text, lower, start, head)
        return found if found and self.since[found.written] <= start else None


_NONE = Meanings()


def meanings_of(text: str) -> Meanings:
    """Return the abbreviations that clean `text` explains, each by its first explanation whose initials fit."""
    if "(" not in text and " tắt " not in text:
        return _NONE
    readings: dict[str, Reading] = {}
    since: dict[str, int] = {}
    for written, spoken, start in sorted(_explained(text), key=lambda found: found[2]):
        if written not in readings:
            readings[written] = Reading(written, spoken)
            since[written] = start
    return Meanings(WordIndex.of(readings.values()), since) if readings else _NONE


def _explained(text: str) -> Iterator[tuple[str, str, int]]:
    for match in _WORDS_FIRST.finditer(text):
        if match[1].isupper():
            words = _words_before(text, match.start(), match[1])
            if words:
                yield match[1], words, match.start(1)
    for match in _SHORT_FIRST.finditer(text):
        words = _fit(match[1], match[2].strip(), whole=True)
        if words:
            yield match[1], words, match.start(1)


def _words_before(text: str, end: int, written: str) -> str:
    near = text[max(0, end - _REACH) : end]
    edges = [edge.end() for edge in _EDGE.finditer(near)]
    return _fit(written, near[edges[-1] if edges else 0 :].strip(), whole=False)


def _fit(written: str, phrase: str, *, whole: bool) -> str:
    """Return the last words of `phrase` whose initials are the letters of `written`, empty if they do not fit."""
    letters = [letter for letter in written if letter.isalpha()]
    words = list(_WORD.finditer(phrase))
    at = len(words)
    while letters and at:
        at -= 1
        word = words[at].group()
        if _initial(word) == _initial(letters[-1]):
            letters.pop()
        elif word.lower() not in _PASSED_OVER or len(letters) == sum(map(str.isalpha, written)):
            return ""
    if letters or (whole and at):
        return ""
    said = phrase[words[at].start() :]
    return _as_said(said) if _PLAIN.fullmatch(said) and _is_plain(said) else ""


def _is_plain(said: str) -> bool:
    return all(is_syllable(word) and word not in UNITS for word in _WORD.findall(said))


def _as_said(said: str) -> str:
    """Return `said` with words in capitals made small, so that none of them looks like an abbreviation."""
    return _WORD.sub(lambda word: word[0].lower() if word[0].isupper() and len(word[0]) > 1 else word[0], said)


def _initial(word: str) -> str:
    return unicodedata.normalize("NFD", word[0].upper())[0]
