"""The broker of nudges: which one the settings name, where it is, who may come in; and `tiengloa broker`."""

import argparse
import json
import signal
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from domain.errors import BadInputError, BusyError, StorageError
from domain.machines import Machine
from domain.nudges import CENTRE, BrokerAccount, BrokerAddress
from scheduler.channels.accounts import (
    MOSQUITTO_ACL,
    centre_password,
    machine_password,
    mosquitto_passwords,
    passwords,
)
from store import machines
from store.engine import Database
from tiengloa import exits
from tiengloa.files import write_whole
from tiengloa.folder import prepare, secret
from tiengloa.logs import log_to_errors
from tiengloa.settings import BrokerSettings, Settings
from tiengloa.terminal import Terminal

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_WHERE = "broker.json"


@dataclass(frozen=True, slots=True)
class BrokerDoor:
    """Where the broker is, and the accounts with which machines and the centre come in."""

    settings: BrokerSettings
    root: Path
    secret_file: Path
    database: Database

    def address(self) -> BrokerAddress | None:
        """Return where the broker is, or None when there is none now."""
        if self.settings.is_embedded:
            return self._own_address()
        return address_of(self.settings) if self.settings.where != "off" else None

    def machine_account(self, machine: Machine) -> BrokerAccount | None:
        """Return the account of a machine, or None when there is no broker."""
        address = self.address()
        if address is None:
            return None
        return BrokerAccount(address, machine.id, machine_password(self._secret(), machine.id, machine.public_key))

    def centre_account(self) -> BrokerAccount | None:
        """Return the account with which the centre nudges, or None when there is no broker."""
        address = self.address()
        if address is None:
            return None
        password = self.settings.password_file and _text_of(Path(self.settings.password_file)).strip()
        return BrokerAccount(address, self.settings.user or CENTRE, password or centre_password(self._secret()))

    def passwords(self) -> Mapping[str, str]:
        """Return who may come in, and with which password; a revoked machine is not among them."""
        with self.database.read() as connection:
            keys = machines.keys_in_force(connection)
        return passwords(self._secret(), keys)

    def told(self, port: int) -> None:
        """Let the other processes know on which port the embedded broker listens."""
        address = {"port": port, "tls": bool(self.settings.certificate)}
        write_whole(self.root / _WHERE, json.dumps(address).encode())

    def ended(self) -> None:
        """Let the other processes know that there is no embedded broker any more."""
        with suppress(OSError):
            (self.root / _WHERE).unlink(missing_ok=True)

    def _own_address(self) -> BrokerAddress | None:
        try:
            told = json.loads((self.root / _WHERE).read_text("utf-8"))
            return BrokerAddress("", int(told["port"]), bool(told["tls"]), _ca(self.settings))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _secret(self) -> bytes:
        return secret(self.secret_file)


def address_of(settings: BrokerSettings) -> BrokerAddress:
    """Return the address of a broker of others. Raises BadInputError."""
    try:
        url = urlsplit(settings.where)
        port = url.port or _PORTS[url.scheme]
        usable = bool(url.hostname) and not (url.username or url.query or url.fragment or url.path.strip("/"))
    except (ValueError, KeyError):
        usable = False
    if not usable:
        raise BadInputError(
            f"TIENGLOA_BROKER «{settings.where[:80]}» không đúng. Hãy dùng embedded, off, mqtt://máy:1883 hoặc "
            "mqtts://máy:8883; tài khoản đặt ở TIENGLOA_BROKER_USER và TIENGLOA_BROKER_PASSWORD_FILE."
        )
    return BrokerAddress(url.hostname or "", port, url.scheme == "mqtts", _ca(settings))


def run(_options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Run the embedded broker until the process is told to stop."""
    log_to_errors()
    if not settings.broker.is_embedded:
        raise BadInputError("TIENGLOA_BROKER đang chỉ tới một broker khác (hoặc off), nên không chạy broker kèm sẵn.")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with _door(settings) as door:
        serve(door, stopping, lambda port: terminal.say(f"Broker đã sẵn sàng ở cổng {port}."))
    return exits.OK


def serve(door: BrokerDoor, stopping: threading.Event, on_ready: Callable[[int], None]) -> None:
    """Run the embedded broker until `stopping` is set. Raises BusyError, BadInputError."""
    from scheduler.channels.broker import EmbeddedBroker

    own = door.settings

    def ready(port: int) -> None:
        door.told(port)
        on_ready(port)

    try:
        EmbeddedBroker((own.host, own.port), door.passwords, _tls(own)).serve(stopping, ready)
    except BusyError:
        if not own.any_port:
            raise
        EmbeddedBroker((own.host, 0), door.passwords, _tls(own)).serve(stopping, ready)
    finally:
        door.ended()


def accounts(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Write the accounts and the rules for a Mosquitto broker, as they are now."""
    folder = Path(options.output)
    with _door(settings) as door:
        known = door.passwords()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "passwords", mosquitto_passwords(known).encode())
        write_whole(folder / "acl", MOSQUITTO_ACL.encode())
    except OSError as error:
        raise StorageError(f"Không ghi được vào «{folder}» ({error.strerror}).") from error
    terminal.say(f"Đã ghi {len(known)} tài khoản vào {folder}/passwords và luật vào {folder}/acl.")
    terminal.say("Hãy khai báo password_file và acl_file trong mosquitto.conf rồi cho Mosquitto đọc lại (SIGHUP).")
    return exits.OK


@contextmanager
def _door(settings: Settings) -> Iterator[BrokerDoor]:
    """Give the door of the data folder's broker; the rest of the centre is not loaded, to keep the process small."""
    folder = prepare(settings.data)
    database = Database(folder.database)
    with closing(database):
        yield BrokerDoor(settings.broker, folder.root, folder.broker_secret, database)


def _tls(own: BrokerSettings) -> ssl.SSLContext | None:
    if not own.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(own.certificate, own.key or None)
    except (OSError, ssl.SSLError) as error:
        raise BadInputError(f"Không dùng được chứng thư «{own.certificate}» cho broker ({error}).") from error
    return context


def _ca(settings: BrokerSettings) -> str:
    return _text_of(Path(settings.ca)) if settings.ca else ""


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise BadInputError(f"Không đọc được tệp «{path}» của broker.") from error
