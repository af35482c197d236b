"""The worker's watch: looks ahead at what will not sound and back at what nobody reported, and keeps what it finds."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.checks import Check, Chore, Finding, Tone
from domain.ports import Clock
from scheduler.readiness import AHEAD, Given, look_ahead, look_back
from scheduler.reconcile import day_report
from store import airings, checks, enrolments, machines, people, plans
from store.engine import Database

_LOG = logging.getLogger(__name__)
BACK = timedelta(hours=36)
"""How far back the watch looks for sessions that nobody reported; the station log keeps them for ever."""
LOOKED_AT = (Check.READINESS, Check.CONTACT, Check.NOT_READY, Check.UNREPORTED)
"""What the watch finds; that orders were not signed is found by who signs them."""
KEEP_PLANS = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Watch:
    """Finds what a person should see to before it is too late. Two of them at once are harmless."""

    database: Database
    clock: Clock

    def look(self) -> tuple[Finding, ...]:
        """Look ahead and back, keep what there is to see to, log what is new, and return all of it."""
        now = self.clock.now()
        with self.database.read() as connection:
            found = (*_ahead(connection, now), *_back(connection, now))
        with self.database.write() as connection:
            new = checks.keep_findings(connection, LOOKED_AT, found)
            checks.note_chore(connection, Chore.READINESS, now)
        for one in new:
            if one.tone is not Tone.CALM:
                _LOG.warning("%s. %s", one.title, one.detail)
        return found

    def tidy(self) -> None:
        """Remove what no longer matters: old sign-ins, and plans of more than a year ago. What was aired stays."""
        now = self.clock.now()
        with self.database.write() as connection:
            people.purge(connection, now)
            enrolments.purge(connection, now)
        while self._forget_some_plans(now - KEEP_PLANS):
            pass
        with self.database.write() as connection:
            checks.note_chore(connection, Chore.UPKEEP, now)

    def _forget_some_plans(self, before: datetime) -> bool:
        # A little at a time, so that nobody else who writes has to wait.
        with self.database.write() as connection:
            return plans.forget_some(connection, before) > 0


def _ahead(connection: Connection, now: datetime) -> tuple[Finding, ...]:
    given = {one: Given(since, issued_at) for one, (issued_at, since) in machines.given(connection).items()}
    return look_ahead(plans.slots(connection, now, now + AHEAD), machines.everything(connection), given, now)


def _back(connection: Connection, now: datetime) -> tuple[Finding, ...]:
    planned = plans.slots(connection, now - BACK, now)
    # A session may sound up to a day later than it was planned, where its grace is long.
    reported = airings.between(connection, now - BACK, now + timedelta(days=1))
    return look_back(day_report(planned, reported, now), machines.everything(connection), now)
