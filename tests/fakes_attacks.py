"""A server that means harm, on a port of its own: each test tells it what to answer, byte by byte if need be."""

import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Hostile"], None]


class Hostile(BaseHTTPRequestHandler):
    """One request to the hostile server; helpers to answer it badly."""

    owner: "HostileServer"
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.owner.asked.append(self.path)
        self.close_connection = True
        answer = self.owner.on_clip if "/clips/" in self.path else self.owner.on_playlist
        with suppress(OSError):
            answer(self)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.close_connection = True
        self.whole(b"{}")

    def whole(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer `body` as any server would."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def endless(self, piece: bytes, head: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        """Answer for ever, as fast as the line goes."""
        self.wfile.write(head)
        while not self.owner.over.is_set():
            self.wfile.write(piece)
            self.owner.sent += len(piece)

    def trickle(self, head: bytes, piece: bytes = b"x") -> None:
        """Answer for ever, a piece every tenth of a second."""
        self.wfile.write(head)
        while not self.owner.over.wait(0.05):
            self.wfile.write(piece)
            self.wfile.flush()


def nothing(request: Hostile) -> None:
    """Answer that there is none."""
    request.whole(b"{}", 404)


class _Quiet(ThreadingHTTPServer):
    """Says nothing when a machine hangs up on it: that is what is hoped for."""

    def handle_error(self, *_request: object) -> None:
        pass


class HostileServer:
    """Answers playlists by `on_playlist` and clips by `on_clip`."""

    def __init__(self) -> None:
        self.on_playlist: Answer = nothing
        self.on_clip: Answer = nothing
        self.asked: list[str] = []
        self.sent = 0
        self.over = threading.Event()
        self._server = _Quiet(("127.0.0.1", 0), type("Bound", (Hostile,), {"owner": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """End it, and every answer that is still going on."""
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
