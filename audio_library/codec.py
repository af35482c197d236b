"""Sound as files in memory: FLAC for the library, and any clip back to PCM."""

import io
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.resampler import AudioResampler

from audio_library.filters import frames_of
from domain.audio import SAMPLE_RATE
from domain.errors import AudioError, BadInputError

FLAC = "audio/flac"
LONGEST_CLIP = timedelta(hours=2)

_UNREADABLE = "Tệp âm thanh bị hỏng hoặc không đúng định dạng, không giải mã được."


def encode_flac(pcm: bytes) -> bytes:
    """Return mono 48 kHz 16 bit `pcm` as a FLAC file; the same PCM gives the same bytes.

    Raises AudioError when FFmpeg fails.
    """
    file = io.BytesIO()
    try:
        with av.open(file, "w", format="flac", options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono", format="s16")
            for frame in frames_of(pcm, SAMPLE_RATE):
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise AudioError("Không ghi được âm thanh ra định dạng FLAC.") from error
    return file.getvalue()


def write_flac(target: Path, blocks: Iterable[bytes]) -> None:
    """Write mono 48 kHz 16 bit PCM, given in `blocks`, as a FLAC file; no more than a block is held at once.

    Raises AudioError when FFmpeg fails.
    """
    at = 0
    try:
        with av.open(str(target), "w", format="flac", options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono", format="s16")
            for block in blocks:
                for frame in frames_of(block, SAMPLE_RATE, at):
                    container.mux(stream.encode(frame))
                at += len(block) // 2
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise AudioError("Không ghi được âm thanh ra định dạng FLAC.") from error


def decode_blocks(source: Path) -> Iterator[bytes]:
    """Yield the sound of a file of a known kind as mono 48 kHz 16 bit PCM, block by block.

    Raises BadInputError on another kind of file, AudioError on a broken one.
    """
    with source.open("rb") as file:
        demuxer = demuxer_of(file.read(16))
        file.seek(0)
        try:
            yield from _decoded(file, demuxer)
        except (av.FFmpegError, ValueError) as error:
            raise AudioError(_UNREADABLE) from error


def demuxer_of(head: bytes) -> str:
    """Return FFmpeg's name of the container that `head`, the first 16 bytes or more, begins.

    Only plain sound files are known: a playlist could make FFmpeg open other files. Raises BadInputError.
    """
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"OggS":
        return "ogg"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6)):
        return "mp3"
    if head[4:8] == b"ftyp":
        return "mov"  # m4a: what the recorder of most phones writes
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"  # webm: what a browser records
    raise BadInputError("Chỉ nhận tệp âm thanh WAV, MP3, FLAC, OGG, M4A hoặc WebM.")


def decode(data: bytes, longest: timedelta = LONGEST_CLIP) -> bytes:
    """Return the sound of a file of a known kind as mono 48 kHz 16 bit PCM.

    Raises BadInputError on another kind of file or one that lasts more than `longest`, AudioError on a broken one.
    """
    demuxer = demuxer_of(data[:16])
    room = int(longest.total_seconds() * SAMPLE_RATE) * 2
    pcm = io.BytesIO()
    try:
        for part in _decoded(data, demuxer):
            pcm.write(part)
            if pcm.tell() > room:
                raise BadInputError(f"Âm thanh dài quá {longest.total_seconds() / 60:.0f} phút.")
    except (av.FFmpegError, ValueError) as error:
        raise AudioError(_UNREADABLE) from error
    if not pcm.tell():
        raise AudioError(_UNREADABLE)
    return pcm.getvalue()


def sounds_as(data: bytes, pcm: bytes) -> bool:
    """Tell whether the FLAC file `data` decodes to the very samples of `pcm`. Raises AudioError on a broken file."""
    expected, at = memoryview(pcm), 0
    try:
        for part in _decoded(data, "flac"):
            if expected[at : at + len(part)] != part:
                return False
            at += len(part)
    except (av.FFmpegError, ValueError) as error:
        raise AudioError(_UNREADABLE) from error
    return at == len(pcm)


def _decoded(data: bytes | BinaryIO, demuxer: str) -> Iterator[bytes]:
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    with av.open(file, "r", format=demuxer, metadata_errors="replace") as container:
        if not container.streams.audio:
            raise AudioError(_UNREADABLE)
        for frame in container.decode(container.streams.audio[0]):
            for made in resampler.resample(frame):
                yield made.to_ndarray().tobytes()
        for made in resampler.resample(None):
            yield made.to_ndarray().tobytes()
