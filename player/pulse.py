"""What a machine tells of itself: to the centre in its heartbeats, and to the person at the box in a small file."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.errors import StorageError
from domain.playlist import Playlist, PlaylistSlot, to_ms
from domain.ports import Clock
from player.box import box
from player.cabinet import disk_errors
from player.journal import Journal
from player.on_air import NOTHING, OnAir, to_document

STATUS = "status.json"
RUNTIME = Path("/run/tiengloa-machine")
"""The runtime folder that our unit asks of systemd."""
Holds = Callable[[str], bool]
"""Tells whether the clip of a hash is on the disk."""
KEEP_EVERY_S = 600.0
"""How often the cabinet gets a copy when the file itself lies in memory and is gone with the power."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the machine stands at one moment; `faults` are sentences by area, `reached_at` when the centre last spoke.

    Of the `clips` (held, needed), `checking` more lie on the disk and are still to be looked at since the start.
    """

    sink: str
    why: str
    stand_in: bool
    sink_ok: bool
    frames: int
    faults: Mapping[str, str]
    clips: tuple[int, int]
    offset_ms: int
    reached_at: datetime | None
    checking: int = 0
    on_air: OnAir = NOTHING


class Pulse:
    """Counts the heartbeats of one run of the program and adds to each what only newer centres understand."""

    def __init__(self, folder: Path, journal: Journal, clock: Clock, every_s: float) -> None:
        self._folder = folder
        self._journal = journal
        self._clock = clock
        self._every = max(1, round(every_s))
        self._boot = secrets.token_hex(8)
        self._begun = clock.monotonic()
        self._number = 0

    def beat(self, playlist: Playlist | None, holds: Holds, *, clock_trusted: bool) -> dict[str, object]:
        """Return what the next heartbeat says beside what every version says."""
        self._number += 1
        return {
            "every": self._every,
            "boot": self._boot,
            "number": self._number,
            "running": self.running,
            "clock_trusted": clock_trusted,
            "box": box(self._folder),
            **_maybe("next", _next(playlist, holds, self._clock.now())),
            **_maybe("last", self._last()),
        }

    @property
    def running(self) -> int:
        """For how many seconds the program has run."""
        return int(self._clock.monotonic() - self._begun)

    def _last(self) -> dict[str, object] | None:
        try:
            newest = self._journal.newest(1)
        except StorageError:  # told as a fault by whoever writes there; the centre must hear of it by this very beat
            return None
        if not newest:
            return None
        entry = newest[0]
        return {"title": entry.title, "at": entry.started or entry.planned, "outcome": entry.outcome}


class StatusFile:
    """The file that `tiengloa machine status` reads: replaced whole, never flushed, in memory where that is given.

    A copy goes into the cabinet now and then, so that something is known after the power went.
    """

    def __init__(self, folder: Path, machine_id: str, clock: Clock) -> None:
        self._machine_id = machine_id
        self._kept = folder / STATUS
        self._path = status_place(folder)
        self._clock = clock
        self._kept_at = -KEEP_EVERY_S
        self._news: object = None
        self._written_at: float | None = None

    def is_due(self, news: object, every_s: float) -> bool:
        """Tell whether it is time to write: something is new, or the last time was `every_s` seconds ago."""
        now, last = self._clock.monotonic(), self._written_at
        if last is not None and news == self._news and now - last < every_s:
            return False
        self._news, self._written_at = news, now
        return True

    def write(self, standing: Standing, running: int) -> None:
        """Put down how the machine stands. Raises StorageError."""
        document = {
            "machine": self._machine_id,
            "at": to_ms(self._clock.now()),
            "pid": os.getpid(),
            "running": running,
            "sink": standing.sink,
            "why": standing.why,
            "stand_in": standing.stand_in,
            "sink_ok": standing.sink_ok,
            "frames": standing.frames,
            "faults": dict(standing.faults),
            "clips": list(standing.clips),
            "checking": standing.checking,
            "on_air": to_document(standing.on_air),
            "offset": standing.offset_ms,
            "reached": to_ms(standing.reached_at) if standing.reached_at else None,
        }
        data = json.dumps(document, ensure_ascii=False).encode()
        with disk_errors():
            _replace(self._path, data)
        now = self._clock.monotonic()
        if self._path != self._kept and now - self._kept_at >= KEEP_EVERY_S:
            self._kept_at = now
            with suppress(OSError):
                _replace(self._kept, data)

    def remove(self) -> None:
        """Take the file away: the machine has ended in order."""
        for path in {self._path, self._kept}:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def status_place(folder: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the machine of `folder` writes how it stands: systemd's runtime folder if it gives one."""
    given = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(given) / STATUS if given else folder / STATUS


def next_sessions(playlist: Playlist | None, now: datetime, most: int) -> tuple[PlaylistSlot, ...]:
    """Return the next sessions of a playlist that are to sound, the nearest first."""
    meant = (
        slot
        for slot in (playlist.slots if playlist else ())
        if slot.starts_at > now and not slot.refusal and any(not item.refusal for item in slot.items)
    )
    return tuple(sorted(meant, key=lambda slot: (slot.starts_at, slot.key))[:most])


def is_ready(slot: PlaylistSlot, holds: Holds) -> bool:
    """Tell whether every clip that a session is to sound is on the disk."""
    return all(holds(item.clip_hash) for item in slot.items if not item.refusal and item.clip_hash)


def _next(playlist: Playlist | None, holds: Holds, now: datetime) -> dict[str, object] | None:
    for slot in next_sessions(playlist, now, 1):
        return {"title": slot.title, "starts": to_ms(slot.starts_at), "ready": is_ready(slot, holds)}
    return None


def _maybe(name: str, value: object | None) -> dict[str, object]:
    return {} if value is None else {name: value}


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    beside.replace(path)
