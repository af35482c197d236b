"""The timetable's side of the worker: plan and publish whenever what will sound may be different."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.ports import Channel, Clock
from scheduler.channels.silent import SilentChannel
from scheduler.planning import local_date, replan
from scheduler.publishing import publish
from scheduler.seeding import seed_holidays
from scheduler.signing import StationKey
from store import station
from store.engine import Database


@dataclass(slots=True)
class TimetableWorker:
    """Keeps every machine's playlist true. Two of them at once are harmless: both publish the same plan."""

    database: Database
    key: StationKey
    clock: Clock
    channel: Channel = field(default_factory=SilentChannel)
    _planned: tuple[int, datetime] | None = field(default=None, init=False)

    def next_transition(self, now: datetime) -> datetime:
        """Return the next whole hour, when the window of the playlists moves on."""
        return _hour(now) + timedelta(hours=1)

    def tick(self) -> None:
        """Plan and publish if anything was changed, or the hour has turned, since the last time."""
        now = self.clock.now()
        with self.database.read() as connection:
            version = station.plan_version(connection)
        state = (version, _hour(now))
        if state == self._planned:
            return
        publish(self.database, self.key, replan(self.database, now), now, self.channel)
        self._planned = state

    def seed(self) -> None:
        """Add the public holidays of the years to come; called at each start and every day, it does little."""
        now = self.clock.now()
        with self.database.write() as connection:
            seed_holidays(connection, local_date(now))


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
