"""Brokers for tests: the embedded one in a thread, a real Mosquitto as a child, and clients that listen."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import paho.mqtt.client as paho
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.nudges import BrokerAccount, BrokerAddress, Nudge, filter_of, nudge_of
from scheduler.channels.accounts import MOSQUITTO_ACL, mosquitto_passwords, passwords
from scheduler.channels.broker import EmbeddedBroker
from scheduler.channels.client import client_of
from tests.fakes import need_tool
from tests.fakes_player import wait_until
from tests.ports import free_port

SECRET = b"s" * 32
KEYS = {"may-1": "khoa-1", "may-2": "khoa-2"}


class MemoryChannel:
    """A channel that keeps its nudges, and gives them to whoever listens in this process."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Nudge]] = []

    def nudge(self, machine_id: str, what: Nudge = Nudge.PLAYLIST) -> None:
        self.sent.append((machine_id, what))

    def close(self) -> None:
        pass


class Broker:
    """A running broker and the accounts it takes; `known` may be changed."""

    def __init__(self, port: int, known: dict[str, str]) -> None:
        self.port = port
        self.known = known

    def account(self, user: str, password: str | None = None) -> BrokerAccount:
        return BrokerAccount(BrokerAddress("127.0.0.1", self.port), user, password or self.known.get(user, "?"))


@contextmanager
def embedded(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Broker]:
    """Run the embedded broker in a thread."""
    broker, ready, stopping = Broker(0, passwords(SECRET, KEYS)), threading.Event(), threading.Event()

    def on_ready(taken: int) -> None:
        broker.port = taken
        ready.set()

    served = EmbeddedBroker(("127.0.0.1", port), lambda: dict(broker.known), tls)
    thread = threading.Thread(target=served.serve, args=(stopping, on_ready))
    thread.start()
    try:
        assert ready.wait(10)
        yield broker
    finally:
        stopping.set()
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def mosquitto(folder: Path) -> Iterator[Broker]:
    """Run a real Mosquitto with the accounts and rules that we write for it."""
    broker = Broker(free_port(), passwords(SECRET, KEYS))
    (folder / "passwords").write_text(mosquitto_passwords(broker.known))
    (folder / "acl").write_text(MOSQUITTO_ACL)
    with mosquitto_serving(folder, broker.port):
        yield broker


@contextmanager
def mosquitto_serving(folder: Path, port: int) -> Iterator[None]:
    """Run a real Mosquitto with the files `passwords` and `acl` of `folder`."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    need_tool(program is not None, "mosquitto")
    lines = (
        f"listener {port} 127.0.0.1",
        "allow_anonymous false",
        f"password_file {folder}/passwords",
        f"acl_file {folder}/acl",
        "user root",
    )
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen([str(program), "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(port))
            yield
        finally:
            child.terminate()
            child.wait(10)


class Listener:
    """A client that comes in as `account` and keeps what it hears; `code` is what the broker said to it."""

    def __init__(self, account: BrokerAccount, *topics: str) -> None:
        self.user = account.user
        self.topics: list[str] = []
        self.granted: list[int] = []
        self.code: int | None = None
        self.lost = threading.Event()
        self._wanted = topics or (filter_of(account.user),)
        self.client = client_of(account)
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda *told: self.granted.extend(code.value for code in told[3])
        self.client.on_message = lambda _client, _data, message: self.topics.append(message.topic)
        self.client.on_disconnect = lambda *_told: self.lost.set()
        self.client.connect(account.address.host or "127.0.0.1", account.address.port)
        self.client._reset_sockets(sockpair_only=True)
        self.client.loop_start()

    def _connected(self, client: paho.Client, _data: object, _flags: object, code: object, _more: object) -> None:
        self.code = code.value  # type: ignore[attr-defined]
        if self.code == 0:
            client.subscribe([(topic, 0) for topic in self._wanted])

    def listening(self) -> "Listener":
        """Wait until the broker has answered the subscription."""
        wait_until(lambda: len(self.granted) == len(self._wanted))
        return self

    def heard(self, machine_id: str) -> list[Nudge]:
        return [what for topic in self.topics if (what := nudge_of(topic, machine_id))]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def listener(account: BrokerAccount, *topics: str) -> Iterator[Listener]:
    """Give a client that listens for as long as the block runs."""
    with closing(Listener(account, *topics)) as one:
        yield one


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Return the PEM files of a certificate for 127.0.0.1 and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return folder / "cert.pem", folder / "key.pem"
