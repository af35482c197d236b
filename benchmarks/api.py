"""The machines' API under load: `python -m benchmarks.api [--json] [--seconds 5] [--connections 16] [--machines 100]`.

The server is the real one, in a process of its own; the load comes from threads here. On a box with two cores both
compete, so beside requests per second of the clock there is what counts: requests per second of the server's core.
"""

import argparse
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.fleet import Box, cpu_s, found_station, quantile, resident_mb, serving
from tests.ports import free_port

Figures = dict[str, float]
HEARTBEAT = {
    "counter": 1,
    "clips_held": 2,
    "clips_needed": 2,
    "sink": "virtual",
    "sink_ok": True,
    "clock_offset": 3,
    "free": 10**9,
    "version": "0.1.0",
    "fault": "",
}


def main() -> None:
    """Measure and print a table, or one line of JSON."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        boxes, port = found_station(Path(folder), options.machines), free_port()
        with serving(Path(folder), port) as server:
            etags = {box.id: _etag(port, box) for box in boxes}
            kinds = _kinds(boxes, etags)
            figures = {}
            for name, (make, kept) in kinds.items():
                before, began = cpu_s(server), time.monotonic()
                took, failed = _load(port, make, options, kept=kept)
                spent, wall = cpu_s(server) - before, time.monotonic() - began
                figures[name] = _figures(took, failed, spent, wall)
            figures["server"] = {"resident_mb": round(resident_mb(server), 1)}
    print(json.dumps(figures) if options.json else _table(figures))


def _kinds(boxes: list[Box], etags: dict[str, str]) -> dict[str, tuple[Callable[[int], bytes], bool]]:
    """Return by name how the request number n is made, and whether connections are kept."""
    polls = [box.request("GET", "/api/v1/playlist", more=f"If-None-Match: {etags[box.id]}\r\n") for box in boxes]
    last = [
        box.request("GET", "/api/v1/playlist", more=f"If-None-Match: {etags[box.id]}\r\nConnection: close\r\n")
        for box in boxes
    ]
    whole = [box.request("GET", "/api/v1/playlist", more="Accept-Encoding: gzip\r\n") for box in boxes]
    beats = [box.request("POST", "/api/v1/heartbeat", json.dumps(HEARTBEAT).encode()) for box in boxes]
    return {
        "304, connections kept": (lambda n: polls[n % len(polls)], True),
        "304, a connection each": (lambda n: last[n % len(last)], False),
        "playlist, packed": (lambda n: whole[n % len(whole)], True),
        "heartbeat": (lambda n: beats[n % len(beats)], True),
    }


def _etag(port: int, box: Box) -> str:
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(box.request("GET", "/api/v1/playlist", more="Connection: close\r\n"))
        answer = b""
        while more := line.recv(65_536):
            answer += more
    return next(row[6:] for row in answer.decode("latin-1").split("\r\n") if row.lower().startswith("etag: "))


def _load(
    port: int, make: Callable[[int], bytes], options: argparse.Namespace, *, kept: bool
) -> tuple[list[float], int]:
    """Ask from many threads for the time given; return how long each answer took, and how many went wrong."""
    took: list[float] = []
    failed: list[str] = []
    until = time.monotonic() + options.seconds

    def ask(first: int) -> None:
        number, line = first, _connected(port)
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                line.sendall(make(number))
                status = _answer(line)
                if status not in ("200", "304"):
                    failed.append(status)
                if not kept:
                    line.close()
                    line = _connected(port)
            except OSError as error:
                failed.append(type(error).__name__)
                line.close()
                line = _connected(port)
            took.append(time.monotonic() - began)
            number += options.connections
        line.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(options.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, len(failed)


def _connected(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), 10)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _answer(line: socket.socket) -> str:
    """Read one answer and return its status."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _more(line)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next((int(row[15:]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")), 0)
    status = head[9:12].decode()
    while status != "304" and len(body) < length:
        body += _more(line)
    return status


def _more(line: socket.socket) -> bytes:
    more = line.recv(65_536)
    if not more:
        raise ConnectionError("closed")
    return more


def _figures(took: list[float], failed: int, spent: float, wall: float) -> Figures:
    return {
        "n": len(took),
        "failed": failed,
        "per_s": round(len(took) / wall),
        "per_core_s": round(len(took) / max(spent, 0.01)),
        "cpu_us": round(1e6 * spent / max(len(took), 1)),
        "p50_ms": round(1000 * quantile(took, 0.5), 2),
        "p99_ms": round(1000 * quantile(took, 0.99), 2),
    }


def _table(figures: dict[str, Figures]) -> str:
    names = ("n", "failed", "per_s", "per_core_s", "cpu_us", "p50_ms", "p99_ms")
    rows = [
        f"| {kind} | " + " | ".join(f"{one[name]:g}" for name in names) + " |"
        for kind, one in figures.items()
        if "n" in one
    ]
    head = f"| request | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}"
    return "\n".join([head, *rows, "", f"server: {figures['server']['resident_mb']} MB resident"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--machines", type=int, default=100)
    return parser.parse_known_args()[0]


if __name__ == "__main__":
    main()
