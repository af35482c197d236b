"""The broker of a station that has no other: amqtt in this process, behind a door of our own.

amqtt is given connections one by one, because by itself it would let a stranger end another's session before asking
for a password, hold a connection that never says who it is, and read a packet of any size into memory.
"""

import asyncio
import hmac
import logging
import secrets
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.mqtt.connect import ConnectPacket
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from domain.errors import BusyError, StorageError
from domain.nudges import CENTRE, filter_of, is_nudge

_LOG = logging.getLogger(__name__)
Passwords = Callable[[], Mapping[str, str]]
MOST_CONNECTIONS = 2000
_MOST_PACKET = 4096
_TELL_WHO_WITHIN_S = 10.0
_LOOK_EVERY_S = 2.0
_LOOK_AGAIN_AFTER_S = 0.2
_LISTENER = "default"
_NOT_ALLOWED = b"\x20\x02\x00\x05"


class EmbeddedBroker:
    """Serves MQTT at `bind` (host, port; 0 is any free port) to the users of `passwords`, and to nobody else.

    `passwords` is asked every few seconds; whoever is no longer in it, or has another password, is put out.
    """

    def __init__(self, bind: tuple[str, int], passwords: Passwords, tls: ssl.SSLContext | None = None) -> None:
        self._bind = bind
        self._door = _Door(passwords)
        self._tls = tls
        self.port = 0

    def serve(self, stopping: threading.Event, on_ready: Callable[[int], None]) -> None:
        """Serve until `stopping` is set; `on_ready` is given the port. Raises BusyError when it is taken."""
        asyncio.run(self._serve(stopping, on_ready))

    async def _serve(self, stopping: threading.Event, on_ready: Callable[[int], None]) -> None:
        self._door.look()
        async with _broker() as broker:
            server = await self._listen(broker)
            on_ready(server.sockets[0].getsockname()[1])
            try:
                await self._watch(stopping)
            finally:
                server.close()
                self._door.put_everybody_out()
                await server.wait_closed()

    async def _listen(self, broker: Broker) -> asyncio.Server:
        async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._door.enter(broker, reader, writer)

        host, port = self._bind
        try:
            return await asyncio.start_server(enter, host, port, ssl=self._tls, limit=2 * _MOST_PACKET)
        except OSError as error:
            raise BusyError(f"Không mở được cổng {port} tại {host} cho lời nhắc ({error.strerror}).") from error

    async def _watch(self, stopping: threading.Event) -> None:
        looked = 0.0
        while not stopping.is_set():
            await asyncio.sleep(0.2)
            looked += 0.2
            if looked >= _LOOK_EVERY_S:
                looked = 0.0
                self._door.look()
                self._door.put_out()


@asynccontextmanager
async def _broker() -> AsyncIterator[Broker]:
    quiet = logging.getLogger("amqtt")
    quiet.setLevel(logging.ERROR)  # it tells of every packet, and warns of every stranger
    logging.getLogger("transitions").setLevel(logging.ERROR)
    broker = Broker(
        {
            "listeners": {_LISTENER: {"type": "external"}},
            "plugins": {f"{__name__}.Admitted": {}, f"{__name__}.Topics": {}},
        }
    )
    await broker.start()
    try:
        yield broker
    finally:
        await broker.shutdown()


@dataclass(slots=True, eq=False)
class _Guest:
    writer: asyncio.StreamWriter
    user: str = ""
    password: str = ""


class _Door:
    """Asks every connection who it is before amqtt hears of it, and puts people out."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._known: Mapping[str, str] = {}
        self._looked_at = float("-inf")
        self._guests: set[_Guest] = set()

    def look(self) -> None:
        """Learn anew who may come in; when that cannot be told, whom we knew may stay."""
        self._looked_at = time.monotonic()
        try:
            self._known = self._passwords()
        except StorageError as error:
            _LOG.warning("the broker's accounts could not be read: %s", error.sentence)

    async def enter(self, broker: Broker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand a connection to the broker once we know whose it is, for as long as it lasts."""
        guest = _Guest(writer)
        self._guests.add(guest)
        try:
            if len(self._guests) <= MOST_CONNECTIONS:
                first = await asyncio.wait_for(self._ask_who(_Reader(reader), guest), _TELL_WHO_WITHIN_S)
                if first:
                    await broker.external_connected(_Reader(reader, first), StreamWriterAdapter(writer), _LISTENER)
        except Exception as error:  # noqa: BLE001 - whatever one client sends ends that client alone
            _LOG.info("a client of the broker was put out: %s: %s", type(error).__name__, error)
        finally:
            self._guests.discard(guest)
            with suppress(OSError):
                writer.close()

    async def _ask_who(self, reader: "_Reader", guest: _Guest) -> bytes:
        """Read a CONNECT packet and return the one that amqtt is given, or refuse and return nothing.

        It has an id of our own for the client, since amqtt lets whoever comes with the same id take a session over.
        """
        packet = await ConnectPacket.from_stream(reader)
        user, password = packet.username or "", packet.password or ""
        # A will would be published without asking whether its author may.
        if packet.will_flag or not packet.clean_session_flag or not await self._may_enter(user, password):
            guest.writer.write(_NOT_ALLOWED)
            await guest.writer.drain()
            return b""
        guest.user, guest.password = user, password
        packet.payload.client_id = f"{user}-{secrets.token_hex(8)}"
        whole: bytes = packet.to_bytes()
        return whole

    async def _may_enter(self, user: str, password: str) -> bool:
        if not self._is_right(user, password):
            came_at = time.monotonic()
            await asyncio.sleep(_LOOK_AGAIN_AFTER_S)  # many strangers at once make one look
            if self._looked_at < came_at:
                self.look()  # it may have been enrolled this very second
        return self._is_right(user, password)

    def _is_right(self, user: str, password: str) -> bool:
        known = self._known.get(user, "")
        return bool(known) and hmac.compare_digest(known.encode(), password.encode())

    def put_out(self) -> None:
        """Put out who came in with a password that is no longer theirs."""
        for guest in tuple(self._guests):
            if guest.user and self._known.get(guest.user) != guest.password:
                guest.writer.close()

    def put_everybody_out(self) -> None:
        """End every connection."""
        for guest in tuple(self._guests):
            guest.writer.close()


class _Reader(StreamReaderAdapter):  # type: ignore[misc]
    """Gives what was read before, then the stream; never more at once than anybody has a reason to send."""

    def __init__(self, reader: asyncio.StreamReader, before: bytes = b"") -> None:
        super().__init__(reader)
        self._before = before

    async def read(self, n: int = -1) -> bytes:
        """Return exactly `n` bytes. Raises ConnectionResetError when that is too many."""
        if not 0 <= n <= _MOST_PACKET:
            raise ConnectionResetError("the packet is too large")
        if self._before:
            taken, self._before = self._before[:n], self._before[n:]
            return taken
        data: bytes = await super().read(n)
        return data


class Admitted(BaseAuthPlugin):  # type: ignore[misc]
    """Lets in whom the door has let in: nobody else reaches amqtt."""

    @dataclass
    class Config:
        """Nothing to choose."""

    async def authenticate(self, *, session: Session) -> bool:
        """Tell whether `session` may come in."""
        return bool(session.username)


class Topics(BaseTopicPlugin):  # type: ignore[misc]
    """The centre nudges, a machine hears its own nudges, and nobody may do anything else."""

    @dataclass
    class Config:
        """Nothing to choose."""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Tell whether `session` may do `action` with `topic`."""
        user = session.username if session else None
        if not user or not topic:
            return False
        if action is Action.PUBLISH:
            return user == CENTRE and is_nudge(topic)
        if action is Action.SUBSCRIBE:
            return user != CENTRE and topic == filter_of(user)
        return user != CENTRE and topic.startswith(filter_of(user)[:-1])
