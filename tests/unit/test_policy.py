"""The airtime policy: every line of it is held and named."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.airtime import DEFAULT_QUIET, AirtimePolicy, QuietHours
from domain.timetable import STATION_ZONE
from scheduler.policy import PRESETS, RURAL, URBAN, check_day, check_session, spoken_length

ZONE = ZoneInfo(STATION_ZONE)
NO_LIMITS = AirtimePolicy(session_limit=timedelta(days=9), day_limit=timedelta(days=9))
FIVE = timedelta(minutes=5)


def on(moment: str, day: date = date(2026, 11, 3)) -> datetime:
    return datetime.combine(day, time.fromisoformat(moment), ZONE)


@pytest.mark.parametrize(
    ("moment", "length", "touches"),
    [
        ("05:00", FIVE, False),
        ("04:59:59", timedelta(seconds=1), True),
        ("04:00", FIVE, True),
        ("21:25", FIVE, False),
        ("21:25", FIVE + timedelta(milliseconds=1), True),
        ("21:30", FIVE, True),
        ("00:00", FIVE, True),
        ("20:00", timedelta(hours=10), True),
        ("12:00", timedelta(days=2), True),
        ("05:00", timedelta(), False),
        ("21:30", timedelta(), True),
    ],
)
def test_quiet_hours_are_touched_at_any_moment_but_not_at_their_edges(
    moment: str, length: timedelta, *, touches: bool
) -> None:
    broken = check_session(NO_LIMITS, on(moment), length)
    assert broken == (("Buổi phát chạm giờ yên tĩnh 21:30–05:00.",) if touches else ())


def test_the_local_time_of_day_counts_whatever_the_zone_of_the_instant() -> None:
    assert check_session(NO_LIMITS, on("04:30").astimezone(UTC), FIVE)
    assert not check_session(NO_LIMITS, on("05:30").astimezone(UTC), FIVE)


def test_each_span_that_is_touched_is_named() -> None:
    noon = QuietHours(time(11, 30), time(13))
    policy = replace(NO_LIMITS, quiet=(*DEFAULT_QUIET, noon))
    assert check_session(policy, on("11:00"), timedelta(hours=11)) == (
        "Buổi phát chạm giờ yên tĩnh 21:30–05:00.",
        "Buổi phát chạm giờ yên tĩnh 11:30–13:00.",
    )


def test_a_span_without_length_is_never_touched() -> None:
    policy = replace(NO_LIMITS, quiet=(QuietHours(time(12), time(12)),))
    assert check_session(policy, on("11:00"), timedelta(days=3)) == ()


@given(
    st.lists(st.builds(QuietHours, st.times(), st.times()), max_size=3).map(tuple),
    st.integers(0, 86_399),
    st.integers(0, 30_000),
)
def test_a_session_is_let_through_only_if_no_second_of_it_is_quiet(
    quiet: tuple[QuietHours, ...], begin: int, seconds: int
) -> None:
    start = on("00:00") + timedelta(seconds=begin)
    sampled = (start + timedelta(seconds=second) for second in range(0, max(seconds, 1), 97))
    heard_in_quiet = any(span.covers(moment.time()) for moment in sampled for span in quiet)
    if not check_session(replace(NO_LIMITS, quiet=quiet), start, timedelta(seconds=seconds)):
        assert not heard_in_quiet


def test_a_session_over_its_limit_is_named_with_both_lengths() -> None:
    assert check_session(URBAN, on("06:00"), timedelta(minutes=15)) == ()
    assert check_session(URBAN, on("06:00"), timedelta(minutes=20, seconds=5)) == (
        "Buổi phát dài 20 phút 5 giây, quá mức 15 phút mỗi buổi.",
    )


def test_a_third_session_breaks_the_urban_policy_and_not_the_rural_one() -> None:
    sessions = [(on(moment), FIVE) for moment in ("06:00", "11:00", "17:00")]
    assert check_day(URBAN, sessions[:2]) == ()
    assert check_day(URBAN, sessions) == ("Trong ngày có 3 buổi phát, quá mức 2 buổi mỗi ngày.",)
    assert check_day(RURAL, sessions) == ()


def test_the_minutes_of_a_day_are_counted_together() -> None:
    sessions = [(on("06:00"), timedelta(minutes=45)), (on("17:00"), timedelta(minutes=45, milliseconds=1))]
    assert check_day(RURAL, sessions) == ("Trong ngày phát tổng cộng 90 phút 1 giây, quá mức 90 phút mỗi ngày.",)


def test_the_presets_keep_the_default_quiet_hours() -> None:
    assert PRESETS == {"urban": URBAN, "rural": RURAL}
    assert all(policy.quiet == DEFAULT_QUIET and policy.note for policy in PRESETS.values())
    assert (URBAN.session_limit, URBAN.sessions_per_day) == (timedelta(minutes=15), 2)
    assert RURAL.session_limit == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(), "0 phút"),
        (timedelta(milliseconds=1), "1 giây"),
        (timedelta(seconds=61), "1 phút 1 giây"),
        (timedelta(hours=30), "1800 phút"),
    ],
)
def test_a_length_is_said_in_minutes_and_seconds(length: timedelta, said: str) -> None:
    assert spoken_length(length) == said
