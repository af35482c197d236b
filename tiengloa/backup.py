"""A copy of the database for each of the last days, made by the worker by itself."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from domain.checks import Chore
from domain.errors import StorageError
from domain.ports import Clock
from scheduler.planning import local_date
from store import checks
from store.engine import Database
from store.migrate import copy_database

KEPT = 14
_CUT_OFF_AFTER_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Backups:
    """Keeps `hang-ngay-<date>.db` in `folder` for the last KEPT days on which there was one to make."""

    database: Database
    folder: Path
    clock: Clock

    def keep_today(self) -> None:
        """Copy the database unless today's copy is there, then remove copies beyond KEPT; safe to call often.

        Raises StorageError, after it has noted why for the panel; copies that are there stay.
        """
        now = self.clock.now()
        target = self.folder / f"hang-ngay-{local_date(now):%Y%m%d}.db"
        if target.exists():
            return
        try:
            copy_database(self.database.path, target)
        except StorageError as error:
            self._note(error.sentence)
            raise
        self._note("")
        for old in (*self.every()[:-KEPT], *self._cut_off()):
            with suppress(OSError):
                old.unlink()

    def every(self) -> list[Path]:
        """Return the daily copies, the oldest first."""
        return sorted(self.folder.glob("hang-ngay-????????.db"))

    def _cut_off(self) -> list[Path]:
        """Return what copies that a power cut ended have left behind; not one that is being made."""
        before = self.clock.now().timestamp() - _CUT_OFF_AFTER_S
        return [one for one in self.folder.glob(".*.new") if one.stat().st_mtime < before]

    def _note(self, sentence: str) -> None:
        with suppress(StorageError), self.database.write() as connection:  # a full disk takes no note either
            checks.note_chore(connection, Chore.BACKUP, self.clock.now(), sentence)
