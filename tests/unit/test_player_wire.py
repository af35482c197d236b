"""Connections to the server: kept open, found dead, never held longer than they may; and the clock they teach."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ServerUnreachableError
from player import line as line_module
from player import wire
from player.clock import SystemClock
from player.line import Line
from player.offset import Exchange, Exchanges
from player.trust import Signer

Reply = Callable[[socket.socket, int], bool]
KEY = Ed25519PrivateKey.generate()


class Server:
    """Answers each request by `reply`(connection, how many requests came on it), until that says no."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.requests: list[bytes] = []
        self.threads: list[threading.Thread] = []
        self._begin(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def _begin(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _address = self._listening.accept()
                self.connections += 1
                self._begin(self._serve, caller)

    def _serve(self, caller: socket.socket) -> None:
        with closing(caller), suppress(OSError):
            count = 0
            while request := _read(caller):
                self.requests.append(request)
                count += 1
                if not self._reply(caller, count):
                    return

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self.threads:
            thread.join(5)


def _read(caller: socket.socket) -> bytes:
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        more = caller.recv(4096)
        if not more:
            return b""
        request += more
    return request


@contextmanager
def served(reply: Reply) -> Iterator[tuple[Server, Line]]:
    with closing(Server(reply)) as server, closing(Line(server.url, Signer("may-1", KEY), SystemClock())) as line:
        yield server, line


def ok(body: bytes = b"{}", *headers: str) -> Reply:
    lines = ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", "")

    def reply(caller: socket.socket, _count: int) -> bool:
        caller.sendall("\r\n".join(lines).encode() + body)
        return True

    return reply


def test_requests_in_a_row_share_one_connection() -> None:
    with served(ok()) as (server, line):
        for _ in range(5):
            assert line.get("/x", {}).status == 200
        assert (server.connections, len(server.requests)) == (1, 5)


def test_a_connection_that_the_server_let_go_of_is_opened_anew() -> None:
    def reply(caller: socket.socket, count: int) -> bool:
        return ok()(caller, count) and count < 2  # then it hangs up without a word

    with served(reply) as (server, line):
        for _ in range(6):
            assert line.get("/x", {}).status == 200
        assert 3 <= server.connections <= 6


def test_a_server_that_hangs_up_every_time_is_asked_no_more_than_twice() -> None:
    with served(lambda _caller, _count: False) as (server, line):
        with pytest.raises(ServerUnreachableError):
            line.get("/x", {})
        assert server.connections == 1


def test_an_answer_that_is_cut_is_not_taken_and_its_connection_not_used_again() -> None:
    def reply(caller: socket.socket, _count: int) -> bool:
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return False

    with served(reply) as (server, line):
        for _ in range(2):
            with pytest.raises(ServerUnreachableError):
                line.get("/x", {})
        assert server.connections == 2


@pytest.mark.parametrize("where", ["header", "body"])
def test_a_server_that_drips_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(line_module, "DEADLINE_S", 0.3)
    stopping = threading.Event()

    def reply(caller: socket.socket, _count: int) -> bool:
        begun = b"HTTP/1.1 200 OK\r\nX: " if where == "header" else b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
        caller.sendall(begun)
        while not stopping.wait(0.02):
            caller.sendall(b"a")
        return False

    with served(reply) as (_server, line):
        try:
            with pytest.raises(ServerUnreachableError):
                line.get("/x", {})
        finally:
            stopping.set()


def test_a_packed_answer_is_unpacked() -> None:
    body = b'{"a": "' + b"x" * 500_000 + b'"}'
    with served(ok(gzip.compress(body), "Content-Encoding: gzip")) as (server, line):
        assert line.get("/x", {}).body == body
        assert b"Accept-Encoding: gzip" in server.requests[0]


def test_a_bomb_is_dropped_at_the_limit_and_not_held() -> None:
    bomb = gzip.compress(b"\0" * (200 << 20), 9)
    with served(ok(bomb, "Content-Encoding: gzip")) as (_server, line), pytest.raises(ServerUnreachableError):
        line.get("/x", {}, 1 << 20)


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more", b""])
def test_what_is_not_packed_right_is_refused(body: bytes) -> None:
    with served(ok(body, "Content-Encoding: gzip")) as (_server, line), pytest.raises(ServerUnreachableError):
        line.get("/x", {})


def test_no_more_connections_are_kept_than_a_machine_can_use() -> None:
    meet = threading.Barrier(9, timeout=10)

    def reply(caller: socket.socket, count: int) -> bool:
        meet.wait()  # so that all are under way at once
        return ok()(caller, count)

    with served(reply) as (server, line):
        threads = [threading.Thread(target=line.get, args=("/x", {})) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert server.connections == 9
        assert len(line._wire._resting) == wire._MOST_KEPT


def test_every_answer_teaches_the_servers_time() -> None:
    with served(ok(b"{}", "TL-Server-Time: 4000000000000")) as (_server, line):
        assert line.clock_offset() == (0, 0), "nothing is known yet"
        line.get("/x", {})
        offset, error = line.clock_offset()
        now = SystemClock().now().timestamp() * 1000
        assert abs(now + offset - 4_000_000_000_000) < 5000
        assert 0 <= error < 5000


@pytest.mark.parametrize("told", ["", "-1", "1e9", "٣", "9" * 15, "9" * 40, "abc"])
def test_a_time_that_is_none_teaches_nothing(told: str) -> None:
    with served(ok(b"{}", f"TL-Server-Time: {told}".encode().decode("latin-1"))) as (_server, line):
        line.get("/x", {})
        assert line.clock_offset() == (0, 0)


Delays = st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=30)


@given(Delays, st.floats(-1e6, 1e6))
def test_the_offset_is_within_its_error_whatever_the_line_does(delays: list[tuple[float, float]], ahead: float) -> None:
    exchanges, now = Exchanges(), 1000.0
    for there, back in delays:
        exchanges.add(Exchange(now, now + there + back, round((now + there + ahead + 1e9) * 1000)))
        now += there + back + 5
    offset, error = exchanges.offset_ms(round(now * 1000), now)
    assert abs(offset - (ahead + 1e9) * 1000) <= error + 2


@given(Delays)
def test_the_error_is_that_of_the_shortest_round_trip(delays: list[tuple[float, float]]) -> None:
    exchanges, now = Exchanges(), 1000.0
    for there, back in delays[-16:]:
        exchanges.add(Exchange(now, now + there + back, round((now + there) * 1000)))
        now += there + back
    best = exchanges.best(now)
    assert best is not None
    assert best.error(now) <= min(there + back for there, back in delays[-16:]) / 2 + 0.01


def test_when_the_servers_clock_steps_the_exchanges_before_it_are_forgotten() -> None:
    exchanges = Exchanges()
    exchanges.add(Exchange(0.0, 0.001, 1_000_000))
    exchanges.add(Exchange(10.0, 10.4, 5_000_000))
    offset, error = exchanges.offset_ms(0, 10.4)
    assert abs(offset - 5_000_200) <= error == 200
