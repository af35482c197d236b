"""Connections to one server, kept open between requests, on which nothing can hold a thread longer than it may.

A server, or someone on the path, that sends a byte now and then would satisfy every time-out of a socket for ever;
so each answer has a deadline as a whole, from its first header to its last byte.
"""

import http.client
import io
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import SplitResult

from domain.ports import Clock
from player.connect import connect

TIMEOUT_S = 10.0
_KEPT_S = 18.0
"""A connection that has rested longer is not tried again; our server lets go of one after twenty seconds."""
_MOST_KEPT = 4
_GONE = (ConnectionError, http.client.BadStatusLine, http.client.CannotSendRequest)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `address` is the path as it stands in the request; the server may be silent for `timeout_s`."""

    method: str
    address: str
    body: bytes
    headers: dict[str, str]
    timeout_s: float = TIMEOUT_S


@dataclass(slots=True)
class Exchanged:
    """An answer that has begun, when it was asked for on the monotonic clock, and when it began."""

    response: http.client.HTTPResponse
    connection: http.client.HTTPConnection
    asked: float
    answered: float


class Response(http.client.HTTPResponse):
    """An answer that is read by its deadline, an instant of the monotonic `clock`, or not at all."""

    def __init__(self, sock: socket.socket, method: str | None = None, *, patience: "_Patience") -> None:
        super().__init__(_Paced(sock, patience), method=method)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long a server may take: by `deadline` on the monotonic clock, and never silent for `timeout_s`."""

    clock: Clock
    deadline: float
    timeout_s: float


class _Paced(io.RawIOBase):
    """A socket's bytes, as long as there is time left."""

    def __init__(self, sock: socket.socket, patience: _Patience) -> None:
        super().__init__()
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = patience

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return this, buffered, as a socket would."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has come into `buffer`. Raises TimeoutError."""
        left = self._patience.deadline - self._patience.clock.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._socket.settimeout(min(self._patience.timeout_s, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket, which stays open."""
        self._raw.close()
        super().close()


class Wire:
    """Asks one server; threads may share it, each request has a connection to itself meanwhile."""

    def __init__(self, url: SplitResult, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: http.client.HTTPConnection | None = None
        self._resting: list[tuple[float, http.client.HTTPConnection]] = []

    def ask(self, request: Request, deadline_s: float) -> Exchanged:
        """Send a request and return its answer, of which the header has come. Raises OSError, HTTPException.

        A connection that was kept may have been let go of by the server; then the request is sent on a new one, and
        so may arrive twice.
        """
        kept = self._kept()
        if kept is not None:
            try:
                return self._ask_on(kept, request, deadline_s)
            except _GONE:
                pass
        return self._ask_on(self._new(), request, deadline_s)

    def rest(self, one: Exchanged) -> None:
        """Keep the connection of an answer for the next request if it was read whole, else close it."""
        if one.connection is self._waiting:
            self._waiting = None
        whole = (one.response.isclosed() or one.response.length == 0) and not one.response.will_close
        one.response.close()
        with self._lock:
            if whole and len(self._resting) < _MOST_KEPT:
                self._resting.append((self._clock.monotonic(), one.connection))
                return
        one.connection.close()

    def hang_up(self) -> None:
        """End the connection on which a thread waits for longer than usual, if there is one; from any thread."""
        waiting = self._waiting
        if waiting is not None and waiting.sock is not None:
            with suppress(OSError):
                waiting.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close what rests."""
        with self._lock:
            resting, self._resting = self._resting, []
        for _since, connection in resting:
            connection.close()

    def _kept(self) -> http.client.HTTPConnection | None:
        now = self._clock.monotonic()
        with self._lock:
            while self._resting:
                since, connection = self._resting.pop()
                if now - since < _KEPT_S:
                    return connection
                connection.close()
        return None

    def _new(self) -> http.client.HTTPConnection:
        return connect(self._url, TIMEOUT_S)

    def _ask_on(self, connection: http.client.HTTPConnection, request: Request, deadline_s: float) -> Exchanged:
        asked = self._clock.monotonic()
        patience = _Patience(self._clock, asked + deadline_s, request.timeout_s)
        connection.response_class = partial(Response, patience=patience)  # type: ignore[assignment]
        if request.timeout_s > TIMEOUT_S:
            self._waiting = connection
        try:
            connection.sock.settimeout(TIMEOUT_S)
            connection.request(request.method, request.address, request.body or None, request.headers)
            response = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        return Exchanged(response, connection, asked, self._clock.monotonic())
