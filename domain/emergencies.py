"""Emergencies (phát khẩn): standard messages, how they are repeated, and who started and stopped what, where."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import BadInputError

LONGEST = timedelta(hours=24)
"""No emergency outlives this, and no order is good for longer."""
CONFIRM_WITHIN = timedelta(minutes=5)
MOST_TIMES = 20
LEAST_PAUSE = timedelta(seconds=2)
"""The silence that always lies between two repeats."""
_LEAST_LONGEST = timedelta(minutes=1)
ALARM_KEY, CLEAR_KEY = "khan-", "yen-"
"""How the key of the slot of an emergency's or an all-clear's repeat begins; its id follows."""
LOCAL_ID = "tai-may-"
"""How the id of an emergency that was started at the machine begins."""
STOPPED, CLEARED, GAVE_WAY = "Đã có lệnh DỪNG", "Đã báo yên", "Diễn tập dừng vì có tình huống thật"
ENDED_BY_PEOPLE = frozenset({STOPPED, CLEARED, GAVE_WAY})
"""Reasons a machine gives for a repeat that did not sound because somebody wanted so: no fault."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a message is repeated: `times` times with `gap` of silence, then one each `every` (0: no more).

    It ends by itself after `longest`. VOV and VTV announce a tsunami at once, twice more five minutes apart, then
    each half hour until it is called off (Quyết định 03/2020/QĐ-TTg, điều 29): that is 3 times, 5 minutes, 30 minutes.
    """

    times: int = 3
    gap: timedelta = timedelta(seconds=10)
    every: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        if not 1 <= self.times <= MOST_TIMES:
            raise BadInputError(f"Số lần phát liền phải từ 1 đến {MOST_TIMES}.")
        if not timedelta() <= self.gap <= LONGEST or not timedelta() <= self.every <= LONGEST:
            raise BadInputError("Khoảng nghỉ giữa các lần phát phải từ 0 giây đến 24 giờ.")
        if not _LEAST_LONGEST <= self.longest <= LONGEST:
            raise BadInputError("Thời gian phát khẩn dài nhất phải từ 1 phút đến 24 giờ.")

    def next_after(self, heard: int, began: datetime, ended: datetime) -> datetime | None:
        """Return when the repeat after the `heard`-th is due, which `began` and `ended` then.

        None when the pattern is over. One begins LEAST_PAUSE after the one before it at the soonest.
        """
        soonest = ended + LEAST_PAUSE
        if heard < self.times:
            return max(ended + self.gap, soonest)
        return max(began + self.every, soonest) if self.every else None


class MessageState(StrEnum):
    """How far a standard message has come: one person proposes, another agrees."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    LEAVING = "leaving"
    RETIRED = "retired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StandardMessage:
    """A message (thông điệp mẫu) that machines hold ready; clips are named by their hashes.

    `chime_hash` may be absent: nothing waits for a chime. `local` lets people at the loudspeaker start it.
    """

    id: str
    title: str
    message_hash: str
    chime_hash: str | None
    all_clear_hash: str | None
    pattern: Pattern
    local: bool
    state: MessageState = MessageState.PROPOSED
    proposed_by: str = ""
    proposed_at: datetime | None = None
    agreed_by: str | None = None
    agreed_at: datetime | None = None
    leaving_by: str | None = None

    @property
    def sounds(self) -> bool:
        """Tell whether machines hold it: until a second person has agreed that it goes, it stays."""
        return self.state in (MessageState.IN_FORCE, MessageState.LEAVING)


class EmergencyState(StrEnum):
    """How an emergency stands."""

    ASKED = "asked"
    LAPSED = "lapsed"
    DECLINED = "declined"
    RUNNING = "running"
    STOPPED = "stopped"
    OVER = "over"

    @property
    def is_open(self) -> bool:
        """Tell whether somebody still has something to do."""
        return self in (EmergencyState.ASKED, EmergencyState.RUNNING)


EMERGENCY_LABELS = {
    EmergencyState.ASKED: "chờ người thứ hai đồng ý",
    EmergencyState.LAPSED: "quá 5 phút không ai đồng ý",
    EmergencyState.DECLINED: "không được đồng ý",
    EmergencyState.RUNNING: "đang phát",
    EmergencyState.STOPPED: "đã dừng",
    EmergencyState.OVER: "đã kết thúc",
}


@dataclass(frozen=True, slots=True)
class Emergency:
    """One emergency or drill: what is said where, who asked, who agreed, and how it ended.

    `machine_id` names the machine on which people started it themselves; the centre only hears of such a one.
    """

    id: str
    title: str
    message_hash: str
    chime_hash: str | None
    all_clear_hash: str | None
    pattern: Pattern
    area_ids: frozenset[str]
    except_area_ids: frozenset[str]
    drill: bool
    asked_by: str
    asked_at: datetime
    drill_hash: str | None = None
    confirmed_by: str | None = None
    started_at: datetime | None = None
    declined_by: str | None = None
    stopped_by: str | None = None
    stopped_at: datetime | None = None
    cleared_by: str | None = None
    cleared_at: datetime | None = None
    machine_id: str | None = None
    ended_reason: str = ""

    @property
    def expires_at(self) -> datetime | None:
        """Return when it ends by itself, or None while nothing has started."""
        return self.started_at + self.pattern.longest if self.started_at else None

    def state_at(self, now: datetime) -> EmergencyState:
        """Tell how it stands at `now`."""
        if self.declined_by is not None:
            return EmergencyState.DECLINED
        if self.started_at is None or self.expires_at is None:
            return EmergencyState.ASKED if now < self.asked_at + CONFIRM_WITHIN else EmergencyState.LAPSED
        if self.stopped_at is not None:
            return EmergencyState.OVER if self.ended_reason else EmergencyState.STOPPED
        return EmergencyState.RUNNING if now < self.expires_at else EmergencyState.OVER
