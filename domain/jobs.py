"""Production jobs: the truth about work that makes clips."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands; RUNNING only while its lease holds."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One production of one version of a bulletin."""

    id: str
    bulletin_id: str
    version: int
    state: JobState
    attempts: int
    created_at: datetime
    stage: str = ""
    done: int = 0
    total: int = 0
    lease_until: datetime | None = None
    error: str = ""
    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    finished_at: datetime | None = None
