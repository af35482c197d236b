"""A campaign (kế hoạch tuyên truyền): its legal basis, topics, focal tasks and channels."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Channel(StrEnum):
    """Ways to reach people that the plan names."""

    WIRELESS_SPEAKER = "loa truyền thanh không dây"
    RADIO_STATION = "đài truyền thanh"
    PRESS = "báo, đài"
    WEBSITE = "trang thông tin điện tử"
    SOCIAL_MEDIA = "mạng xã hội, Zalo, Fanpage"
    ONE_STOP_COUNTER = "bộ phận tiếp nhận và trả kết quả"
    MOBILE_UNIT = "xe thông tin lưu động"
    MEETING = "hội nghị, tập huấn, sinh hoạt tổ dân phố, bản"
    VISUAL = "pano, áp phích, khẩu hiệu, băng rôn"
    STAGE = "sân khấu hóa, hội thi"
    OFFICIAL_LETTER = "hệ thống văn bản triển khai"


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A document the campaign rests on; `cites` are the numbers of the documents it carries out."""

    document_number: str
    issued_on: date
    issuer: str
    title: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject (chủ đề) that bulletins are written on."""

    id: str
    code: str
    name: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A focal task (nhiệm vụ trọng tâm); `due` is `None` when it runs all the time."""

    number: int
    name: str
    leads: tuple[str, ...]
    partners: tuple[str, ...]
    due: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A plan of one owner for one period."""

    id: str
    name: str
    document_number: str
    owner: str
    year: int
    basis: tuple[PolicyDocument, ...] = ()
    topics: tuple[Topic, ...] = ()
    tasks: tuple[Task, ...] = ()
    channels: tuple[Channel, ...] = ()
