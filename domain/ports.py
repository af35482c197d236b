"""The plug points: small Protocols that decide nothing. A new implementation is a file in its room, a row in
`tiengloa/wiring.py`, an entry in the contract tests and a paragraph in ARCHITECTURE.md."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from domain.audio import PLAIN, Manner, MasteredAudio, Speech, SpokenAudio
from domain.nudges import Nudge
from domain.reading import LexiconEntry, SpokenText
from domain.timetable import Priority

if TYPE_CHECKING:
    from pathlib import Path

Progress = Callable[[str, int, int], None]
"""Called with (stage in Vietnamese, steps done, steps in all) as work goes on."""


@runtime_checkable
class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Return the wall clock as aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never steps."""
        ...


@runtime_checkable
class Reader(Protocol):
    """Turns a script into what will be said."""

    def read(self, script: str, readings: Iterable[LexiconEntry] = ()) -> SpokenText:
        """Return `script` as sentences of tokens; `readings` win over the lexicon. Never raises on any text."""
        ...


@runtime_checkable
class VoiceEngine(Protocol):
    """Speaks one sentence. Engines keep no state between sentences that a caller could see."""

    name: str
    voice: str
    version: str
    backup: bool

    def speak(self, sentence: str, manner: Manner = PLAIN) -> Speech:
        """Return the speech of one spoken-form sentence in `manner`, as far as the engine can.

        An engine with one presenter speaks for all of them.
        Raises VoiceUnavailableError when the engine cannot be reached or used now, VoiceError when it answers
        rubbish for this sentence.
        """
        ...


@runtime_checkable
class Speaker(Protocol):
    """Speaks a whole text with one voice, falling back to the next engine for the whole text."""

    def speak(self, text: SpokenText, progress: Progress) -> SpokenAudio:
        """Return the speech of every sentence. Raises NoVoiceError when no engine could speak."""
        ...


@runtime_checkable
class Mastering(Protocol):
    """Joins and finishes sound for horns."""

    def master(self, speech: SpokenAudio, announcement: SpokenAudio | None, progress: Progress) -> MasteredAudio:
        """Return ident, announcement, speech and closing as one finished sound.

        Raises AudioError when it cannot be made.
        """
        ...


@runtime_checkable
class BlobStore(Protocol):
    """Content-addressed files: the name of a file is the SHA-256 of its bytes, in hex."""

    def put(self, data: bytes) -> str:
        """Store `data` whole or not at all and return its hash. Raises StorageError, StorageFullError."""
        ...

    def path(self, blob_hash: str) -> "Path":
        """Return the file of `blob_hash`. Raises NotFoundError when it is not held, BadInputError on a bad hash."""
        ...

    def verify(self, blob_hash: str) -> bool:
        """Tell whether the file is held and its bytes still match its name."""
        ...


@runtime_checkable
class AudioSink(Protocol):
    """An output that is opened once and fed for ever with blocks of mono 16 bit PCM."""

    rate: int

    @property
    def name(self) -> str:
        """Return how people call it."""
        ...

    def open(self) -> None:
        """Start the output. Raises SinkError."""
        ...

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the first frame of the next written block will sound."""
        ...

    def write(self, block: bytes) -> None:
        """Take one block, waiting until there is room for it. Raises SinkError when the output is lost."""
        ...

    @property
    def frames(self) -> int:
        """Return how many frames were taken since `open`."""
        ...

    def close(self) -> None:
        """Let what was written sound, then release the output."""
        ...


@runtime_checkable
class ToldSink(Protocol):
    """An output that does more when it knows what sounds: the optional second half of an AudioSink."""

    def told(self, priority: Priority | None, title: str) -> None:
        """Take note of what sounds from the next block on; None is silence. Called by the sound thread: never waits."""
        ...


@runtime_checkable
class JobBell(Protocol):
    """Wakes a production worker; losing a ring loses nothing, since the job table is the truth."""

    def ring(self, job_id: str) -> None:
        """Ask a worker to look at `job_id` soon."""
        ...


@runtime_checkable
class Channel(Protocol):
    """Asks machines to fetch sooner than they would by themselves; losing a nudge costs seconds and nothing else."""

    def nudge(self, machine_id: str, what: Nudge = Nudge.PLAYLIST) -> None:
        """Ask one machine to fetch `what` now. Never waits for the network and never raises."""
        ...

    def close(self) -> None:
        """Let go of the broker; what was not sent yet is dropped."""
        ...
