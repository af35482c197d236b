"""The words between the cue and the machine: what is known of each airing, what is to be done, and why not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.machines import AiringOutcome
from domain.playlist import Playlist, PlaylistSlot
from domain.timetable import Priority

NO_CONTENT = "Buổi phát không có nội dung"
QUIET = "Đang trong giờ yên tĩnh"
QUIET_EDGE = "Dừng khi đến giờ yên tĩnh"
SILENCE = "Đang trong khung giờ không phát"
SILENCE_EDGE = "Dừng khi đến khung giờ không phát"
WEEKDAY = "Hôm nay không phải ngày được phát"
SESSIONS = "Đã đủ số buổi được phát trong ngày"
SESSION_LIMIT = "Vượt thời lượng cho phép mỗi buổi"
DAY_LIMIT = "Vượt thời lượng cho phép trong ngày"
OVERRUN = "Âm thanh dài hơn danh sách phát đã ký"
EXPIRED = "Danh sách phát đã hết hạn"
WITHDRAWN = "Đã gỡ khỏi danh sách phát"
COALESCED = "Đã có buổi mới hơn của cùng chương trình, không phát bù"
TOO_LATE = "Quá muộn so với lịch, ngoài thời gian phát bù"
SKIPPED = "Lỡ giờ phát; chương trình đặt là bỏ qua khi muộn"
PASSED = "Giờ của mục này đã qua"
OCCUPIED = "Loa bận phát buổi khác"
INTERRUPTED = "Bị ngắt giữa chừng, không phát tiếp được"
PREEMPTED = "Nhường loa cho buổi có mức ưu tiên cao hơn"
CLOCK_BACK = "Đồng hồ máy bị lùi, không phát lại"
REVOKED = "Máy phát đã bị thu hồi quyền"
NOTHING_LEFT = "Danh sách phát trên máy đã hết hạn: máy im lặng (trừ phát khẩn) cho đến khi nhận được danh sách mới"
HELD_CLOCK = "Đồng hồ máy chưa tin được, tạm giữ các buổi phát thường"


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of one airing.

    `base` is when its session started, or would have, for the item to lie where it really lay; `live` means armed or
    sounding in this process; `seen_at` is the last instant at which it is known to have been so; `rendered` is how
    much has sounded, as far as it is written down; while live, how much will have when it sounds to its end.
    """

    outcome: AiringOutcome
    clip_hash: str | None
    base: datetime
    seen_at: datetime
    started: bool = False
    live: bool = False
    preempted: bool = False
    rendered: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Start:
    """Claim an item and let it sound at `at` from `skip` on, no longer than `until`; `follow` joins by the clock.

    `edge` is the reason why it must be over by `until`.
    """

    slot: PlaylistSlot
    position: int
    at: datetime
    base: datetime
    skip: timedelta = timedelta()
    until: datetime | None = None
    follow: bool = False
    edge: str = QUIET_EDGE


@dataclass(frozen=True, slots=True)
class Miss:
    """Record that an item did not sound."""

    slot: PlaylistSlot
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """End a live item at `at`; with `preempted` it may go on later by its late policy."""

    key: str
    at: datetime
    reason: str
    preempted: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Record that an interrupted item will not go on."""

    key: str
    reason: str


Action = Start | Miss | Cut | Close
Unready = Callable[[str], str]
"""Tells why the clip of a hash, or nothing at all for an empty one, cannot sound now; an empty string when it can."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What to do now, which clips to have ready (most urgent first), and when to look again.

    `held` is a reason why routine sessions are held back, or empty. `tune` are the (session, position) whose sources
    are to be open; `sounds_at` is when something is next to sound, as far as can be seen.
    """

    actions: tuple[Action, ...] = ()
    prepare: tuple[str, ...] = ()
    next_at: datetime | None = None
    held: str = ""
    tune: tuple[tuple[PlaylistSlot, int], ...] = ()
    sounds_at: datetime | None = None


def airing_key(playlist: Playlist, slot: PlaylistSlot, position: int) -> str:
    """Return the key of an airing: unique for machine, slot and position."""
    return f"{playlist.machine_id}/{slot.key}/{position}"


def all_ready(_clip_hash: str) -> str:
    """Tell that every clip can sound."""
    return ""


def emergencies_only(playlist: Playlist, reason: str) -> Playlist:
    """Return `playlist` with every session but emergencies refused for `reason`."""
    slots = (
        slot if slot.priority is Priority.EMERGENCY else replace(slot, refusal=slot.refusal or reason)
        for slot in playlist.slots
    )
    return replace(playlist, slots=tuple(slots))
