"""Small real stand-ins for the machine's tests: a centre that signs and serves, sounds, and clocks that obey."""

import base64
import hashlib
import io
import json
import threading
import time
import wave
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.airtime import QuietHours
from domain.errors import SinkError
from domain.order_sheet import OrderSheet, sheet_document
from domain.playlist import ClipRef, Playlist, PlaylistItem, PlaylistSlot, to_document
from domain.signed_time import time_statement
from domain.timetable import LatePolicy, Priority
from player.cabinet import write_identity
from player.trust import Identity, seal

MACHINE, STATION = "may-1", "dai-1"
RATE = 48_000


def wait_until(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Poll until `true` holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def noise(seconds: float, seed: int = 1) -> npt.NDArray[np.int16]:
    """Return loud noise without a zero sample, so that every frame of it can be recognised."""
    samples = np.random.default_rng(seed).integers(1000, 12000, round(seconds * RATE))
    return (samples * np.where(np.arange(len(samples)) % 2, 1, -1)).astype(np.int16)


def wav(samples: npt.NDArray[np.int16]) -> bytes:
    """Return mono 48 kHz samples as the bytes of a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    return buffer.getvalue()


@dataclass(frozen=True)
class Sound:
    """A clip for a test: its samples and its file."""

    samples: npt.NDArray[np.int16]
    data: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=len(self.samples) / RATE)

    @property
    def ref(self) -> ClipRef:
        return ClipRef(self.hash, len(self.data), self.length, "audio/wav")


def sound(seconds: float, seed: int = 1) -> Sound:
    """Return a sound of noise."""
    samples = noise(seconds, seed)
    return Sound(samples, wav(samples))


def item(clip: Sound, offset: float = 0.0, title: str = "Bản tin", refusal: str = "") -> PlaylistItem:
    """Return an item that plays `clip`, `offset` seconds into its session."""
    return PlaylistItem(clip.hash, timedelta(seconds=offset), clip.length, title, refusal)


def slot(key: str, starts_at: datetime, *items: PlaylistItem, **changes: Any) -> PlaylistSlot:
    """Return a session of `items`; `changes` replace its other fields."""
    usual: dict[str, Any] = {
        "title": f"Chương trình {key}",
        "priority": Priority.NORMAL,
        "late_policy": LatePolicy.CATCH_UP,
        "grace": timedelta(seconds=300),
    }
    return PlaylistSlot(key=key, starts_at=starts_at, items=items, **{**usual, **changes})


def playlist(slots: Iterable[PlaylistSlot], clips: Iterable[Sound], now: datetime, **changes: Any) -> Playlist:
    """Return a playlist issued at `now`, without quiet hours unless given."""
    made = Playlist(
        station_id=STATION,
        machine_id=MACHINE,
        epoch=1,
        counter=1,
        issued_at=now,
        expires_at=now + timedelta(days=14),
        zone="Asia/Ho_Chi_Minh",
        quiet=(),
        clips=tuple({clip.hash: clip.ref for clip in clips}.values()),
        slots=tuple(slots),
    )
    return replace(made, **changes)


def signed(value: Playlist, key: Ed25519PrivateKey) -> bytes:
    """Return the signed envelope of a playlist."""
    document = to_document(value)
    return sealed(document, key)


def sealed(document: object, key: Ed25519PrivateKey) -> bytes:
    """Return any document in an envelope signed by `key`."""
    return seal(document, key)


class Steps:
    """A clock of which the test moves the wall; the monotonic clock is the real one."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def monotonic(self) -> float:
        return time.monotonic()


class Still:
    """A clock that moves only when the test, or a sink that rests on it, says so."""

    def __init__(self, now: datetime = datetime(2026, 11, 23, 22, tzinfo=UTC)) -> None:
        self.wall = now
        self.ticks = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def rest(self, seconds: float) -> None:
        self.ticks += seconds
        self.wall += timedelta(seconds=seconds)


class MemorySink:
    """An output that keeps what it was given; paced by `clock`, and lost while `broken`."""

    name = "bộ nhớ"
    rate = RATE

    def __init__(self, clock: Still) -> None:
        self._clock = clock
        self._origin: float | None = None
        self.taken: list[bytes] = []
        self.frames = 0
        self.broken = False

    def open(self) -> None:
        if self.broken:
            raise SinkError("Mất thiết bị âm thanh.")
        self._origin = self._clock.monotonic() - self.frames / RATE

    def next_frame_at(self) -> float:
        if self._origin is None:
            raise SinkError("Chưa mở.")
        return max(self._origin + self.frames / RATE, self._clock.monotonic())

    def write(self, block: bytes) -> None:
        if self.broken or self._origin is None:
            raise SinkError("Mất thiết bị âm thanh.")
        time.sleep(0.0002)  # a sound thread may outrank all others and must not spin
        self.taken.append(block)
        self.frames += len(block) // 2
        wait = self._origin + self.frames / RATE - 0.04 - self._clock.monotonic()
        if wait > 0:
            self._clock.rest(wait)

    def close(self) -> None:
        self._origin = None

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        return np.frombuffer(b"".join(self.taken), np.int16)


@dataclass
class Centre:
    """A stand-in for the centre's server on a port of its own; the test sets what it says."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    machine_key: Ed25519PublicKey | None = None
    envelope: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)
    airings: dict[str, dict[str, Any]] = field(default_factory=dict)
    received: list[dict[str, Any]] = field(default_factory=list)
    heartbeats: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    clock_ahead_ms: int = 0
    cut_downloads_after: int | None = None
    acknowledging: bool = True
    revoking: bool = False
    awaiting: bool = False
    orders: bytes = b""
    clock_key: Ed25519PrivateKey | None = None
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    code: str = "DUNG-MA"
    broker: dict[str, Any] | None = None
    live: Callable[[int], bytes] = lambda _after: b""

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Counter,), {"centre": self}))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.up = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def publish(self, value: Playlist, *clips: Sound) -> None:
        """Sign a playlist and serve it and these clips."""
        self.files.update({clip.hash: clip.data for clip in clips})
        self.envelope = signed(value, self.key)

    def order(self, value: OrderSheet, *clips: Sound) -> None:
        """Sign a sheet of orders and serve it and these clips."""
        self.files.update({clip.hash: clip.data for clip in clips})
        self.orders = sealed(sheet_document(value), self.key)

    def enrolled(self, folder: Path) -> Path:
        """Make `folder` that of a machine of this centre, without asking over the line."""
        key = Ed25519PrivateKey.generate()
        self.machine_key = key.public_key()
        write_identity(folder, Identity(MACHINE, "Loa thôn Một", STATION, self.url, self.public_key), key)
        return folder

    def now_ms(self) -> int:
        return round(time.time() * 1000) + self.clock_ahead_ms

    def stop(self) -> None:
        """End the server; its port answers no more."""
        if self.up:
            self.up = False
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Counter(BaseHTTPRequestHandler):
    """Answers for the centre."""

    centre: Centre

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.centre.asked.append(("GET", self.path))
        if not self._is_known(b""):
            return
        if self.path == "/api/v1/playlist":
            self._playlist()
        elif self.path.startswith("/api/v1/orders"):
            self._orders()
        elif self.path.startswith("/api/v1/live/"):
            chunks = self.centre.live(int(self.path.rpartition("=")[2]))
            self._answer(200 if chunks else 204, chunks)
        elif self.path == "/api/v1/broker" and self.centre.broker is not None:
            self._answer(200, json.dumps(self.centre.broker).encode())
        elif self.path.startswith("/api/v1/time") and self.centre.clock_key is not None:
            told = self.centre.now_ms()
            stated = time_statement(MACHINE, self.path.rpartition("=")[2], told)
            signature = base64.b64encode(self.centre.clock_key.sign(stated)).decode()
            self._answer(200, json.dumps({"server_time": told, "signature": signature}).encode())
        else:
            self._clip(self.path.rpartition("/")[2])

    def do_POST(self) -> None:
        self.centre.asked.append(("POST", self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/api/v1/enrol":
            self._enrol(json.loads(body))
        elif self._is_known(body):
            self._report(json.loads(body))

    def _is_known(self, body: bytes) -> bool:
        if self.centre.revoking:
            self._answer(401, b'{"error": "x", "revoked": true}', **{"TL-Revoked": "1"})
            return False
        if self.centre.awaiting:
            self._answer(403, b'{"error": "x"}')
            return False
        stamp = self.headers.get("TL-Time", "0")
        message = "\n".join([self.command, self.path, stamp, hashlib.sha256(body).hexdigest()]).encode()
        try:
            assert self.centre.machine_key is not None
            self.centre.machine_key.verify(base64.b64decode(self.headers["TL-Signature"]), message)
            assert abs(int(stamp) - self.centre.now_ms()) < 60_000
        except Exception:  # noqa: BLE001
            self._answer(401, b"{}")
            return False
        return True

    def _playlist(self) -> None:
        etag = f'"{hashlib.sha256(self.centre.envelope).hexdigest()[:16]}"'
        if not self.centre.envelope:
            self._answer(404, b"{}")
        elif self.headers.get("If-None-Match") == etag:
            self._answer(304, b"", ETag=etag)
        else:
            self._answer(200, self.centre.envelope, ETag=etag)

    def _orders(self) -> None:
        """Keep the answer back for a second while there is no news, as the centre does for longer."""
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            etag = f'"{hashlib.sha256(self.centre.orders).hexdigest()[:16]}"'
            if self.centre.orders and self.headers.get("If-None-Match") != etag:
                self._answer(200, self.centre.orders, ETag=etag)
                return
            if not self.centre.orders or not self.centre.up:
                break
            time.sleep(0.005)
        with suppress(OSError):  # a machine that stops hangs up
            self._answer(304, b"")

    def _clip(self, clip_hash: str) -> None:
        data = self.centre.files.get(clip_hash)
        if data is None:
            self._answer(404, b"{}")
            return
        asked = self.headers.get("Range", "")
        self.centre.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        where = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if asked else {}
        self._answer(206 if asked else 200, data[start:], cut=self.centre.cut_downloads_after, **where)

    def _enrol(self, told: dict[str, str]) -> None:
        if told["code"] != self.centre.code:
            self._answer(403, json.dumps({"error": "Mã đã hết hạn."}).encode())
            return
        self.centre.machine_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(told["public_key"]))
        answer = {
            "machine": MACHINE,
            "machine_name": "Loa thôn Một",
            "station": STATION,
            "station_key": base64.b64encode(self.centre.public_key).decode(),
            "server_time": self.centre.now_ms(),
        }
        self._answer(200, json.dumps(answer).encode())

    def _report(self, told: dict[str, Any]) -> None:
        if self.path == "/api/v1/alerts":
            self.centre.alerts.update({one["id"]: one["alert"] for one in told["alerts"]})
            self._answer(200, b"{}")
            return
        if self.path == "/api/v1/heartbeat":
            self.centre.heartbeats.append(told)
            self._answer(200, json.dumps({"server_time": self.centre.now_ms()}).encode())
            return
        self.centre.received.extend(told["airings"])
        keys = [airing["key"] for airing in told["airings"]] if self.centre.acknowledging else []
        self.centre.airings.update({airing["key"]: airing for airing in told["airings"]})
        self._answer(200, json.dumps({"acknowledged": keys}).encode())

    def _answer(self, status: int, body: bytes, cut: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("TL-Server-Time", str(self.centre.now_ms()))
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])


def heard(recordings: Path) -> list[tuple[float, npt.NDArray[np.int16]]]:
    """Return (wall time of its first sample, samples) of each file that a virtual sink wrote, oldest first."""
    log = recordings / "log.jsonl"
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    found = []
    for path in sorted(recordings.glob("*.wav")):
        with wave.open(str(path), "rb") as stream:
            samples = np.frombuffer(stream.readframes(stream.getnframes()), np.int16)
        if not samples.any():  # its process was killed before anything reached the disk
            continue
        first = int(np.flatnonzero(samples)[0])
        before = [line for line in lines if line["file"] == path.name and line["file_frame"] <= first]
        wall = before[-1]["wall_ms"] / 1000 + (first - before[-1]["file_frame"]) / RATE
        found.append((wall, np.trim_zeros(samples)))
    return sorted(found, key=lambda pair: pair[0])


NIGHT = (QuietHours(datetime(2026, 1, 1, 21, 30).time(), datetime(2026, 1, 1, 5, 0).time()),)  # noqa: DTZ001
