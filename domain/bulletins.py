"""Bulletins (bản tin) and the path from a draft to an approved text."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

SCRIPT_LIMIT = 20_000
"""The longest script taken, in code points after NFC: about an hour and a half of speech."""


class BulletinState(StrEnum):
    """Where a bulletin stands on its way to the air."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ARCHIVED = "archived"


STATE_LABELS = {
    BulletinState.DRAFT: "bản thảo",
    BulletinState.SUBMITTED: "chờ duyệt",
    BulletinState.APPROVED: "đã duyệt",
    BulletinState.RETURNED: "trả lại",
    BulletinState.WITHDRAWN: "thu hồi",
    BulletinState.EXPIRED: "hết hạn",
    BulletinState.ARCHIVED: "lưu trữ",
}

EDITABLE = frozenset({BulletinState.DRAFT, BulletinState.RETURNED})


class Genre(StrEnum):
    """The form of a bulletin."""

    NEWS = "tin"
    FEATURE = "bài"
    REPORTAGE = "phóng sự"
    NOTICE = "thông báo"
    QA = "hỏi – đáp"
    SKETCH = "tiểu phẩm"


@dataclass(frozen=True, slots=True)
class AcceptedReading:
    """A reading that a person confirmed for one bulletin: `written` is said as `spoken`."""

    written: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Review:
    """One step on a bulletin's way: who did what to which version, and why."""

    at: datetime
    user_id: str
    user_name: str
    action: str
    version: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A bulletin with its current script.

    `author_ids` holds everyone who wrote any version of it or lent it their voice: none of them may approve it.
    `preset` names how its sound is finished.
    `clip_hash` is the finished sound of `clip_version`; it may air only when that equals `version`.
    `approved_seal` stands for all that its approver heard, and empty for what was approved before seals were kept.
    `backup_voice_ok_by` is the person who said yes to a backup voice on air for this version.
    """

    id: str
    title: str
    script: str
    genre: Genre
    state: BulletinState
    version: int
    author_ids: frozenset[str]
    author_name: str
    updated_at: datetime
    topic_id: str | None = None
    campaign_id: str | None = None
    readings: tuple[AcceptedReading, ...] = ()
    approved_by: str | None = None
    approved_at: datetime | None = None
    return_note: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    clip_hash: str | None = None
    clip_version: int | None = None
    backup_voice_ok_by: str | None = None
    preset: str = "horn"
    approved_seal: str = ""
    column_id: str | None = None
    history: tuple[Review, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class NewsColumn:
    """A regular column (chuyên mục), whose newest bulletin a programme may sound."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A person's own voice for one sentence of a bulletin, or for all of one version.

    `key` says what it stands for: the hash of the sentence as it is said, or the version; `sentence` keeps the words.
    """

    id: str
    bulletin_id: str
    key: str
    sentence: str
    blob_hash: str
    length: timedelta
    made_by: str
    made_by_name: str
    made_at: datetime
