"""One output in a thread of its own: when it hangs it hangs nothing else, and is left behind."""

import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from domain.errors import SinkError
from domain.ports import AudioSink, Clock, ToldSink
from domain.timetable import Priority
from player.haste import be_punctual
from player.output import Patience, Tempo

Told = tuple[Priority | None, str]


@dataclass(frozen=True, slots=True)
class _Mark:
    """Frame `frame` of what was handed in sounds at `instant`, monotonic."""

    frame: int
    instant: float


class Hand:
    """Opens `sink`, feeds it and closes it; no call here waits longer than `patience` says."""

    def __init__(self, sink: AudioSink, clock: Clock, patience: Patience) -> None:
        self.name = sink.name
        self._sink = sink
        self._clock = clock
        self._patience = patience
        self._tempo = Tempo(patience, sink.rate)
        self._blocks: deque[tuple[bytes, Told | None]] = deque()
        self._mark: _Mark | None = None
        self._error: Exception | None = None
        self._given = 0
        self._telling: Told | None = None
        self._ending = False
        self._turn = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"output-{sink.name}", daemon=True)

    @property
    def alive(self) -> bool:
        """Tell whether its thread still runs, or hangs."""
        return self._thread.is_alive()

    def open(self) -> None:
        """Start, and wait until the output is open. Raises what opening raises, and SinkError when it hangs."""
        self._thread.start()
        with self._turn:
            self._turn.wait_for(lambda: self._mark or self._error, self._patience.opening)
            if self._error:
                raise self._error
            if self._mark is None:
                self._ending = True
                raise SinkError(f"Đầu ra «{self.name}» bị treo khi mở.")

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next block given will sound."""
        mark = self._mark
        if mark is None:
            raise SinkError("Đầu ra âm thanh chưa được mở.")
        return max(mark.instant + (self._given - mark.frame) / self._sink.rate, self._clock.monotonic())

    def told(self, told: Told) -> None:
        """Tell the output, together with the next block, what sounds."""
        self._telling = told

    def write(self, block: bytes) -> None:
        """Hand in a block and wait until it is written, so that the next is mixed no earlier than the output needs it.

        Raises what writing raised, SinkError when it is blocked or too slow.
        """
        with self._turn:
            if self._tempo.is_slow:
                raise SinkError(f"Đầu ra «{self.name}» chạy quá chậm, không theo kịp nhịp thật.")
            self._blocks.append((block, self._telling))
            self._telling = None
            self._given += len(block) // 2
            self._turn.notify_all()
            waited = 0.0
            while not self._is_written and not self._error:
                waited += 0.0 if self._turn.wait(self._patience.tick) else self._patience.tick
                if waited >= self._patience.blocked:
                    raise SinkError(f"Đầu ra «{self.name}» không nhận tiếng; kiểm tra dây, nguồn và âm-li.")
            if self._error:
                raise self._error

    @property
    def _is_written(self) -> bool:
        return self._mark is not None and self._mark.frame >= self._given

    def leave(self) -> None:
        """Ask it to end; what hangs is left behind and ends by itself should it ever come back."""
        with self._turn:
            self._ending = True
            self._turn.notify_all()

    def close(self) -> None:
        """Let what was given sound, for as long as patience allows, and release the output."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(self._patience.closing)

    def _run(self) -> None:
        be_punctual()
        try:
            self._sink.open()
            mark = _Mark(0, self._sink.next_frame_at())
            while (taken := self._next(mark)) is not None:
                self._put(*taken)
                mark = _Mark(mark.frame + len(taken[0]) // 2, self._sink.next_frame_at())
        except Exception as error:  # noqa: BLE001 - raised again to whoever writes next
            with self._turn:
                self._error = error
                self._turn.notify_all()
        finally:
            with suppress(Exception):  # it is being let go; there is nobody to tell
                self._sink.close()

    def _next(self, mark: _Mark) -> tuple[bytes, Told | None] | None:
        """Tell when the next frame sounds, and wait for a block of it; in one go, to wake the mixer once a block."""
        with self._turn:
            self._mark = mark
            self._turn.notify_all()
            while not self._blocks and not self._ending:
                self._turn.wait()
            if not self._blocks:
                return None
            return self._blocks.popleft()

    def _put(self, block: bytes, told: Told | None) -> None:
        if told and isinstance(self._sink, ToldSink):
            self._sink.told(*told)
        began = self._clock.monotonic()
        self._sink.write(block)
        self._tempo.took(len(block) // 2, min(self._clock.monotonic() - began, 2 * self._patience.tick))
