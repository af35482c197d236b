"""Chooses the outputs: what is asked for by name, watched, with its reserve; else what the box has.

Outputs that few boxes have are imported when one asks for them: all that is imported stays in memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.errors import BadInputError, SinkError
from domain.ports import AudioSink, Clock
from player.sinks.alsa import AlsaSink
from player.sinks.guarded import GuardedSink, Make
from player.sinks.silent import SilentSink
from player.sinks.virtual import VirtualSink

AUTO = "auto"
_UNGUARDED = frozenset({"virtual", "silent"})
"""Outputs of our own that no device can block."""
ICECAST = ("icecast", "icecasts")
"""Outputs at the other end of a network: the machine starts without them, and says so."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where outputs find what they need: `recordings` for WAV files, `own` for passwords, and the time.

    `latency_s` is how much later than it says itself the box's sound device sounds.
    """

    recordings: Path
    own: Path
    clock: Clock
    latency_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """An output, and why it is this one; `stand_in` when it only stands in for a device that may yet appear."""

    sink: AudioSink
    why: str
    stand_in: bool = False


def choose_sink(place: Place, wanted: str = AUTO, reserve: str = "") -> Choice:
    """Open the output that is `wanted`, watched, with its `reserve`; `docs/outputs.md` tells how each is written.

    Raises SinkError when none can be opened, BadInputError when there is no such output.
    """
    if wanted == AUTO and not reserve:
        return _first_that_opens(place)
    kind = wanted.partition(":")[0]
    make = maker("alsa" if wanted == AUTO else wanted, place)
    if kind in _UNGUARDED and not reserve:
        bare = make()
        bare.open()
        return Choice(bare, "Theo thiết đặt.")
    sink = GuardedSink(make, maker(reserve, place) if reserve else None, place.clock)
    try:
        sink.open()
    except SinkError as error:
        if kind not in ICECAST:
            raise
        return Choice(sink, error.sentence)
    return Choice(sink, sink.duty.sentence or "Theo thiết đặt.")


def maker(wanted: str, place: Place) -> Make:
    """Return what makes the output that is `wanted`. Raises BadInputError when there is no such output."""
    kind, _, rest = wanted.partition(":")
    clock = place.clock
    if kind in ICECAST:
        return _icecast(wanted, place)
    if kind == "rtp":
        return _rtp(wanted, clock)
    makers: Mapping[str, Make] = {
        "alsa": lambda: AlsaSink(clock, rest or "default", place.latency_s),
        "portaudio": lambda: _portaudio(clock, rest),
        "virtual": lambda: VirtualSink(Path(rest) if rest else place.recordings, clock),
        "silent": lambda: SilentSink(clock),
    }
    if kind not in makers:
        known = ", ".join((AUTO, *makers, *ICECAST, "rtp"))
        raise BadInputError(f"Không có đầu ra âm thanh “{wanted}”; chọn {known}.")
    return makers[kind]


def _icecast(wanted: str, place: Place) -> Make:
    from player.sinks.icecast import IcecastSink, read_icecast

    icecast = read_icecast(wanted, place.own)
    return lambda: IcecastSink(icecast, place.clock)


def _rtp(wanted: str, clock: Clock) -> Make:
    from player.sinks.rtp import RtpSink, read_rtp

    rtp = read_rtp(wanted)
    return lambda: RtpSink(rtp, clock)


def _portaudio(clock: Clock, device: str) -> AudioSink:
    from player.sinks.portaudio import PortAudioSink

    return PortAudioSink(clock, device)


def sound_device(place: Place) -> AudioSink:
    """Return the box's own sound device, watched; it is not open yet."""
    return GuardedSink(lambda: AlsaSink(place.clock, latency_s=place.latency_s), None, place.clock)


def trouble_of(sink: AudioSink) -> str:
    """Return what a watched output says is wrong, or an empty string."""
    return sink.duty.sentence if isinstance(sink, GuardedSink) else ""


def _first_that_opens(place: Place) -> Choice:
    device = sound_device(place)
    try:
        device.open()
    except SinkError as error:
        virtual = VirtualSink(place.recordings, place.clock)
        virtual.open()
        return Choice(virtual, f"{error.sentence} Âm thanh được ghi vào {place.recordings}.", stand_in=True)
    return Choice(device, "Máy có thiết bị âm thanh")
