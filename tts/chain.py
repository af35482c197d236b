"""The chain of voices: the best one that can speak the whole text speaks it."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.audio import SAMPLE_RATE, Manner, Speech, SpokenAudio, VoiceStamp
from domain.errors import NoVoiceError, TiengLoaError, VoiceError
from domain.ports import Clock, Progress, VoiceEngine
from domain.reading import SpokenSentence, SpokenText
from tts.cache import SentenceCache
from tts.pair import who_says
from tts.voices import BatchVoice, breaths, checked, is_speakable

_LOG = logging.getLogger(__name__)
_LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

LABELS = {"gtts": "Google", "espeak": "eSpeak NG", "piper": "Piper"}
"""What people call an engine."""


@dataclass(frozen=True, slots=True)
class VoiceHealth:
    """How an engine of the chain is doing; `ok` is None until it was first tried.

    `sentence` is why it last failed and stays after it recovers; `since` is when `ok` last changed, `tried` when the
    engine was last asked for anything.
    """

    name: str
    label: str
    backup: bool
    ok: bool | None = None
    sentence: str = ""
    since: datetime | None = None
    voice: str = ""
    tried: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """What an engine is asked for: words, and how they are said."""

    words: str
    manner: Manner


class VoiceChain:
    """Speaks a whole text with the first of `engines` that can; one text never mixes voices.

    Sentences found in `cache` are not spoken again. Implements `domain.ports.Speaker`.
    """

    def __init__(self, engines: Sequence[VoiceEngine], clock: Clock, cache: SentenceCache | None = None) -> None:
        self._engines = tuple(engines)
        self._clock = clock
        self._cache = cache
        self._health = {
            (engine.name, engine.voice): VoiceHealth(engine.name, label(engine), engine.backup, voice=engine.voice)
            for engine in engines
        }

    def speak(self, text: SpokenText, progress: Progress) -> SpokenAudio:
        """Return the speech of every sentence; the stamp says why better voices were passed over.

        A sentence without a letter or digit, or with a clip in its place, becomes an empty speech with its pause; one
        that is marked to be said again becomes one speech that says it so often. Raises NoVoiceError.
        """
        passed_over: list[str] = []
        for engine in self._engines:
            try:
                spoken = self._spoken_by(engine, text, progress)
            except VoiceError as error:
                passed_over.append(self._failed(engine, error.sentence))
            else:
                self._note(engine, ok=True)
                why = "; ".join(passed_over)
                return SpokenAudio(spoken, VoiceStamp(engine.name, engine.voice, engine.version, engine.backup, why))
        reasons = "; ".join(passed_over) or "chưa cài giọng nào"
        raise NoVoiceError(f"Chưa có giọng nào đọc được: {reasons}. Bản tin còn nguyên, hãy thử lại sau.")

    def health(self) -> tuple[VoiceHealth, ...]:
        """Return how each engine is doing, best first."""
        return tuple(self._health[engine.name, engine.voice] for engine in self._engines)

    def look_again(self, probe: SpokenText) -> None:
        """Have each engine that last failed speak `probe`, so that one that is back is known to be."""
        for engine in self._engines:
            if self._health[engine.name, engine.voice].ok is not False:
                continue
            try:
                self._spoken_by(engine, probe, lambda _stage, _done, _total: None)
            except VoiceError as error:
                self._note(engine, ok=False, sentence=error.sentence)
            else:
                self._note(engine, ok=True)

    def _spoken_by(self, engine: VoiceEngine, text: SpokenText, progress: Progress) -> tuple[tuple[Speech, int], ...]:
        wanted = list(dict.fromkeys(line for sentence in text.sentences for line in _lines(sentence)))
        stage, total = f"Đọc bằng giọng {label(engine)}", len(wanted)
        held = {line: speech for line in wanted if (speech := self._cached(engine, line)) is not None}
        progress(stage, len(held), total)
        missing = [line for line in wanted if line not in held]
        for line, speech in _in_their_manners(engine, missing):
            held[line] = checked(line.words, speech)
            self._keep(engine, line, held[line])
            progress(stage, len(held), total)
        return tuple(
            (_joined([held[line] for line in _lines(sentence)]).again(sentence.times), sentence.pause_ms)
            for sentence in text.sentences
        )

    def _cached(self, engine: VoiceEngine, line: _Line) -> Speech | None:
        voice, manner = who_says(engine, line.manner)
        return self._cache.get(voice, line.words, manner) if self._cache else None

    def _keep(self, engine: VoiceEngine, line: _Line, speech: Speech) -> None:
        voice, manner = who_says(engine, line.manner)
        if self._cache:
            self._cache.put(voice, line.words, speech, manner)

    def _failed(self, engine: VoiceEngine, sentence: str) -> str:
        """Note a failure and return it with its local time, for the stamp."""
        self._note(engine, ok=False, sentence=sentence)
        return f"{sentence.rstrip('.')} lúc {self._clock.now().astimezone(_LOCAL):%H:%M}"

    def _note(self, engine: VoiceEngine, *, ok: bool, sentence: str = "") -> None:
        before = self._health[engine.name, engine.voice]
        now = self._clock.now()
        since = before.since if before.ok == ok else now
        self._health[engine.name, engine.voice] = replace(
            before, ok=ok, sentence=sentence or before.sentence, since=since, tried=now
        )


def label(engine: VoiceEngine) -> str:
    """Return what people call `engine`."""
    return LABELS.get(engine.name, engine.name)


def _lines(sentence: SpokenSentence) -> tuple[_Line, ...]:
    """Return what is asked for `sentence`: one line, or as many as it takes breaths; nothing when it has no words."""
    manner = Manner(sentence.presenter, sentence.slower)
    return tuple(_Line(breath, manner) for breath in breaths(sentence.spoken) if is_speakable(breath))


def _joined(parts: Sequence[Speech]) -> Speech:
    """Return the speech of one sentence from those of its breaths, all by one engine; silence when there are none."""
    if not parts:
        return Speech(b"", SAMPLE_RATE)
    if len({part.rate for part in parts}) > 1:
        raise VoiceError("Giọng đọc trả về âm thanh khác tần số giữa chừng.")
    return Speech(b"".join(part.pcm for part in parts), parts[0].rate)


def _in_their_manners(engine: VoiceEngine, lines: Sequence[_Line]) -> Iterator[tuple[_Line, Speech]]:
    """Yield each line with its speech, all lines of one manner before those of the next."""
    for manner in dict.fromkeys(line.manner for line in lines):
        alike = [line for line in lines if line.manner == manner]
        yield from zip(alike, _answers(engine, [line.words for line in alike], manner), strict=True)


def _answers(engine: VoiceEngine, lines: Sequence[str], manner: Manner) -> Iterator[Speech]:
    """Yield the speech of each line, together where the engine can.

    Only the engine's own work is inside the `try`: what a caller's progress raises (a cancel) passes through.
    """
    try:
        if isinstance(engine, BatchVoice):
            yield from engine.speak_many(lines, manner)
        else:
            yield from (engine.speak(line, manner) for line in lines)
    except TiengLoaError:
        raise
    except Exception as error:
        _LOG.exception("voice %s broke down", engine.name)
        raise VoiceError(f"Giọng {label(engine)} gặp lỗi lạ.") from error
