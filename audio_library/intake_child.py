"""The child process that opens a stranger's file: bounded in memory, time and disk, and free to crash.

Standard input is the file, standard output a file that takes the FLAC; one line of JSON on standard error tells how
it went. Arguments: FFmpeg's name of the container, the longest sound taken in seconds, the seconds of CPU it may use.
"""

import json
import resource
import sys
from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from audio_library.measure import loudness_of
from domain.audio import SAMPLE_RATE
from domain.errors import TiengLoaError

MEMORY_BYTES = 256 * 1024 * 1024


class _TooLongError(Exception):
    """The sound lasts longer than is taken."""


def limit(longest_s: int, cpu_s: int) -> None:
    """Bound what this process may use from here on; SIGXCPU ends it after `cpu_s` seconds of work."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    room = (longest_s + 60) * SAMPLE_RATE * 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))


def converted(demuxer: str, longest_s: int) -> dict[str, float]:
    """Turn standard input into FLAC on standard output, measuring as it goes; return the figures.

    Raises av.FFmpegError, ValueError or AudioError on a broken file, _TooLongError.
    """
    options = {"fflags": "+bitexact"}
    with (
        av.open(sys.stdin.buffer, "r", format=demuxer, metadata_errors="replace") as source,
        av.open(sys.stdout.buffer, "w", format="flac", options=options) as target,
    ):
        stream = target.add_stream("flac", rate=SAMPLE_RATE, layout="mono", format="s16")
        count = _Count()
        loudness = loudness_of(_written(_frames(source, count, longest_s), target, stream), SAMPLE_RATE)
    return {
        "samples": count.samples,
        "lufs": loudness.integrated_lufs,
        "peak": loudness.true_peak_dbtp,
        "range": loudness.range_lu,
    }


class _Count:
    samples = 0


def _frames(source: InputContainer, count: _Count, longest_s: int) -> Iterator[av.AudioFrame]:
    """Yield the sound as mono 48 kHz 16 bit frames numbered from nothing, whatever the file says of its times."""
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    for made in _resampled(source, resampler):
        made.pts, made.time_base = count.samples, Fraction(1, SAMPLE_RATE)
        count.samples += made.samples
        if count.samples > longest_s * SAMPLE_RATE:
            raise _TooLongError
        yield made


def _resampled(source: InputContainer, resampler: AudioResampler) -> Iterator[av.AudioFrame]:
    for frame in source.decode(source.streams.audio[0]):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _written(frames: Iterator[av.AudioFrame], target: OutputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    for frame in frames:
        target.mux(stream.encode(frame))
        yield frame
    target.mux(stream.encode(None))


def main(arguments: list[str]) -> None:
    """Convert, and say how it went."""
    demuxer, longest_s = arguments[0], int(arguments[1])
    limit(longest_s, int(arguments[2]))
    try:
        answer: dict[str, float | str] = {**converted(demuxer, longest_s)}
    except _TooLongError:
        answer = {"refused": "long"}
    except (av.FFmpegError, TiengLoaError, ValueError, IndexError, MemoryError, OSError):
        answer = {"refused": "broken"}
    sys.stderr.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
