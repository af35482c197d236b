"""What a station allows on the air: whether a session, or the sessions of a day, keep within the policy.

Each line of the policy that is broken is named in one Vietnamese sentence.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.airtime import AirtimePolicy, QuietHours
from domain.timetable import STATION_ZONE

URBAN = AirtimePolicy(
    session_limit=timedelta(minutes=15),
    day_limit=timedelta(minutes=30),
    sessions_per_day=2,
    note="Đô thị: mỗi ngày không quá 2 buổi, mỗi buổi không quá 15 phút (Hà Nội, 2021)",
)
RURAL = AirtimePolicy(
    session_limit=timedelta(minutes=45),
    day_limit=timedelta(minutes=90),
    note="Nông thôn: mỗi buổi không quá 45 phút, kể cả tiếp âm (Hà Nội, 2021)",
)
PRESETS = {"urban": URBAN, "rural": RURAL}

_ZONE = ZoneInfo(STATION_ZONE)
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


def check_session(policy: AirtimePolicy, starts_at: datetime, length: timedelta) -> tuple[str, ...]:
    """Return the lines of `policy` that a session of `length` starting at the instant `starts_at` would break.

    A session that touches quiet hours at any moment breaks them; one without length counts as an instant.
    """
    begin = _time_of_day(starts_at)
    broken = [
        f"Buổi phát chạm giờ yên tĩnh {span.start:%H:%M}–{span.end:%H:%M}."
        for span in policy.quiet
        if _touches(span, begin, max(length, _INSTANT))
    ]
    if length > policy.session_limit:
        broken.append(f"Buổi phát dài {spoken_length(length)}, quá mức {spoken_length(policy.session_limit)} mỗi buổi.")
    return tuple(broken)


def check_day(policy: AirtimePolicy, sessions: Iterable[tuple[datetime, timedelta]]) -> tuple[str, ...]:
    """Return the lines of `policy` that `sessions`, (start, length) all on one local day, break together."""
    lengths = [length for _, length in sessions]
    total = sum(lengths, timedelta())
    broken = []
    if policy.sessions_per_day and len(lengths) > policy.sessions_per_day:
        broken.append(f"Trong ngày có {len(lengths)} buổi phát, quá mức {policy.sessions_per_day} buổi mỗi ngày.")
    if total > policy.day_limit:
        broken.append(
            f"Trong ngày phát tổng cộng {spoken_length(total)}, quá mức {spoken_length(policy.day_limit)} mỗi ngày."
        )
    return tuple(broken)


def spoken_length(length: timedelta) -> str:
    """Return `length` in minutes and seconds as a Vietnamese reader says it; part of a second counts as one."""
    minutes, seconds = divmod(-(-length // timedelta(seconds=1)), 60)
    if not seconds:
        return f"{minutes} phút"
    return f"{minutes} phút {seconds} giây" if minutes else f"{seconds} giây"


def _time_of_day(instant: datetime) -> timedelta:
    return _since_midnight(instant.astimezone(_ZONE).time())


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)


def _touches(span: QuietHours, begin: timedelta, length: timedelta) -> bool:
    """Tell whether [begin, begin + length) meets `span` on the day before, the same day, or the next."""
    if span.start == span.end:
        return False
    if length >= _DAY:
        return True
    opens, closes = _since_midnight(span.start), _since_midnight(span.end)
    if closes < opens:
        closes += _DAY
    past = begin + length
    return any(begin < closes + shift and opens + shift < past for shift in (-_DAY, timedelta(), _DAY))
