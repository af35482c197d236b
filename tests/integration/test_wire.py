"""The HTTP server against what never reaches the application: refused in words, in bounded memory, and it goes on."""

import http.client
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from audio_library.library import LARGEST_FILE
from tests.fakes_web import panel
from web.server import make_server

Send = Callable[[bytes], bytes]
HOST = b"Host: localhost\r\n"
FORM = b"POST /dang-nhap HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = FORM + b"Transfer-Encoding: chunked\r\n\r\n"


WORDS = ("Yêu cầu", "Nội dung", "Địa chỉ", "Máy chủ", "Không có trang", "mã bảo vệ")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with panel(tmp_path_factory.mktemp("dai")) as town:
        server = make_server(town.app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve)
        thread.start()
        yield server.bind_addr[1]
        server.stop()
        thread.join()


@pytest.fixture
def send(port: int) -> Send:
    def sent(raw: bytes) -> bytes:
        """Send raw bytes and return the first answer: its head and as much of its body as it tells of."""
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(raw)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            head = f"{answer.status}\n{answer.headers}".encode()
            return head + answer.read()

    return sent


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"CONNECT evil.vn:443 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"GET http://evil.vn/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /\xff%zz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /bootstrap/static/..%2f..%2f..%2fetc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 70_000 + b"\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Oops\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: localhost\n\n", 400),
        (FORM + b"Content-Length: -5\r\n\r\n", 400),
        (FORM + b"Content-Length: +5\r\n\r\nabcde", 400),
        (FORM + b"Content-Length: 1_0\r\n\r\nabcdefghij", 400),
        (FORM + b"Content-Length: abc\r\n\r\n", 400),
        (FORM + b"Content-Length: 99999999999\r\n\r\nabc", 413),
        (FORM + b"Transfer-Encoding: gzip\r\n\r\nabc", 400),
        (CHUNKED + b"zz\r\na=1\r\n0\r\n\r\n", 400),
        (CHUNKED + b"-5\r\na=1\r\n0\r\n\r\n", 400),
        (CHUNKED + b"fffffffffffffff\r\na=1\r\n0\r\n\r\n", 400),
        (FORM + b"Expect: banana\r\nContent-Length: 3\r\n\r\na=1", 400),
    ],
    ids=lambda value: value[:60] if isinstance(value, bytes) else str(value),
)
def test_what_is_no_request_is_refused_in_words(send: Send, raw: bytes, status: int) -> None:
    answer = send(raw)
    assert int(answer[:3]) == status
    assert any(
        word in answer.decode() for word in ("Yêu cầu", "Nội dung", "Địa chỉ", "Máy chủ", "Không có trang", "mã bảo vệ")
    )
    for guard in (b"Content-Security-Policy", b"X-Content-Type-Options: nosniff", b"X-Frame-Options: DENY"):
        assert guard in answer
    assert send(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n").startswith(b"200")


def test_no_second_request_hides_in_a_chunked_body(port: int) -> None:
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(FORM + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" + hidden)
        answer = b""
        while piece := line.recv(65_536):
            answer += piece
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("size", [5_000_000, LARGEST_FILE, LARGEST_FILE + 5_000_000])
def test_who_sends_too_much_hears_so_and_it_never_lies_in_memory(port: int, size: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    piece = bytes(1_000_000)
    tracemalloc.start()
    try:
        connection.request("POST", "/kho", (piece for _ in range(size // len(piece))), {"Content-Length": str(size)})
        answer = connection.getresponse()
        sentence, (_, peak) = answer.read().decode(), tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        connection.close()
    assert answer.status in {401, 413}
    assert "chưa lưu" in sentence
    assert peak < 8_000_000
