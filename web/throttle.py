"""Slowing down whoever guesses: after a few free failures each further one doubles the wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ports import Clock
from store import people
from store.engine import Database

_WINDOW = timedelta(hours=1)
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is counted (a login, an address), and how many failures in an hour cost nothing."""

    name: str
    free: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """Counts failures in the database, so that a restart forgives nobody."""

    database: Database
    clock: Clock

    def begin(self, subjects: tuple[Subject, ...]) -> timedelta | None:
        """Count a try as failed before it is judged; return how long to wait when it is too soon, else `None`.

        Counted first and in the same transaction as the check: many guesses at once do not slip through.
        """
        now = self.clock.now()
        with self.database.write() as connection:
            for subject in subjects:
                failures = people.failed_sign_ins(connection, subject.name, now - _WINDOW)
                wait = wait_after(failures, subject.free)
                if wait and people.failed_sign_ins(connection, subject.name, now - wait):
                    return wait
            for subject in subjects:
                people.note_failed_sign_in(connection, subject.name, now)
        return None

    def succeeded(self, subjects: tuple[Subject, ...], begun_at: datetime) -> None:
        """Forget the failures of the first subject, and of the others the try begun at `begun_at`."""
        first, *others = subjects
        with self.database.write() as connection:
            people.forget_failed_sign_ins(connection, first.name, begun_at - _WINDOW)
            for subject in others:
                people.forget_failed_sign_ins(connection, subject.name, begun_at)


def wait_after(failures: int, free: int) -> timedelta:
    """Return how long to wait after the last of `failures` failures, of which `free` cost nothing."""
    if failures < free:
        return timedelta()
    doubled: int = 2 ** min(failures - free, 16)
    return min(_FIRST_WAIT * doubled, _LONGEST_WAIT)
