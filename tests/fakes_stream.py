"""A small real source of streams on the loopback, and the sounds that it sends."""

import io
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

RATE = 48_000
KINDS = {"mp3": ("mp3", "mp3"), "ogg": ("ogg", "libopus"), "flac": ("flac", "flac"), "adts": ("adts", "aac")}
Samples = npt.NDArray[np.int16]


def tone(seconds: float, hertz: float = 400.0, level: int = 8000) -> Samples:
    """Return a tone of mono 16 bit samples."""
    return np.rint(np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * hertz / RATE) * level).astype(np.int16)


def encoded(samples: Samples, kind: str = "mp3", rate: int = RATE) -> bytes:
    """Return samples as the bytes of a file of a kind."""
    container, codec = KINDS[kind]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        for start in range(0, len(samples), 4800):
            frame = av.AudioFrame.from_ndarray(samples[start : start + 4800].reshape(1, -1), "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


class Caller:
    """One connection, as a test's script sees it."""

    def __init__(self, connection: socket.socket, asked: str, stopping: threading.Event) -> None:
        self._connection = connection
        self.asked = asked
        self._stopping = stopping

    def head(self, status: str = "200 OK", **headers: str) -> None:
        """Send the head of an answer."""
        usual = {"Content-Type": "audio/mpeg"}
        named = {name.replace("_", "-"): value for name, value in {**usual, **headers}.items()}
        self.send("".join([f"HTTP/1.0 {status}\r\n", *(f"{n}: {v}\r\n" for n, v in named.items()), "\r\n"]).encode())

    def send(self, data: bytes) -> None:
        """Send bytes as they are. Raises OSError when nobody listens."""
        self._connection.sendall(data)

    def drip(self, data: bytes, bytes_a_second: float, burst: int = 0) -> None:
        """Send bytes at a pace, the first `burst` of them at once, until all are sent or the test ends."""
        self.send(data[:burst])
        step = max(int(bytes_a_second / 20), 1)
        for start in range(burst, len(data), step):
            if self._stopping.wait(step / bytes_a_second):
                return
            self.send(data[start : start + step])

    def hang(self) -> None:
        """Say nothing more until the test ends."""
        self._stopping.wait(60)


Script = Callable[[Caller], None]


class StreamSource:
    """A server that answers each connection by `script`, until it is stopped."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[str] = []
        self._context: ssl.SSLContext | None = None
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/kenh"

    def secure(self, certificate: Path) -> None:
        """Speak TLS from here on, by a file of key and certificate."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def stop(self) -> None:
        """End every connection."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._answer, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            asked = b""
            while b"\r\n\r\n" not in asked and (piece := connection.recv(4096)):
                asked += piece
            self.asked.append(asked.decode("latin-1"))
            self.script(Caller(connection, asked.decode("latin-1"), self._stopping))


def radio(data: bytes, seconds: float, burst_s: float = 2.0, **headers: str) -> Script:
    """Return a script that sends `data`, a sound of so many `seconds`, as a radio station does, then hangs."""

    def script(caller: Caller) -> None:
        caller.head(**headers)
        pace = len(data) / seconds
        caller.drip(data, pace, int(burst_s * pace))
        caller.hang()

    return script


def self_signed(folder: Path) -> Path:
    """Return a file with a key and a certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "tls.pem"
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, *form)
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
