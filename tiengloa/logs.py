"""What the long-running processes write to their log: each trouble once, and again when it goes on."""

import logging
import sqlite3
import time

from domain.errors import TiengLoaError

_SAY_AGAIN_AFTER_S = 600.0
_MOST_REMEMBERED = 1000
_LOG = logging.getLogger(__name__)


def log_to_errors() -> None:
    """Send warnings and errors to the error stream, with their time."""
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s", handlers=[handler]
    )
    logging.getLogger("huey").setLevel(logging.WARNING)


def complain(name: str, error: Exception) -> None:
    """Log what a job of the alarm stumbled over: its sentence, or its trace when it is a fault of ours."""
    if isinstance(error, TiengLoaError):
        _LOG.error("%s: %s", name, error.sentence)
    else:
        _LOG.error("%s: %r", name, error, exc_info=error)


class Seldom(logging.Filter):
    """Lets the same record pass once in ten minutes: a full disk must not be filled further by saying so.

    A failure of the disk or of SQLite is told in a line; only faults of ours keep their trace.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether `record` is to be written."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (sqlite3.Error, OSError)):
            record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", (), None
        what, now = f"{record.name} {record.getMessage()} {error!r}", time.monotonic()
        if now - self._said.get(what, -_SAY_AGAIN_AFTER_S) < _SAY_AGAIN_AFTER_S:
            return False
        if len(self._said) >= _MOST_REMEMBERED:
            self._said.clear()
        self._said[what] = now
        return True
