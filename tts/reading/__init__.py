"""The reader: official Vietnamese as it is said aloud."""

from tts.reading.numbers import Style
from tts.reading.pipeline import read
from tts.reading.wordlist import Lexicon, Reading, WordIndex

__all__ = ["Lexicon", "Reading", "Style", "WordIndex", "read"]
