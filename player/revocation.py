"""Whether the centre has revoked this machine: learnt from its answers, kept in the cabinet, lifted by a playlist."""

import threading
from typing import Protocol

from domain.ports import Clock
from player.cabinet import Cabinet

TAKES_EFFECT_AFTER_S = 60.0


class OnChange(Protocol):
    """Hears whether the machine is revoked, from any thread."""

    def __call__(self, *, revoked: bool) -> None:
        """Obey from now on."""
        ...


class Revocation:
    """Takes what every answer of the centre says; `on_change` hears when that changes what is in force.

    The answer is not signed. Over plain HTTP someone on the path could forge it, and gains by it only silence, which
    he who can cut the amplifier's wire has anyway; nothing can be made to sound. So that one stray or forged answer
    does not silence a ward, two in a row, TAKES_EFFECT_AFTER_S or more apart and with no other answer between, are
    needed. An emergency sounds all the same.
    """

    def __init__(self, cabinet: Cabinet, clock: Clock, on_change: OnChange) -> None:
        self._cabinet = cabinet
        self._clock = clock
        self._on_change = on_change
        self._lock = threading.Lock()
        self._first_at: float | None = None
        self.in_force = cabinet.is_revoked()

    def heard(self, *, revoked: bool) -> None:
        """Take an answer to one of the machine's own signed requests. Raises StorageError."""
        with self._lock:
            now = self._clock.monotonic()
            if not revoked or self._first_at is None:
                self._first_at = now if revoked else None
            elif not self.in_force and now - self._first_at >= TAKES_EFFECT_AFTER_S:
                self._on_change(revoked=True)  # obeyed first, even when the disk does not take it
                self._cabinet.revoke()
                self.in_force = True

    def lift(self) -> None:
        """Obey playlists again: one was just accepted. Raises StorageError."""
        with self._lock:
            self._first_at = None
            self._on_change(revoked=False)
            self.in_force = False
            self._cabinet.restore()
