"""Sound as values: speech from a voice, clips in the library, and what was measured of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SAMPLE_RATE = 48_000
"""Frames a second of every clip and of the machine's mixer, mono, signed 16 bit little endian."""

PRESET_LABELS = {"horn": "Loa nén ngoài trời", "plain": "Loa thường"}
"""The ways a bulletin may be finished, by name, as people call them; the first is what nobody chose."""

RECORDED = "recorded"
"""The engine of a clip that a person read from the first word to the last; its voice is the person's name."""

TARGET_LUFS = -16.0
CEILING_DBTP = -2.0


class ClipKind(StrEnum):
    """What a clip is for."""

    BULLETIN = "bulletin"
    IDENT = "ident"
    STING = "sting"
    ANNOUNCEMENT = "announcement"
    BED = "bed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class VoiceStamp:
    """Which voice spoke a clip; `backup` when it stood in for a better one, and `why`.

    `recorded` counts the sentences that a person read in its place.
    """

    engine: str
    voice: str
    version: str
    backup: bool
    why: str = ""
    recorded: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sentence is said: by which presenter of a voice, from 1, and whether slower than the rest."""

    presenter: int = 1
    slower: bool = False


PLAIN = Manner()
"""How a sentence is said when nothing else is asked for."""

AGAIN_AFTER_MS = 700
"""The silence before a sentence is said again."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Spoken words as mono 16 bit little endian PCM at `rate` frames a second."""

    pcm: bytes
    rate: int

    @property
    def length(self) -> timedelta:
        """Return how long the speech lasts."""
        return timedelta(seconds=len(self.pcm) / 2 / self.rate)

    def again(self, times: int) -> "Speech":
        """Return the same speech `times` in all, with a silence between."""
        if times == 1 or not self.pcm:
            return self
        silence = bytes(2 * round(AGAIN_AFTER_MS * self.rate / 1000))
        return Speech(silence.join([self.pcm] * times), self.rate)


@dataclass(frozen=True, slots=True)
class SpokenAudio:
    """The speech of each sentence with the silence after it, and the voice that spoke them all."""

    sentences: tuple[tuple[Speech, int], ...]
    """(speech, pause after it in milliseconds), in order."""
    voice: VoiceStamp


@dataclass(frozen=True, slots=True)
class Loudness:
    """EBU R128 figures of a sound; `range_lu` is the loudness range."""

    integrated_lufs: float
    true_peak_dbtp: float
    range_lu: float


@dataclass(frozen=True, slots=True)
class MasteredAudio:
    """A finished sound as an encoded file in memory, with what was measured of that file."""

    data: bytes
    media_type: str
    length: timedelta
    loudness: Loudness


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound in the content-addressed library; `hash` is the SHA-256 of its file in hex.

    `preset` says how it was finished.
    """

    hash: str
    size: int
    media_type: str
    length: timedelta
    loudness: Loudness
    kind: ClipKind
    title: str
    created_at: datetime
    voice: VoiceStamp | None = None
    preset: str = ""
