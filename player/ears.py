"""What hears the machine from outside: a loop-back input or a microphone, by ALSA or PortAudio."""

import ctypes
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from domain.audio import SAMPLE_RATE
from domain.errors import BadInputError, SinkError
from domain.ports import Clock
from player.sinks.alsa import load_library

BLOCK = 480
_CAPTURE, _S16_LE, _INTERLEAVED, _RESAMPLE, _BUFFER_US = 1, 2, 3, 1, 200_000
_EPIPE, _ESTRPIPE, _EINTR = -32, -86, -4
Frames = npt.NDArray[np.int16]


class Ear(Protocol):
    """An input that is opened once and read for ever, in mono blocks of 10 ms at 48 kHz."""

    name: str

    def open(self) -> None:
        """Begin to hear. Raises SinkError."""

    def read(self) -> tuple[float, Frames]:
        """Wait for a block; return the monotonic instant of its first frame, and the block. Raises SinkError."""

    def close(self) -> None:
        """Release the input."""


def ear_of(wanted: str, clock: Clock) -> Callable[[], Ear]:
    """Return what makes the input that is written as `alsa[:DEVICE]` or `portaudio[:DEVICE]`. Raises BadInputError."""
    kind, _, device = wanted.partition(":")
    makers: dict[str, Callable[[], Ear]] = {
        "alsa": lambda: AlsaEar(clock, device or "default"),
        "portaudio": lambda: PortAudioEar(clock, device),
    }
    if kind not in makers:
        raise BadInputError(f"Không có đầu vào kiểm chứng «{wanted}»; chọn alsa hoặc portaudio.")
    return makers[kind]


class AlsaEar:
    """Hears by an ALSA device, one channel."""

    def __init__(self, clock: Clock, device: str = "default") -> None:
        self.name = f"ALSA {device}"
        self._clock = clock
        self._device = device
        self._library: Any = None
        self._pcm = ctypes.c_void_p()
        self._block = ctypes.create_string_buffer(BLOCK * 2)

    def open(self) -> None:
        """Open the device. Raises SinkError when the library or the device is not there."""
        self._library = self._library or load_library()
        self._library.snd_pcm_readi.restype = ctypes.c_long
        self._library.snd_pcm_readi.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong]
        self.close()
        opened = self._library.snd_pcm_open(ctypes.byref(self._pcm), self._device.encode(), _CAPTURE, 0)
        self._check(opened, "mở")
        shape = (_S16_LE, _INTERLEAVED, 1, SAMPLE_RATE, _RESAMPLE, _BUFFER_US)
        self._check(self._library.snd_pcm_set_params(self._pcm, *shape), "đặt 48 kHz")

    def read(self) -> tuple[float, Frames]:
        """Wait for a block. Raises SinkError when the device is lost."""
        if not self._pcm:
            raise SinkError("Đầu vào kiểm chứng chưa được mở.")
        took = self._library.snd_pcm_readi(self._pcm, self._block, BLOCK)
        if took in (_EPIPE, _ESTRPIPE, _EINTR):
            self._check(self._library.snd_pcm_recover(self._pcm, took, 1), "phục hồi")
            took = 0
        self._check(took, "thu")
        waiting = ctypes.c_long(0)
        self._library.snd_pcm_delay(self._pcm, ctypes.byref(waiting))
        frames = np.frombuffer(self._block.raw, np.int16)[:took].copy()
        return self._clock.monotonic() - (max(waiting.value, 0) + took) / SAMPLE_RATE, frames

    def close(self) -> None:
        """Release the device."""
        if self._pcm:
            self._library.snd_pcm_close(self._pcm)
            self._pcm = ctypes.c_void_p()

    def _check(self, code: int, act: str) -> None:
        if code < 0:
            told = self._library.snd_strerror(code).decode(errors="replace")
            raise SinkError(f"Đầu vào kiểm chứng {self._device}: không {act} được ({told}).")


class PortAudioEar:
    """Hears by a PortAudio device, one channel."""

    def __init__(self, clock: Clock, device: str = "") -> None:
        self.name = f"PortAudio {device or 'mặc định'}"
        self._clock = clock
        self._device: str | int | None = int(device) if device.isdigit() else device or None
        self._stream: Any = None

    def open(self) -> None:
        """Open the device. Raises SinkError when the package, the library or the device is not there."""
        self.close()
        try:
            import sounddevice

            self._stream = sounddevice.RawInputStream(
                samplerate=SAMPLE_RATE, blocksize=BLOCK, device=self._device, channels=1, dtype="int16"
            )
            self._stream.start()
        except Exception as error:  # ImportError, OSError for a library, ValueError for a name, PortAudioError
            raise SinkError(f"Đầu vào kiểm chứng {self.name}: không mở được ({str(error)[:120]}).") from error

    def read(self) -> tuple[float, Frames]:
        """Wait for a block. Raises SinkError when the device is lost."""
        if self._stream is None:
            raise SinkError("Đầu vào kiểm chứng chưa được mở.")
        try:
            data, _ = self._stream.read(BLOCK)
        except Exception as error:  # PortAudioError, from a package that may not be here
            raise SinkError(f"Đầu vào kiểm chứng {self.name}: không thu được.") from error
        behind = (self._stream.read_available + BLOCK) / SAMPLE_RATE + self._stream.latency
        return self._clock.monotonic() - behind, np.frombuffer(bytes(data), np.int16)

    def close(self) -> None:
        """Release the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)
