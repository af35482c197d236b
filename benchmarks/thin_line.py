"""A machine on a thin line: `python -m benchmarks.thin_line [--json] [--idle 60] [--rate 256kbit] [--loss 20] ...`.

The real server and the real machine, each in a network of its own, joined by a pair of virtual cards that are slowed
down (tc tbf) and lose packets at random in both directions (nft). Needs root, iproute2 and nftables. It measures what
a machine costs a day while nothing changes, and how long a playlist of fourteen days and its clips take to come.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.fleet import Box, found_station, serving
from domain.playlist import ClipRef, Playlist, PlaylistItem, PlaylistSlot
from domain.timetable import LatePolicy, Priority
from player.cabinet import write_identity
from player.trust import Identity
from scheduler.signing import StationKey
from store import machines, station
from store.machines import Published
from tiengloa.folder import Folder
from tiengloa.settings import Settings
from tiengloa.wiring import Centre

STATION, MACHINE = "tl-dai", "tl-may"
HERE, THERE = "10.77.0.1", "10.77.0.2"
PORT = 18_080
_DAY_S = 86_400


def main() -> None:
    """Measure and print."""
    options = _options()
    figures: dict[str, object] = {"rate": options.rate, "loss_percent": options.loss, "congestion": options.congestion}
    with tempfile.TemporaryDirectory() as folder, network(options.congestion):
        root = Path(folder)
        (box,) = found_station(root / "dai", 1)
        playlist, clips = _fortnight(root / "dai", box, options)
        with ExitStack() as stack:
            stack.enter_context(serving(root / "dai", PORT, "ip", "netns", "exec", STATION, host=HERE))
            for broker in (False, True):
                idle = _idle(root, box, options, broker=broker)
                figures["idle with nudges" if broker else "idle, polling alone"] = idle
            thin(options.rate, options.loss)
            figures["sync"] = _sync(root, box, playlist, clips, options)
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=1, ensure_ascii=False))


@contextmanager
def network(congestion: str) -> Iterator[None]:
    """Make the two networks and the line between them, and take them away again."""
    _drop_network()
    try:
        for name in (STATION, MACHINE):
            _run("ip", "netns", "add", name)
        _run("ip", "link", "add", "tl0", "netns", STATION, "type", "veth", "peer", "name", "tl1", "netns", MACHINE)
        for name, card, address in ((STATION, "tl0", HERE), (MACHINE, "tl1", THERE)):
            _in(name, "ip", "address", "add", f"{address}/24", "dev", card)
            _in(name, "ip", "link", "set", card, "up")
            _in(name, "ip", "link", "set", "lo", "up")
            _in(name, "ip", "route", "replace", "10.77.0.0/24", "dev", card, "src", address, "congctl", congestion)
            # A card that hands over whole heaps of packets at once would make the slowing down untrue.
            with suppress(OSError, subprocess.CalledProcessError):
                _in(name, "ethtool", "-K", card, "tso", "off", "gso", "off", "gro", "off")
        yield
    finally:
        _drop_network()


def thin(rate: str, loss: int) -> None:
    """Slow the line down and have it lose `loss` percent of the packets in each direction."""
    for name, card in ((STATION, "tl0"), (MACHINE, "tl1")):
        _in(name, "tc", "qdisc", "add", "dev", card, "root", "tbf", "rate", rate, "burst", "4kb", "latency", "400ms")
        rules = (
            "table ip tl {\n chain in {\n  type filter hook input priority 0; policy accept;\n"
            f'  iifname "{card}" numgen random mod 100 < {loss} counter drop\n }}\n}}\n'
        )
        subprocess.run(["ip", "netns", "exec", name, "nft", "-f", "-"], input=rules, text=True, check=True)


def _drop_network() -> None:
    for name in (STATION, MACHINE):
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _in(name: str, *command: str) -> str:
    return _run("ip", "netns", "exec", name, *command)


def _crossed() -> tuple[int, int]:
    """Return how many bytes the machine has sent and received, with the heads of all packets."""
    told = _in(MACHINE, "cat", "/sys/class/net/tl1/statistics/tx_bytes", "/sys/class/net/tl1/statistics/rx_bytes")
    sent, received = told.split()
    return int(sent), int(received)


def _fortnight(data: Path, box: Box, options: argparse.Namespace) -> tuple[Published, list[ClipRef]]:
    """Publish fourteen days of three sessions with two items each to the machine; the clips are of random bytes."""
    centre = Centre(Settings(data), Folder(data))
    now = centre.clock.now()
    dice = np.random.default_rng(7)
    length = timedelta(minutes=5)
    files = [dice.bytes(options.clip_kb * 1000) for _ in range(options.clips)]
    clips = [ClipRef(centre.blobs.put(one), len(one), length, "audio/flac") for one in files]
    slots = tuple(
        PlaylistSlot(
            key=f"buoi-{number}@{number:032x}"[:60],
            starts_at=now + timedelta(hours=2 + 8 * number),
            title="Chương trình phát thanh buổi sáng của phường",
            priority=Priority.NORMAL,
            late_policy=LatePolicy.CATCH_UP,
            grace=timedelta(minutes=5),
            items=tuple(
                PlaylistItem(clips[(2 * number + at) % len(clips)].hash, at * length, length, f"Bản tin số {number}")
                for at in range(2)
            ),
        )
        for number in range(3 * 14)
    )
    key = StationKey.load_or_create(data / "keys" / "station.key")
    with closing(centre.database), centre.database.write() as connection:
        own = station.get(connection)
        made = Playlist(
            own.id, box.id, own.epoch, 1000, now, now + timedelta(days=15), "Asia/Ho_Chi_Minh", (), tuple(clips), slots
        )
        body = key.sign(made)
        published = Published(box.id, 1000, "x", '"fortnight"', body, now, now + timedelta(days=15))
        machines.publish(connection, published)
    return published, clips


def _enrolled(root: Path, name: str, box: Box) -> Path:
    folder = root / name
    centre = Centre(Settings(root / "dai"), Folder(root / "dai"))
    with closing(centre.database), centre.database.read() as connection:
        own = station.get(connection)
    key = StationKey.load_or_create(root / "dai" / "keys" / "station.key").public_key
    write_identity(folder, Identity(box.id, box.id, own.id, f"http://{HERE}:{PORT}", key), box.key)
    return folder


@contextmanager
def _machine(folder: Path, accepted: threading.Event) -> Iterator[None]:
    command = ["ip", "netns", "exec", MACHINE, sys.executable, "-m", "tiengloa", "machine", "run", "--json"]
    with subprocess.Popen(
        [*command, "--sink", "silent", "--dir", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:

        def read() -> None:
            for line in child.stdout or ():
                if '"PlaylistAccepted"' in line:
                    accepted.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield
        finally:
            child.terminate()
            reader.join(20)


@contextmanager
def _broker(data: Path) -> Iterator[None]:
    command = ["ip", "netns", "exec", STATION, "env", f"TIENGLOA_BROKER_BIND={HERE}:1883", sys.executable, "-m"]
    with subprocess.Popen(
        [*command, "tiengloa", "--data", str(data), "broker", "run"], stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield
        finally:
            child.terminate()


def _idle(root: Path, box: Box, options: argparse.Namespace, *, broker: bool) -> dict[str, float]:
    """Return what a machine that holds everything costs while nothing changes, on a good line."""
    folder, accepted = _enrolled(root, f"idle-{broker}", box), threading.Event()
    with ExitStack() as stack:
        if broker:
            stack.enter_context(_broker(root / "dai"))
        stack.enter_context(_machine(folder, accepted))
        assert accepted.wait(60)
        _await_still(folder, options.clips)
        time.sleep(20)  # the first rounds of everything are over
        before, began = _crossed(), time.monotonic()
        time.sleep(options.idle)
        after, spent = _crossed(), time.monotonic() - began
    sent, received = after[0] - before[0], after[1] - before[1]
    return {
        "sent_kb_a_day": round(sent / spent * _DAY_S / 1000),
        "received_kb_a_day": round(received / spent * _DAY_S / 1000),
    }


def _held(folder: Path) -> int:
    return len(list((folder / "clips").glob("??/*")))


def _await_still(folder: Path, count: int, seconds: float = 600.0) -> None:
    deadline = time.monotonic() + seconds
    while _held(folder) < count:
        if time.monotonic() > deadline:
            raise TimeoutError("the clips did not come")
        time.sleep(0.2)


def _sync(
    root: Path, box: Box, playlist: Published, clips: list[ClipRef], options: argparse.Namespace
) -> dict[str, float]:
    """Return how long a new machine needs on the thin line, and how many bytes cross it."""
    folder, accepted = _enrolled(root, "thin", box), threading.Event()
    before, began = _crossed(), time.monotonic()
    with _machine(folder, accepted):
        assert accepted.wait(600)
        playlist_s, playlist_bytes = time.monotonic() - began, _crossed()
        _await_still(folder, len(clips), options.patience)
        all_s, all_bytes = time.monotonic() - began, _crossed()
    total, clip_bytes = sum(ref.size for ref in clips), all_bytes[1] - playlist_bytes[1]
    return {
        "playlist_bytes": len(playlist.body),
        "playlist_s": round(playlist_s, 1),
        "playlist_received_kb": round((playlist_bytes[1] - before[1]) / 1000, 1),
        "clips_kb": total // 1000,
        "clips_s": round(all_s - playlist_s, 1),
        "clips_received_kb": clip_bytes // 1000,
        "clips_kbit_s": round(8 * total / 1000 / max(all_s - playlist_s, 0.1), 1),
        "five_minutes_flac_min": round(9600 * (all_s - playlist_s) / (total / 1000) / 60, 1),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--idle", type=float, default=60.0, help="seconds of watching an idle machine")
    parser.add_argument("--rate", default="256kbit")
    parser.add_argument("--loss", type=int, default=20, help="percent, in each direction")
    parser.add_argument("--clips", type=int, default=2)
    parser.add_argument("--clip-kb", type=int, default=400)
    parser.add_argument("--patience", type=float, default=900.0)
    parser.add_argument("--congestion", default="cubic")
    return parser.parse_known_args()[0]


if __name__ == "__main__":
    main()
