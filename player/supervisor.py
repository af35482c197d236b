"""Talking to systemd: ready, stopping, and a watchdog that is fed only while sound goes on. Standard library only.

The protocol is sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names. Without one nothing is sent.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

_LOOKS_IN_A_WATCH = 4


class Supervisor:
    """Tells systemd how the machine is; a lost datagram is no trouble of the machine's."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._watch_s = _watch_seconds(environment)
        self._frames: int | None = None
        self._said = ""

    @property
    def look_every_s(self) -> float | None:
        """How often `look` is to be called, in seconds; None when nobody watches."""
        return max(self._watch_s / _LOOKS_IN_A_WATCH, 0.05) if self._address and self._watch_s else None

    def ready(self, sentence: str) -> None:
        """Say that the machine is up."""
        self._send(f"READY=1\nSTATUS={_line(sentence)}")

    def stopping(self) -> None:
        """Say that the machine ends in order."""
        self._send("STOPPING=1")

    def look(self, frames: int, sentence: str) -> None:
        """Feed the watchdog when the output has taken frames since the last look; tell a new `sentence` in any case."""
        moved = self._frames is not None and frames != self._frames
        self._frames = frames
        lines = ["WATCHDOG=1"] if moved else []
        if sentence != self._said:
            self._said = sentence
            lines.append(f"STATUS={_line(sentence)}")
        if lines:
            self._send("\n".join(lines))

    def _send(self, text: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(0)
            line.sendto(text.encode(), address)


def _watch_seconds(environment: Mapping[str, str]) -> float:
    told, whose = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not (told.isascii() and told.isdigit()) or (whose and whose != str(os.getpid())):
        return 0.0
    return int(told) / 1e6


def _line(sentence: str) -> str:
    return " ".join(sentence.split())[:200]
