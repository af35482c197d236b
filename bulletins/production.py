"""Production: an approved script becomes a finished clip, once, however often it is begun."""

import logging
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from bulletins.inserts import inserts_of, with_inserts
from bulletins.recordings import Cast, cast_of, levelled, parts, trimmed
from bulletins.remake import airs_soon
from bulletins.seals import require_sealed
from domain.audio import RECORDED, SAMPLE_RATE, Clip, ClipKind, MasteredAudio, Speech, SpokenAudio, VoiceStamp
from domain.bulletins import Bulletin, BulletinState, Recording
from domain.errors import AudioError, TiengLoaError
from domain.jobs import Job
from domain.ports import BlobStore, Clock, Mastering, Progress, Reader, Speaker
from domain.reading import SpokenText
from store import bulletins, clips, jobs, recordings, station
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
    """Another worker has taken the job over, or a person cancelled it; this one must stop without a trace."""


def _nothing_decodes(_data: bytes) -> bytes:
    raise AudioError("Phần làm âm thanh này không đọc được bản thu.")


@dataclass(frozen=True, slots=True)
class Take:
    """A bulletin as it was spoken; without an `opening` when one person reads all of it."""

    opening: SpokenAudio | None
    body: SpokenAudio

    @property
    def voice(self) -> VoiceStamp:
        """Return who spoke."""
        return self.body.voice


@dataclass(frozen=True, slots=True)
class Production:
    """Turns approved bulletins into clips through ports: read, speak, master, keep.

    `mastering` finishes every preset that `presets` does not name; `decode` turns a kept recording into PCM at the
    rate of clips; `voice_labels` says what people call an engine.
    """

    database: Database
    clock: Clock
    reader: Reader
    speaker: Speaker
    mastering: Mastering
    blobs: BlobStore
    presets: Mapping[str, Mastering] = field(default_factory=dict)
    decode: Callable[[bytes], bytes] = _nothing_decodes
    voice_labels: Mapping[str, str] = field(default_factory=dict)

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
            old = _clip_of(connection, bulletin)
        clip, report = None, _Reporter(self, job)
        if _stands(bulletin, job):
            take = self.speak(bulletin, announced_by, report)
            if old is None or not take.voice.backup:
                clip = self._kept(bulletin, self._mastered(bulletin, take, report), take.voice)
        with self.database.write() as connection:
            now = self.clock.now()
            if self._attach(connection, job, clip, old) or old is None:
                mine = jobs.finish(connection, job, now, spent.wall(), spent.cpu())
            else:
                mine = jobs.finish_in_vain(connection, job, now)
            if not mine:
                raise _LostLeaseError

    def _attach(self, connection: Connection, job: Job, clip: Clip | None, old: Clip | None) -> bool:
        """Give the bulletin its new sound if it is still wanted; tell whether it was."""
        now, bulletin = self.clock.now(), bulletins.get(connection, job.bulletin_id)
        if clip is None or not _stands(bulletin, job):
            return False
        if old is not None and (bulletin.clip_hash != old.hash or airs_soon(connection, bulletin.id, now)):
            return False
        clips.put(connection, clip)
        bulletins.attach_clip(connection, bulletin.id, job.version, clip.hash)
        if old is not None:
            better = self.voice_labels.get(clip.voice.engine, clip.voice.engine) if clip.voice else ""
            bulletins.note_by_itself(connection, bulletin, now, f"làm lại bằng giọng {better}, thay giọng dự phòng")
        return True

    def speak(self, bulletin: Bulletin, announced_by: str, progress: Progress) -> Take:
        """Return a bulletin as people and the voice speak it. Raises TiengLoaError."""
        progress("đọc văn bản", 0, 1)
        with self.database.read() as connection:
            held = recordings.of_bulletin(connection, bulletin.id)
        cast = cast_of(bulletin, parts(self.reader, bulletin, announced_by), held)
        sentences = tuple(line.sentence for line in (*cast.opening, *cast.body))
        with self.database.read() as connection:
            inserts = {} if cast.whole else inserts_of(connection, sentences)
            require_sealed(connection, bulletin, cast)
        if cast.whole is not None:
            return Take(None, SpokenAudio(((self._recorded(cast.whole), 0),), _read_by(cast)))
        spoken = with_inserts(self._spoken(cast, progress), sentences, inserts, self._decoded)
        cut = len(cast.opening)
        return Take(
            SpokenAudio(spoken.sentences[:cut], spoken.voice), SpokenAudio(spoken.sentences[cut:], spoken.voice)
        )

    def _spoken(self, cast: Cast, progress: Progress) -> SpokenAudio:
        """Return every sentence in order: the recorded ones as they are, the others by the voice."""
        lines = (*cast.opening, *cast.body)
        missing = tuple(line.sentence for line in lines if line.recording is None)
        if not cast.used:
            return self.speaker.speak(SpokenText(missing), progress)
        voice = _read_by(cast)
        by_engine: Iterator[Speech] = iter(())
        if any(line.key and line.recording is None for line in lines):
            spoken = self.speaker.speak(SpokenText(missing), progress)
            by_engine = iter(levelled([speech for speech, _pause in spoken.sentences]))
            voice = replace(spoken.voice, recorded=len(cast.used))
        silent = Speech(b"", SAMPLE_RATE)
        return SpokenAudio(
            tuple(
                (
                    self._recorded(line.recording).again(line.sentence.times)
                    if line.recording
                    else next(by_engine, silent),
                    line.sentence.pause_ms,
                )
                for line in lines
            ),
            voice,
        )

    def _recorded(self, recording: Recording) -> Speech:
        return levelled([Speech(trimmed(self._decoded(recording.blob_hash)), SAMPLE_RATE)])[0]

    def _decoded(self, blob_hash: str) -> bytes:
        return self.decode(self.blobs.path(blob_hash).read_bytes())

    def _mastered(self, bulletin: Bulletin, take: Take, progress: Progress) -> MasteredAudio:
        return self.presets.get(bulletin.preset, self.mastering).master(take.body, take.opening, progress)

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
            preset=bulletin.preset,
        )

    def _fail(self, job: Job, error: TiengLoaError) -> None:
        now = self.clock.now()
        retry_at = now + timedelta(seconds=5 * 2**job.attempts) if error.can_retry else None
        with self.database.write() as connection:
            if _clip_of(connection, bulletins.get(connection, job.bulletin_id)) is not None:
                jobs.finish_in_vain(connection, job, now)  # it was made anew for nothing: the old one airs
            else:
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


def _clip_of(connection: Connection, bulletin: Bulletin) -> Clip | None:
    """Return the finished sound that the version already has."""
    if bulletin.clip_hash is None or bulletin.clip_version != bulletin.version:
        return None
    return clips.get(connection, bulletin.clip_hash)


def _read_by(cast: Cast) -> VoiceStamp:
    names = ", ".join(dict.fromkeys(one.made_by_name for one in cast.used))
    return VoiceStamp(RECORDED, names, "1", backup=False)


@dataclass(slots=True)
class _Reporter:
    """Passes progress on to the job table: each new stage, and a few times a second at most within one."""

    production: Production
    job: Job
    _last: float = field(default=-1.0)
    _stage: str = field(default="")

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = self.production.clock.monotonic()
        if stage == self._stage and now - self._last < _PROGRESS_EVERY:
            return
        self._last, self._stage = now, stage
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
