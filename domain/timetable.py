"""The timetable: programmes, rules, occurrences, and the policy that bounds them.

Instants are aware UTC; times of day and dates are those of the station's zone (Asia/Ho_Chi_Minh).
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum

STATION_ZONE = "Asia/Ho_Chi_Minh"
DEFAULT_GRACE = timedelta(seconds=300)


class Priority(IntEnum):
    """Who yields to whom on a machine; the higher number sounds."""

    FILLER = 0
    NORMAL = 10
    PRIORITY = 20
    LIVE = 30
    EMERGENCY = 40


PRIORITY_LABELS = {
    Priority.FILLER: "lấp sóng",
    Priority.NORMAL: "thông thường",
    Priority.PRIORITY: "ưu tiên",
    Priority.LIVE: "trực tiếp",
    Priority.EMERGENCY: "khẩn cấp",
}


class LatePolicy(StrEnum):
    """What a machine does with a session whose instant has passed."""

    CATCH_UP = "catch_up"
    JOIN = "join"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of the day in which no routine sound is made; it may cross midnight."""

    start: time
    end: time

    def covers(self, moment: time) -> bool:
        """Tell whether the time of day `moment` lies in [start, end)."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


DEFAULT_QUIET = (QuietHours(time(21, 30), time(5, 0)),)


@dataclass(frozen=True, slots=True)
class AirtimePolicy:
    """What a station allows: quiet hours, the most minutes in a session and in a day, and the most sessions in a day.

    `sessions_per_day` of 0 sets no limit.
    """

    quiet: tuple[QuietHours, ...] = DEFAULT_QUIET
    session_limit: timedelta = timedelta(minutes=15)
    day_limit: timedelta = timedelta(minutes=60)
    note: str = ""
    sessions_per_day: int = 0


@dataclass(frozen=True, slots=True)
class ProgrammeItem:
    """One item of a session: a bulletin (its newest approved clip) or a clip of the library."""

    bulletin_id: str | None = None
    clip_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """An ordered session of items (chương trình), and what to do when it starts late."""

    id: str
    name: str
    items: tuple[ProgrammeItem, ...]
    priority: Priority = Priority.NORMAL
    late_policy: LatePolicy = LatePolicy.CATCH_UP
    grace: timedelta = DEFAULT_GRACE


@dataclass(frozen=True, slots=True)
class Rule:
    """When a programme is to sound, and where.

    It sounds on each day that is one of `weekdays` (ISO, Monday is 1) within [valid_from, valid_until], and on
    each of `dates`, at each of `times`; never on `except_dates`. `area_ids` less `except_area_ids`.
    """

    id: str
    programme_id: str
    area_ids: frozenset[str]
    times: tuple[time, ...]
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None
    except_dates: frozenset[date] = frozenset()
    except_area_ids: frozenset[str] = frozenset()
    enabled: bool = True
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One sounding of a programme by a rule at an instant; `key` never changes for the same rule and instant."""

    key: str
    rule_id: str
    programme_id: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item of a slot as it stood when the plan was made; `refusal` says why it cannot sound."""

    title: str
    clip_hash: str | None
    length: timedelta
    bulletin_id: str | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """An occurrence on one machine with its items resolved; `refusal` says why the whole slot is silent."""

    key: str
    machine_id: str
    starts_at: datetime
    title: str
    priority: Priority
    late_policy: LatePolicy
    grace: timedelta
    items: tuple[PlannedItem, ...] = field(default=())
    refusal: str = ""

    @property
    def length(self) -> timedelta:
        """Return how long the slot sounds."""
        return sum((item.length for item in self.items if not item.refusal), timedelta())

    @property
    def ends_at(self) -> datetime:
        """Return the instant at which the slot is over."""
        return self.starts_at + self.length
