"""Nudges: `python -m benchmarks.nudges [--json] [--machines 500] [--times 40]`.

How long it takes from a nudge to the playlist accepted by a real machine, and what a broker costs with many machines:
the embedded one beside a Mosquitto, when that is installed. All on the loop-back, each in a process of its own.
"""

import argparse
import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil

from benchmarks.fleet import Box, cpu_s, found_station, quantile, resident_mb, serving
from domain.nudges import CENTRE, BrokerAccount, BrokerAddress, Nudge, filter_of
from domain.playlist import Playlist
from player.cabinet import write_identity
from player.events import MachineEvent, PlaylistAccepted
from player.machine import Machine, MachineSettings
from player.nudges import Allowance
from player.trust import Identity
from scheduler.channels.accounts import MOSQUITTO_ACL, centre_password, machine_password, mosquitto_passwords, passwords
from scheduler.channels.mqtt import MqttChannel
from scheduler.signing import StationKey
from store import machines, station
from store.machines import Published
from tests.ports import free_port
from tiengloa.folder import Folder, secret
from tiengloa.settings import Settings
from tiengloa.wiring import Centre

Figures = dict[str, float]


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        boxes = found_station(root, options.machines)
        figures: dict[str, object] = {"machines": options.machines}
        key = secret(Folder(root).broker_secret)
        with embedded(root) as (broker, port):
            figures["nudge to playlist accepted"] = _latency(root, boxes[0], port, key, options.times)
            figures["embedded"] = _crowd(boxes, port, key, broker)
        if shutil.which("mosquitto", path="/usr/sbin:/usr/bin"):
            with mosquitto(root, boxes, key) as (broker, port):
                figures["mosquitto"] = _crowd(boxes, port, key, broker)
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=1))


@contextmanager
def embedded(data: Path) -> Iterator[tuple[psutil.Process, int]]:
    """Run the embedded broker of a data folder."""
    port = free_port()
    own = {**os.environ, "TIENGLOA_BROKER_BIND": f"127.0.0.1:{port}"}
    command = [sys.executable, "-m", "tiengloa", "--data", str(data), "broker", "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=own) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield psutil.Process(child.pid), port
        finally:
            child.terminate()


@contextmanager
def mosquitto(data: Path, boxes: list[Box], key: bytes) -> Iterator[tuple[psutil.Process, int]]:
    """Run a Mosquitto with the same accounts."""
    port = free_port()
    (data / "passwords").write_text(mosquitto_passwords(passwords(key, {box.id: public_of(box) for box in boxes})))
    (data / "acl").write_text(MOSQUITTO_ACL)
    lines = (
        f"listener {port} 127.0.0.1",
        "allow_anonymous false",
        f"password_file {data}/passwords",
        f"acl_file {data}/acl",
        "user root",
    )
    (data / "mosquitto.conf").write_text("\n".join(lines))
    with subprocess.Popen(
        ["/usr/sbin/mosquitto", "-c", str(data / "mosquitto.conf")], stderr=subprocess.DEVNULL
    ) as child:
        try:
            time.sleep(1)
            yield psutil.Process(child.pid), port
        finally:
            child.terminate()


def public_of(box: Box) -> str:
    """Return a machine's public key as the station keeps it."""
    return base64.b64encode(box.key.public_key().public_bytes_raw()).decode()


def _account(port: int, key: bytes, box: Box | None = None) -> BrokerAccount:
    address = BrokerAddress("127.0.0.1", port)
    if box is None:
        return BrokerAccount(address, CENTRE, centre_password(key))
    return BrokerAccount(address, box.id, machine_password(key, box.id, public_of(box)))


def _latency(root: Path, box: Box, port: int, key: bytes, times: int) -> Figures:
    """Return how long it takes from a nudge to the accepted playlist on a real machine that would poll in an hour."""
    took: list[float] = []
    accepted: dict[int, float] = {}
    changed = threading.Condition()

    def hear(event: MachineEvent) -> None:
        if isinstance(event, PlaylistAccepted):
            with changed:
                accepted[event.counter] = time.monotonic()
                changed.notify_all()

    server_port = free_port()
    folder, sign = _enrolled(root, box, f"http://127.0.0.1:{server_port}"), _signer(root, box)
    with serving(root, server_port), closing(MqttChannel(lambda: _account(port, key))) as channel:
        machine = Machine(folder, MachineSettings(poll=3600, heartbeat=3600, sink="silent"), hear)
        machine.start()
        try:
            _until(lambda: machine.nudges.connected and channel.connected)
            machine.nudges._allowances = {what: Allowance(burst=10**6) for what in Nudge}
            for counter in range(5000, 5000 + times):
                sign(counter)
                began = time.monotonic()
                channel.nudge(box.id)
                with changed:
                    changed.wait_for(lambda number=counter: number in accepted, 10)
                took.append(accepted[counter] - began)
        finally:
            machine.stop()
    return {
        "n": times,
        "p50_ms": _ms(quantile(took, 0.5)),
        "p99_ms": _ms(quantile(took, 0.99)),
        "max_ms": _ms(max(took)),
    }


def _enrolled(root: Path, box: Box, server: str) -> Path:
    centre = Centre(Settings(root), Folder(root))
    with closing(centre.database), centre.database.read() as connection:
        own = station.get(connection)
    public = StationKey.load_or_create(Folder(root).station_key).public_key
    write_identity(root / "may", Identity(box.id, box.id, own.id, server, public), box.key)
    return root / "may"


def _signer(root: Path, box: Box) -> Callable[[int], None]:
    centre = Centre(Settings(root), Folder(root))
    key = StationKey.load_or_create(Folder(root).station_key)
    now = centre.clock.now()
    with centre.database.read() as connection:
        own = station.get(connection)
    empty = Playlist(own.id, box.id, own.epoch, 1, now, now + timedelta(days=9), "Asia/Ho_Chi_Minh", (), (), ())

    def sign(counter: int) -> None:
        body = key.sign(replace(empty, counter=counter))
        with centre.database.write() as connection:
            one = Published(box.id, counter, str(counter), f'"{counter}"', body, now, now + timedelta(days=9))
            machines.publish(connection, one)

    return sign


def _crowd(boxes: list[Box], port: int, key: bytes, broker: psutil.Process) -> Figures:
    """Return what the broker costs with every machine connected, and how long it takes to nudge them all."""
    return asyncio.run(_crowded(boxes, port, key, broker))


async def _crowded(boxes: list[Box], port: int, key: bytes, broker: psutil.Process) -> Figures:
    alone_mb, before, began = resident_mb(broker), cpu_s(broker), time.monotonic()
    lines = []
    for at in range(0, len(boxes), 50):
        lines += await asyncio.gather(*(_listen(_account(port, key, box)) for box in boxes[at : at + 50]))
    connected_s, connecting_cpu = time.monotonic() - began, cpu_s(broker) - before
    before = cpu_s(broker)
    await asyncio.sleep(10)
    resting_cpu, crowded_mb = (cpu_s(broker) - before) / 10, resident_mb(broker)
    heard: list[float] = []
    readers = [asyncio.create_task(_hear(reader, heard)) for reader, _writer in lines]
    channel = MqttChannel(lambda: _account(port, key))
    while not channel.connected:
        await asyncio.sleep(0.01)
    before, began = cpu_s(broker), time.monotonic()
    for box in boxes:
        channel.nudge(box.id)
    await asyncio.wait_for(asyncio.gather(*readers), 60)
    took = [at - began for at in heard]
    channel.close()
    for _reader, writer in lines:
        writer.close()
    return {
        "alone_mb": round(alone_mb, 1),
        "resident_mb": round(crowded_mb, 1),
        "kb_a_machine": round(1000 * (crowded_mb - alone_mb) / len(boxes), 1),
        "connected_s": round(connected_s, 1),
        "connecting_cpu_s": round(connecting_cpu, 2),
        "idle_core_percent": round(100 * resting_cpu, 2),
        "all_nudged_p50_ms": _ms(quantile(took, 0.5)),
        "all_nudged_max_ms": _ms(max(took)),
        "nudging_cpu_s": round(cpu_s(broker) - before, 2),
    }


async def _listen(account: BrokerAccount) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Come into a broker as a machine and subscribe, in as few bytes as MQTT takes."""
    reader, writer = await asyncio.open_connection(account.address.host, account.address.port)
    texts = b"".join(_text(one) for one in (f"x{account.user}"[:23], account.user, account.password))
    writer.write(_packet(0x10, b"\x00\x04MQTT\x04\xc2\x00\xf0" + texts))
    if await reader.readexactly(4) != b"\x20\x02\x00\x00":
        raise RuntimeError("the broker refused a machine")
    writer.write(_packet(0x82, b"\x00\x01" + _text(filter_of(account.user)) + b"\x00"))
    await reader.readexactly(5)
    return reader, writer


async def _hear(reader: asyncio.StreamReader, heard: list[float]) -> None:
    head = await reader.readexactly(2)
    await reader.readexactly(head[1])
    heard.append(time.monotonic())


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


def _packet(kind: int, body: bytes) -> bytes:
    assert len(body) < 128
    return bytes([kind, len(body)]) + body


def _until(true: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("waited in vain")
        time.sleep(0.01)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--machines", type=int, default=500)
    parser.add_argument("--times", type=int, default=40)
    return parser.parse_known_args()[0]


if __name__ == "__main__":
    main()
