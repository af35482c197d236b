"""Broadcast machines (máy phát): who they are, how they are, and what they report."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.proof import Level, Proof

LATE_AFTER = timedelta(seconds=45)
OFFLINE_AFTER = timedelta(seconds=100)


class MachineState(StrEnum):
    """How a machine stands, as seen from the centre."""

    NEVER_SEEN = "chưa kết nối"
    ONLINE = "hoạt động"
    LATE = "trễ"
    OFFLINE = "mất kết nối"
    FAULTY = "hỏng"
    REVOKED = "đã thu hồi"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a machine last said of itself."""

    at: datetime
    playlist_counter: int
    clips_held: int
    clips_needed: int
    sink: str
    sink_ok: bool
    clock_offset_ms: int
    free_bytes: int
    version: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A broadcast machine of one cluster; `public_key` is its raw Ed25519 key, base64."""

    id: str
    name: str
    area_id: str
    public_key: str
    enrolled_at: datetime
    revoked_at: datetime | None = None
    heartbeat: Heartbeat | None = None

    def state_at(self, now: datetime) -> MachineState:
        """Tell how the machine stands at `now`: late before it is offline, and only the second alarms."""
        if self.revoked_at is not None:
            return MachineState.REVOKED
        if self.heartbeat is None:
            return MachineState.NEVER_SEEN
        silence = now - self.heartbeat.at
        if silence > OFFLINE_AFTER:
            return MachineState.OFFLINE
        if silence > LATE_AFTER:
            return MachineState.LATE
        if self.heartbeat.fault or not self.heartbeat.sink_ok:
            return MachineState.FAULTY
        return MachineState.ONLINE


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A one-use code that lets one machine join; only its hash is kept."""

    code_hash: str
    area_id: str
    machine_name: str
    expires_at: datetime


class AiringOutcome(StrEnum):
    """How a planned item ended; PLAYING until it has."""

    PLAYING = "playing"
    PLAYED = "played"
    CUT = "cut"
    MISSED = "missed"


OUTCOME_LABELS = {
    AiringOutcome.PLAYING: "đang phát",
    AiringOutcome.PLAYED: "đã phát",
    AiringOutcome.CUT: "bị cắt",
    AiringOutcome.MISSED: "không phát",
}


@dataclass(frozen=True, slots=True)
class Airing:
    """What became of one item of one slot on one machine (lượt phát).

    `key` is unique for (machine, slot, position). `started_at` is the instant of the first sample by the
    device clock; `rendered` is the sound truly handed to the device; both are absent for a missed item. `level` and
    `proof` are told by machines that measure them.
    """

    key: str
    machine_id: str
    slot_key: str
    position: int
    title: str
    clip_hash: str | None
    planned_start: datetime
    outcome: AiringOutcome
    started_at: datetime | None = None
    ended_at: datetime | None = None
    rendered: timedelta = timedelta()
    reason: str = ""
    level: Level | None = None
    proof: Proof | None = None
