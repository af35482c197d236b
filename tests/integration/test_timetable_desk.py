"""The timetable's desk: what a scheduler may ask for, and the sentence when not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from domain.airtime import AirtimePolicy, QuietHours
from domain.errors import BadInputError, NotAllowedError, NotFoundError, StorageError
from domain.people import Role, User
from scheduler.desk import MOST_ITEMS, ZONE, NewSession
from store import station as own
from store import timetable
from tests.fakes import START, ExampleStation

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


@pytest.fixture
def scheduler(station: ExampleStation) -> User:
    return station.person(Role.SCHEDULER)


@pytest.fixture
def wanted(station: ExampleStation) -> NewSession:
    bulletin_id, job_id = station.approved()
    station.production.produce(job_id)
    return NewSession("Buổi tối", (bulletin_id,), frozenset({"tan-phong"}), (time(18),), dates=frozenset({MONDAY}))


def rules(station: ExampleStation) -> int:
    with station.database.read() as connection:
        return len(timetable.rules(connection))


def set_policy(station: ExampleStation, policy: AirtimePolicy) -> None:
    with station.database.write() as connection:
        own.set_policy(connection, policy)


def test_a_session_is_added_and_will_sound(station: ExampleStation, scheduler: User, wanted: NewSession) -> None:
    rule_id = station.timetable.add(scheduler, replace(wanted, name="  Buổi   tối ", times=(time(18), time(18))))
    with station.database.read() as connection:
        rule = timetable.rule(connection, rule_id)
        assert timetable.programmes(connection)[rule.programme_id].name == "Buổi tối"
    assert (rule.times, rule.created_by) == ((time(18),), scheduler.name)
    evening = datetime.combine(MONDAY, time(18), ZONE)
    (slot,) = station.timetable.will_sound("cum-san-thang", evening, evening + timedelta(minutes=1))
    assert (slot.title, slot.refusal, slot.starts_at) == ("Buổi tối", "", evening)
    assert station.timetable.will_sound("cum-sung-phai", evening, evening + timedelta(minutes=1)) == ()


def test_several_areas_are_asked_at_once_and_tell_the_same(
    station: ExampleStation, scheduler: User, wanted: NewSession
) -> None:
    station.timetable.add(scheduler, wanted)
    start = datetime.combine(MONDAY, time(12), ZONE)
    both = station.timetable.will_sound_at(("cum-san-thang", "cum-sung-phai"), start, start + DAY)
    assert both == {one: station.timetable.will_sound(one, start, start + DAY) for one in both}
    assert [len(slots) for slots in both.values()] == [3, 2]
    assert station.timetable.machines_under(frozenset({"tan-phong"})) == ()


def test_only_a_scheduler_adds_stops_and_resumes(station: ExampleStation, scheduler: User, wanted: NewSession) -> None:
    rule_id = station.timetable.add(scheduler, wanted)
    for role in set(Role) - {Role.SCHEDULER, Role.ADMIN}:
        person = station.person(role)
        for act in (
            lambda who=person: station.timetable.add(who, wanted),
            lambda who=person: station.timetable.stop(who, rule_id),
            lambda who=person: station.timetable.resume(who, rule_id),
        ):
            with pytest.raises(NotAllowedError, match="quyền xếp lịch"):
                act()


def changed(**fields: Any) -> Callable[[NewSession], NewSession]:
    return lambda wanted: replace(wanted, **fields)


REFUSALS: dict[str, tuple[Callable[[NewSession], NewSession], str]] = {
    "no name": (changed(name=" \t"), "đặt tên cho buổi phát"),
    "long name": (changed(name="x" * 121), "dài quá 120"),
    "no bulletin": (changed(bulletin_ids=()), "ít nhất một bản tin"),
    "too many": (lambda one: replace(one, bulletin_ids=one.bulletin_ids * (MOST_ITEMS + 1)), "nhiều nhất 20 bản tin"),
    "no area": (changed(area_ids=frozenset()), "địa bàn"),
    "unknown area": (changed(area_ids=frozenset({"tan-phong", "khong-co"})), "địa bàn"),
    "no time": (changed(times=()), "giờ phát"),
    "too many times": (changed(times=tuple(time(18, minute) for minute in range(25))), "nhiều nhất 24 giờ"),
    "no day": (changed(dates=frozenset()), "chọn ngày phát"),
    "days the wrong way": (changed(valid_from=MONDAY, valid_until=MONDAY - DAY), "Ngày cuối"),
    "a date far away": (changed(dates=frozenset({date(2040, 1, 1)})), "năm năm"),
    "the end of time": (changed(dates=frozenset(), weekdays=frozenset({1}), valid_from=date.max), "năm năm"),
    "an end without end": (
        changed(dates=frozenset(), weekdays=frozenset({1}), valid_until=date.max),
        "Ngày cuối quá xa",
    ),
    "a past time today": (changed(times=(time(9, 30),)), r"đã qua \(bây giờ là 09:31:00 ngày 23/11/2026\)"),
    "this very instant": (changed(times=(time(9, 31),)), "đã qua"),
    "a past day": (changed(dates=frozenset({MONDAY - DAY})), "đã qua"),
    "weeks gone by": (
        changed(dates=frozenset(), weekdays=frozenset({1, 2}), valid_until=MONDAY - DAY),
        "không rơi vào ngày nào",
    ),
    "a weekday not among the days": (
        changed(dates=frozenset(), weekdays=frozenset({5}), valid_from=MONDAY, valid_until=MONDAY + DAY),
        "không rơi vào ngày nào",
    ),
}


@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_what_could_never_sound_is_refused_in_a_sentence(
    case: str, station: ExampleStation, scheduler: User, wanted: NewSession
) -> None:
    change, sentence = REFUSALS[case]
    before = rules(station)
    with pytest.raises(BadInputError, match=sentence):
        station.timetable.add(scheduler, change(wanted))
    assert rules(station) == before


@pytest.mark.parametrize(
    "change",
    [
        changed(times=(time(9, 30), time(9, 32))),
        changed(dates=frozenset({MONDAY - DAY, MONDAY + DAY}), times=(time(5),)),
        changed(dates=frozenset(), weekdays=frozenset({1}), times=(time(9),)),
        changed(dates=frozenset(), weekdays=frozenset({7}), valid_until=MONDAY + 6 * DAY),
        changed(
            dates=frozenset(), weekdays=frozenset({1}), valid_from=date(2027, 6, 1), valid_until=date(2099, 12, 31)
        ),
    ],
)
def test_what_has_one_instant_ahead_is_taken(
    change: Callable[[NewSession], NewSession], station: ExampleStation, scheduler: User, wanted: NewSession
) -> None:
    assert station.timetable.add(scheduler, change(wanted))


def test_quiet_hours_are_named_in_the_refusal(station: ExampleStation, scheduler: User, wanted: NewSession) -> None:
    set_policy(station, AirtimePolicy())
    before = rules(station)
    with pytest.raises(BadInputError, match="Chưa xếp lịch: Buổi phát chạm giờ yên tĩnh 21:30–05:00"):
        station.timetable.add(scheduler, replace(wanted, times=(time(18), time(22))))
    assert rules(station) == before


def test_the_length_of_a_session_is_bounded_by_its_clips(
    station: ExampleStation, scheduler: User, wanted: NewSession
) -> None:
    set_policy(station, AirtimePolicy(quiet=(), session_limit=timedelta(seconds=1)))
    station.timetable.add(scheduler, wanted)
    with pytest.raises(BadInputError, match="quá mức 1 giây mỗi buổi"):
        station.timetable.add(scheduler, replace(wanted, bulletin_ids=wanted.bulletin_ids * 9))


def test_a_bulletin_without_sound_yet_is_reckoned_by_its_words(
    station: ExampleStation, scheduler: User, wanted: NewSession
) -> None:
    bulletin_id, _job = station.approved("họp " * 3000)
    set_policy(station, AirtimePolicy(quiet=(QuietHours(time(21, 30), time(5)),)))
    with pytest.raises(BadInputError, match="Buổi phát dài 20 phút, quá mức 15 phút mỗi buổi"):
        station.timetable.add(scheduler, replace(wanted, bulletin_ids=(bulletin_id,)))


def test_only_approved_bulletins_are_scheduled(station: ExampleStation, scheduler: User, wanted: NewSession) -> None:
    draft = station.written(station.person(Role.EDITOR))
    with pytest.raises(BadInputError, match="«Bản tin thử» chưa được duyệt"):
        station.timetable.add(scheduler, replace(wanted, bulletin_ids=(*wanted.bulletin_ids, draft)))
    with pytest.raises(NotFoundError):
        station.timetable.add(scheduler, replace(wanted, bulletin_ids=("khong-co",)))


def test_a_stopped_rule_is_silent_until_it_is_resumed(
    station: ExampleStation, scheduler: User, wanted: NewSession
) -> None:
    rule_id = station.timetable.add(scheduler, wanted)
    evening = datetime.combine(MONDAY, time(18), ZONE)
    window = ("cum-san-thang", evening, evening + timedelta(minutes=1))
    station.timetable.stop(scheduler, rule_id)
    assert station.timetable.will_sound(*window) == ()
    station.timetable.resume(scheduler, rule_id)
    assert len(station.timetable.will_sound(*window)) == 1
    with pytest.raises(NotFoundError):
        station.timetable.stop(scheduler, "khong-co")


def test_each_change_asks_for_a_new_plan(station: ExampleStation, scheduler: User, wanted: NewSession) -> None:
    versions = [plan_version(station)]
    rule_id = station.timetable.add(scheduler, wanted)
    versions.append(plan_version(station))
    station.timetable.stop(scheduler, rule_id)
    versions.append(plan_version(station))
    station.timetable.resume(scheduler, rule_id)
    versions.append(plan_version(station))
    assert versions == sorted(set(versions))


def test_a_name_that_cannot_be_written_changes_nothing(
    station: ExampleStation, scheduler: User, wanted: NewSession
) -> None:
    before = rules(station)
    with pytest.raises((BadInputError, StorageError)):
        station.timetable.add(scheduler, replace(wanted, name="Buổi \ud800"))
    assert rules(station) == before


def test_the_log_of_a_day_without_machines_is_empty(station: ExampleStation) -> None:
    assert station.timetable.log(START.astimezone(ZONE).date()) == ()


def plan_version(station: ExampleStation) -> int:
    with station.database.read() as connection:
        return own.plan_version(connection)
