"""Two voices of one person each that speak a dialogue together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.audio import PLAIN, Manner, Speech
from domain.ports import VoiceEngine
from tts.voices import BatchVoice


class Pair:
    """Speaks with `first`, and what the second presenter says with `second`; to a chain it is the first voice.

    A pair is as well as both: it raises what either of them raises, so that no presenter is left out unnoticed.
    """

    def __init__(self, first: VoiceEngine, second: VoiceEngine) -> None:
        self.name = first.name
        self.voice = first.voice
        self.backup = first.backup
        self.version = f"{first.version}; giọng 2 «{second.voice}» {second.version}"
        self.first = first
        self.second = second

    def speak(self, sentence: str, manner: Manner = PLAIN) -> Speech:
        """Return the speech of one sentence by its presenter. Raises VoiceError, VoiceUnavailableError."""
        voice, own = who_says(self, manner)
        return voice.speak(sentence, own)

    def speak_many(self, sentences: Sequence[str], manner: Manner = PLAIN) -> Iterator[Speech]:
        """Yield the speech of each sentence by its presenter, in order. Raises VoiceError, VoiceUnavailableError."""
        voice, own = who_says(self, manner)
        if isinstance(voice, BatchVoice):
            yield from voice.speak_many(sentences, own)
        else:
            yield from (voice.speak(sentence, own) for sentence in sentences)


def who_says(engine: VoiceEngine, manner: Manner) -> tuple[VoiceEngine, Manner]:
    """Return the voice that says what `engine` is asked to say in `manner`, and the manner of its own in which."""
    if not isinstance(engine, Pair):
        return engine, manner
    if manner.presenter == 1:
        return engine.first, manner
    return engine.second, replace(manner, presenter=1)
