"""What all voices share: text made safe for an engine, silence trimmed, and speaking many sentences at once."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from domain.audio import PLAIN, Manner, Speech
from domain.errors import VoiceError

SENTENCE_LIMIT = 5_000
"""The longest sentence an engine is given, in code points: some six minutes of speech."""

BREATH_LIMIT = 1_500
"""The longest piece of a sentence that is spoken at once, in code points: some two minutes of speech."""

SLOWER = 0.8
"""The part of its usual rate at which an engine speaks what is marked to be slower."""

_KEPT_BEFORE_S = 0.02
_KEPT_AFTER_S = 0.05
_SILENCE_BELOW = 0.01
_FAINTEST = 30


@runtime_checkable
class BatchVoice(Protocol):
    """A voice engine that speaks many sentences more cheaply together than one by one."""

    def speak_many(self, sentences: Sequence[str], manner: Manner = PLAIN) -> Iterator[Speech]:
        """Yield the speech of each sentence in `manner`, in order. Raises as `VoiceEngine.speak` does."""
        ...


def is_speakable(sentence: str) -> bool:
    """Tell whether there is a letter or a digit to say in `sentence`."""
    return any(letter.isalnum() for letter in sentence)


def breaths(sentence: str) -> tuple[str, ...]:
    """Return `sentence` in pieces of at most BREATH_LIMIT code points, cut after a comma where there is one.

    A writer who forgets every full stop is still heard. Else a piece is cut at a space, and in the last resort in
    the middle of what can be no word.
    """
    pieces: list[str] = []
    rest = sentence.strip()
    while len(rest) > BREATH_LIMIT:
        head = rest[:BREATH_LIMIT]
        cut = max(head.rfind(mark) for mark in (", ", "; ", ": ")) + 1
        cut = cut if cut > BREATH_LIMIT // 2 else head.rfind(" ")
        cut = cut if cut > 0 else BREATH_LIMIT
        pieces.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return (*pieces, rest) if rest else tuple(pieces)


def speakable(sentence: str) -> str:
    """Return `sentence` as an engine may be given it: NFC, one line, no control or format characters.

    Raises VoiceError when there is nothing to say, or far too much for one sentence.
    """
    composed = unicodedata.normalize("NFC", sentence)
    plain = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in composed)
    line = " ".join(plain.split())
    if not is_speakable(line):
        raise VoiceError("Câu không có chữ nào để đọc.")
    if len(line) > SENTENCE_LIMIT:
        raise VoiceError(f"Câu dài {len(line)} ký tự, quá dài để đọc một hơi. Hãy tách thành nhiều câu.")
    return line


def trimmed(speech: Speech) -> Speech:
    """Return `speech` without the silence around it, so that the pauses on air are the ones we chose.

    20 ms before and 50 ms after stay, for the breath of the first and the fall of the last sound.
    """
    samples = np.frombuffer(speech.pcm, dtype="<i2")
    level = np.abs(samples.astype(np.int32))
    if level.size == 0:
        return speech
    loud = np.flatnonzero(level > max(_FAINTEST, int(level.max() * _SILENCE_BELOW)))
    if loud.size == 0:
        return Speech(b"", speech.rate)
    start = max(0, int(loud[0]) - int(_KEPT_BEFORE_S * speech.rate))
    end = int(loud[-1]) + 1 + int(_KEPT_AFTER_S * speech.rate)
    return Speech(samples[start:end].tobytes(), speech.rate)


def checked(sentence: str, speech: Speech) -> Speech:
    """Return `speech` trimmed, once it can be the speech of `sentence`.

    Between 1 and 10 syllables a second, and two seconds more for a short sentence: far outside what any voice does,
    well inside what a cut or a stuck answer gives. Raises VoiceError when it cannot be.
    """
    words = trimmed(speech)
    seconds = words.length.total_seconds()
    if not words.pcm:
        raise VoiceError("Giọng đọc trả về im lặng.")
    syllables = max(len(sentence.split()), len(sentence) // 8)
    if not syllables / 10 <= seconds <= 2 + syllables:
        raise VoiceError(f"Giọng đọc trả về {seconds:.1f} giây cho câu {syllables} âm tiết, không đáng tin.")
    return words
