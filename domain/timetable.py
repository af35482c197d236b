"""The timetable: programmes, rules, occurrences, and the policy that bounds them.

Instants are aware UTC; times of day and dates are those of the station's zone (Asia/Ho_Chi_Minh).
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum

from domain.calendar import ROUTINE_DAY_TYPES, DayType, LunarDay, NthWeekday

STATION_ZONE = "Asia/Ho_Chi_Minh"
DEFAULT_GRACE = timedelta(seconds=300)
_NOTHING = timedelta()


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


class ItemKind(StrEnum):
    """What an item of a programme is."""

    BULLETIN = "bulletin"
    LATEST = "latest"
    CLIP = "clip"
    IDENT = "ident"
    ANNOUNCEMENT = "announcement"
    RELAY = "relay"
    LIVE = "live"
    PAUSE = "pause"
    BED = "bed"


FROM_OUTSIDE = frozenset({ItemKind.RELAY, ItemKind.LIVE})
"""Kinds of item that come from a source and last as long as they are booked."""

ITEM_KIND_LABELS = {
    ItemKind.BULLETIN: "bản tin",
    ItemKind.LATEST: "bản tin mới nhất",
    ItemKind.CLIP: "âm thanh trong kho",
    ItemKind.IDENT: "nhạc hiệu",
    ItemKind.ANNOUNCEMENT: "lời xướng",
    ItemKind.RELAY: "tiếp âm",
    ItemKind.LIVE: "phát trực tiếp",
    ItemKind.PAUSE: "khoảng nghỉ",
    ItemKind.BED: "nhạc nền",
}


@dataclass(frozen=True, slots=True)
class ProgrammeItem:
    """One item of a session, said `repeat` times with a `gap` between.

    BULLETIN sounds the clip of `bulletin_id`; LATEST the newest approved bulletin of `topic_id` or `column_id`;
    CLIP, IDENT and ANNOUNCEMENT a clip of the library; RELAY and LIVE last exactly `length`, filled with `clip_hash`
    while their source (`stream_url`, the microphone) is not heard; PAUSE is `length` of silence; BED is a clip of
    music under the whole session, `duck_db` below it while somebody speaks.
    """

    bulletin_id: str | None = None
    clip_hash: str | None = None
    kind: ItemKind = ItemKind.BULLETIN
    topic_id: str | None = None
    column_id: str | None = None
    stream_url: str = ""
    length: timedelta = timedelta()
    repeat: int = 1
    gap: timedelta = timedelta()
    duck_db: float = 18.0


@dataclass(frozen=True, slots=True)
class Programme:
    """An ordered session of items (chương trình), and what to do when it starts late.

    `booked` is how long its place in the timetable is; `rank` orders programmes of one priority that meet, the
    smaller first.
    """

    id: str
    name: str
    items: tuple[ProgrammeItem, ...]
    priority: Priority = Priority.NORMAL
    late_policy: LatePolicy = LatePolicy.CATCH_UP
    grace: timedelta = DEFAULT_GRACE
    booked: timedelta | None = None
    rank: int = 0


class ExceptionKind(StrEnum):
    """What is different on one day of a rule."""

    SKIP = "skip"
    MOVE = "move"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class RuleException:
    """What is different about a rule on the day `on`, at its time `at` (None: at all of its times).

    MOVE takes it to `to_day` and `to_time`, of which one may stay as it was; REPLACE sounds `programme_id` instead.
    """

    kind: ExceptionKind
    on: date
    at: time | None = None
    to_day: date | None = None
    to_time: time | None = None
    programme_id: str | None = None
    note: str = ""


class Layer(StrEnum):
    """Which sheet of the timetable a session stands on."""

    WEEKLY = "weekly"
    EXCEPTION = "exception"
    URGENT = "urgent"


LAYER_LABELS = {Layer.WEEKLY: "lịch thường kỳ", Layer.EXCEPTION: "ngoại lệ", Layer.URGENT: "phát gấp"}


@dataclass(frozen=True, slots=True)
class Rule:
    """When a programme is to sound, and where.

    Within [valid_from, valid_until] it sounds on each day that is one of its `weekdays` (ISO, Monday is 1; every
    `week_interval` weeks, counted from the week of `valid_from`), `month_days` (1 to 31; -1 is the last),
    `nth_weekdays` or `lunar_days`, if the day is of its `day_types`. Besides, whatever their kind, it sounds on each
    of `dates`. Never on `except_dates`; `exceptions` skip, move or replace single soundings. On a day it sounds at
    each of `times` and of its dayparts. It reaches `area_ids` less `except_area_ids`. An `urgent` rule is sent to
    machines although what they play next was frozen.
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
    week_interval: int = 1
    month_days: frozenset[int] = frozenset()
    nth_weekdays: frozenset[NthWeekday] = frozenset()
    lunar_days: frozenset[LunarDay] = frozenset()
    daypart_ids: frozenset[str] = frozenset()
    day_types: frozenset[DayType] = ROUTINE_DAY_TYPES
    exceptions: tuple[RuleException, ...] = ()
    urgent: bool = False

    @property
    def regular(self) -> bool:
        """Tell whether it comes again and again, not only on single dates."""
        return bool(self.weekdays or self.month_days or self.nth_weekdays or self.lunar_days)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One sounding of a programme by a rule at an instant.

    `key` never changes for the same rule and the instant it asked for; `moved_from` is that instant when an
    exception has moved it, and `layer` tells what put it there.
    """

    key: str
    rule_id: str
    programme_id: str
    starts_at: datetime
    layer: Layer = Layer.WEEKLY
    moved_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item of a slot as it stood when the plan was made; `refusal` says why it cannot sound.

    It begins after `lead` of silence. A RELAY has its `stream_url`, and as `clip_hash` what sounds in its stead.
    """

    title: str
    clip_hash: str | None
    length: timedelta
    bulletin_id: str | None = None
    refusal: str = ""
    kind: ItemKind = ItemKind.BULLETIN
    stream_url: str = ""
    lead: timedelta = timedelta()

    @property
    def span(self) -> timedelta:
        """Return how long it takes in its slot, its lead and its sound; nothing when it is refused."""
        return _NOTHING if self.refusal else self.lead + self.length


@dataclass(frozen=True, slots=True)
class Slot:
    """An occurrence on one machine with its items resolved; `refusal` says why the whole slot is silent.

    `yields_to` is the key of the slot that took its time, when that is why; `gain_db` is the volume of its hour.
    """

    key: str
    machine_id: str
    starts_at: datetime
    title: str
    priority: Priority
    late_policy: LatePolicy
    grace: timedelta
    items: tuple[PlannedItem, ...] = field(default=())
    refusal: str = ""
    rule_id: str = ""
    programme_id: str = ""
    layer: Layer = Layer.WEEKLY
    rank: int = 0
    yields_to: str = ""
    gain_db: float = 0.0

    @property
    def length(self) -> timedelta:
        """Return how long the slot sounds."""
        return sum([item.span for item in self.items], _NOTHING)

    @property
    def said(self) -> tuple[str, ...]:
        """Return the id of each bulletin that sounds in the slot, as often as it does."""
        return tuple(item.bulletin_id for item in self.items if item.bulletin_id and not item.refusal)

    @property
    def ends_at(self) -> datetime:
        """Return the instant at which the slot is over."""
        return self.starts_at + self.length
