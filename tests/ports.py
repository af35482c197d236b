"""Free ports for the servers that tests start as other processes."""

import random
import socket
from contextlib import closing, suppress

_LEAST, _BEYOND = 20_000, 32_000
"""Below Linux's usual ports of outgoing connections (32768 on): none takes one between the look and the server."""
_DICE = random.SystemRandom()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of this host that nothing listens on, for TCP or, with SOCK_DGRAM, for UDP."""
    for _ in range(1000):
        port = _DICE.randrange(_LEAST, _BEYOND)
        with closing(socket.socket(socket.AF_INET, kind)) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no free port in [{_LEAST}, {_BEYOND})")
