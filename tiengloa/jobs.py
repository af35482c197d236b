"""Huey wakes production workers; the truth about the work is the job table. What the worker tells the panel."""

import json
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from huey import SqliteHuey
from huey.consumer import Consumer

from bulletins.production import Production
from domain.errors import TiengLoaError
from store.engine import named_failure
from tiengloa.files import write_whole
from tts.chain import VoiceHealth

_LOG = logging.getLogger(__name__)

_HEALTH = "voice-health.json"


class Bell:
    """Rings for a worker through a queue file; implements `domain.ports.JobBell`."""

    def __init__(self, queue: Path, produce: Callable[[str], None] | None = None) -> None:
        self._huey: Any = _open(queue)

        # A task is known by its module and name: both sides of the queue must make it here.
        def task(job_id: str) -> None:
            try:
                (produce or _nobody)(job_id)
            except TiengLoaError as error:  # the job could not even be written down; it waits in its table
                _LOG.warning("job %s: %s", job_id, error.sentence)

        self._task = self._huey.task(name="produce")(task)

    def ring(self, job_id: str) -> None:
        """Ask a worker to look at `job_id` soon; a ring that cannot be given is made good by `reconcile`."""
        try:
            self._task(job_id)
        except sqlite3.Error as error:
            _LOG.warning("could not ring for job %s: %s", job_id, error)

    def listener(self) -> "Listener":
        """Return what takes the rings in this process, one at a time."""
        return Listener(self._huey)


class Listener:
    """Takes rings in a thread of this process."""

    def __init__(self, huey: Any) -> None:
        self._consumer = _QuietConsumer(huey, workers=1, periodic=False, initial_delay=0.05, max_delay=0.5)

    def start(self) -> None:
        """Begin taking rings."""
        self._consumer.start()

    def stop(self) -> None:
        """End after the job at hand, which may take a few seconds."""
        self._consumer.stop(graceful=True)


class _QuietConsumer(Consumer):  # type: ignore[misc]
    """A consumer that leaves the process's signals alone."""

    def _set_signal_handlers(self) -> None:
        pass


def _open(queue: Path) -> Any:
    """Return the queue in the file `queue`; a damaged one is made anew, since it holds nothing but rings."""
    try:
        return SqliteHuey("tiengloa", filename=str(queue), results=False, fsync=False)
    except sqlite3.OperationalError as error:  # busy, full, or not ours to write
        raise named_failure(error) from error
    except sqlite3.DatabaseError:
        _LOG.warning("the queue file %s was damaged and is made anew", queue)
    for suffix in ("", "-wal", "-shm"):
        queue.with_name(queue.name + suffix).unlink(missing_ok=True)
    return SqliteHuey("tiengloa", filename=str(queue), results=False, fsync=False)


def reconcile(production: Production, ring: Callable[[str], None]) -> None:
    """Ring for every job that waits: a ring that was lost, or a worker that died with its lease."""
    for job_id in production.waiting():
        ring(job_id)


def keep_health(data: Path, health: Sequence[VoiceHealth]) -> None:
    """Write down in the folder `data` how the worker finds its voices, when that is news."""
    if kept_health(data) == tuple(health):
        return
    told = [
        {
            "name": one.name,
            "label": one.label,
            "backup": one.backup,
            "ok": one.ok,
            "sentence": one.sentence,
            "since": _written(one.since),
            "voice": one.voice,
            "tried": _written(one.tried),
        }
        for one in health
    ]
    write_whole(data / _HEALTH, json.dumps(told, ensure_ascii=False, indent=1).encode())


def kept_health(data: Path) -> tuple[VoiceHealth, ...]:
    """Return how the worker last found its voices, best first; nothing while it has not said, or cannot be read."""
    try:
        told = json.loads((data / _HEALTH).read_bytes())
        return tuple(_health(one) for one in told)
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def _health(told: dict[str, Any]) -> VoiceHealth:
    return VoiceHealth(
        told["name"],
        told["label"],
        told["backup"],
        told["ok"],
        told["sentence"],
        _instant(told["since"]),
        told["voice"],
        _instant(told["tried"]),
    )


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def _nobody(job_id: str) -> None:
    raise RuntimeError(f"job {job_id} was rung for in a process that produces nothing")
