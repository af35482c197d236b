"""A centre on a bad line: it stalls, cuts, refuses and vanishes as the test says; what it serves is really signed."""

import base64
import json
import threading
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.signed_time import time_statement
from tests.fakes_player import MACHINE, Centre, _Counter


class RoughServer(ThreadingHTTPServer):
    """A server whose callers hang up without an error of ours."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_request: Any) -> None:
        """Say nothing of callers that are gone."""


@dataclass
class RoughCentre(Centre):
    """What it does wrong.

    `stalls` and `cuts` hold how often yet the download of a clip, by its hash, stands still or ends half way; `failing`
    answers 500 to everything; `silent` hangs up on everything; calls to `stalled_paths` wait for ever.
    """

    stalls: dict[str, int] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)
    failing: bool = False
    open_to_all: bool = False
    times_told: int = 0
    silent: bool = False
    stalled_paths: tuple[str, ...] = ()
    clock_key: Ed25519PrivateKey | None = field(default_factory=Ed25519PrivateKey.generate)
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._port = 0
        self.start()

    def start(self) -> None:
        """Serve on the port it had before, or on a free one."""
        handler = type("Bound", (_RoughCounter,), {"centre": self})
        self._server = RoughServer(("127.0.0.1", self._port), handler)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.up = True

    def close(self) -> None:
        """End for good, with whatever still waits."""
        self.over.set()
        self.stop()

    def takes_one(self, left: dict[str, int], clip_hash: str) -> bool:
        """Tell whether this call is one of those that `left` still counts."""
        with self.lock:
            if left.get(clip_hash, 0) <= 0:
                return False
            left[clip_hash] -= 1
            return True

    def told(self, *words: str) -> bool:
        """Tell whether some heartbeat's fault has all of `words`."""
        return any(all(word in beat["fault"] for word in words) for beat in tuple(self.heartbeats))


class _RoughCounter(_Counter):
    """Answers for a rough centre."""

    centre: RoughCentre

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def parse_request(self) -> bool:
        """Hang up, wait or refuse before anything is answered, when that is the fault."""
        if not super().parse_request():
            return False
        centre = self.centre
        if any(self.path.startswith(path) for path in centre.stalled_paths):
            centre.over.wait()
        if centre.silent or centre.over.is_set():
            self.close_connection = True
            return False
        if centre.failing:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(500, b"{}")
            return False
        return True

    def _is_known(self, body: bytes) -> bool:
        return self.centre.open_to_all or super()._is_known(body)

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        if not self.path.startswith("/api/v1/time"):
            super().do_GET()
        elif self._is_known(b""):
            self._time(self.path.partition("nonce=")[2])

    def _time(self, nonce: str) -> None:
        if self.centre.clock_key is None:
            self._answer(404, b"{}")
            return
        now = self.centre.now_ms()
        self.centre.times_told += 1
        signature = base64.b64encode(self.centre.clock_key.sign(time_statement(MACHINE, nonce, now))).decode()
        self._answer(200, json.dumps({"server_time": now, "signature": signature}).encode())

    def _clip(self, clip_hash: str) -> None:
        data = self.centre.files.get(clip_hash, b"")
        if data and self.centre.takes_one(self.centre.stalls, clip_hash):
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.centre.over.wait()
            self.close_connection = True
        elif data and self.centre.takes_one(self.centre.cuts, clip_hash):
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
            where = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
            self._answer(206 if start else 200, data[start:], cut=(len(data) - start) // 2, **where)
            self.close_connection = True
        else:
            super()._clip(clip_hash)
