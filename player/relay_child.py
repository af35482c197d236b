"""The child process that takes in a stranger's stream: bounded in memory, disk and files, and free to crash.

Arguments: the address, then the names of hosts that may lie in a private net. Standard output takes mono 16 bit PCM
at 48 kHz; the last line on standard error says in Vietnamese why it ended.
"""

import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import av
from av.audio.resampler import AudioResampler

from domain.audio import SAMPLE_RATE
from domain.errors import AudioError, TiengLoaError
from player.fetch import Stream, open_stream
from player.sniffing import LOOKED_AT, kind_of

MEMORY_BYTES = 192 * 1024 * 1024
CPU_S = 3600
"""An hour of work is more than a day of any honest stream."""
MOST_FILES = 32
_DECODERS = frozenset({"mp3", "mp3float", "aac", "opus", "libopus", "vorbis", "flac"})
_MOST_RATE, _MOST_CHANNELS = 192_000, 8


def limit() -> None:
    """Bound what this process may use from here on."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))


def pcm_of(stream: Stream) -> Iterator[bytes]:
    """Yield the sound of a stream. Raises AudioError, av.FFmpegError, ServerUnreachableError."""
    begun = b""
    while len(begun) < LOOKED_AT and (piece := stream.read(LOOKED_AT - len(begun))):
        begun += piece
    kind, offset = kind_of(begun)
    stream.unread(begun[offset:])
    yield from _decoded(stream, kind)


def _decoded(stream: Stream, kind: str) -> Iterator[bytes]:
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    options = {"protocol_whitelist": "none", "probesize": "32768", "analyzeduration": "1000000"}
    with av.open(stream, "r", format=kind, options=options, metadata_errors="ignore") as container:
        source = container.streams.audio[0]
        context = source.codec_context
        if context.name not in _DECODERS or context.sample_rate > _MOST_RATE or context.channels > _MOST_CHANNELS:
            raise AudioError("Nguồn tiếp âm dùng kiểu nén lạ")
        for frame in container.decode(source):
            for made in resampler.resample(frame):
                yield bytes(made.planes[0])[: made.samples * 2]


def take_in(url: str, allowed: Sequence[str], give: Callable[[bytes], object]) -> str:
    """Take the stream at `url` in until it ends, and return why it did; `give` is called with its sound."""
    try:
        stream = open_stream(url, allowed)
        with closing(stream):
            for piece in pcm_of(stream):
                give(piece)
    except TiengLoaError as error:
        return error.sentence
    except (av.FFmpegError, ValueError, IndexError, MemoryError):
        return "Tiếng của nguồn tiếp âm không giải mã được"
    except BrokenPipeError:
        return ""
    return "Nguồn tiếp âm đã ngừng phát"


def _give(piece: bytes) -> None:
    sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def main(arguments: list[str]) -> None:
    """Bound this process, take the stream in, and say why it ended."""
    limit()
    sys.stderr.write(take_in(arguments[0], arguments[1:], _give) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
