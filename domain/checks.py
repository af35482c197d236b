"""What the worker finds when it looks ahead at what will sound, and back at what should have."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Check(StrEnum):
    """What was looked at."""

    READINESS = "readiness"
    CONTACT = "contact"
    NOT_READY = "not-ready"
    UNREPORTED = "unreported"
    UNSIGNED = "unsigned"


class Tone(StrEnum):
    """How bad it is: nothing sounds, something may not, or it is only to be known."""

    BAD = "bad"
    WARN = "warn"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should see to; `key` names it from one look to the next.

    `at` is the instant of the nearest session that it is about, `first_seen` when a look first found it, and
    `machine_id` the machine when it is about one alone.
    """

    key: str
    check: Check
    tone: Tone
    title: str
    detail: str
    at: datetime
    first_seen: datetime
    machine_id: str = ""


class Chore(StrEnum):
    """Work that the worker does by itself from time to time."""

    READINESS = "readiness"
    BACKUP = "backup"
    UPKEEP = "upkeep"


@dataclass(frozen=True, slots=True)
class ChoreRun:
    """How a chore went when it was last tried: `done_at` is when it last succeeded, `sentence` why it did not since."""

    chore: Chore
    tried_at: datetime
    done_at: datetime | None
    sentence: str = ""
