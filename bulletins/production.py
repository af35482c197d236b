"""Production: an approved script becomes a finished clip, once, however often it is begun."""

import logging
import resource
import time
from dataclasses import dataclass, field
from datetime import timedelta

from domain.audio import Clip, ClipKind, MasteredAudio, SpokenAudio, VoiceStamp
from domain.bulletins import Bulletin, BulletinState
from domain.errors import TiengLoaError
from domain.jobs import Job
from domain.ports import BlobStore, Clock, Mastering, Progress, Reader, Speaker
from domain.reading import LexiconEntry, SpokenText
from store import bulletins, clips, jobs, station
from store.engine import Database

_LOG = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
_PROGRESS_EVERY = 0.25


_BROKE_DOWN = (
    "Phần làm âm thanh gặp lỗi ngoài dự kiến. Bản tin còn nguyên; nếu bấm làm lại vẫn lỗi, hãy báo kỹ thuật viên."
)


class _BrokeDownError(TiengLoaError):
    """Something nobody foresaw; it may have been a passing lack of memory or processes."""

    can_retry = True


class _LostLeaseError(Exception):
    """Another worker has taken the job over; this one must stop without a trace."""


@dataclass(frozen=True, slots=True)
class Production:
    """Turns approved bulletins into clips through ports: read, speak, master, keep."""

    database: Database
    clock: Clock
    reader: Reader
    speaker: Speaker
    mastering: Mastering
    blobs: BlobStore

    def waiting(self) -> tuple[str, ...]:
        """Return the jobs that may be taken now."""
        with self.database.read() as connection:
            return jobs.waiting(connection, self.clock.now())

    def produce(self, job_id: str) -> None:
        """Do one job if it is to be had; every ending is written in the job table."""
        with self.database.write() as connection:
            job = jobs.claim(connection, job_id, self.clock.now(), LEASE)
        if job is None:
            return
        try:
            self._produce(job)
        except _LostLeaseError:
            return
        except TiengLoaError as error:
            self._fail(job, error)
        except Exception:  # noqa: BLE001 - it is logged with its trace and kept as the failure of the job
            # A fault of ours: told to whoever reads logs, and to the desk as a failure that a later try may mend.
            _LOG.exception("production of job %s broke down", job.id)
            self._fail(job, _BrokeDownError(_BROKE_DOWN))

    def _produce(self, job: Job) -> None:
        spent = _Spent()
        with self.database.read() as connection:
            bulletin = bulletins.get(connection, job.bulletin_id)
            announced_by = station.get(connection).name
        clip = None
        if _stands(bulletin, job):
            audio, voice = self.render(bulletin, announced_by, _Reporter(self, job))
            clip = self._kept(bulletin, audio, voice)
        with self.database.write() as connection:
            if clip is not None and _stands(bulletins.get(connection, job.bulletin_id), job):
                clips.put(connection, clip)
                bulletins.attach_clip(connection, job.bulletin_id, job.version, clip.hash)
            if not jobs.finish(connection, job, self.clock.now(), spent.wall(), spent.cpu()):
                raise _LostLeaseError

    def render(self, bulletin: Bulletin, announced_by: str, progress: Progress) -> tuple[MasteredAudio, VoiceStamp]:
        """Return the finished sound of a bulletin and the voice that spoke it. Raises TiengLoaError."""
        readings = tuple(LexiconEntry(one.written, one.spoken) for one in bulletin.readings)
        progress("đọc văn bản", 0, 1)
        opening = self.reader.read(announcement(announced_by, bulletin.title), readings)
        body = self.reader.read(bulletin.script, readings)
        spoken = self.speaker.speak(SpokenText(opening.sentences + body.sentences), progress)
        cut = len(opening.sentences)
        audio = self.mastering.master(
            SpokenAudio(spoken.sentences[cut:], spoken.voice),
            SpokenAudio(spoken.sentences[:cut], spoken.voice),
            progress,
        )
        return audio, spoken.voice

    def _kept(self, bulletin: Bulletin, audio: MasteredAudio, voice: VoiceStamp) -> Clip:
        return Clip(
            hash=self.blobs.put(audio.data),
            size=len(audio.data),
            media_type=audio.media_type,
            length=audio.length,
            loudness=audio.loudness,
            kind=ClipKind.BULLETIN,
            title=bulletin.title,
            created_at=self.clock.now(),
            voice=voice,
        )

    def _fail(self, job: Job, error: TiengLoaError) -> None:
        now = self.clock.now()
        retry_at = now + timedelta(seconds=5 * 2**job.attempts) if error.can_retry else None
        with self.database.write() as connection:
            jobs.fail(connection, job, error.sentence, retry_at)

    def report(self, job: Job, stage: str, done: int, total: int) -> None:
        """Write how far a job is and renew its lease."""
        with self.database.write() as connection:
            mine = jobs.progress(connection, job, self.clock.now() + LEASE, (stage, done, total))
        if not mine:
            raise _LostLeaseError


def _stands(bulletin: Bulletin, job: Job) -> bool:
    """Tell whether the version that the job is for is still the one to air."""
    return bulletin.state is BulletinState.APPROVED and bulletin.version == job.version


def announcement(station_name: str, title: str) -> str:
    """Return the line spoken before a bulletin."""
    return f"{station_name}. Mời bà con nghe bản tin: {title.rstrip('.')}."


@dataclass(slots=True)
class _Reporter:
    """Passes progress on to the job table, a few times a second at most."""

    production: Production
    job: Job
    _last: float = field(default=-1.0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = self.production.clock.monotonic()
        if now - self._last < _PROGRESS_EVERY:
            return
        self._last = now
        self.production.report(self.job, stage, done, total)


class _Spent:
    """Wall and processor seconds since it was made, children included."""

    __slots__ = ("_cpu", "_wall")

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), _cpu_seconds()

    def wall(self) -> float:
        return time.monotonic() - self._wall

    def cpu(self) -> float:
        return _cpu_seconds() - self._cpu


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
