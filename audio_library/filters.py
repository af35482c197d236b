"""Runs PCM through a chain of FFmpeg filters, block by block."""

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph

from domain.audio import SAMPLE_RATE
from domain.errors import AudioError

Filter = tuple[str, str]
"""Name and arguments of one FFmpeg filter."""

MONO_PCM: Filter = ("aformat", "sample_fmts=s16:channel_layouts=mono")
AT_CLIP_RATE: Filter = ("aresample", str(SAMPLE_RATE))

_BLOCK = 65_536


def frames_of(pcm: bytes, rate: int, first: int = 0) -> Iterator[av.AudioFrame]:
    """Yield mono 16 bit `pcm` as FFmpeg frames of at most 65,536 samples, numbered from the sample `first`."""
    samples = np.frombuffer(pcm, dtype="<i2")
    for start in range(0, samples.size, _BLOCK):
        frame = av.AudioFrame.from_ndarray(samples[start : start + _BLOCK].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = first + start
        yield frame


def filtered(frames: Iterable[av.AudioFrame], rate: int, chain: tuple[Filter, ...]) -> Iterator[av.AudioFrame]:
    """Yield what comes out of `chain` when mono 16 bit `frames` of `rate` go in.

    Raises AudioError when FFmpeg refuses the chain or the sound.
    """
    try:
        graph = _graph(rate, chain)
        for frame in frames:
            graph.push(frame)
            yield from _ready(graph)
        graph.push(None)
        yield from _ready(graph)
    except av.FFmpegError as error:
        raise AudioError("Không xử lý được âm thanh: bộ lọc báo lỗi.") from error


def through(pcm: bytes, rate: int, chain: tuple[Filter, ...]) -> bytes:
    """Return mono 16 bit PCM after `chain`; its rate is what the chain makes it. Raises AudioError."""
    made = io.BytesIO()  # grows in place and gives its bytes away: an hour of sound is not held twice
    for frame in filtered(frames_of(pcm, rate), rate, (*chain, MONO_PCM)):
        made.write(frame.to_ndarray().tobytes())
    return made.getvalue()


def at_clip_rate(pcm: bytes, rate: int) -> bytes:
    """Return mono 16 bit `pcm` resampled to the 48 kHz of every clip. Raises AudioError."""
    return pcm if rate == SAMPLE_RATE else through(pcm, rate, (AT_CLIP_RATE,))


def _graph(rate: int, chain: tuple[Filter, ...]) -> Graph:
    graph = Graph()
    last = graph.add_abuffer(format="s16", sample_rate=rate, layout="mono", time_base=Fraction(1, rate))
    for name, arguments in (*chain, ("abuffersink", "")):
        node = graph.add(name, arguments) if arguments else graph.add(name)
        last.link_to(node)
        last = node
    graph.configure()
    return graph


def _ready(graph: Graph) -> Iterator[av.AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame
