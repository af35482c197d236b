"""Nudges heard by the machine: “fetch now”, over MQTT. Polling alone does everything; a nudge makes it sooner.

A nudge has no authority. Nothing in it is read but which of two things to fetch, what is fetched is believed only when
it is signed, and more nudges than a person could cause are heard as one: a hostile broker can at most make the
machine ask its own server a few times a minute more.
"""

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.errors import ServerUnreachableError
from domain.nudges import BrokerAccount, BrokerAddress, Nudge, filter_of, nudge_of
from domain.ports import Clock
from player.line import Line

if TYPE_CHECKING:  # imported when there is a broker: 6 MB that many a machine never needs
    import paho.mqtt.client as paho
    from paho.mqtt.reasoncodes import ReasonCode

BURST, REFILL_S = 5, 10.0
"""So many nudges of a kind are heard at once, and one more each REFILL_S seconds."""
NUDGED_RARER = 6.0
"""A machine that hears nudges polls so much more rarely: it saves most of the traffic, and a broker that keeps nudges
back delays a new playlist by half a minute."""
KEEPALIVE_S = 240
"""A phone network forgets a silent connection after some five minutes; each sign of life costs some 200 bytes."""
_TURN_S = 1.0
_SUCCESS = 0
"""What paho's loop returns while all is well (MQTT_ERR_SUCCESS)."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 300.0
_STEADY_S = 60.0
_STOP_S = 3.0
_MOST_TEXT = 1000
NO_BROKER = "Trung tâm không có kênh báo nhanh; máy phát tự hỏi theo chu kỳ."
REFUSED = "Kênh báo nhanh không nhận tài khoản của máy phát; máy phát vẫn tự hỏi theo chu kỳ."
LOST = "Chưa nối được kênh báo nhanh; máy phát vẫn tự hỏi theo chu kỳ."


@dataclass(slots=True)
class Allowance:
    """A bucket of tokens: `burst` at first, one more each `refill` seconds, never more than `burst`."""

    burst: float = BURST
    refill: float = REFILL_S
    _left: float = field(default=BURST, init=False)
    _at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._left = self.burst

    def take(self, now: float) -> bool:
        """Take a token at the monotonic instant `now`, if there is one."""
        self._left = min(self.burst, self._left + max(0.0, now - self._at) / self.refill)
        self._at = max(self._at, now)
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Nudges:
    """Hears this machine's nudges in a thread of its own and calls `on_nudge`; nothing waits for it.

    `state` is empty while nudges are heard, else a sentence. It is never a fault: the machine does without.
    """

    def __init__(self, line: Line, machine_id: str, clock: Clock, on_nudge: Callable[[Nudge], None]) -> None:
        self._line = line
        self._machine_id = machine_id
        self._clock = clock
        self._on_nudge = on_nudge
        self._allowances = {what: Allowance() for what in Nudge}
        self._held: set[Nudge] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nudges", daemon=True)
        self._listening: paho.Client | None = None
        self._connected = False
        self.state = LOST

    @property
    def connected(self) -> bool:
        """Tell whether nudges are heard now, as far as can be told."""
        return self._connected

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the connection, or leave it behind when it waits for the network."""
        self._stopping.set()
        if self._listening is not None:
            self._listening.disconnect()  # wakes the thread
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def heard(self, what: Nudge) -> None:
        """Take a nudge: fetch now, or in a while when there were too many; none is lost."""
        if self._allowances[what].take(self._clock.monotonic()):
            self._held.discard(what)
            self._on_nudge(what)
        else:
            self._held.add(what)

    def settle(self) -> None:
        """Do what was put off, as far as is allowed by now."""
        for what in tuple(self._held):
            self.heard(what)

    def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._stopping.wait(pause * (0.5 + secrets.randbelow(1000) / 1000) if pause else 0):
            began = self._clock.monotonic()
            try:
                self.state = self._listen()
            except Exception:  # noqa: BLE001 - a broker may send anything; polling goes on, and so does this
                self.state = LOST
            self._connected = False
            steady = self._clock.monotonic() - began > _STEADY_S
            pause = _FIRST_PAUSE_S if steady else min(2 * pause, _LONGEST_PAUSE_S)

    def _listen(self) -> str:
        """Come into the broker and hear nudges until the connection is lost; return how things stand then.

        Raises ServerUnreachableError, OSError and ValueError.
        """
        account = self._account()
        if account is None:
            return NO_BROKER
        from scheduler.channels.client import client_of

        client, refused = client_of(account), threading.Event()

        def connected(_client: "paho.Client", _data: Any, _flags: Any, code: "ReasonCode", _properties: Any) -> None:
            if code.is_failure:
                refused.set()
            else:
                client.subscribe(filter_of(self._machine_id))

        client.on_connect, client.on_subscribe, client.on_message = connected, self._subscribed, self._message
        client.connect(account.address.host, account.address.port, KEEPALIVE_S)
        self._listening = client
        try:
            while client.loop(_TURN_S) == _SUCCESS and not self._stopping.is_set():
                self.settle()
        finally:
            client.let_go()
        return REFUSED if refused.is_set() else LOST

    def _account(self) -> BrokerAccount | None:
        """Ask the centre for the broker and this machine's password. Raises ServerUnreachableError, ValueError."""
        answer = self._line.get("/api/v1/broker", {})
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise ServerUnreachableError(LOST)
        return account_of(answer.document(), self._line.host)

    def _subscribed(self, *_told: Any) -> None:
        self._connected, self.state = True, ""
        for what in Nudge:  # whatever was nudged while nobody listened
            self.heard(what)

    def _message(self, _client: "paho.Client", _data: Any, message: "paho.MQTTMessage") -> None:
        with suppress(UnicodeDecodeError):  # a topic is decoded when it is asked for
            what = nudge_of(message.topic, self._machine_id)
            if what is not None:
                self.heard(what)


def account_of(told: dict[str, Any], server_host: str) -> BrokerAccount:
    """Return the account in the centre's answer; without a host of its own the broker is where the server is.

    Raises ValueError when the answer is not of the form.
    """
    host, port, tls = told.get("host"), told.get("port"), told.get("tls")
    texts = (host, told.get("ca"), told.get("user"), told.get("password"))
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536 or not isinstance(tls, bool):
        raise ValueError("port")
    if not all(isinstance(text, str) and len(text) <= 20 * _MOST_TEXT for text in texts):
        raise ValueError("text")
    address = BrokerAddress(str(host) or server_host, port, tls, str(told["ca"]))
    return BrokerAccount(address, str(told["user"]), str(told["password"]))
