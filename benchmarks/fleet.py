"""A station with many enrolled machines in a folder of its own, and its server as a process: what benchmarks ask."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.machines import Machine
from domain.playlist import to_ms
from player.clock import SystemClock
from player.trust import Signer
from scheduler.planning import replan
from scheduler.publishing import publish
from store import machines, places
from tiengloa.centre import open_centre, publish_station_key
from tiengloa.example import load as example
from tiengloa.settings import Settings


@dataclass(frozen=True, slots=True)
class Box:
    """An enrolled machine, as the server sees it."""

    id: str
    key: Ed25519PrivateKey

    def request(self, method: str, path: str, body: bytes = b"", more: str = "") -> bytes:
        """Return a signed HTTP request as it goes over the line."""
        proof = Signer(self.id, self.key).headers(method, path, body, to_ms(SystemClock().now()))
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {told}" for name, told in proof.items())]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return ("\r\n".join(lines) + "\r\n" + more + "\r\n").encode() + body


def found_station(folder: Path, count: int) -> list[Box]:
    """Make the example station with `count` machines of its last place and publish their playlists."""
    centre = open_centre(Settings(folder, voices=("espeak",)))
    with closing(centre.database):
        boxes = [Box(f"may-{number:05}", Ed25519PrivateKey.generate()) for number in range(count)]
        now = centre.clock.now()
        with centre.database.write() as connection:
            example.load(connection, now)
            area_id = places.areas(connection)[-1].id
            for box in boxes:
                public = base64.b64encode(box.key.public_key().public_bytes_raw()).decode()
                machines.add(connection, Machine(box.id, box.id, area_id, public, now - timedelta(days=1)))
        publish_station_key(centre)
        publish(centre.database, centre.station_key, replan(centre.database, now), now)
    return boxes


@contextmanager
def serving(folder: Path, port: int, *before: str, host: str = "127.0.0.1") -> Iterator[psutil.Process]:
    """Run the station's server, behind the words `before`, for as long as the block runs."""
    command = [*before, sys.executable, "-m", "tiengloa", "--data", str(folder), "serve", "--host", host, "--port"]
    with subprocess.Popen([*command, str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        try:
            assert child.stdout is not None
            if not child.stdout.readline():  # it says its address once it answers
                raise RuntimeError("the server did not start")
            yield psutil.Process(child.pid)
        finally:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(15)
            child.kill()


def cpu_s(process: psutil.Process) -> float:
    """Return how many seconds of a core a process has used."""
    used = process.cpu_times()
    return float(used.user + used.system)


def resident_mb(process: psutil.Process) -> float:
    """Return how much memory a process holds, in megabytes."""
    return float(process.memory_info().rss) / 1e6


def quantile(values: list[float], share: float) -> float:
    """Return the value below which `share` of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
