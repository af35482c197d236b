"""Making anew: a clip that a backup voice spoke is spoken again by itself once a better voice is back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.audio import Clip
from domain.bulletins import Bulletin, BulletinState
from domain.errors import VoiceError
from domain.jobs import Job, JobState
from domain.ports import Clock, JobBell, Speaker
from domain.reading import SpokenSentence, SpokenText, Token
from domain.timetable import STATION_ZONE
from store import bulletins, clips, jobs, plans
from store.engine import Database

FREEZE = timedelta(minutes=10)
"""So long before it airs a clip is no longer changed: machines need time to fetch another."""

PROBE = "Đây là câu thử giọng đọc."
"""What a voice is asked to say to learn whether it is back; never taken from the cache of sentences."""

_MOMENT = timedelta(milliseconds=1)
_AFTER_FAILURE = timedelta(hours=1)
_LONGEST_SESSION = timedelta(hours=6)
_ZONE = ZoneInfo(STATION_ZONE)


def wanted(
    approved: Iterable[Bulletin],
    shelf: Mapping[str, Clip],
    next_airings: Mapping[str, datetime],
    now: datetime,
    freeze: timedelta = FREEZE,
) -> tuple[str, ...]:
    """Return the bulletins whose clip should be made anew, those that air first in front.

    `shelf` holds clips by hash; `next_airings` the instant at which each bulletin next begins to sound, or began if
    it sounds now.
    """
    found = [one for one in approved if _by_backup(one, shelf) and _may_still_air(one, now)]
    last = datetime.max.replace(tzinfo=now.tzinfo)
    times = {one.id: next_airings.get(one.id, last) for one in found}
    return tuple(sorted((key for key, at in times.items() if at - now > freeze), key=lambda key: (times[key], key)))


def _by_backup(bulletin: Bulletin, shelf: Mapping[str, Clip]) -> bool:
    clip = shelf.get(bulletin.clip_hash or "")
    return (
        bulletin.state is BulletinState.APPROVED
        and bulletin.clip_version == bulletin.version
        and clip is not None
        and clip.voice is not None
        and clip.voice.backup
    )


def _may_still_air(bulletin: Bulletin, now: datetime) -> bool:
    return bulletin.valid_until is None or now.astimezone(_ZONE).date() <= bulletin.valid_until


def next_airings(connection: Connection, now: datetime, until: datetime) -> dict[str, datetime]:
    """Return when each bulletin next begins to sound on any machine, `until` included, or began if it sounds now."""
    first: dict[str, datetime] = {}
    for slot in plans.slots(connection, now - _LONGEST_SESSION, until + _MOMENT):
        if slot.refusal or slot.ends_at < now:
            continue
        for item in slot.items:
            if item.bulletin_id is not None and not item.refusal:
                first.setdefault(item.bulletin_id, slot.starts_at)
    return first


def airs_soon(connection: Connection, bulletin_id: str, now: datetime) -> bool:
    """Tell whether a bulletin sounds now, or so soon that its clip must stay."""
    return bulletin_id in next_airings(connection, now, now + FREEZE)


@dataclass(frozen=True, slots=True)
class Remaking:
    """The worker's pass that looks for clips to make anew."""

    database: Database
    clock: Clock
    speaker: Speaker
    bell: JobBell

    def run(self) -> None:
        """Ask the better voices at most once whether one is back, and queue what is to be made anew if so."""
        if not self._candidates() or not self._better_is_back():
            return
        with self.database.write() as connection:
            queued = tuple(job.id for job in self._jobs(connection) if jobs.remake(connection, job.id))
        for job_id in queued:
            self.bell.ring(job_id)

    def _candidates(self) -> tuple[Job, ...]:
        with self.database.read() as connection:
            return self._jobs(connection)

    def _jobs(self, connection: Connection) -> tuple[Job, ...]:
        now = self.clock.now()
        every = bulletins.everything(connection)
        shelf = clips.everything(connection)
        ids = wanted(every.values(), shelf, next_airings(connection, now, now + FREEZE), now)
        found = (jobs.of_bulletin(connection, one, every[one].version) for one in ids)
        return tuple(job for job in found if job is not None and _may_try(job, now))

    def _better_is_back(self) -> bool:
        try:
            return not self.speaker.speak(probe(), lambda _stage, _done, _total: None).voice.backup
        except VoiceError:
            return False


def _may_try(job: Job, now: datetime) -> bool:
    """Tell whether a job may be queued again; after a try that made nothing better it rests for an hour."""
    if job.state is not JobState.DONE:
        return False
    return job.stage != jobs.KEPT_OLD or job.finished_at is None or now - job.finished_at >= _AFTER_FAILURE


def probe() -> SpokenText:
    """Return the one sentence with which a voice is tried."""
    return SpokenText((SpokenSentence((Token(0, len(PROBE), PROBE, PROBE, "probe"),), 0),))
