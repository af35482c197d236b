"""The sound device through PortAudio (the optional `sounddevice` package): for boxes without plain ALSA.

PortAudio calls for sound from a thread of its own and tells when it will leave the converter; that instant is
smoothed, since one reading alone carries the jitter of the call.
"""

import threading
from collections import deque
from typing import Any

from domain.audio import SAMPLE_RATE
from domain.errors import SinkError
from domain.ports import Clock

LATENCY_S = 0.04
MOST_WAITING = 2
"""Blocks that wait for PortAudio: it asks for one at a time."""
_BLOCK = 480
_SMOOTHING = 0.02
_JUMP_S = 0.05
_STALLED_S = 10.0


class PortAudioSink:
    """Plays on a PortAudio device, named or numbered as `python -m sounddevice` lists it; `underruns` counts gaps."""

    rate = SAMPLE_RATE

    def __init__(self, clock: Clock, device: str = "") -> None:
        self.name = f"PortAudio {device or 'mặc định'}"
        self._clock = clock
        self._device: str | int | None = int(device) if device.isdigit() else device or None
        self._stream: Any = None
        self._blocks: deque[bytes] = deque()
        self._turn = threading.Condition()
        self._rest = b""
        self._frames = 0
        self._next: float | None = None
        self.underruns = 0

    def open(self) -> None:
        """Open the device. Raises SinkError when the package, the library or the device is not there."""
        self._release()
        library = _library()
        self._blocks.clear()
        self._rest, self._frames, self._next, self.underruns = b"", 0, None, 0
        try:
            self._stream = self._opened(library)
            self._stream.start()
        except Exception as error:  # ValueError for a name, PortAudioError for a device, OSError for a library
            self._release()
            raise SinkError(f"Thiết bị âm thanh {self.name}: không mở được ({str(error)[:120]}).") from error

    def _opened(self, library: Any) -> Any:
        asked = {"samplerate": self.rate, "blocksize": _BLOCK, "device": self._device, "channels": 1, "dtype": "int16"}
        try:
            return library.RawOutputStream(**asked, latency=LATENCY_S, callback=self._play)
        except ValueError:  # no such device: PortAudio looks for them only when it starts
            library._terminate()
            library._initialize()
            return library.RawOutputStream(**asked, latency=LATENCY_S, callback=self._play)

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next frame sounds, by the converter's own smoothed clock."""
        self._live()
        with self._turn:
            waiting = sum(len(block) for block in self._blocks) // 2 + len(self._rest) // 2
            base = self._clock.monotonic() + LATENCY_S if self._next is None else self._next
        return base + waiting / self.rate

    def write(self, block: bytes) -> None:
        """Hand over one block, waiting until there is room. Raises SinkError when the device is lost."""
        self._live()
        data = self._rest + block
        whole = len(data) - len(data) % (_BLOCK * 2)
        self._rest = data[whole:]
        for start in range(0, whole, _BLOCK * 2):
            self._give(data[start : start + _BLOCK * 2])
        self._frames += len(block) // 2

    @property
    def frames(self) -> int:
        """Return how many frames were taken since `open`."""
        return self._frames

    def close(self) -> None:
        """Let what was written sound, then release the device."""
        stream = self._stream
        if stream is not None and stream.active:
            with self._turn:
                self._turn.wait_for(lambda: not self._blocks, 0.5)
            stream.stop()
        self._release()

    def _give(self, block: bytes) -> None:
        with self._turn:
            room = self._turn.wait_for(lambda: len(self._blocks) < MOST_WAITING or not self._stream.active, _STALLED_S)
            if not room or not self._stream.active:
                raise SinkError(f"Thiết bị âm thanh {self.name}: đã ngừng nhận tiếng.")
            self._blocks.append(block)

    def _play(self, outdata: Any, frames: int, time: Any, status: Any) -> None:
        """Give PortAudio a block; called from its own thread."""
        dac = self._clock.monotonic() + (time.outputBufferDacTime - time.currentTime)
        with self._turn:
            if status.output_underflow:
                self.underruns += 1
            block = self._blocks.popleft() if self._blocks else bytes(frames * 2)
            if self._next is None or abs(dac - self._next) > _JUMP_S:
                self._next = dac
            self._next += _SMOOTHING * (dac - self._next) + frames / self.rate
            self._turn.notify_all()
        outdata[:] = block

    def _live(self) -> None:
        if self._stream is None:
            raise SinkError("Thiết bị âm thanh chưa được mở.")

    def _release(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)


def _library() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the package is there, PortAudio itself is not
        raise SinkError("Máy chưa có PortAudio: cần gói Python sounddevice và gói hệ thống libportaudio2.") from error
    return sounddevice
