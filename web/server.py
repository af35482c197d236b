"""The HTTP server: cheroot with a pool of threads, begun and ended in order."""

import errno
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from cheroot.wsgi import Server
from flask import Flask

from audio_library.library import LARGEST_FILE
from domain.errors import BusyError, NotAllowedError
from web.api.orders import LEAVING
from web.wire import Connection

THREADS = 32
MOST_KEPT = 1000
"""Connections that may rest between requests: each is a descriptor, and none of them holds a thread."""
_MOST_BODY = LARGEST_FILE + 1024 * 1024
"""The largest file that a page takes, with its form."""
_MOST_HEADERS = 64 * 1024
_PATIENCE_SECONDS = 20
_STOP_SECONDS = 5


class _Server(Server):
    """A server that lets go those who wait for news before it stops."""

    leaving: threading.Event
    ConnectionClass = Connection

    def stop(self) -> None:
        """Answer who waits, then end every connection."""
        self.leaving.set()
        super().stop()


def make_server(app: Flask, host: str, port: int) -> Server:
    """Return a server that has taken `port` (0 for any free one). Raises BusyError, NotAllowedError."""
    _try_port(host, port)
    server = _Server(
        (host, port),
        app,
        numthreads=THREADS,
        server_name="tiengloa",
        timeout=_PATIENCE_SECONDS,
        shutdown_timeout=_STOP_SECONDS,
    )
    server.leaving = app.extensions[LEAVING]
    server.max_request_body_size = _MOST_BODY
    server.max_request_header_size = _MOST_HEADERS
    server.keep_alive_conn_limit = MOST_KEPT
    server.prepare()
    return server


def settle() -> None:
    """Spare the collector of garbage what lives as long as the process: walking through it held pages up for 0.1 s."""
    gc.collect()
    gc.freeze()


def serve(app: Flask, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve `app` until the process is told to stop; `on_ready` is given the address once it answers.

    Raises BusyError when the port is taken, NotAllowedError when it may not be used.
    """
    server = make_server(app, host, port)
    settle()
    with _told_by_signals():
        try:
            on_ready(address_of(server))
            server.serve()
        except KeyboardInterrupt:
            pass
        finally:
            server.stop()


def address_of(server: Server) -> str:
    """Return the address of a server that has taken its port, as a browser on this box takes it."""
    host, port = server.bind_addr[:2]
    shown = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


@contextmanager
def _told_by_signals() -> Iterator[None]:
    """Leave `serve` on SIGTERM as on SIGINT when it runs in the main thread; give the signals back after."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _try_port(host: str, port: int) -> None:
    """Take the port for a moment: cheroot tells of a taken one without the error's number, and leaks a socket."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        with socket.create_server((host, port), family=family):
            pass
    except (OSError, UnicodeError) as error:
        raise _refused(error, host, port) from error


def _refused(error: Exception, host: str, port: int) -> BusyError | NotAllowedError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else 8080
        return BusyError(
            f"Cổng {port} đang có chương trình khác dùng. Hãy chạy lại với --port {other}, "
            "hoặc tắt chương trình kia rồi chạy lại."
        )
    return NotAllowedError(
        f"Không mở được địa chỉ {host}, cổng {port}. Hãy kiểm tra --host và --port (cổng dưới 1024 cần quyền quản trị)."
    )
