"""What a station allows on the air: whether a session, or the sessions of a day, keep within the policy.

Each line of the policy that is broken is named in one Vietnamese sentence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.airtime import Airtime, AirtimePolicy, ExclusionWindow, QuietHours, SilentWindow
from domain.airtime_form import LONGEST, MAX_WINDOWS, MOST_SESSIONS
from domain.timetable import STATION_ZONE

URBAN = AirtimePolicy(
    session_limit=timedelta(minutes=15),
    day_limit=timedelta(minutes=30),
    sessions_per_day=2,
    allowed_weekdays=frozenset(range(1, 6)),
    note="Đô thị: thứ hai đến thứ sáu, mỗi ngày không quá 2 buổi, mỗi buổi không quá 15 phút (Hà Nội, 2021)",
)
RURAL = AirtimePolicy(
    session_limit=timedelta(minutes=45),
    day_limit=timedelta(minutes=90),
    note="Nông thôn: mỗi buổi không quá 45 phút, kể cả tiếp âm (Hà Nội, 2021)",
)
WEEKDAY_NAMES = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")
PRESETS = {"urban": URBAN, "rural": RURAL}

_ZONE = ZoneInfo(STATION_ZONE)
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


def check_session(
    policy: AirtimePolicy, starts_at: datetime, length: timedelta, area_ids: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Return the lines of `policy` that a session of `length` starting at the instant `starts_at` would break.

    A session that touches quiet hours, or a window of silence at any of `area_ids` (a place and all above it), at
    any moment breaks them; one without length counts as an instant.
    """
    begin = _time_of_day(starts_at)
    broken = [
        f"Buổi phát chạm giờ yên tĩnh {span.start:%H:%M}–{span.end:%H:%M}."
        for span in policy.quiet
        if _touches(span, begin, max(length, _INSTANT))
    ]
    broken += [_window_in_words(one) for one in policy.exclusions if _is_inside(one, starts_at, length, area_ids)]
    weekday = starts_at.astimezone(_ZONE).isoweekday()
    if weekday not in policy.allowed_weekdays:
        broken.append(f"{WEEKDAY_NAMES[weekday - 1]} không phải ngày được phát của đài.")
    if length > policy.session_limit:
        broken.append(f"Buổi phát dài {spoken_length(length)}, quá mức {spoken_length(policy.session_limit)} mỗi buổi.")
    return tuple(broken)


def check_repeats(policy: AirtimePolicy, soundings: Mapping[str, int]) -> tuple[str, ...]:
    """Return the line of `policy` that is broken when a bulletin sounds as often on one day as `soundings` tell."""
    most = max(soundings.values(), default=0)
    if not policy.repeat_limit or most <= policy.repeat_limit:
        return ()
    return (f"Trong ngày một bản tin được phát {most} lần, quá mức {policy.repeat_limit} lần mỗi ngày.",)


def gain_at(policy: AirtimePolicy, instant: datetime) -> float:
    """Return how much louder, in dB, everything routine is at `instant`; of bands that overlap the softest counts."""
    moment = instant.astimezone(_ZONE).time()
    held = [one.gain_db for one in policy.volume if QuietHours(one.start, one.end).covers(moment)]
    return min(held, default=0.0)


def stagger_of(policy: AirtimePolicy, area_ids: frozenset[str]) -> timedelta:
    """Return how much later than asked a machine starts that hangs on a place with `area_ids` as its path."""
    return max((length for area_id, length in policy.staggers if area_id in area_ids), default=timedelta())


def exclusions_at(policy: AirtimePolicy, area_ids: frozenset[str]) -> tuple[ExclusionWindow, ...]:
    """Return the windows of silence that hold at a place with `area_ids` as its path."""
    return tuple(one for one in policy.exclusions if not one.area_ids.isdisjoint(area_ids))


def at_place(policy: AirtimePolicy, area_ids: frozenset[str]) -> AirtimePolicy:
    """Return `policy` without what can never matter at a place with `area_ids` as its path."""
    staggers = tuple(one for one in policy.staggers if one[0] in area_ids)
    return replace(policy, exclusions=exclusions_at(policy, area_ids), staggers=staggers)


def airtime_of(policy: AirtimePolicy) -> Airtime:
    """Return the limits that a machine holds itself to under `policy`, whose windows are those of its place."""
    windows = [SilentWindow(one.start, one.end, one.weekdays, one.first, one.last) for one in policy.exclusions]
    return Airtime(
        session=min(policy.session_limit, LONGEST),
        day=min(policy.day_limit, LONGEST),
        sessions=min(policy.sessions_per_day, MOST_SESSIONS),
        weekdays=policy.allowed_weekdays,
        windows=tuple(windows[:MAX_WINDOWS]),
    )


def along(policy: AirtimePolicy, paths: Iterable[frozenset[str]]) -> AirtimePolicy:
    """Return `policy` with the windows of silence that hold on each of `paths`: a place may have others later on."""
    every = tuple(paths)
    held = (one for one in policy.exclusions if all(not one.area_ids.isdisjoint(path) for path in every))
    return replace(policy, exclusions=tuple(held))


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


def _is_inside(window: ExclusionWindow, starts_at: datetime, length: timedelta, area_ids: frozenset[str]) -> bool:
    """Tell whether a session meets `window` at one of `area_ids`, on a day on which the window opens."""
    if window.area_ids.isdisjoint(area_ids):
        return False
    local = starts_at.astimezone(_ZONE)
    ends_at = starts_at + max(length, _INSTANT)
    midnight = datetime.combine(local.date(), time(), _ZONE)
    for day in (midnight - _DAY, midnight, midnight + _DAY):
        opens = day + _since_midnight(window.start)
        closes = day + _since_midnight(window.end) + (_DAY if window.end <= window.start else timedelta())
        if _opens_on(window, day.date()) and opens < ends_at and starts_at < closes:
            return True
    return False


def _opens_on(window: ExclusionWindow, day: date) -> bool:
    since = window.first is None or window.first <= day
    return since and (window.last is None or day <= window.last) and day.isoweekday() in window.weekdays


def _window_in_words(window: ExclusionWindow) -> str:
    return f"Buổi phát chạm giờ không phát {window.start:%H:%M}–{window.end:%H:%M} ({window.reason})."


def _time_of_day(instant: datetime) -> timedelta:
    return _since_midnight(instant.astimezone(_ZONE).time())


@lru_cache(maxsize=4096)
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
