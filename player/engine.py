"""The sound engine: one output open for ever, fed in 10 ms blocks by one thread that mixes a few voices.

A voice starts on the sample at which the device's clock says its instant falls: the monotonic instant of the next
frame is asked from the sink for each block and smoothed, and the wall clock is mapped onto it anew all the time, so
that drift and steps of either clock are followed. A single voice at unity gain passes bit for bit.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.audio import SAMPLE_RATE
from domain.errors import SinkError
from domain.ports import AudioSink, Clock, ToldSink
from domain.proof import Level
from domain.timetable import Priority
from player.clock import wall_offset
from player.haste import be_punctual
from player.mixing import RAMP, Part, Stop, Voice, measure, mixed, part_of, softened

BLOCK = 480
SMOOTHING = 0.02
JUMP_S = 0.05
TOO_LATE_S = 1.0
LATEST_JOIN_S = 30.0
"""How long a voice that joins by the clock is waited for: a clip of an hour is hashed for seconds on a small box."""
STOP_TIMEOUT_S = 5.0
MOST_SURPRISES = 5
SURPRISES_WITHIN_S = 60.0
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_SILENCE = bytes(BLOCK * 2)


@dataclass(frozen=True, slots=True)
class Began:
    """A voice's first sample is at `at` by the device's clock."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A voice is over after `rendered` frames; `failure` tells what stopped its decoding, if anything did.

    `level` is what was heard while it sounded, or None when it never did. `account` tells what it was made of, where
    that was not one clip.
    """

    key: str
    at: datetime
    rendered: int
    stop: Stop
    failure: str = ""
    level: Level | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Hushed:
    """A voice gives nothing to hear any more, or again does when `hushed` is false."""

    key: str
    hushed: bool


@dataclass(frozen=True, slots=True)
class SinkLost:
    """The output failed; every voice has ended, and the engine keeps trying to open it again."""

    sentence: str


@dataclass(frozen=True, slots=True)
class SinkBack:
    """The output works again."""


EngineEvent = Began | Ended | Hushed | SinkLost | SinkBack


class Engine:
    """Feeds `sink`, which must be open, until `stop`; `post` is called from the sound thread and must not wait.

    `give_up` is called with a sentence, once, when the sound thread ends for good though nobody asked it to.
    """

    def __init__(self, sink: AudioSink, clock: Clock, post: Callable[[EngineEvent], None]) -> None:
        self._sink = sink
        self._clock = clock
        self._post = post
        self._voices: list[Voice] = []
        self._orders: deque[Callable[[], None]] = deque()
        self._offered: AudioSink | None = None
        self._instant: float | None = None
        self._told: tuple[Priority | None, str] | None = (None, "")
        self._over: list[tuple[Voice, float, Stop]] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._surprises: deque[float] = deque(maxlen=MOST_SURPRISES)
        self.give_up: Callable[[str], None] = lambda _sentence: None
        self.sink_ok = True

    def start(self) -> None:
        """Begin to feed the sink."""
        self._thread.start()

    def arm(self, voice: Voice) -> None:
        """Take a voice that is to start at its instant, or at once when that has passed."""
        self._orders.append(lambda: self._voices.append(voice))

    def cut(self, key: str, at: datetime) -> None:
        """Fade a voice out so that it is silent at `at`, or as soon as a fade allows."""
        self._orders.append(lambda: self._mark(key, at.timestamp()))

    def use(self, sink: AudioSink) -> None:
        """Change over to `sink`, which must be open, at the next moment in which nothing sounds."""
        self._orders.append(lambda: self._offer(sink))

    def played(self, key: str) -> int:
        """Return how many frames of a live voice have been rendered."""
        return next((voice.played for voice in tuple(self._voices) if voice.key == key), 0)

    @property
    def sounding(self) -> bool:
        """Tell whether anything sounds at this moment."""
        return any(voice.started for voice in tuple(self._voices))

    @property
    def frames(self) -> int:
        """Return how many frames the sink has taken; a number that stands still is a blocked output."""
        return self._sink.frames

    def stop(self) -> None:
        """Fade out whatever sounds, let it out of the sink, and end the sound thread."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)

    def _run(self) -> None:
        be_punctual()
        try:
            self._feed_on()
        except Exception as error:  # noqa: BLE001 - a dead sound thread would be silence that nobody knows of
            self.sink_ok = False
            self.give_up(_sentence(error))

    def _feed_on(self) -> None:
        while not (self._ending.is_set() and not self._voices):
            try:
                self.feed()
            except Exception as error:  # noqa: BLE001 - what a driver raises beside SinkError is a lost output too
                self._lose(error)
                self._reopen()
        if self.sink_ok:
            self._sink.close()

    def feed(self) -> None:
        """Mix one block and hand it to the sink; this is what the sound thread does for ever. Raises SinkError."""
        instant = self._next_instant()
        self._obey_orders()
        if self._offered and not self._voices:
            self._change_over(self._offered)
            return
        if self._ending.is_set():
            for voice in self._voices:
                self._mark(voice.key, 0.0)
        before = tuple(self._voices)
        block = self._block(instant) if before else _SILENCE
        self._tell_sink([voice for voice in before if voice.started])
        self._sink.write(block)
        self._instant = instant + BLOCK / SAMPLE_RATE

    def _tell_sink(self, sounding: list[Voice]) -> None:
        """Tell an output that cares what sounds in the block that comes now, when that has changed."""
        heaviest = max(sounding, key=lambda voice: voice.priority, default=None)
        told = (heaviest.priority, heaviest.title) if heaviest else (None, "")
        if told != self._told:
            self._told = told
            if isinstance(self._sink, ToldSink):
                self._sink.told(*told)

    def _obey_orders(self) -> None:
        while self._orders:
            self._orders.popleft()()

    def _offer(self, sink: AudioSink) -> None:
        self._offered = sink

    def _change_over(self, sink: AudioSink) -> None:
        with suppress(Exception):  # it is let go, whatever ails it
            self._sink.close()
        self._sink, self._offered, self._instant, self._told = sink, None, None, (None, "")

    def _next_instant(self) -> float:
        """Return the smoothed monotonic instant of the next frame; one reading alone carries the device's jitter."""
        told = self._sink.next_frame_at()
        if self._instant is None or abs(told - self._instant) > JUMP_S:
            return told
        return self._instant + SMOOTHING * (told - self._instant)

    def _mark(self, key: str, at: float) -> None:
        for voice in self._voices:
            if voice.key == key:
                soonest = (self._instant or 0.0) + wall_offset(self._clock) + RAMP / SAMPLE_RATE
                at = max(at, soonest) if voice.started else at
                voice.cut_at = at if voice.cut_at is None else min(voice.cut_at, at)

    def _block(self, instant: float) -> bytes:
        wall = instant + wall_offset(self._clock)
        voices = tuple(self._voices)
        above = [voice for voice in voices if voice.over < 1]
        under = [voice for voice in voices if voice.under and voice.started]
        plain = [voice for voice in voices if voice not in above and voice not in under]
        parts, clear = self._on([voice for voice in plain if voice.started], wall, 0)
        over, clear = self._on([voice for voice in above if voice.started], wall, clear)
        begun, clear = self._on([voice for voice in above if not voice.started], wall, clear)
        spans = [*(_span(voice, wall, part) for voice, part in (over | begun).items())]
        spans += [_span(voice, wall, None) for voice in above if voice in self._voices and not voice.started]
        soft, clear = self._on(under, wall, clear)
        fresh, clear = self._on([voice for voice in plain if not voice.started], wall, clear)
        softer = [softened(voice, part, spans) for voice, part in soft.items()]
        return self._measured([*(parts | over | begun | fresh).values(), *softer])

    def _on(self, voices: list[Voice], wall: float, clear: int) -> tuple[dict[Voice, Part], int]:
        """Take the parts of `voices`, those that begin from frame `clear` on; return them, and what is clear then."""
        parts: dict[Voice, Part] = {}
        for voice in voices:
            part = self._go_on(voice, wall, 0) if voice.started else self._begin(voice, wall, clear)
            if part:
                parts[voice] = part
                clear = max(clear, self._clear_after(voice, part))
        return parts, clear

    def _measured(self, parts: list[Part]) -> bytes:
        """Return the sum of `parts`, once it is measured and what there is to tell of it is told."""
        block = mixed(parts, BLOCK)
        measure(parts, block)
        for voice in self._voices:
            if voice.started and voice.meter.changed():
                self._post(Hushed(voice.key, voice.meter.hushed))
        self._tell_over()
        return block.tobytes()

    def _go_on(self, voice: Voice, wall: float, start: int) -> Part:
        limit = voice.ends_at
        end = None if limit is None else round((limit - wall) * SAMPLE_RATE)
        if end is not None and end < -BLOCK:  # a clock that stepped past its end: it fades from here on
            end = RAMP
            voice.put_off(wall + end / SAMPLE_RATE)
        part = part_of(voice, start, BLOCK, end)
        if part.ended:
            stop = Stop.DONE if end is None or end > BLOCK or voice.reel.exhausted else voice.stop
            self._end(voice, wall + (start + len(part.frames)) / SAMPLE_RATE, stop)
        return part

    def _clear_after(self, voice: Voice, part: Part) -> int:
        """Return from which frame of the block the next voice may sound; it may overlap a fade, but nothing else."""
        if voice not in self._voices:
            return part.start + len(part.frames)
        return 0 if part.gain is not None and voice.ends_at is not None else BLOCK

    def _begin(self, voice: Voice, wall: float, clear: int) -> Part | None:
        due = round((voice.at - wall) * SAMPLE_RATE)
        limit = voice.ends_at
        if limit is not None and limit <= wall:
            self._end(voice, wall, voice.stop)
        elif due < BLOCK and voice.reel.exhausted:
            self._end(voice, wall, Stop.DONE)
        elif -due > (LATEST_JOIN_S if voice.follow else TOO_LATE_S) * SAMPLE_RATE:
            self._end(voice, wall, Stop.LATE)
        elif due < BLOCK and clear < BLOCK and voice.reel.ready.is_set():
            return self._start(voice, wall, due, max(due, clear, 0))
        return None

    def _start(self, voice: Voice, wall: float, due: int, start: int) -> Part | None:
        if voice.follow:  # what has passed is left out, over some blocks when it is not decoded yet
            voice.left_out += len(voice.reel.take(start - due - voice.left_out))
            if voice.left_out < start - due:
                return None
        voice.started = True
        self._post(Began(voice.key, _instant(wall + start / SAMPLE_RATE)))
        return self._go_on(voice, wall, start)

    def _end(self, voice: Voice, wall: float, stop: Stop) -> None:
        self._voices.remove(voice)
        voice.reel.close()
        self._over.append((voice, wall, stop))

    def _tell_over(self) -> None:
        """Post the ends of voices, once their last frames are measured."""
        for voice, wall, stop in self._over:
            level, reel = voice.meter.level(), voice.reel
            self._post(Ended(voice.key, _instant(wall), voice.played, stop, reel.failure, level, reel.account))
        self._over.clear()

    def _lose(self, error: Exception) -> None:
        self.sink_ok = False
        self._post(SinkLost(_sentence(error)))
        for voice in tuple(self._voices):
            self._end(voice, self._clock.now().timestamp(), Stop.SINK)
        self._tell_over()
        self._bear(error)

    def _bear(self, error: Exception) -> None:
        """Count an error that no output should raise; raises it when they come thick: a new process may do better."""
        if isinstance(error, SinkError):
            return
        self._surprises.append(self._clock.monotonic())
        if len(self._surprises) == MOST_SURPRISES and self._surprises[-1] - self._surprises[0] <= SURPRISES_WITHIN_S:
            raise error

    def _reopen(self) -> None:
        tries = 0
        while not self._ending.wait(_BACK_OFF_S[min(tries, len(_BACK_OFF_S) - 1)]):
            tries += 1
            try:
                self._obey_orders()
                if self._offered:
                    self._change_over(self._offered)
                else:
                    self._sink.open()
            except Exception as error:  # noqa: BLE001 - tried again, or raised when it is no output's error
                self._bear(error)
                continue
            self._instant = self._told = None  # it may have forgotten what sounds
            self.sink_ok = True
            self._post(SinkBack())
            return


def _span(voice: Voice, wall: float, part: Part | None) -> tuple[int, int, float]:
    """Return (start, end, level) of a voice that sounds over others, in frames of the block; `part` is None before."""
    if part is None:
        return round((voice.at - wall) * SAMPLE_RATE), 2 * BLOCK, voice.over
    return part.start, part.start + len(part.frames) if part.ended else 2 * BLOCK, voice.over


def _sentence(error: Exception) -> str:
    if isinstance(error, SinkError):
        return error.sentence
    return f"Lỗi ngoài dự kiến ở đầu ra âm thanh: {type(error).__name__}: {error}"[:300]


def _instant(wall: float) -> datetime:
    return datetime.fromtimestamp(wall, UTC)
