"""The PortAudio output against a stand-in for its library: what is called, when, and with which clock."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from domain.errors import SinkError
from player.sinks import portaudio
from player.sinks.portaudio import LATENCY_S, PortAudioSink
from tests.fakes_player import RATE, Still, noise

BLOCK = 480


@dataclass
class Moment:
    """What PortAudio tells a callback of time."""

    outputBufferDacTime: float  # noqa: N815
    currentTime: float = 0.0  # noqa: N815


@dataclass
class Flags:
    output_underflow: bool = False


@dataclass
class Library:
    """PortAudio as the test turns it: `call` is one call for sound."""

    clock: Still
    refuse: Exception | None = None
    active: bool = False
    played: list[bytes] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    plugged_in: bool = False
    looked: int = 0

    def _terminate(self) -> None:
        pass

    def _initialize(self) -> None:
        self.looked += 1

    def RawOutputStream(self, **asked: Any) -> "Library":  # noqa: N802
        if self.refuse and not (self.plugged_in and self.looked):
            raise self.refuse
        self.asked = asked
        return self

    def start(self) -> None:
        self.active = True

    def stop(self) -> None:
        self.active = False

    def close(self, *, ignore_errors: bool) -> None:
        assert ignore_errors
        self.active = False

    def call(self, ahead: float = LATENCY_S, *, underflow: bool = False) -> None:
        out = bytearray(BLOCK * 2)
        self.asked["callback"](memoryview(out), BLOCK, Moment(ahead), Flags(underflow))
        self.played.append(bytes(out))
        self.clock.rest(BLOCK / RATE)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library(Still())
    monkeypatch.setattr(portaudio, "_library", lambda: made)
    return made


@pytest.fixture
def sink(library: Library) -> PortAudioSink:
    made = PortAudioSink(library.clock)
    made.open()
    return made


def test_every_sample_reaches_the_device_in_order(library: Library, sink: PortAudioSink) -> None:
    samples = noise(0.5)
    for start in range(0, len(samples), BLOCK):
        sink.write(samples[start : start + BLOCK].tobytes())
        library.call()
    assert b"".join(library.played) == samples.tobytes()
    assert sink.frames == len(samples)


def test_the_next_frame_is_placed_by_a_smoothed_clock(library: Library, sink: PortAudioSink) -> None:
    jitter = np.random.default_rng(3).normal(0, 0.004, 2000)
    errors = []
    for ahead in jitter:
        sink.write(bytes(BLOCK * 2))
        library.call(LATENCY_S + float(ahead))
        errors.append(sink.next_frame_at() - library.clock.monotonic() - LATENCY_S)
    assert np.std(errors[500:]) < 0.001
    assert abs(np.mean(errors[500:])) < 0.001


def test_what_waits_is_counted(library: Library, sink: PortAudioSink) -> None:
    sink.write(bytes(BLOCK * 2))
    library.call()
    before = sink.next_frame_at()
    sink.write(bytes(BLOCK * 2))
    assert sink.next_frame_at() - before == pytest.approx(BLOCK / RATE)


def test_gaps_are_counted(library: Library, sink: PortAudioSink) -> None:
    library.call(underflow=True)
    library.call()
    assert sink.underruns == 1
    assert library.played[0] == bytes(BLOCK * 2)


def test_a_device_that_has_stopped_is_lost(library: Library, sink: PortAudioSink) -> None:
    library.active = False
    with pytest.raises(SinkError, match="ngừng"):
        sink.write(bytes(BLOCK * 2))


@pytest.mark.parametrize("refuse", [ValueError("No output device matching 'x'"), OSError("no library")])
def test_a_device_that_is_not_there_is_an_error_an_operator_can_read(library: Library, refuse: Exception) -> None:
    library.refuse = refuse
    with pytest.raises(SinkError, match="không mở được"):
        PortAudioSink(library.clock, "x").open()


def test_a_device_that_was_plugged_in_later_is_looked_for(library: Library) -> None:
    library.refuse, library.plugged_in = ValueError("No output device matching 'USB'"), True
    PortAudioSink(library.clock, "USB").open()
    assert (library.looked, library.active) == (1, True)


def test_a_number_names_a_device_by_its_place(library: Library) -> None:
    for written, device in (("3", 3), ("USB", "USB"), ("", None)):
        PortAudioSink(library.clock, written).open()
        assert library.asked["device"] == device


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sounddevice", None)
    with pytest.raises(SinkError, match="libportaudio2"):
        PortAudioSink(Still()).open()
