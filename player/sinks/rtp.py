"""RTP to IP horns (RFC 3550, 3551): G.711 or L16 by multicast, emergencies to a second group that weighs more.

Nothing is sent while nothing sounds, so that a horn falls back to its other groups; the time stamps go on counting,
and the first packet after a pause carries the marker. RTP has no password and no receipt: it belongs on a network
of its own.
"""

import secrets
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from domain.audio import SAMPLE_RATE
from domain.errors import BadInputError, SinkError
from domain.ports import Clock
from domain.timetable import Priority
from player.sinks import g711
from player.sinks.address import host_and_port, read_address
from player.sinks.pacing import Pace, rest
from player.sinks.resample import BLOCK, Resampler, Samples

HANG_OVER_S = 1.0
"""How long silence is still sent after the last sound: pauses between two items are no end."""
MOST_PAYLOAD = 1460
_OPTIONS = "codec rate ptime emergency ttl dscp interface delay always"
_EF = 46
_PORT = 5004
_LOST_AFTER = 50


@dataclass(frozen=True, slots=True)
class Codec:
    """How samples are put into packets: its RTP payload type, clock rate, and name in SDP."""

    name: str
    payload_type: int
    rate: int
    encode: Callable[[Samples], bytes]
    width: int


@dataclass(frozen=True, slots=True)
class RtpPlan:
    """Where and how to send: groups as (address, port), `ptime` in milliseconds, `delay` of the horns in seconds."""

    group: tuple[str, int]
    emergency: tuple[str, int] | None
    codec: Codec
    ptime: int
    ttl: int
    dscp: int
    interface: str
    delay: float
    always: bool


def read_rtp(written: str) -> RtpPlan:
    """Read `rtp://GROUP:PORT?...` as `docs/outputs.md` tells. Raises BadInputError."""
    address = read_address(written, _OPTIONS, _PORT)
    codec = _codec(address.one_of("codec", "pcmu", "pcma", "l16"), int(address.one_of("rate", "48000", "44100")))
    ptime = address.number("ptime", 10 if codec.width == 2 else 20, 10, 60)
    if ptime % 10 or codec.rate * ptime // 1000 * codec.width > MOST_PAYLOAD:
        raise BadInputError(f"Địa chỉ đầu ra: ptime {ptime} không chia được hoặc gói quá lớn cho mạng; hãy chọn 10.")
    emergency = address.text("emergency")
    return RtpPlan(
        group=(address.host, address.port),
        emergency=host_and_port(emergency, _PORT + 2) if emergency else None,
        codec=codec,
        ptime=ptime,
        ttl=address.number("ttl", 4, 0, 255),
        dscp=address.number("dscp", _EF, 0, 63),
        interface=address.text("interface"),
        delay=address.number("delay", 0, 0, 5000) / 1000,
        always=address.one_of("always", "0", "1") == "1",
    )


def _codec(name: str, rate: int) -> Codec:
    if name == "l16":  # payload type 11 is L16 mono at 44.1 kHz; other rates have none of their own
        return Codec("L16", 11 if rate == 44_100 else 96, rate, lambda samples: samples.astype(">i2").tobytes(), 2)
    table, number = (g711.MU_LAW, 0) if name == "pcmu" else (g711.A_LAW, 8)
    return Codec(name.upper(), number, 8000, lambda samples: g711.encoded(samples, table), 1)


class Flow:
    """One RTP stream to one group: its source, sequence and time stamps; `sent` and `lost` count packets."""

    def __init__(self, to: tuple[str, int], codec: Codec) -> None:
        self.to = to
        self.sent = 0
        self.lost = 0
        self._codec = codec
        self._source = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self._offset = secrets.randbits(32)
        self._spurt = False

    def packet(self, stamp: int, payload: bytes) -> bytes:
        """Return the next packet; `stamp` counts samples since the output was opened."""
        marker = 0 if self._spurt else 0x80
        self._spurt = True
        head = struct.pack(
            ">BBHII",
            0x80,
            marker | self._codec.payload_type,
            self._sequence,
            (self._offset + stamp) & 0xFFFFFFFF,
            self._source,
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        return head + payload

    def pause(self) -> None:
        """End the talk spurt: the next packet begins another."""
        self._spurt = False


class RtpSink:
    """Sends what sounds to one multicast group, and emergencies to another, each packet when its sound is due."""

    rate = SAMPLE_RATE

    def __init__(self, plan: RtpPlan, clock: Clock, sleep: Callable[[float], None] = rest) -> None:
        self.name = f"RTP {plan.group[0]}:{plan.group[1]} {plan.codec.name}"
        self._plan = plan
        self._clock = clock
        self._sleep = sleep
        self._pace: Pace | None = None
        self._socket: socket.socket | None = None
        self._failing = 0

    def open(self) -> None:
        """Make the socket and start to count. Raises SinkError."""
        self._release()
        plan = self._plan
        try:
            self._socket = _socket(plan)
        except OSError as error:
            raise SinkError(f"Không mở được luồng RTP ({error.strerror or error}).") from error
        self._resampler = Resampler(plan.codec.rate)
        self._normal = Flow(plan.group, plan.codec)
        self._emergency = Flow(plan.emergency, plan.codec) if plan.emergency else self._normal
        self._priority: Priority | None = None
        self._waiting: list[Samples] = []
        self._rest = b""
        self._urgent = self._emergency_spoke = False
        self._stamp = 0
        self._quiet = round(HANG_OVER_S * self.rate)
        self._failing = 0
        self._pace = Pace(self._clock, self._sleep, self.rate, buffer=0.0)

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next frame leaves a horn, as far as `delay` tells."""
        line = self._plan.ptime / 1000 + self._plan.delay
        return self._opened().next_frame_at() + line + self._resampler.delay

    def told(self, priority: Priority | None, title: str) -> None:
        """Take note of what sounds: an emergency goes to its own group."""
        del title
        self._priority = priority

    def write(self, block: bytes) -> None:
        """Send one block once it is due. Raises SinkError when the network takes nothing."""
        self._opened().wait_for_room(len(block) // 2)
        data = self._rest + block
        whole = len(data) - len(data) % (BLOCK * 2)
        self._rest = data[whole:]
        for start in range(0, whole, BLOCK * 2):
            self._take(np.frombuffer(data[start : start + BLOCK * 2], np.int16))

    @property
    def frames(self) -> int:
        """Return how many frames were taken since `open`."""
        return self._pace.frames if self._pace else 0

    @property
    def counts(self) -> tuple[int, int]:
        """Return how many packets were sent to the usual and to the emergency group."""
        return self._normal.sent, self._emergency.sent if self._emergency is not self._normal else 0

    def close(self) -> None:
        """Release the network."""
        self._release()

    def _opened(self) -> Pace:
        if self._pace is None or self._socket is None:
            raise SinkError("Đầu ra âm thanh chưa được mở.")
        return self._pace

    def _take(self, samples: Samples) -> None:
        sounding = self._priority is not None or bool(samples.any())
        self._quiet = 0 if sounding else self._quiet + BLOCK
        self._urgent = self._urgent or self._priority is Priority.EMERGENCY
        self._waiting.append(self._resampler.resampled(samples))
        if len(self._waiting) * 10 < self._plan.ptime:
            return
        packet = np.concatenate(self._waiting)
        self._waiting.clear()
        self._send(packet)
        self._stamp += len(packet)
        self._urgent = False

    def _send(self, samples: Samples) -> None:
        """Send a packet to the group that is to hear it; the other one pauses."""
        flow, other = self._normal, self._emergency
        if self._urgent or (self._quiet and not self._plan.always and self._emergency_spoke):
            flow, other = other, flow
        if other is not flow:
            other.pause()
        self._emergency_spoke = flow is self._emergency
        if self._quiet > HANG_OVER_S * self.rate and not (self._plan.always and flow is self._normal):
            flow.pause()
            self._emergency_spoke = False
            return
        self._put(flow, flow.packet(self._stamp, self._plan.codec.encode(samples)))

    def _put(self, flow: Flow, packet: bytes) -> None:
        assert self._socket is not None
        try:
            self._socket.sendto(packet, flow.to)
        except OSError as error:
            flow.lost += 1
            self._failing += 1
            if self._failing >= _LOST_AFTER:
                raise SinkError(f"Mạng không nhận luồng RTP ({error.strerror or error}).") from error
        else:
            flow.sent += 1
            self._failing = 0

    def _release(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


def _socket(plan: RtpPlan) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.settimeout(0)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, plan.dscp << 2)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, plan.ttl)
        if plan.interface:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(plan.interface))
    except OSError:
        made.close()
        raise
    return made


def description(plan: RtpPlan, *, emergency: bool = False) -> str:
    """Return the SDP that lets a player listen to a group (RFC 8866)."""
    host, port = plan.emergency if emergency and plan.emergency else plan.group
    codec = plan.codec
    lines = (
        "v=0",
        f"o=- 0 0 IN IP4 {host}",
        "s=Tieng Loa",
        f"c=IN IP4 {host}/{plan.ttl}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {codec.payload_type}",
        f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.rate}/1",
        f"a=ptime:{plan.ptime}",
    )
    return "\r\n".join(lines) + "\r\n"
