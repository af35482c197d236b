"""An MQTT client as both sides use it: an id that nobody can guess, a password, and no port of its own."""

import secrets
import socket
import ssl
from contextlib import suppress

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from domain.nudges import BrokerAccount

CONNECT_S = 10.0


class PortlessClient(paho.Client):
    """A client that never binds or listens, as our systemd units forbid: paho does both, if only for a moment."""

    def _create_socket_connection(self) -> socket.socket:
        line = socket.create_connection((self._host, self._port), self._connect_timeout)
        self._reset_sockets(sockpair_only=True)
        pair = socket.socketpair()
        for one in pair:
            one.settimeout(0)
        self._sockpairR, self._sockpairW = pair  # by which another thread wakes the loop
        return line

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        assert self._ssl_context is not None
        line = self._ssl_context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            line.settimeout(self._connect_timeout)
            line.do_handshake()
        except BaseException:
            line.close()  # paho would leave it to the collector
            raise
        return line

    def let_go(self) -> None:
        """End the connection, if there is one, and close its sockets at once."""
        with suppress(OSError):
            self.disconnect()
        self._reset_sockets()


def client_of(account: BrokerAccount) -> PortlessClient:
    """Return a client that can come into the broker as `account` says; a broker gives a known id's session away.

    Raises ValueError when its certificate authority is none.
    """
    client = PortlessClient(CallbackAPIVersion.VERSION2, client_id=secrets.token_hex(10), reconnect_on_failure=False)
    client.username_pw_set(account.user, account.password)
    client.connect_timeout = CONNECT_S
    if account.address.tls:
        client.tls_set_context(ssl.create_default_context(cadata=account.address.ca or None))
    return client
