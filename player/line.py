"""The line to the centre: signed HTTP requests with time-outs, size limits and one retry after a clock lesson."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from domain.errors import BadInputError, NotFoundError, ServerUnreachableError, TrustError
from domain.playlist import to_ms
from domain.ports import Clock
from player.connect import connect
from player.trust import Signer

TIMEOUT_S = 10.0
DEADLINE_S = 60.0
_CHUNK = 1 << 16
_MOST_ANSWER = 1 << 20
_WORTH_A_RETRY_MS = 1000
UNREACHABLE = "Chưa liên lạc được với máy chủ; máy phát vẫn phát theo danh sách đang giữ và sẽ tự thử lại."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the centre answered; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> dict[str, Any]:
        """Return the JSON object of the body. Raises ServerUnreachableError when it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ServerUnreachableError("Máy chủ trả lời không đúng khuôn dạng; máy phát sẽ thử lại.") from error
        if not isinstance(value, dict):
            raise ServerUnreachableError("Máy chủ trả lời không đúng khuôn dạng; máy phát sẽ thử lại.")
        return value


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


class Line:
    """Requests of one machine to one server; each call is a connection of its own, so threads may share it.

    `offset_ms` is how far the server's clock is ahead of ours, as last learnt; it only dates requests and is
    reported, and never decides when something sounds. `on_answer` is told of each answer whether it says that the
    machine is revoked.
    """

    def __init__(self, server: str, signer: Signer, clock: Clock) -> None:
        self._url = parsed_server(server)
        self._signer = signer
        self._clock = clock
        self.offset_ms = 0
        self.on_answer: Callable[[bool], None] = lambda _revoked: None

    @property
    def host(self) -> str:
        """The name or address of the server."""
        return self._url.hostname or ""

    def get(self, path: str, headers: Mapping[str, str], most: int = _MOST_ANSWER) -> Answer:
        """Fetch `path`, at most `most` bytes. Raises ServerUnreachableError."""
        return self._call(_Request("GET", path, b"", headers), most)

    def post(self, path: str, document: object) -> Answer:
        """Send a JSON document. Raises ServerUnreachableError."""
        body = json.dumps(document, ensure_ascii=False).encode()
        return self._call(_Request("POST", path, body, {"Content-Type": "application/json"}), _MOST_ANSWER)

    def download(self, path: str, start: int, deadline_s: float) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes) of the file at `path` from about byte `start` on; a server may begin at 0 instead.

        Raises ServerUnreachableError, after which what was yielded is good to resume from, NotFoundError, and
        TrustError when the server's file ends before `start`.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._asked(_Request("GET", path, b"", headers), deadline_s) as response:
            offset = _offset(response)
            for chunk in self._chunks(response, deadline_s):
                yield offset, chunk
                offset += len(chunk)

    def _call(self, request: _Request, most: int) -> Answer:
        with self._asked(request, DEADLINE_S) as response:
            told = {name.lower(): value for name, value in response.getheaders()}
            content = bytearray()
            for chunk in self._chunks(response, DEADLINE_S):
                content += chunk
                if len(content) > most:
                    raise ServerUnreachableError("Máy chủ trả lời quá dài; máy phát bỏ qua và sẽ thử lại.")
        return Answer(response.status, told, bytes(content))

    @contextmanager
    def _asked(self, request: _Request, deadline_s: float) -> Iterator[http.client.HTTPResponse]:
        """Give the answer to `request`, asked a second time when the first taught us the server's time."""
        with ExitStack() as stack:
            try:
                response = self._send(stack, request, deadline_s)
                if response.status == 401 and self._learn_time(response):
                    response = self._send(stack, request, deadline_s)
            except (OSError, http.client.HTTPException) as error:
                raise ServerUnreachableError(UNREACHABLE) from error
            self.on_answer(response.status == 401 and response.getheader("TL-Revoked") == "1")
            yield response

    def _send(self, stack: ExitStack, request: _Request, deadline_s: float) -> http.client.HTTPResponse:
        connection = connect(self._url, TIMEOUT_S)
        stack.callback(connection.close)
        # A server that sends a byte now and then never runs into the socket's own time-out.
        hanging_up = threading.Timer(deadline_s + TIMEOUT_S, _hang_up, (connection.sock,))
        hanging_up.daemon = True
        hanging_up.start()
        stack.callback(hanging_up.cancel)
        dated = to_ms(self._clock.now()) + self.offset_ms
        # The path is signed without what a proxy may strip from it: the prefix of the server's address.
        proof = self._signer.headers(request.method, request.path, request.body, dated)
        address = self._url.path.rstrip("/") + request.path
        connection.request(request.method, address, request.body or None, {**request.headers, **proof})
        return stack.enter_context(connection.getresponse())

    def _learn_time(self, response: http.client.HTTPResponse) -> bool:
        """Take the server's time from a refusal, and tell whether that gives reason to ask again."""
        told = response.getheader("TL-Server-Time", "")
        if not told.isascii() or not told.isdigit() or len(told) > 15:
            return False
        before = self.offset_ms
        self.offset_ms = int(told) - to_ms(self._clock.now())
        return abs(self.offset_ms - before) > _WORTH_A_RETRY_MS

    def _chunks(self, response: http.client.HTTPResponse, deadline_s: float) -> Iterator[bytes]:
        deadline = self._clock.monotonic() + deadline_s
        while True:
            try:
                chunk = response.read1(_CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise ServerUnreachableError(UNREACHABLE) from error
            if not chunk:
                break
            yield chunk
            if self._clock.monotonic() > deadline:
                raise ServerUnreachableError("Đường truyền quá chậm; máy phát sẽ tải tiếp ở lần sau.")
        if response.length:  # the connection closed before all that was announced had come
            raise ServerUnreachableError(UNREACHABLE)


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


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _offset(response: http.client.HTTPResponse) -> int:
    if response.status == 200:
        return 0
    if response.status in (404, 410):
        raise NotFoundError("Máy chủ chưa có một tệp âm thanh mà danh sách phát cần.")
    if response.status == 416:
        raise TrustError("Tệp âm thanh trên máy chủ ngắn hơn đã báo; đã bỏ phần tải dở, sẽ tải lại.")
    told = re.match(r"bytes (\d{1,15})-", response.getheader("Content-Range", ""))
    if response.status != 206 or told is None:
        raise ServerUnreachableError(f"Máy chủ chưa cho tải tệp âm thanh (mã {response.status}).")
    return int(told[1])
