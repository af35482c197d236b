"""Encodes the mixer's blocks for a stream: Ogg/Opus in short pages, or MP3; bytes come out as soon as they can."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from domain.audio import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Format:
    """A stream format: what it is called on the line, FFmpeg's codec and container, and frames in one packet."""

    media_type: str
    codec: str
    container: str
    frame: int
    codec_options: Mapping[str, str]
    container_options: Mapping[str, str]
    carries_titles: bool


FORMATS = {
    "opus": Format(
        "audio/ogg",
        "libopus",
        "ogg",
        SAMPLE_RATE // 50,
        {"application": "voip", "frame_duration": "20"},
        {"page_duration": "20000", "flush_packets": "1"},
        carries_titles=True,
    ),
    "mp3": Format(
        "audio/mpeg",
        "libmp3lame",
        "mp3",
        1152,
        {"compression_level": "7", "reservoir": "0"},
        {"write_xing": "0", "id3v2_version": "0", "write_id3v1": "0", "flush_packets": "1"},
        carries_titles=False,
    ),
}


class Encoder:
    """One stream being encoded; a new title ends it and begins the next inside the same Ogg (chaining)."""

    def __init__(self, kind: Format, bitrate: int, tags: Mapping[str, str], title: str = "") -> None:
        self._kind = kind
        self._bitrate = bitrate
        self._tags = dict(tags)
        self._bucket = _Bucket()
        self._held = b""
        self._begin(title)

    def retitle(self, title: str) -> bytes:
        """Carry `title` from the next frame on, where the format can; return what that ends and begins."""
        if not self._kind.carries_titles:
            return b""
        self._end()
        self._begin(title)
        return self._bucket.emptied()

    def encoded(self, block: bytes) -> bytes:
        """Return what `block`, mono 16 bit at 48 kHz, and what was held before it give."""
        self._held += block
        size = self._kind.frame * 2
        while len(self._held) >= size:
            self._put(self._held[:size])
            self._held = self._held[size:]
        return self._bucket.emptied()

    def close(self) -> bytes:
        """End the stream and return its last bytes."""
        self._end()
        return self._bucket.emptied()

    def _begin(self, title: str) -> None:
        kind = self._kind
        self._container = av.open(self._bucket, "w", format=kind.container, options=dict(kind.container_options))
        stream = self._container.add_stream(kind.codec, rate=SAMPLE_RATE, options=dict(kind.codec_options))
        assert isinstance(stream, AudioStream)
        stream.layout, stream.format, stream.bit_rate = "mono", _sample_format(kind), self._bitrate
        self._container.metadata.update(self._tags | ({"title": title} if title else {}))
        self._stream, self._written = stream, 0

    def _put(self, samples: bytes) -> None:
        values = np.frombuffer(samples, np.int16)
        shape = values.reshape(1, -1)
        if self._kind.codec == "libmp3lame":
            frame = AudioFrame.from_ndarray(shape.astype(np.float32) / 32768, format="fltp", layout="mono")
        else:
            frame = AudioFrame.from_ndarray(shape, format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), self._written
        self._written += len(values)
        self._container.mux(self._stream.encode(frame))

    def _end(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


class _Bucket:
    """A file that can only be written, and is emptied by whoever sends it on."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def emptied(self) -> bytes:
        told = b"".join(self._parts)
        self._parts.clear()
        return told


def _sample_format(kind: Format) -> str:
    return "fltp" if kind.codec == "libmp3lame" else "s16"
