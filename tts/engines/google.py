"""The online voice: Google Translate's speech through gTTS, with the guards that gTTS lacks.

gTTS makes the request bodies; we send them ourselves, because it switches TLS verification off, waits for ever,
never retries, takes proxies from the environment and cuts inside names. The text leaves the network: only what is
meant for the public may be spoken by this voice.
"""

import base64
import binascii
import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import urlsplit

import requests
import urllib3
from gtts import gTTS
from urllib3.exceptions import ReadTimeoutError

from domain.audio import PLAIN, Manner, Speech
from domain.errors import VoiceError, VoiceUnavailableError
from tts.engines.courtesy import Courtesy
from tts.engines.mp3 import speech_of_mp3
from tts.engines.packing import packed
from tts.voices import checked, speakable

ENDPOINT = "https://translate.google.com/_/TranslateWebserverUi/data/batchexecute"
"""The one host that is ever asked; nothing a user enters comes near it."""

_AUDIO = re.compile(rb'jQ1olc","\[\\"([A-Za-z0-9+/=_\\-]+)\\"\]')
_PAUSES_S = {",": 0.18, ";": 0.3, ":": 0.3, ".": 0.4, "!": 0.4, "?": 0.4, "…": 0.4}

Wait = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient the voice is; times in seconds."""

    connect_s: float = 3.0
    read_s: float = 8.0
    whole_answer_s: float = 15.0
    answer_bytes: int = 4_000_000
    backoff_s: tuple[float, ...] = (1.0, 3.0)
    """Waits before the second and later tries of a request that met 429, 5xx or rubbish."""
    interval_s: float = 0.4
    """Least time between two requests, of this process or of all that share a courtesy."""
    failures: int = 3
    """Failed texts in a row after which the voice is left alone for `rest_s`."""
    rest_s: float = 120.0
    rest_unreachable_s: float = 60.0
    rest_blocked_s: float = 600.0


class _Throttle:
    """Lets requests of all threads through one by one, an interval apart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = float("-inf")

    def pass_one(self, interval_s: float, monotonic: Callable[[], float], wait: Wait) -> None:
        """Return when the caller's turn has come; the lock is held meanwhile, so that others queue behind."""
        with self._lock:
            left = self._last + interval_s - monotonic()
            if left > 0:
                wait(min(left, interval_s))
            self._last = monotonic()


_THROTTLE = _Throttle()


class _BusyError(VoiceUnavailableError):
    """The service asks to come back later (429 or 5xx)."""

    def __init__(self, sentence: str, *, blocked: bool = False) -> None:
        super().__init__(sentence)
        self.blocked = blocked


class _UnreachableError(VoiceUnavailableError):
    """There is no way to the service now; asking again at once cannot help."""


class _RubbishError(VoiceError):
    """The answer holds no usable sound; once more may help."""


class GoogleVoice:
    """Speaks with Google's Vietnamese voice, when the internet is there.

    Google has one Vietnamese voice, so it speaks for every presenter; its slow speech is Google's own.
    With a `courtesy` its pace and its rests are shared with every other process of the station.
    `endpoint`, `monotonic` and `wait` are for tests alone.
    """

    name = "gtts"
    voice = "vi"
    backup = False

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        courtesy: Courtesy | None = None,
        endpoint: str = ENDPOINT,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Wait = time.sleep,
    ) -> None:
        self.version = metadata.version("gTTS")
        self._limits = limits or Limits()
        self._courtesy = courtesy
        self._endpoint = endpoint
        self._monotonic = monotonic
        self._wait = wait
        self._failures = 0
        self._rests_until = float("-inf")
        self._reason = ""

    def speak(self, sentence: str, manner: Manner = PLAIN) -> Speech:
        """Return the speech of one sentence in `manner`. Raises VoiceError, VoiceUnavailableError."""
        return next(self.speak_many([sentence], manner))

    def speak_many(self, sentences: Sequence[str], manner: Manner = PLAIN) -> Iterator[Speech]:
        """Yield the speech of each sentence in `manner`, in order; the first failure ends it.

        Raises VoiceUnavailableError when the service cannot be reached, asks to wait, or is being left alone after
        failures; VoiceError when its answers are rubbish.
        """
        if self._monotonic() < self._rests_until:
            raise VoiceUnavailableError(self._reason)
        if self._courtesy and (why := self._courtesy.resting()):
            raise VoiceUnavailableError(why)
        lines = [speakable(sentence) for sentence in sentences]
        try:
            _reach(self._endpoint, self._limits.connect_s)
            with _session() as session:
                for line in lines:
                    yield self._sentence(session, line, manner)
        except VoiceError as error:
            self._failed(error)
            raise
        self._failures = 0

    def _failed(self, error: VoiceError) -> None:
        """Count a failure and, when there is reason to, leave the service alone for a while."""
        self._failures += 1
        self._reason = error.sentence
        rest = self._limits.rest_s if self._failures >= self._limits.failures else 0.0
        if isinstance(error, _UnreachableError):
            rest = self._limits.rest_unreachable_s
        if isinstance(error, _BusyError) and error.blocked:
            rest = self._limits.rest_blocked_s
        if rest:
            self._rests_until = self._monotonic() + rest
            self._failures = 0
            if self._courtesy:
                self._courtesy.rest(rest, error.sentence)

    def _sentence(self, session: requests.Session, line: str, manner: Manner) -> Speech:
        """Return the speech of the pieces of `line` with the pauses of their punctuation between them."""
        pieces = packed(line, gTTS.GOOGLE_TTS_MAX_CHARS)
        pcm, rate = bytearray(), 0
        for piece in pieces:
            speech = self._piece(session, piece, _body(piece, slow=manner.slower))
            if rate not in (0, speech.rate):
                raise VoiceError("Google gửi âm thanh khác tần số giữa chừng.")
            rate = speech.rate
            pcm += speech.pcm
            if piece is not pieces[-1]:
                pcm += bytes(2 * int(_PAUSES_S.get(piece[-1], 0.05) * rate))
        return Speech(bytes(pcm), rate)

    def _piece(self, session: requests.Session, piece: str, body: str) -> Speech:
        """Return the speech of at most 100 characters, asked for by `body`, trying again where that can help."""
        for pause in self._limits.backoff_s:
            try:
                return self._asked(session, piece, body)
            except (_BusyError, _RubbishError):
                self._wait(pause)
        return self._asked(session, piece, body)

    def _asked(self, session: requests.Session, piece: str, body: str) -> Speech:
        if self._courtesy:
            self._courtesy.pass_one(self._limits.interval_s)
        else:
            _THROTTLE.pass_one(self._limits.interval_s, self._monotonic, self._wait)
        answer = self._answer(session, body)
        try:
            return checked(piece, speech_of_mp3(_mp3(answer)))
        except VoiceError as error:
            raise _RubbishError(f"Google trả lời không dùng được: {error.sentence}") from error

    def _answer(self, session: requests.Session, body: str) -> bytes:
        """Return the body of a good answer. Raises _BusyError, _UnreachableError, VoiceError."""
        limits = self._limits
        try:
            with session.post(
                self._endpoint,
                data=body,
                headers=gTTS.GOOGLE_TTS_HEADERS,
                timeout=(limits.connect_s, limits.read_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                _check_status(response.status_code)
                return self._received(response)
        except requests.exceptions.SSLError as error:
            raise _UnreachableError("Chứng chỉ của máy chủ Google không đúng.") from error
        except requests.exceptions.Timeout as error:
            raise _UnreachableError("Google trả lời quá chậm.") from error
        except ReadTimeoutError as error:
            raise _UnreachableError("Google trả lời quá chậm.") from error
        except urllib3.exceptions.HTTPError as error:
            raise _RubbishError("Google ngắt giữa chừng.") from error
        except requests.exceptions.RequestException as error:
            raise _UnreachableError("Google không kết nối được.") from error

    def _received(self, response: requests.Response) -> bytes:
        """Return the body, as long as it comes whole in time and within its size.

        Read as it arrives: `iter_content` would wait for a full block while a slow server drips.
        """
        deadline = self._monotonic() + self._limits.whole_answer_s
        body = bytearray()
        while part := response.raw.read1(16_384, decode_content=True):
            body += part
            if len(body) > self._limits.answer_bytes:
                raise VoiceError("Google gửi câu trả lời lớn bất thường.")
            if self._monotonic() > deadline:
                raise _UnreachableError("Google trả lời quá chậm.")
        return bytes(body)


def _session() -> requests.Session:
    """Return a session that verifies TLS and takes no proxy, password or certificate from the environment."""
    session = requests.Session()
    session.trust_env = False
    return session


def _body(piece: str, *, slow: bool = False) -> str:
    """Return gTTS's request body for one piece; its own rewriting and cutting are switched off."""
    bodies = gTTS(
        piece, lang="vi", slow=slow, lang_check=False, pre_processor_funcs=[], tokenizer_func=lambda text: [text]
    ).get_bodies()
    if len(bodies) != 1:
        raise VoiceError("Không soạn được yêu cầu gửi Google.")
    return str(bodies[0])


def _check_status(status: int) -> None:
    if status == 429:
        raise _BusyError("Google tạm chặn vì nhận quá nhiều yêu cầu.", blocked=True)
    if status >= 500:
        raise _BusyError(f"Máy chủ Google báo lỗi {status}.")
    if status != 200:
        raise VoiceUnavailableError(f"Google từ chối yêu cầu (mã {status}).")


def _mp3(answer: bytes) -> bytes:
    """Return the MP3 inside an answer. Raises VoiceError when there is none."""
    found = _AUDIO.search(answer)
    if not found:
        raise VoiceError("không có âm thanh.")
    try:
        return base64.b64decode(found.group(1), validate=True)
    except binascii.Error as error:
        raise VoiceError("âm thanh bị cụt.") from error


def _reach(endpoint: str, patience_s: float) -> None:
    """Return once a connection to the host could be made, name look-up and all addresses within `patience_s`.

    A time-out of a socket covers neither the look-up nor the second address, so both happen in a thread that is
    left behind when it is late. Raises _UnreachableError.
    """
    place = urlsplit(endpoint)
    address = (place.hostname or "", place.port or (443 if place.scheme == "https" else 80))
    reached, done = threading.Event(), threading.Event()

    def knock() -> None:
        try:
            with contextlib.suppress(OSError):
                socket.create_connection(address, timeout=patience_s).close()
                reached.set()
        finally:
            done.set()

    threading.Thread(target=knock, name="google-knock", daemon=True).start()
    done.wait(patience_s)
    if not reached.is_set():
        raise _UnreachableError("Google không kết nối được.")
