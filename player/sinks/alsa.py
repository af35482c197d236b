"""The sound device through ALSA's own library (libasound.so.2), by ctypes: no package, exact delay."""

import ctypes
from collections import deque
from typing import Any

from domain.audio import SAMPLE_RATE
from domain.errors import SinkError
from domain.ports import Clock

LIBRARY = "libasound.so.2"
BUFFERS_US = (20_000, 40_000, 80_000)
"""How deep the device's buffer is: as deep as the box needs and no deeper, since an urgent word waits for all of it."""
_MOST_UNDERRUNS, _WITHIN_S = 3, 60.0
_PLAYBACK, _S16_LE, _INTERLEAVED, _RESAMPLE = 0, 2, 3, 1
_EPIPE, _ESTRPIPE, _EINTR = -32, -86, -4
_TRIES = 5
_RUNAWAY_S = 1.0
_ERROR_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
# ALSA prints to standard error on its own; its answers are reported by us. Must live as long as the library.
_quiet = _ERROR_HANDLER(lambda *_told: None)


class AlsaSink:
    """Plays on an ALSA device, mono when it takes that, else the same sound on both channels.

    `latency_s` is what lies behind the device and is constant (an amplifier's own processing, a driver that tells one
    period too few): sound is sent that much earlier.
    """

    rate = SAMPLE_RATE

    def __init__(self, clock: Clock, device: str = "default", latency_s: float = 0.0) -> None:
        self.name = f"ALSA {device}"
        self._clock = clock
        self._device = device
        self._latency_s = latency_s
        self._library: Any = None
        self._pcm = ctypes.c_void_p()
        self._channels = 1
        self._frames = 0
        self._opened_at = 0.0
        self._depth = 0
        self._late: deque[float] = deque(maxlen=_MOST_UNDERRUNS)
        self.underruns = 0

    def open(self) -> None:
        """Open the device. Raises SinkError when the library or the device is not there."""
        self._library = self._library or load_library()
        self._open_device()
        self._frames = 0
        self._opened_at = self._clock.monotonic()

    def _open_device(self) -> None:
        self._release()
        self._check(
            self._library.snd_pcm_open(ctypes.byref(self._pcm), self._device.encode(), _PLAYBACK, 0), "mở thiết bị"
        )
        try:
            self._channels = self._set_up()
        except SinkError:
            self._release()
            raise

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next frame sounds, by the device's delay and what is behind it."""
        delay = ctypes.c_long(0)
        if self._library.snd_pcm_delay(self._live(), ctypes.byref(delay)) < 0:
            return self._clock.monotonic() + self._latency_s
        return self._clock.monotonic() + max(delay.value, 0) / self.rate + self._latency_s

    def write(self, block: bytes) -> None:
        """Hand one block to the device, waiting until there is room. Raises SinkError when the device is lost."""
        frames = len(block) // 2
        sent = tries = 0
        while sent < frames:
            rest = block[2 * sent :]
            data = rest if self._channels == 1 else _doubled(rest)
            pcm = self._live()
            took = self._library.snd_pcm_writei(pcm, data, frames - sent)
            if took >= 0:
                sent += took
                continue
            tries += 1
            self._recover(took, tries)
        self._frames += frames
        self._check_pace()

    @property
    def frames(self) -> int:
        """Return how many frames were taken since `open`."""
        return self._frames

    def close(self) -> None:
        """Let what was written sound, then release the device."""
        if self._pcm:
            self._library.snd_pcm_drain(self._pcm)
        self._release()

    def _set_up(self) -> int:
        for channels in (1, 2):
            answer = self._library.snd_pcm_set_params(
                self._pcm, _S16_LE, _INTERLEAVED, channels, self.rate, _RESAMPLE, BUFFERS_US[self._depth]
            )
            if answer >= 0:
                return channels
        self._check(answer, "đặt 48 kHz 16 bit")
        raise AssertionError("unreachable")

    def _recover(self, code: int, tries: int) -> None:
        if code not in (_EPIPE, _ESTRPIPE, _EINTR) or tries > _TRIES:
            self._check(code, "phát ra")
        if code == _EPIPE:
            self.underruns += 1
            self._late.append(self._clock.monotonic())
        if self._is_too_shallow():
            self._depth += 1
            self._late.clear()
            self._open_device()
            return
        self._check(self._library.snd_pcm_recover(self._pcm, code, 1), "phục hồi")

    def _is_too_shallow(self) -> bool:
        """Tell whether this box is too slow for so small a buffer, by how thick the underruns come."""
        often = len(self._late) == _MOST_UNDERRUNS and self._late[-1] - self._late[0] <= _WITHIN_S
        return often and self._depth + 1 < len(BUFFERS_US)

    def _check_pace(self) -> None:
        # ALSA's null device swallows an hour in a second: sound that nobody hears must not count as played.
        if self._frames / self.rate - (self._clock.monotonic() - self._opened_at) > _RUNAWAY_S:
            raise SinkError("Thiết bị âm thanh không giữ nhịp (thiết bị giả?); không coi là đã phát ra loa.")

    def _check(self, code: int, act: str) -> None:
        if code < 0:
            told = self._library.snd_strerror(code).decode(errors="replace")
            raise SinkError(f"Thiết bị âm thanh {self._device}: không {act} được ({told}).")

    def _live(self) -> ctypes.c_void_p:
        if not self._pcm:
            raise SinkError("Thiết bị âm thanh chưa được mở.")
        return self._pcm

    def _release(self) -> None:
        if self._pcm:
            self._library.snd_pcm_close(self._pcm)
            self._pcm = ctypes.c_void_p()


def load_library() -> Any:
    """Return libasound with its argument types set. Raises SinkError when it is not installed."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise SinkError("Máy chưa có thư viện âm thanh ALSA (libasound2).") from error
    library.snd_strerror.restype = ctypes.c_char_p
    library.snd_pcm_writei.restype = ctypes.c_long
    library.snd_pcm_writei.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong]
    for name in ("snd_pcm_drain", "snd_pcm_close"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    library.snd_pcm_delay.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_long)]
    library.snd_pcm_recover.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    library.snd_pcm_set_params.argtypes = [ctypes.c_void_p, *[ctypes.c_int] * 2, *[ctypes.c_uint] * 2]
    library.snd_pcm_set_params.argtypes += [ctypes.c_int, ctypes.c_uint]
    library.snd_lib_error_set_handler(_quiet)
    return library


def _doubled(block: bytes) -> bytes:
    stereo = bytearray(len(block) * 2)
    for offset in (0, 1):
        stereo[offset::4] = block[offset::2]
        stereo[offset + 2 :: 4] = block[offset::2]
    return bytes(stereo)
