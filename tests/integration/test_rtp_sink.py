"""RTP as a horn receives it: over a real socket, by multicast and by FFmpeg, sample for sample."""

import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import numpy as np
import numpy.typing as npt
import pytest

from domain.errors import BadInputError, SinkError
from domain.timetable import Priority
from player.clock import SystemClock
from player.sinks.g711 import MU_LAW, encoded
from player.sinks.resample import BLOCK, Resampler
from player.sinks.rtp import HANG_OVER_S, RtpSink, description, read_rtp
from tests.fakes import need_tool
from tests.fakes_player import RATE, Still, noise
from tests.ports import free_port

GROUP, URGENT = "239.255.77.1", "239.255.77.2"


@dataclass(frozen=True)
class Packet:
    marker: bool
    kind: int
    sequence: int
    stamp: int
    source: int
    payload: bytes


def parsed(data: bytes) -> Packet:
    first, second, sequence, stamp, source = struct.unpack(">BBHII", data[:12])
    assert first == 0x80, "version 2, no padding, no extension, no contributing source"
    return Packet(bool(second & 0x80), second & 0x7F, sequence, stamp, source, data[12:])


@contextmanager
def listening(group: str) -> Iterator[socket.socket]:
    """Give a socket that has joined `group` on the loop-back interface."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as made:
        made.bind((group, 0))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        joined = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        made.setblocking(False)
        yield made


def received(listener: socket.socket) -> list[Packet]:
    packets = []
    while True:
        try:
            packets.append(parsed(listener.recv(2048)))
        except BlockingIOError:
            return packets


class Line:
    """A sink that sends to two groups of this host by a clock that moves only as it rests."""

    def __init__(self, usual: socket.socket, urgent: socket.socket, more: str = "") -> None:
        self.usual, self.urgent = usual, urgent
        port, other = usual.getsockname()[1], urgent.getsockname()[1]
        written = f"rtp://{GROUP}:{port}?emergency={URGENT}:{other}&interface=127.0.0.1&ttl=0{more}"
        self.plan = read_rtp(written)
        self.clock = Still()
        self.sink = RtpSink(self.plan, self.clock, self.clock.rest)
        self.sink.open()

    def play(self, samples: npt.NDArray[np.int16], priority: Priority | None = Priority.NORMAL) -> None:
        self.sink.told(priority, "")
        for start in range(0, len(samples), BLOCK):
            self.sink.write(samples[start : start + BLOCK].tobytes())

    def rest(self, seconds: float) -> None:
        self.play(np.zeros(round(seconds * RATE), np.int16), None)


@pytest.fixture
def line() -> Iterator[Line]:
    with listening(GROUP) as usual, listening(URGENT) as urgent:
        made = Line(usual, urgent)
        yield made
        made.sink.close()


def test_a_horn_receives_every_sample_in_order(line: Line) -> None:
    samples = noise(1.0)
    line.play(samples)
    packets = received(line.usual)
    assert [packet.marker for packet in packets] == [True] + [False] * 49
    assert {(packet.kind, packet.source, len(packet.payload)) for packet in packets} == {(0, packets[0].source, 160)}
    first = packets[0]
    for number, packet in enumerate(packets):
        assert packet.sequence == (first.sequence + number) % 2**16
        assert packet.stamp == (first.stamp + 160 * number) % 2**32
    resampler = Resampler(8000)
    told = np.concatenate([resampler.resampled(samples[at : at + BLOCK]) for at in range(0, RATE, BLOCK)])
    assert b"".join(packet.payload for packet in packets) == encoded(told, MU_LAW)


def test_packets_leave_when_their_sound_is_due(line: Line) -> None:
    began = line.clock.monotonic()
    line.play(noise(2.0))
    assert line.clock.monotonic() - began == pytest.approx(2.0)


def test_while_nothing_sounds_nothing_is_sent_and_the_stamps_go_on(line: Line) -> None:
    line.rest(1.0)
    assert not received(line.usual)
    line.play(noise(0.2))
    line.rest(HANG_OVER_S + 3.0)
    before = received(line.usual)
    assert len(before) == 10 + round(HANG_OVER_S / 0.02)
    line.play(noise(0.2))
    after = received(line.usual)
    assert after[0].marker
    assert after[0].sequence == (before[-1].sequence + 1) % 2**16
    assert (after[0].stamp - before[0].stamp) % 2**32 == round((0.2 + HANG_OVER_S + 3.0) * 8000)


def test_a_horn_may_be_kept_busy_all_the_time() -> None:
    with listening(GROUP) as usual, listening(URGENT) as urgent:
        line = Line(usual, urgent, "&always=1")
        line.rest(4.0)
        assert len(received(usual)) == 200
        assert not received(urgent)
        line.sink.close()


def test_an_emergency_goes_to_its_own_group_and_leaves_the_usual_one_silent(line: Line) -> None:
    line.play(noise(0.4))
    line.play(noise(0.4, seed=2), Priority.EMERGENCY)
    line.rest(0.4)
    line.play(noise(0.4, seed=3))
    usual, urgent = received(line.usual), received(line.urgent)
    assert len(urgent) == 40, "the emergency, and the silence that ends it"
    assert [packet.marker for packet in urgent] == [True] + [False] * 39
    assert [number for number, packet in enumerate(usual) if packet.marker] == [0, 20]
    assert (usual[20].stamp - usual[0].stamp) % 2**32 == round(1.2 * 8000)
    assert urgent[0].source != usual[0].source


@pytest.mark.parametrize(
    ("more", "kind", "size", "stamp"),
    [
        ("&codec=pcma", 8, 160, 160),
        ("&codec=l16", 96, 960, 480),
        ("&codec=l16&rate=44100", 11, 882, 441),
        ("&codec=pcmu&ptime=40", 0, 320, 320),
    ],
)
def test_each_codec_has_its_type_its_size_and_its_clock(more: str, kind: int, size: int, stamp: int) -> None:
    with listening(GROUP) as usual, listening(URGENT) as urgent:
        line = Line(usual, urgent, more)
        line.play(noise(0.4))
        packets = received(usual)
        line.sink.close()
    assert {(packet.kind, len(packet.payload)) for packet in packets} == {(kind, size)}
    assert (packets[1].stamp - packets[0].stamp) % 2**32 == stamp


def test_l16_arrives_bit_for_bit() -> None:
    with listening(GROUP) as usual, listening(URGENT) as urgent:
        line = Line(usual, urgent, "&codec=l16")
        samples = noise(0.5)
        line.play(samples)
        payload = b"".join(packet.payload for packet in received(usual))
        line.sink.close()
    assert np.array_equal(np.frombuffer(payload, ">i2"), samples)


def test_packets_are_marked_for_haste_and_live_as_long_as_set() -> None:
    plan = read_rtp(f"rtp://{GROUP}:5004?ttl=7&interface=127.0.0.1")
    sink = RtpSink(plan, SystemClock())
    sink.open()
    made = sink._socket
    assert made is not None
    assert made.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 46 << 2
    assert made.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 7
    sink.close()


def test_a_network_that_takes_nothing_is_a_lost_output() -> None:
    clock = Still()
    sink = RtpSink(read_rtp("rtp://255.255.255.255:5004"), clock, clock.rest)  # broadcast is not permitted
    sink.open()
    with pytest.raises(SinkError, match="RTP"):
        sink.write(noise(3.0).tobytes())
    sink.close()


@pytest.mark.parametrize(
    "written",
    ["rtp://", "rtp://x:99999", "rtp://239.1.1.1?ttl=300", "rtp://239.1.1.1?codec=mp3", "rtp://239.1.1.1?codec=l16&ptime=20",
     "rtp://239.1.1.1?ptime=15", "rtp://239.1.1.1?khongco=1", "rtp://a:b@239.1.1.1"],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_refused_in_a_sentence(written: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_rtp(written)
    assert caught.value.sentence.endswith(".")


def test_ffmpeg_hears_what_was_played(tmp_path: Path) -> None:
    need_tool(which("ffmpeg") is not None, "ffmpeg")
    plan = read_rtp(f"rtp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}?codec=l16")
    (tmp_path / "loa.sdp").write_text(description(plan))
    out = tmp_path / "heard.raw"
    command = [
        str(which("ffmpeg")),
        "-v",
        "error",
        "-protocol_whitelist",
        "file,udp,rtp",
        "-i",
        str(tmp_path / "loa.sdp"),
    ]
    with subprocess.Popen([*command, "-t", "1", "-f", "s16le", "-ac", "1", "-y", str(out)]) as ffmpeg:
        samples = noise(6.0)
        sink = RtpSink(plan, SystemClock())
        sink.open()
        for start in range(0, len(samples), BLOCK):
            sink.write(samples[start : start + BLOCK].tobytes())
            if ffmpeg.poll() is not None:
                break
        sink.close()
        ffmpeg.kill()
    heard = np.frombuffer(out.read_bytes(), np.int16)
    assert len(heard) >= RATE // 2
    start = next(
        at for at in np.flatnonzero(samples == heard[0]) if np.array_equal(samples[at : at + 480], heard[:480])
    )
    assert np.array_equal(samples[start : start + len(heard)], heard)
