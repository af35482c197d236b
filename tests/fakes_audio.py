"""Fakes of the audio rooms: a voice of tones, and a loopback stand-in for Google's speech service."""

import base64
import gzip
import hashlib
import io
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import av
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.audio import PLAIN, Manner, Speech
from domain.errors import BadInputError, NotFoundError, VoiceError, VoiceUnavailableError
from domain.reading import SpokenSentence, SpokenText, Token
from tts.engines.espeak import EspeakVoice
from tts.voices import speakable


def spoken_text(*lines: str, pause_ms: int = 400) -> SpokenText:
    """Return a text of one plain token a sentence."""
    sentences, at = [], 0
    for line in lines:
        sentences.append(SpokenSentence((Token(at, at + len(line), line, line, "test"),), pause_ms))
        at += len(line) + 1
    return SpokenText(tuple(sentences))


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Take progress and do nothing with it."""


def tone(seconds: float, *, pitch: float = 1000.0, level: float = 0.3, rate: int = 22_050) -> bytes:
    """Return a sine as mono 16 bit PCM."""
    t = np.arange(round(seconds * rate)) / rate
    return np.round(level * 32767 * np.sin(2 * np.pi * pitch * t)).astype("<i2").tobytes()


class FakeClock:
    """A clock that moves only when it is told to."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 2, 31, tzinfo=UTC)) -> None:
        self.at = at
        self.seconds = 100.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds


class FakeVoice:
    """Speaks each sentence as a tone of 0.4 s a word, an octave up by presenter 2; fails as it is told to."""

    voice = "tone"

    def __init__(self, name: str = "fake", *, backup: bool = False, version: str = "1") -> None:
        self.name = name
        self.backup = backup
        self.version = version
        self.asked: list[str] = []
        self.fails_on: dict[str, Exception] = {}
        self.away = False

    def speak(self, sentence: str, manner: Manner = PLAIN) -> Speech:
        if self.away:
            raise VoiceUnavailableError("Giọng thử đang vắng.")
        line = speakable(sentence)
        self.asked.append(line)
        if line in self.fails_on:
            raise self.fails_on[line]
        pitch = manner.presenter * (400.0 + 20 * (sum(line.encode()) % 50))
        return Speech(tone((0.5 if manner.slower else 0.4) * len(line.split()), pitch=pitch), 22_050)


class BatchFakeVoice(FakeVoice):
    """The same, many at once."""

    def speak_many(self, sentences: Sequence[str], manner: Manner = PLAIN) -> Iterator[Speech]:
        yield from (self.speak(sentence, manner) for sentence in sentences)


@cache
def mp3_of(text: str) -> bytes:
    """Return real speech of `text` as a 24 kHz mono MP3, as the service answers."""
    try:
        speech = EspeakVoice(rate=150).speak(text)
    except VoiceError:
        speech = Speech(tone(1.0), 22_050)
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"write_xing": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=24_000, layout="mono")
        stream.bit_rate = 32_000
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=24_000, frame_size=576)
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(speech.pcm, dtype="<i2").reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate, frame.time_base, frame.pts = speech.rate, Fraction(1, speech.rate), 0
        for made in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return file.getvalue()


def answer_with(mp3: bytes) -> bytes:
    """Return the service's envelope around `mp3`."""
    inner = json.dumps([base64.b64encode(mp3).decode()], separators=(",", ":"))
    row = json.dumps([["wrb.fr", "jQ1olc", inner, None, None, None, "generic"]], separators=(",", ":"))
    return b")]}'\n\n" + row.encode() + b"\n"


class _Handler(BaseHTTPRequestHandler):
    server: "StandInServer"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        text = json.loads(json.loads(form["f.req"][0])[0][0][1])[0]
        self.server.texts.append(text)
        mood = self.server.moods.pop(0) if len(self.server.moods) > 1 else self.server.moods[0]
        getattr(self, f"_{mood}")(text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _well(self, text: str) -> None:
        self._send(200, answer_with(mp3_of(text)))

    def _well_gzip(self, text: str) -> None:
        self._send(200, gzip.compress(answer_with(mp3_of(text))), {"Content-Encoding": "gzip"})

    def _well_chunked(self, text: str) -> None:
        body = answer_with(mp3_of(text))
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (body[:5000], body[5000:], b""):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def _blocked(self, _text: str) -> None:
        self._send(429, b"<html>Our systems have detected unusual traffic</html>")

    def _broken(self, _text: str) -> None:
        self._send(500, b"oops")

    def _forbidden(self, _text: str) -> None:
        self._send(403, b"no")

    def _moved(self, _text: str) -> None:
        self._send(302, b"", {"Location": "http://127.0.0.1:9/"})

    def _junk(self, _text: str) -> None:
        self._send(200, b"<html><body>Xin chao</body></html>")

    def _no_audio(self, _text: str) -> None:
        self._send(200, b")]}'\n\n" + b'[["wrb.fr","jQ1olc",null,null,null,[3],"generic"]]\n')

    def _not_mp3(self, _text: str) -> None:
        self._send(200, answer_with(b"RIFF" + bytes(3000)))

    def _cut_mp3(self, text: str) -> None:
        whole = mp3_of(text)
        self._send(200, answer_with(whole[: len(whole) // 2 + 7]))

    def _short_mp3(self, _text: str) -> None:
        self._send(200, answer_with(mp3_of("a")))

    def _silent_mp3(self, _text: str) -> None:
        self._send(200, answer_with(mp3_of("xin chào")[:0]))

    def _huge(self, _text: str) -> None:
        self._send(200, bytes(3_000_000))

    def _cut_body(self, text: str) -> None:
        body = answer_with(mp3_of(text))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.close_connection = True

    def _slow(self, text: str) -> None:
        body = answer_with(mp3_of(text))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(0, len(body), 200):
            if self.server.over.wait(0.02):
                return
            try:
                self.wfile.write(body[at : at + 200])
            except OSError:
                return
        self.close_connection = True

    def _hanging(self, _text: str) -> None:
        self.server.over.wait(20)
        self.close_connection = True


class StandInServer(ThreadingHTTPServer):
    """Answers as the service does, or as badly as its `moods` say: one a request, the last one for ever."""

    daemon_threads = True
    block_on_close: ClassVar[bool] = False

    def __init__(self, *moods: str, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.moods = list(moods)
        self.texts: list[str] = []
        self.over = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client hangs up."""

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/_/TranslateWebserverUi/data/batchexecute"


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return a server's TLS context whose certificate names 127.0.0.1 but that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    file = folder / "self-signed.pem"
    no_password = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, pkcs8, no_password) + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@contextmanager
def stand_in(*moods: str, tls: ssl.SSLContext | None = None) -> Iterator[StandInServer]:
    """Run a stand-in for the time of a test."""
    server = StandInServer(*(moods or ("well",)), tls=tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class FakeBlobStore:
    """Files in one flat folder, written without any care."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def put(self, data: bytes) -> str:
        blob_hash = hashlib.sha256(data).hexdigest()
        if not self.verify(blob_hash):
            (self._folder / blob_hash).write_bytes(data)
        return blob_hash

    def path(self, blob_hash: str) -> Path:
        if len(blob_hash) != 64 or set(blob_hash) - set("0123456789abcdef"):
            raise BadInputError("Mã tệp âm thanh không hợp lệ.")
        if not (self._folder / blob_hash).is_file():
            raise NotFoundError("Tệp âm thanh này không còn trong kho.")
        return self._folder / blob_hash

    def verify(self, blob_hash: str) -> bool:
        try:
            return hashlib.sha256(self.path(blob_hash).read_bytes()).hexdigest() == blob_hash
        except NotFoundError:
            return False
