"""Nudges over MQTT: one connection to the broker, kept in a thread of its own, lost and found again in silence."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode

from domain.nudges import BrokerAccount, Nudge, topic_of
from scheduler.channels.client import client_of

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 20_000
_KEEPALIVE_S = 60
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_STOP_S = 3.0


class MqttChannel:
    """Sends nudges through the broker that `account` tells of; it is asked anew at each attempt to connect.

    What is nudged while there is no broker waits, once for each machine, and goes out when there is one.
    """

    def __init__(self, account: Callable[[], BrokerAccount | None]) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, Nudge], None] = {}
        self._client: paho.Client | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nudges", daemon=True)
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Tell whether a nudge would go out at once."""
        return self._client is not None

    def nudge(self, machine_id: str, what: Nudge = Nudge.PLAYLIST) -> None:
        """Ask one machine to fetch `what` now, or as soon as there is a broker."""
        with self._lock:
            if self._client is None:
                if len(self._waiting) < _MOST_WAITING:
                    self._waiting[machine_id, what] = None
                return
            self._client.publish(topic_of(machine_id, what))

    def close(self) -> None:
        """End the connection and its thread."""
        self._stopping.set()
        if self._client is not None:
            self._client.disconnect()  # wakes the thread
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                account = self._account()
                served = account is not None and self._serve(account)
            except (OSError, ValueError) as error:  # ValueError: an address that cannot be one
                served = False
                _LOG.info("no broker for nudges: %s", error)
            pause = _FIRST_PAUSE_S if served else min(2 * pause, _LONGEST_PAUSE_S)
            self._stopping.wait(pause)

    def _serve(self, account: BrokerAccount) -> bool:
        """Keep one connection until it is lost, and tell whether it ever was one."""
        client, served = client_of(account), threading.Event()

        def connected(_client: paho.Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
            if not code.is_failure:
                served.set()
                self._take(client)

        client.on_connect = connected
        client.connect(account.address.host or "127.0.0.1", account.address.port, _KEEPALIVE_S)
        try:
            while client.loop(1.0) == paho.MQTT_ERR_SUCCESS and not self._stopping.is_set():
                pass
        finally:
            with self._lock:
                self._client = None
            client.let_go()
        return served.is_set()

    def _take(self, client: paho.Client) -> None:
        with self._lock:
            self._client = client
            waiting, self._waiting = self._waiting, {}
            for machine_id, what in waiting:
                client.publish(topic_of(machine_id, what))
