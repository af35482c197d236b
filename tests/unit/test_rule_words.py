"""A rule in words, and rules as documents that come back the same."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.areas import Area
from domain.calendar import (
    EVERY_DAY_TYPE,
    LAST,
    Calendar,
    Daypart,
    DayType,
    LunarDay,
    NthWeekday,
)
from domain.timetable import (
    ExceptionKind,
    ItemKind,
    LatePolicy,
    Priority,
    Programme,
    ProgrammeItem,
    Rule,
    RuleException,
)
from scheduler.conflicts import Edit
from scheduler.snapshots import fingerprint, of_edit, programme_document, programme_from, rule_document, rule_from
from scheduler.words import days_words, exception_words, moved_words, outermost, rule_words

CALENDAR = Calendar(
    dayparts={
        "sang": Daypart("sang", "Sáng", time(5, 30), time(6)),
        "trua": Daypart("trua", "Trưa", time(11), time(11)),
    }
)
NAMES = {"xa": "Phường Tân Phong", "ban": "Bản San Thàng", "to": "Tổ 2"}
DAY = date(2026, 12, 1)


def rule(**fields: object) -> Rule:
    return Rule(**{"id": "r", "programme_id": "p", "area_ids": frozenset({"xa"}), "times": (time(5, 30),), **fields})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"weekdays": frozenset(range(1, 8))}, "hằng ngày"),
        ({"weekdays": frozenset({1, 2, 3, 4, 5})}, "thứ hai đến thứ sáu"),
        ({"weekdays": frozenset({6, 7})}, "thứ bảy và chủ nhật"),
        ({"weekdays": frozenset({1, 3, 5}), "week_interval": 2}, "thứ hai, thứ tư và thứ sáu (2 tuần một lần)"),
        ({"month_days": frozenset({LAST, 1, 15})}, "ngày 1, ngày 15 và ngày cuối hằng tháng"),
        ({"nth_weekdays": frozenset({NthWeekday(LAST, 5)})}, "thứ sáu cuối cùng của tháng"),
        ({"nth_weekdays": frozenset({NthWeekday(2, 2)})}, "thứ ba lần thứ 2 của tháng"),
        ({"lunar_days": frozenset({LunarDay(15), LunarDay(1)})}, "mùng một và rằm hằng tháng âm lịch"),
        ({"lunar_days": frozenset({LunarDay(1, 1)})}, "mùng một Tết âm lịch"),
        ({"lunar_days": frozenset({LunarDay(10, 3), LunarDay(23, 12)})}, "mùng 10 tháng 3 và ngày 23 tháng 12 âm lịch"),
        ({"dates": frozenset({DAY})}, "ngày 01/12/2026"),
        ({"weekdays": frozenset({1}), "valid_from": DAY}, "thứ hai, từ 01/12/2026"),
        (
            {"weekdays": frozenset({1}), "valid_from": DAY, "valid_until": date(2026, 12, 31)},
            "thứ hai, từ 01/12/2026 đến hết 31/12/2026",
        ),
        ({"weekdays": frozenset({1}), "valid_until": DAY}, "thứ hai, đến hết 01/12/2026"),
        ({"weekdays": frozenset({1}), "day_types": EVERY_DAY_TYPE}, "thứ hai, kể cả quốc tang"),
        ({"weekdays": frozenset({1}), "day_types": frozenset({DayType.TET})}, "thứ hai, chỉ vào Tết"),
        ({"weekdays": frozenset({1}), "except_dates": frozenset({DAY})}, "thứ hai, trừ ngày 01/12/2026"),
        ({}, "chưa có ngày"),
    ],
)
def test_each_way_of_naming_days_is_said_as_a_scheduler_says_it(fields: dict[str, object], words: str) -> None:
    assert days_words(rule(**fields)) == words


def test_a_whole_rule_is_one_phrase() -> None:
    one = rule(
        weekdays=frozenset({1, 2, 3, 4, 5}), daypart_ids=frozenset({"sang"}), except_area_ids=frozenset({"ban", "to"})
    )
    assert rule_words(one, CALENDAR, NAMES) == (
        "Phát lúc 05:30, khung giờ Sáng (05:30 mùa hè, 06:00 mùa đông), thứ hai đến thứ sáu, "
        "ở toàn Phường Tân Phong trừ Bản San Thàng và Tổ 2"
    )
    gone = rule(times=(), daypart_ids=frozenset({"mat", "trua"}), area_ids=frozenset({"khac"}), dates=frozenset({DAY}))
    assert rule_words(gone, CALENDAR, NAMES) == (
        "Phát khung giờ không còn, khung giờ Trưa (11:00), ngày 01/12/2026, địa bàn không còn"
    )


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (RuleException(ExceptionKind.SKIP, DAY, time(6), note="đám tang"), "bỏ buổi 06:00 ngày 01/12/2026 (đám tang)"),
        (RuleException(ExceptionKind.SKIP, DAY), "bỏ các buổi ngày 01/12/2026"),
        (
            RuleException(ExceptionKind.MOVE, DAY, time(6), to_time=time(7, 15)),
            "buổi 06:00 ngày 01/12/2026 dời sang lúc 07:15",
        ),
        (
            RuleException(ExceptionKind.REPLACE, DAY, time(6), programme_id="q"),
            "buổi 06:00 ngày 01/12/2026 thay bằng «Khác»",
        ),
    ],
)
def test_what_is_different_on_one_day_is_said(one: RuleException, words: str) -> None:
    assert exception_words(one, "Khác") == words


days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
times = st.times().map(lambda one: one.replace(microsecond=0))
ids = st.text("abc0123", min_size=1, max_size=6)
lengths = st.integers(0, 10**7).map(lambda ms: timedelta(milliseconds=ms))
exceptions = st.builds(
    RuleException,
    st.sampled_from(ExceptionKind),
    days,
    st.none() | times,
    st.none() | days,
    st.none() | times,
    st.none() | ids,
    st.text(max_size=5),
)
rules = st.builds(
    Rule,
    id=ids,
    programme_id=ids,
    area_ids=st.frozensets(ids, max_size=3),
    times=st.lists(times, max_size=3).map(tuple),
    weekdays=st.frozensets(st.integers(1, 7)),
    dates=st.frozensets(days, max_size=3),
    valid_from=st.none() | days,
    valid_until=st.none() | days,
    except_dates=st.frozensets(days, max_size=2),
    except_area_ids=st.frozensets(ids, max_size=2),
    enabled=st.booleans(),
    created_by=st.text(max_size=5),
    week_interval=st.integers(1, 9),
    month_days=st.frozensets(st.sampled_from([LAST, 1, 31])),
    nth_weekdays=st.frozensets(st.builds(NthWeekday, st.sampled_from([LAST, 1, 5]), st.integers(1, 7)), max_size=3),
    lunar_days=st.frozensets(st.builds(LunarDay, st.integers(1, 30), st.integers(0, 12)), max_size=3),
    daypart_ids=st.frozensets(ids, max_size=2),
    day_types=st.frozensets(st.sampled_from(DayType)),
    exceptions=st.lists(exceptions, max_size=3).map(tuple),
    urgent=st.booleans(),
)
items = st.builds(
    ProgrammeItem,
    st.none() | ids,
    st.none() | ids,
    st.sampled_from(ItemKind),
    st.none() | ids,
    st.none() | ids,
    st.text(max_size=3),
    lengths,
    st.integers(1, 4),
    lengths,
    st.sampled_from([6.0, 18.0]),
)
programmes = st.builds(
    Programme,
    ids,
    st.text(max_size=8),
    st.lists(items, max_size=3).map(tuple),
    st.sampled_from(Priority),
    st.sampled_from(LatePolicy),
    lengths,
    st.none() | lengths,
    st.integers(-5, 5),
)


@given(rules, programmes)
def test_a_rule_and_a_programme_come_back_from_their_documents_the_same(one: Rule, programme: Programme) -> None:
    assert rule_from(rule_document(one)) == one
    assert programme_from(programme_document(programme)) == programme


def test_what_an_edit_changes_is_known_by_its_fingerprint() -> None:
    one = rule(weekdays=frozenset({1}))
    before = of_edit({"r": one}, {}, Edit(rules=(one,)))
    assert fingerprint(before) == fingerprint(of_edit({"r": rule(weekdays=frozenset({1}))}, {}, Edit(rules=(one,))))
    assert fingerprint(before) != fingerprint(of_edit({"r": rule(weekdays=frozenset({2}))}, {}, Edit(rules=(one,))))
    assert fingerprint(before) != fingerprint(of_edit({}, {}, Edit(rules=(one,))))


AREAS = (Area("xa", "Phường Tân Phong", "xa", None), Area("ban", "Bản San Thàng", "to", "xa"))
AREAS += (Area("loa", "Cụm loa", "cum", "ban"), Area("to", "Tổ 2", "to", None))


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ({"xa", "ban", "loa"}, {"xa"}),
        ({"xa", "loa", "to"}, {"xa", "to"}),
        ({"ban", "to"}, {"ban", "to"}),
        ({"mat"}, {"mat"}),
    ],
)
def test_a_place_inside_another_target_is_not_said_again(targets: set[str], said: set[str]) -> None:
    one = outermost(rule(area_ids=frozenset(targets), except_area_ids=frozenset(targets)), AREAS)
    assert (one.area_ids, one.except_area_ids) == (said, said)


def test_places_in_a_ring_are_all_said() -> None:
    ring = (Area("a", "A", "x", "b"), Area("b", "B", "x", "a"))
    assert outermost(rule(area_ids=frozenset({"a", "b"})), ring).area_ids == {"a", "b"}


@pytest.mark.parametrize(
    ("fields", "to", "words"),
    [
        ({"weekdays": frozenset({2})}, (DAY, time(7)), "mọi buổi 05:30 (thứ ba) chuyển sang 07:00"),
        (
            {"weekdays": frozenset({2}), "times": (time(5, 30), time(17))},
            (DAY, time(7)),
            "mọi buổi 05:30 (thứ ba) chuyển sang 07:00; các giờ khác của dòng lịch giữ nguyên",
        ),
        (
            {"weekdays": frozenset({2, 4})},
            (DAY + timedelta(days=1), time(7)),
            "mọi buổi 05:30 thứ ba chuyển sang 07:00 thứ tư; các buổi khác của dòng lịch giữ nguyên",
        ),
        (
            {"dates": frozenset({DAY})},
            (DAY + timedelta(days=1), time(5, 30)),
            "buổi 05:30 ngày 01/12/2026 chuyển sang 05:30 ngày 02/12/2026",
        ),
    ],
)
def test_a_move_says_exactly_what_changes(fields: dict[str, object], to: tuple[date, time], words: str) -> None:
    old = datetime.combine(DAY, time(5, 30))
    assert moved_words(rule(**fields), old, datetime.combine(*to)) == words
