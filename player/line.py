"""The line to the centre: signed HTTP requests with time-outs, size limits and one retry after a clock lesson."""

import http.client
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from domain.errors import BadInputError, NotFoundError, ServerUnreachableError, TrustError
from domain.playlist import to_ms
from domain.ports import Clock
from player.offset import Exchange, Exchanges
from player.trust import Signer
from player.wire import TIMEOUT_S, Exchanged, Request, Wire

__all__ = ["TIMEOUT_S", "Answer", "Line", "etag_of", "parsed_server"]
DEADLINE_S = 60.0
_CHUNK = 1 << 16
_MOST_ANSWER = 1 << 20
_WORTH_A_RETRY_MS = 1000
_ETAG = re.compile(r'(W/)?"[!#-~]{1,100}"')
_YEAR_2200_MS = 7_258_118_400_000
AWAITED = "Máy đang chờ kỹ thuật viên xác nhận ở trang «Máy phát» của trung tâm; máy sẽ tự hỏi lại."
UNREACHABLE = "Chưa liên lạc được với máy chủ; máy phát vẫn phát theo danh sách đang giữ và sẽ tự thử lại."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the centre answered; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def check_welcome(self) -> None:
        """Raise ServerUnreachableError when a technician has yet to say yes to the machine: everywhere in one voice."""
        if self.status == 403:
            raise ServerUnreachableError(AWAITED)

    def document(self) -> dict[str, Any]:
        """Return the JSON object of the body. Raises ServerUnreachableError when it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ServerUnreachableError("Máy chủ trả lời không đúng khuôn dạng; máy phát sẽ thử lại.") from error
        if not isinstance(value, dict):
            raise ServerUnreachableError("Máy chủ trả lời không đúng khuôn dạng; máy phát sẽ thử lại.")
        return value


class Line:
    """Requests of one machine to one server; threads may share it.

    Every answer tells the server's time. How far its clock is ahead of ours only dates requests and is reported, and
    never decides when something sounds. `on_answer` is told of each answer whether it says that the machine is
    revoked.
    """

    def __init__(self, server: str, signer: Signer, clock: Clock) -> None:
        self._url = parsed_server(server)
        self._wire = Wire(self._url, clock)
        self._signer = signer
        self._clock = clock
        self._learning = threading.Lock()
        self._exchanges = Exchanges()
        self.on_answer: Callable[[bool], None] = lambda _revoked: None

    @property
    def offset_ms(self) -> int:
        """How far the server's clock is ahead of ours."""
        return self.clock_offset()[0]

    def clock_offset(self) -> tuple[int, int]:
        """Return how far the server's clock is ahead of ours, and within how many milliseconds that is known."""
        with self._learning:
            return self._exchanges.offset_ms(to_ms(self._clock.now()), self._clock.monotonic())

    def close(self) -> None:
        """Close the connections that are kept."""
        self._wire.close()

    @property
    def host(self) -> str:
        """The name or address of the server."""
        return self._url.hostname or ""

    def get(self, path: str, headers: Mapping[str, str], most: int = _MOST_ANSWER) -> Answer:
        """Fetch `path`, at most `most` bytes, which may come packed. Raises ServerUnreachableError."""
        return self._call(_Asked("GET", path, b"", {"Accept-Encoding": "gzip", **headers}), most)

    def wait_for(self, path: str, headers: Mapping[str, str], most: int, timeout_s: float) -> Answer:
        """Fetch `path`, which the server may keep back for `timeout_s`, as only one thread may at a time.

        Raises ServerUnreachableError, also when another thread hangs up.
        """
        return self._call(_Asked("GET", path, b"", headers, timeout_s), most)

    def hang_up(self) -> None:
        """Let the thread that waits for an answer go; from any thread."""
        self._wire.hang_up()

    def post(self, path: str, document: object) -> Answer:
        """Send a JSON document. Raises ServerUnreachableError."""
        body = json.dumps(document, ensure_ascii=False).encode()
        return self._call(_Asked("POST", path, body, {"Content-Type": "application/json"}), _MOST_ANSWER)

    def download(self, path: str, start: int, deadline_s: float) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes) of the file at `path` from about byte `start` on; a server may begin at 0 instead.

        Raises ServerUnreachableError, after which what was yielded is good to resume from, NotFoundError, and
        TrustError when the server's file ends before `start`.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._asked(_Asked("GET", path, b"", headers), deadline_s) as response:
            offset = _offset(response)
            for chunk in _chunks(response):
                yield offset, chunk
                offset += len(chunk)

    def _call(self, asked: "_Asked", most: int) -> Answer:
        with self._asked(asked, DEADLINE_S + asked.timeout_s) as response:
            told = {name.lower(): value for name, value in response.getheaders()}
            content = bytearray()
            for chunk in _unpacked(_chunks(response), told.get("content-encoding", "")):
                content += chunk
                if len(content) > most:
                    raise ServerUnreachableError("Máy chủ trả lời quá dài; máy phát bỏ qua và sẽ thử lại.")
        return Answer(response.status, told, bytes(content))

    @contextmanager
    def _asked(self, asked: "_Asked", deadline_s: float) -> Iterator[http.client.HTTPResponse]:
        """Give the answer to a request, asked a second time when the first taught us the server's time."""
        try:
            one = self._send(asked, deadline_s)
        except (OSError, http.client.HTTPException) as error:
            raise ServerUnreachableError(UNREACHABLE) from error
        try:
            self.on_answer(one.response.status == 401 and one.response.getheader("TL-Revoked") == "1")
            yield one.response
        finally:
            self._wire.rest(one)

    def _send(self, asked: "_Asked", deadline_s: float) -> Exchanged:
        before = self.offset_ms
        one = self._send_once(asked, deadline_s)
        if one.response.status == 401 and abs(self.offset_ms - before) > _WORTH_A_RETRY_MS:
            self._wire.rest(one)
            one = self._send_once(asked, deadline_s)
        return one

    def _send_once(self, asked: "_Asked", deadline_s: float) -> Exchanged:
        dated = to_ms(self._clock.now()) + self.offset_ms
        # The path is signed without what a proxy may strip from it: the prefix of the server's address.
        proof = self._signer.headers(asked.method, asked.path, asked.body, dated)
        address = self._url.path.rstrip("/") + asked.path
        request = Request(asked.method, address, asked.body, {**asked.headers, **proof}, asked.timeout_s)
        one = self._wire.ask(request, deadline_s)
        self._learn_time(one)
        return one

    def _learn_time(self, one: Exchanged) -> None:
        told = one.response.getheader("TL-Server-Time", "")
        if told.isascii() and told.isdigit() and len(told) <= 15 and int(told) <= _YEAR_2200_MS:
            with self._learning:
                self._exchanges.add(Exchange(one.asked, one.answered, int(told)))


@dataclass(frozen=True, slots=True)
class _Asked:
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    timeout_s: float = TIMEOUT_S


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the bytes of an answer as they come. Raises ServerUnreachableError when they end early or take too long."""
    try:
        while chunk := response.read1(_CHUNK):
            yield chunk
    except TimeoutError as error:
        raise ServerUnreachableError("Đường truyền quá chậm; máy phát sẽ tải tiếp ở lần sau.") from error
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnreachableError(UNREACHABLE) from error
    if response.length:  # the connection closed before all that was announced had come
        raise ServerUnreachableError(UNREACHABLE)


def _unpacked(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield `chunks` unpacked, never more than a chunk at once however much they would grow to.

    Raises ServerUnreachableError when they are not what `encoding` says.
    """
    if encoding != "gzip":
        yield from chunks
        return
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for chunk in chunks:
            yield unpacker.decompress(chunk, _CHUNK)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, _CHUNK)
            if unpacker.unused_data:
                raise ServerUnreachableError(UNREACHABLE)
    except zlib.error as error:
        raise ServerUnreachableError("Máy chủ trả lời không đúng khuôn dạng; máy phát sẽ thử lại.") from error
    if not unpacker.eof:
        raise ServerUnreachableError(UNREACHABLE)


def etag_of(answer: Answer) -> str:
    """Return the ETag of an answer when it can be sent back as it is, else an empty string."""
    told = answer.headers.get("etag", "")
    return told if _ETAG.fullmatch(told) else ""


def parsed_server(server: str) -> SplitResult:
    """Return the parts of a server's address. Raises BadInputError when it is no http or https address."""
    try:
        url = urlsplit(server.strip())
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable or url.username or url.query or url.fragment:
        raise BadInputError(f"Địa chỉ máy chủ “{server}” không đúng; ví dụ đúng: http://192.168.1.10:8080")
    return url


def _offset(response: http.client.HTTPResponse) -> int:
    if response.status == 200:
        return 0
    if response.status == 403:
        raise ServerUnreachableError(AWAITED)
    if response.status in (404, 410):
        raise NotFoundError("Máy chủ chưa có một tệp âm thanh mà danh sách phát cần.")
    if response.status == 416:
        raise TrustError("Tệp âm thanh trên máy chủ ngắn hơn đã báo; đã bỏ phần tải dở, sẽ tải lại.")
    told = re.match(r"bytes (\d{1,15})-", response.getheader("Content-Range", ""))
    if response.status != 206 or told is None:
        raise ServerUnreachableError(f"Máy chủ chưa cho tải tệp âm thanh (mã {response.status}).")
    return int(told[1])
