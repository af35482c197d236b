"""A policy in words, line by line, and what is different between two. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.airtime import EVERY_WEEKDAY, AirtimePolicy
from scheduler.policy import spoken_length

_SHORT = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a policy that an edit changes, as it was and as it would be."""

    line: str
    was: str
    becomes: str


def in_lines(policy: AirtimePolicy, area_names: Mapping[str, str], freeze: timedelta) -> dict[str, str]:
    """Return what each line of the policy says, by the name of the line; `area_names` are by id."""
    return {
        "Giờ yên tĩnh": ", ".join(f"{one.start:%H:%M}–{one.end:%H:%M}" for one in policy.quiet) or "không đặt",
        "Mỗi buổi": spoken_length(policy.session_limit),
        "Mỗi ngày": spoken_length(policy.day_limit),
        "Số buổi mỗi ngày": _count(policy.sessions_per_day, "buổi"),
        "Lặp lại một bản tin": _count(policy.repeat_limit, "lần mỗi ngày"),
        "Ngày được phát": weekdays_in_words(policy.allowed_weekdays),
        "Âm lượng theo giờ": _volume(policy),
        "Lệch giờ theo địa bàn": _staggers(policy, area_names),
        "Khóa lịch trước giờ phát": spoken_length(freeze),
        "Ghi chú": policy.note or "không có",
    }


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return the lines that are not the same, both by the name of the line."""
    return tuple(Difference(line, was, after[line]) for line, was in before.items() if was != after[line])


def weekdays_in_words(weekdays: frozenset[int]) -> str:
    """Return weekdays (ISO, Monday is 1) in short."""
    if weekdays == EVERY_WEEKDAY:
        return "mọi ngày"
    return ", ".join(_SHORT[number - 1] for number in sorted(weekdays)) or "không ngày nào"


def decibels(gain_db: float) -> str:
    """Return a gain as people write it, with its sign."""
    return f"{gain_db:+.1f} dB".replace(".", ",").replace("-", "−")


def _count(number: int, words: str) -> str:
    return f"{number} {words}" if number else "không giới hạn"


def _volume(policy: AirtimePolicy) -> str:
    bands = (f"{one.start:%H:%M}–{one.end:%H:%M} {decibels(one.gain_db)}" for one in policy.volume)
    return ", ".join(bands) or "như nhau cả ngày"


def _staggers(policy: AirtimePolicy, area_names: Mapping[str, str]) -> str:
    told = (
        f"{area_names.get(area_id, 'nơi đã bỏ')} chậm {spoken_length(length)}" for area_id, length in policy.staggers
    )
    return ", ".join(told) or "không lệch"
