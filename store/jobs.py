"""The job table: the truth about production, whatever becomes of the workers."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from domain.jobs import Job, JobState
from store import tables
from store.engine import new_id

MOST_ATTEMPTS = 5
KEPT_OLD = "giữ bản cũ"
"""The stage of a job that was done again and made nothing better."""

_GAVE_UP = (
    f"Tiến trình làm âm thanh đã dừng đột ngột {MOST_ATTEMPTS} lần khi làm bản tin này nên không thử nữa. "
    "Bản tin còn nguyên; hãy báo kỹ thuật viên, rồi bấm làm lại."
)


def add(connection: Connection, bulletin_id: str, version: int, now: datetime) -> str:
    """Queue the production of a version, once however often it is asked; return the job's id."""
    connection.execute(
        insert(tables.job)
        .values(id=new_id(), bulletin_id=bulletin_id, version=version, state=JobState.QUEUED.value, created_at=now)
        .on_conflict_do_nothing()
    )
    table = tables.job
    query = select(table.c.id).where(table.c.bulletin_id == bulletin_id, table.c.version == version)
    return str(connection.execute(query).scalar_one())


def claim(connection: Connection, job_id: str, now: datetime, lease: timedelta) -> Job | None:
    """Take a queued job, or one whose lease has run out; `None` when it is not to be had.

    A job whose every attempt ended with its worker is given up: what kills a worker must not do so for ever.
    """
    table = tables.job
    connection.execute(
        update(table)
        .where(table.c.id == job_id, _expired(now), table.c.attempts >= MOST_ATTEMPTS)
        .values(state=JobState.FAILED.value, lease_until=None, error=_GAVE_UP)
    )
    changed = connection.execute(
        update(table)
        .where(table.c.id == job_id, _claimable(now))
        .values(state=JobState.RUNNING.value, lease_until=now + lease, attempts=table.c.attempts + 1, error="")
    )
    return get(connection, job_id) if changed.rowcount == 1 else None


def waiting(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Return the jobs that a worker may take now, the oldest first."""
    table = tables.job
    query = select(table.c.id).where(_claimable(now)).order_by(table.c.created_at)
    return tuple(connection.execute(query).scalars())


def progress(connection: Connection, job: Job, until: datetime, step: tuple[str, int, int]) -> bool:
    """Note how far a job is and renew its lease; tell whether the job is still this worker's."""
    stage, done, total = step
    return _mine(connection, job, lease_until=until, stage=stage, done=done, total=total)


def finish(connection: Connection, job: Job, now: datetime, wall_seconds: float, cpu_seconds: float) -> bool:
    """Note that a job is done; tell whether it was still this worker's."""
    return _mine(
        connection,
        job,
        state=JobState.DONE.value,
        stage="xong",
        finished_at=now,
        lease_until=None,
        wall_seconds=wall_seconds,
        cpu_seconds=cpu_seconds,
    )


def finish_in_vain(connection: Connection, job: Job, now: datetime) -> bool:
    """Note that a job is done and the older sound stays; tell whether it was still this worker's."""
    return _mine(connection, job, state=JobState.DONE.value, stage=KEPT_OLD, finished_at=now, lease_until=None)


def fail(connection: Connection, job: Job, error: str, retry_at: datetime | None) -> bool:
    """Note a failure: to be tried again after `retry_at`, or for good when that is `None`."""
    again = retry_at is not None and job.attempts < MOST_ATTEMPTS
    return _mine(
        connection,
        job,
        state=JobState.RUNNING.value if again else JobState.FAILED.value,
        lease_until=retry_at if again else None,
        error=error,
    )


def release(connection: Connection, now: datetime) -> None:
    """Let go of the jobs of a worker that is known to be gone; what waits to be tried again goes on waiting."""
    table = tables.job
    connection.execute(
        update(table)
        .where(table.c.state == JobState.RUNNING.value, table.c.error == "", table.c.lease_until > now)
        .values(lease_until=now - timedelta(milliseconds=1))
    )


def retry(connection: Connection, job_id: str) -> None:
    """Queue a failed or cancelled job again, as a person asked."""
    _again(connection, get(connection, job_id), JobState.FAILED, JobState.CANCELLED)


def remake(connection: Connection, job_id: str) -> bool:
    """Queue a job that is done once more; tell whether it was to be had."""
    return _again(connection, get(connection, job_id), JobState.DONE)


def cancel(connection: Connection, job_id: str) -> bool:
    """Stop a job that waits or runs; its worker learns it when it next tells of progress. Tell whether it was one."""
    going = [JobState.QUEUED.value, JobState.RUNNING.value]
    changed = connection.execute(
        update(tables.job)
        .where(tables.job.c.id == job_id, tables.job.c.state.in_(going))
        .values(state=JobState.CANCELLED.value, lease_until=None, error="")
    )
    return changed.rowcount == 1


def get(connection: Connection, job_id: str) -> Job:
    """Return the job."""
    return _job(connection.execute(select(tables.job).where(tables.job.c.id == job_id)).one())


def of_bulletin(connection: Connection, bulletin_id: str, version: int) -> Job | None:
    """Return the job of a version, if there is one."""
    table = tables.job
    row = connection.execute(
        select(table).where(table.c.bulletin_id == bulletin_id, table.c.version == version)
    ).one_or_none()
    return None if row is None else _job(row)


def unfinished(connection: Connection) -> tuple[Job, ...]:
    """Return the jobs that are not done, the oldest first."""
    table = tables.job
    states = [JobState.QUEUED.value, JobState.RUNNING.value, JobState.FAILED.value]
    rows = connection.execute(select(table).where(table.c.state.in_(states)).order_by(table.c.created_at))
    return tuple(_job(row) for row in rows)


def _claimable(now: datetime) -> Any:
    return or_(tables.job.c.state == JobState.QUEUED.value, _expired(now))


def _expired(now: datetime) -> Any:
    return (tables.job.c.state == JobState.RUNNING.value) & (tables.job.c.lease_until < now)


def _again(connection: Connection, job: Job, *states: JobState) -> bool:
    """Queue `job` as if it were new. A worker that still holds it from before must not take it for its own, so the
    job counts as asked for a moment later.
    """
    changed = connection.execute(
        update(tables.job)
        .where(tables.job.c.id == job.id, tables.job.c.state.in_([state.value for state in states]))
        .values(
            state=JobState.QUEUED.value,
            attempts=0,
            error="",
            stage="",
            done=0,
            total=0,
            lease_until=None,
            created_at=job.created_at + timedelta(milliseconds=1),
        )
    )
    return changed.rowcount == 1


def _mine(connection: Connection, job: Job, **columns: Any) -> bool:
    table = tables.job
    changed = connection.execute(
        update(table)
        .where(
            table.c.id == job.id,
            table.c.state == JobState.RUNNING.value,
            table.c.attempts == job.attempts,
            table.c.created_at == job.created_at,
        )
        .values(**columns)
    )
    return changed.rowcount == 1


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        bulletin_id=row.bulletin_id,
        version=row.version,
        state=JobState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        stage=row.stage,
        done=row.done,
        total=row.total,
        lease_until=row.lease_until,
        error=row.error,
        wall_seconds=row.wall_seconds,
        cpu_seconds=row.cpu_seconds,
        finished_at=row.finished_at,
    )
