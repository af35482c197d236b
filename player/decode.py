"""Turns an encoded clip into mono 16 bit frames at 48 kHz, ahead of the sound thread and in a bounded buffer."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from domain.audio import SAMPLE_RATE
from domain.errors import AudioError, TrustError
from player.checked import CheckedFile

Frames = npt.NDArray[np.int16]
AHEAD = 12 * SAMPLE_RATE
"""Frames kept decoded ahead of the sound: bounds memory for a clip of any length."""
READY = 5 * SAMPLE_RATE
# The demuxer is named, never guessed: a playlist dressed up as a clip must not open other files.
_DEMUXERS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/flac": "flac",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/mp4": "mp4",
}


class Reel:
    """A clip being decoded by a thread of its own; the sound thread takes frames from it and never waits.

    The file's SHA-256 is checked before the first frame is given, and each piece again as it is decoded.
    An `account` of what it was made of is not needed: that is the clip.
    `failure` tells in Vietnamese why no (further) frames will come, and `damaged` that the file cannot be read or
    is not the clip; `on_ready` is called, by the decoding thread, once frames can be taken.
    """

    def __init__(
        self, path: Path, clip_hash: str, media_type: str, on_ready: Callable[[], None], skip_s: float = 0.0
    ) -> None:
        self.clip_hash = clip_hash
        self.failure = ""
        self.account = ""
        self.damaged = False
        self.reported = False
        self.ready = threading.Event()
        self._path = path
        self._media_type = media_type
        self._on_ready = on_ready
        self._skip_s = skip_s
        self._chunks: deque[Frames] = deque()
        self._buffered = 0
        self._ended = False
        self._closed = False
        self._room = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"decode-{clip_hash[:8]}", daemon=True)
        self._thread.start()

    @property
    def exhausted(self) -> bool:
        """Tell whether every frame has been taken and none will come."""
        return self._ended and not self._chunks

    @property
    def left(self) -> int | None:
        """Return how many frames are left, or None while the end is not decoded yet."""
        return self._buffered if self._ended else None

    def take(self, count: int) -> Frames:
        """Return the next `count` frames, or fewer when no more are decoded."""
        taken: list[Frames] = []
        missing = count
        with self._room:
            while missing and self._chunks:
                chunk = self._chunks.popleft()
                if len(chunk) > missing:
                    self._chunks.appendleft(chunk[missing:])
                    chunk = chunk[:missing]
                taken.append(chunk)
                missing -= len(chunk)
            self._buffered -= count - missing
            if self._buffered < AHEAD // 2:
                self._room.notify()
        if len(taken) == 1:
            return taken[0]
        return np.concatenate(taken) if taken else np.zeros(0, np.int16)

    def close(self) -> None:
        """Stop decoding and let the buffer go."""
        with self._room:
            self._closed = True
            self._chunks.clear()
            self._room.notify()

    def _run(self) -> None:
        try:
            with self._path.open("rb") as stream:
                for frames in self._sound(CheckedFile(stream, self.clip_hash)):
                    if not self._put(frames):
                        break
        except TrustError as error:
            self.damaged = True
            self.failure = error.sentence
        except OSError:
            self.damaged = True
            self.failure = "Không đọc được tệp âm thanh trên máy"
        except AudioError as error:
            self.failure = error.sentence
        except Exception as error:  # noqa: BLE001 - a clip that stops half way must never pass for a whole one
            self.failure = f"Giải mã bị dừng vì lỗi ngoài dự kiến: {type(error).__name__}"
        finally:
            self._ended = True
            self._be_ready()

    def _sound(self, stream: CheckedFile) -> Iterator[Frames]:
        return decoded(stream, self._media_type, self._skip_s)

    def _put(self, frames: Frames) -> bool:
        with self._room:
            self._chunks.append(frames)
            self._buffered += len(frames)
            if self._buffered >= READY:
                self._be_ready()
            while self._buffered >= AHEAD and not self._closed:
                self._room.wait()
            return not self._closed

    def _be_ready(self) -> None:
        if not self.ready.is_set():
            self.ready.set()
            if not self.failure:
                self._on_ready()


class Loop(Reel):
    """A clip decoded over and over without end, as a stand-in is."""

    def _sound(self, stream: CheckedFile) -> Iterator[Frames]:
        while True:
            yield from decoded(stream, self._media_type)


def decoded(stream: BinaryIO | CheckedFile, media_type: str, skip_s: float = 0.0) -> Iterator[Frames]:
    """Yield the frames of an encoded sound from `skip_s` seconds on; none at all is an error. Raises AudioError."""
    demuxer = _DEMUXERS.get(media_type.partition(";")[0].strip().lower())
    if demuxer is None:
        raise AudioError("Máy không đọc được loại tệp âm thanh này")
    try:
        stream.seek(0)
        with av.open(stream, "r", format=demuxer, metadata_errors="ignore") as container:
            empty = True
            for frames in _resampled(container, skip_s):
                empty = False
                yield frames
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise AudioError("Tệp âm thanh không giải mã được") from error
    if empty:
        raise AudioError("Tệp âm thanh không có tiếng nào")


def _resampled(container: av.container.InputContainer, skip_s: float) -> Iterator[Frames]:
    source = container.streams.audio[0]
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    if skip_s > 1:
        container.seek(int((skip_s - 1) * av.time_base))
    to_drop: int | None = None
    for frame in _frames(container, source, resampler):
        samples = frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)
        if to_drop is None:
            position = Fraction(frame.pts or 0) * (frame.time_base or Fraction(1, SAMPLE_RATE)) if skip_s else 0
            to_drop = max(round((skip_s - float(position)) * SAMPLE_RATE), 0)
        dropped = min(to_drop, len(samples))
        to_drop -= dropped
        if dropped < len(samples):
            yield samples[dropped:]


def _frames(
    container: av.container.InputContainer, source: av.AudioStream, resampler: AudioResampler
) -> Iterator[AudioFrame]:
    for frame in container.decode(source):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
