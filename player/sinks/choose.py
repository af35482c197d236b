"""Chooses the output: the sound device when the box has one that opens, else a virtual one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.errors import BadInputError, SinkError
from domain.ports import AudioSink, Clock
from player.sinks.alsa import AlsaSink
from player.sinks.silent import SilentSink
from player.sinks.virtual import VirtualSink


@dataclass(frozen=True, slots=True)
class Choice:
    """An open output, and why it is this one."""

    sink: AudioSink
    why: str


def choose_sink(folder: Path, clock: Clock, wanted: str = "auto") -> Choice:
    """Open the output that is `wanted`: auto, alsa, alsa:DEVICE, virtual (WAV files in `folder`) or silent.

    Raises SinkError when the one asked for cannot be opened, BadInputError when there is no such output.
    """
    if wanted == "auto":
        return _first_that_opens(folder, clock)
    kind, _, device = wanted.partition(":")
    makers: Mapping[str, Callable[[], AudioSink]] = {
        "alsa": lambda: AlsaSink(clock, device or "default"),
        "virtual": lambda: VirtualSink(folder, clock),
        "silent": lambda: SilentSink(clock),
    }
    if kind not in makers:
        raise BadInputError(f"Không có đầu ra âm thanh “{wanted}”; chọn auto, alsa, virtual hoặc silent.")
    sink = makers[kind]()
    sink.open()
    return Choice(sink, "Theo thiết đặt")


def _first_that_opens(folder: Path, clock: Clock) -> Choice:
    device = AlsaSink(clock)
    try:
        device.open()
    except SinkError as error:
        virtual = VirtualSink(folder, clock)
        virtual.open()
        return Choice(virtual, f"{error.sentence} Âm thanh được ghi vào {folder}.")
    return Choice(device, "Máy có thiết bị âm thanh")
