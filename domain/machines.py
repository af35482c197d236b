"""Broadcast machines (máy phát): who they are, how they are, and what they report."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.proof import Level, Proof

CODE_LIFE = timedelta(minutes=15)
BEAT_EVERY = timedelta(seconds=15)
MOST_BEAT_EVERY = timedelta(seconds=120)
"""A machine may say that it beats more rarely, but not so rarely that nobody would notice its end."""
_JITTER = 1.1
_ON_THE_WAY = timedelta(seconds=12)
"""How long a heartbeat may be under way: the machine's time-out for one request, and a little."""
_LEAST_OFFLINE = timedelta(seconds=100)


def silence_limits(every: timedelta = BEAT_EVERY) -> tuple[timedelta, timedelta]:
    """Return after which silence a machine that beats each `every` is late, and after which it is offline.

    Late: two beats missed, with the jitter of their rounds and the time-out of a request on top (45 s at 15 s).
    Offline: five, but never sooner than 100 s, so that one lost tunnel of a 4G line raises no alarm.
    """
    beat = min(max(every, timedelta(seconds=1)), MOST_BEAT_EVERY) * _JITTER
    return 2 * beat + _ON_THE_WAY, max(5 * beat + _ON_THE_WAY, _LEAST_OFFLINE)


class MachineState(StrEnum):
    """How a machine stands, as seen from the centre."""

    NEVER_SEEN = "chưa kết nối"
    ONLINE = "hoạt động"
    LATE = "trễ"
    OFFLINE = "mất kết nối"
    FAULTY = "hỏng"
    REVOKED = "đã thu hồi"


@dataclass(frozen=True, slots=True)
class Box:
    """The computer under a machine, as it tells of it; what it could not or did not tell is absent."""

    temperature_c: float | None = None
    disk_bytes: int | None = None
    uptime: timedelta | None = None
    network: str = ""
    system: str = ""
    python: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """The next session that a machine holds, and whether every clip of it is on its disk."""

    title: str
    starts_at: datetime
    ready: bool


@dataclass(frozen=True, slots=True)
class Aired:
    """What a machine last sounded or should have: `outcome` is the name of an AiringOutcome."""

    title: str
    at: datetime
    outcome: str


class Lack(StrEnum):
    """Why a machine knows already that it will not sound a session, or not all of it."""

    CLIP = "clip"
    DAMAGED = "damaged"
    DISK = "disk"
    CLOCK = "clock"
    EXPIRED = "expired"


LACK_WORDS = {
    Lack.CLIP: "thiếu tệp âm thanh",
    Lack.DAMAGED: "tệp âm thanh trên máy bị hỏng",
    Lack.DISK: "ổ đĩa của máy đã đầy",
    Lack.CLOCK: "đồng hồ của máy chưa tin được",
    Lack.EXPIRED: "danh sách phát của máy hết hạn trước giờ đó",
}


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A session for which a machine is not ready: what it lacks, and of how many clips."""

    slot_key: str
    starts_at: datetime
    lack: Lack
    clips: int = 0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a machine last said of itself.

    `shortfalls` are the sessions of the next day for which it is not ready. `clock_error_ms` is within what its
    clock's offset is known; `nudged` tells whether it hears nudges; of `emergency_needed` clips of emergencies it has
    `emergency_held` ready in memory. All are absent when it did not tell.

    `boot` names one run of its program, in which `number` grows by each beat: so an old beat sent again is known.
    `clock_trusted` is absent when the machine did not tell; `every` is how often it means to tell. `stand_in` says
    that it found no sound device, and only writes files until one appears. Of the clips that it does not count as held,
    `clips_checking` lie on its disk and are still to be looked at since its start.
    """

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
    every: timedelta = BEAT_EVERY
    boot: str = ""
    number: int = 0
    earlier_boots: tuple[str, ...] = ()
    running: timedelta | None = None
    clock_trusted: bool | None = None
    stand_in: bool = False
    box: Box = Box()
    coming: Coming | None = None
    aired: Aired | None = None
    shortfalls: tuple[Shortfall, ...] = ()
    clock_error_ms: int | None = None
    nudged: bool | None = None
    emergency_held: int | None = None
    emergency_needed: int | None = None
    clips_checking: int = 0

    @property
    def lacking(self) -> int:
        """How many clips of its playlist the machine does not hold yet; those that it is checking it holds."""
        return max(self.clips_needed - self.clips_held - self.clips_checking, 0)

    def is_replayed_by(self, boot: str, number: int) -> bool:
        """Tell whether a beat of `boot` with `number` was heard before, as when somebody sends it again."""
        return bool(boot) and (boot in self.earlier_boots or (boot == self.boot and number <= self.number))


@dataclass(frozen=True, slots=True)
class Machine:
    """A broadcast machine of one cluster; `public_key` is its raw Ed25519 key, base64.

    `gain_mb` hundredths of a dB is how much louder its horns are to be than the clips, whatever the hour.
    """

    id: str
    name: str
    area_id: str
    public_key: str
    enrolled_at: datetime
    revoked_at: datetime | None = None
    heartbeat: Heartbeat | None = None
    gain_mb: int = 0

    @property
    def gain_db(self) -> float:
        """Return its volume in dB."""
        return self.gain_mb / 100

    def state_at(self, now: datetime) -> MachineState:
        """Tell how the machine stands at `now`: late before it is offline, and only the second alarms."""
        if self.revoked_at is not None:
            return MachineState.REVOKED
        if self.heartbeat is None:
            return MachineState.NEVER_SEEN
        silence = now - self.heartbeat.at
        late, offline = silence_limits(self.heartbeat.every)
        if silence > offline:
            return MachineState.OFFLINE
        if silence > late:
            return MachineState.LATE
        if self.heartbeat.fault or not self.heartbeat.sink_ok:
            return MachineState.FAULTY
        return MachineState.ONLINE


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A one-use code that lets one box ask to join; only its hash is kept, and `id` is no secret."""

    id: str
    code_hash: str
    area_id: str | None
    machine_name: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class EnrolmentState(StrEnum):
    """How far a box has come that asked to join."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A box that used a code and waits for a technician's yes (ghi danh); its id becomes that of the machine.

    `asked_from` is the network address it asked from.
    """

    id: str
    code_id: str
    name: str
    area_id: str | None
    public_key: str
    asked_at: datetime
    asked_from: str = ""
    confirmed_at: datetime | None = None
    refused_at: datetime | None = None

    @property
    def state(self) -> EnrolmentState:
        """How far the box has come."""
        if self.confirmed_at is not None:
            return EnrolmentState.CONFIRMED
        return EnrolmentState.WAITING if self.refused_at is None else EnrolmentState.REFUSED


@dataclass(frozen=True, slots=True)
class MachineAct:
    """What was done to a machine, by whom or from which address: a row that is never changed."""

    at: datetime
    machine_id: str
    user_id: str | None
    words: str
    address: str = ""


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
