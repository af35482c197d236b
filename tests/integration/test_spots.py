"""What is told of a place is what its machine holds: before now what it was given, then what it is signed."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest
from icalendar import Calendar

from domain.areas import Area
from domain.errors import TiengLoaError
from domain.people import Role, User
from domain.timetable import Priority, Slot
from scheduler.desk import ZONE, NewSession
from scheduler.editing import Target
from scheduler.ical.desk import CalendarDesk
from scheduler.inquiry import TimetableInquiry
from scheduler.planning import midnight, replan
from scheduler.signing import StationKey
from store import places, plans
from store import station as own
from tests.fakes import START, ExampleStation
from tests.integration.test_plan_to_playlist import CLUSTER, enrolled, go_round, playlist, produce_all

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MONDAY = START.astimezone(ZONE).date()
EVERY_WEEKDAY = frozenset(range(1, 8))


@pytest.fixture
def key(tmp_path: Path) -> StationKey:
    return StationKey.load_or_create(tmp_path / "station.key")


@pytest.fixture
def scheduler(station: ExampleStation) -> User:
    return station.person(Role.SCHEDULER)


def inquiry(station: ExampleStation) -> TimetableInquiry:
    return TimetableInquiry(station.database, station.clock)


def told(slots: tuple[Slot, ...]) -> list[tuple[object, ...]]:
    return [(one.key, one.starts_at, one.title, one.refusal, tuple(x.clip_hash for x in one.items)) for one in slots]


def add(station: ExampleStation, user: User, *moments: time, **changed: object) -> str:
    wanted = NewSession("Buổi thêm", ("mau-mot-cua",), frozenset({"tan-phong"}), moments, EVERY_WEEKDAY)
    return station.timetable.add(user, replace(wanted, **changed))  # type: ignore[arg-type]


def edit_somehow(station: ExampleStation, random: Random, user: User) -> None:
    """Make one edit of a kind that chance takes, near now; what the desk refuses is no edit."""
    now = station.clock.now()
    near = (now + random.choice((2, 6, 30, 700)) * MINUTE).astimezone(ZONE)
    coming = station.timetable.will_sound(CLUSTER, now, now + DAY)
    one = random.choice((coming[0], coming[0], *coming)) if coming else None
    drafting = station.timetable.drafting(user)
    target = Target(near.date(), near.time().replace(second=0, microsecond=0))
    try:
        match random.choice(("add", "urgent", "late", "move", "always", "skip", "off", "on")):
            case "add":
                add(station, user, target.time, priority=random.choice((Priority.NORMAL, Priority.PRIORITY)))
            case "urgent":
                add(station, user, target.time, weekdays=frozenset(), dates=frozenset({target.day}), urgent=True)
            case "late":
                add(station, user, time(21, random.randrange(20, 30)))
            case "move" | "always" as kind if one is not None:
                station.timetable.save(user, drafting.move(one.key, target, always=kind == "always"))
            case "skip" if one is not None:
                station.timetable.save(user, drafting.skip(one.key))
            case "off" if one is not None:
                station.timetable.stop(user, one.rule_id)
            case "on":
                station.timetable.resume(user, random.choice(sorted(station.timetable.inputs().shelf.rules)))
    except TiengLoaError:
        return


@pytest.mark.parametrize(("seed", "too_late"), [(0, False), (1, True), (5, False), (6, True), (8, True), (9, True)])
def test_after_any_edits_what_is_told_is_what_the_machine_is_signed(
    station: ExampleStation, key: StationKey, scheduler: User, seed: int, too_late: bool
) -> None:
    random, machine = Random(seed), enrolled(station, CLUSTER)
    produce_all(station)
    go_round(station, key)
    frozen = 0
    for _ in range(14):
        station.clock.go(random.choice((1, 1, 3, 45, 500)) * MINUTE)
        edit_somehow(station, random, scheduler)
        now = station.clock.now()
        shown = told(station.timetable.will_sound(CLUSTER, now, now + 3 * DAY))
        days = [inquiry(station).day_at_machine(machine.id, midnight(now).date() + n * DAY) for n in range(4)]
        listed = [one for day in days for one in told(day.slots) if now <= one[1] < now + 3 * DAY]  # type: ignore[operator]
        feed = CalendarDesk(station.database, station.clock, b"s").sessions(CLUSTER)
        frozen += len(station.timetable.late())
        go_round(station, key)
        signed = playlist(station, key, machine).slots
        assert shown == told_of(signed, now, now + 3 * DAY)
        assert listed == shown
        assert {(one[0], one[1]) for one in shown} <= begun_in(feed)
        for slot in [one for one in signed if now <= one.starts_at < now + DAY and not one.refusal][:3]:
            sounding = inquiry(station).why_at_machine(machine.id, slot.starts_at).explanation.sounding
            assert sounding is not None
            assert (sounding.slot.key, sounding.slot.starts_at) == (slot.key, slot.starts_at)
    assert bool(frozen) is too_late


def begun_in(feed: bytes) -> set[tuple[object, object]]:
    events = Calendar.from_ical(feed).walk("VEVENT")
    return {(str(one["UID"]).rpartition("@")[0], one["DTSTART"].dt) for one in events}


def told_of(signed: tuple, start: datetime, end: datetime) -> list[tuple[object, ...]]:  # type: ignore[type-arg]
    return told(tuple(one for one in signed if start <= one.starts_at < end))


def test_a_session_that_came_too_late_is_shown_when_the_machine_sounds_it(
    station: ExampleStation, key: StationKey, scheduler: User
) -> None:
    machine = enrolled(station, CLUSTER)
    produce_all(station)
    soon = (station.clock.now() + 8 * MINUTE).astimezone(ZONE).replace(second=0, microsecond=0)
    rule_id = add(station, scheduler, soon.time())
    go_round(station, key)
    station.clock.go(5 * MINUTE)
    (held,) = [one for one in station.timetable.will_sound(CLUSTER, soon, soon + MINUTE) if one.rule_id == rule_id]
    target = Target(soon.date(), time(18, 45))
    draft = station.timetable.drafting(scheduler).move(held.key, target, always=False)
    station.timetable.save(scheduler, draft)
    assert [one.slot.key for one in station.timetable.late()] == [held.key]
    for day in (
        inquiry(station).day_at_machine(machine.id, MONDAY),
        inquiry(station).day_at_area(CLUSTER, MONDAY),
        inquiry(station).day_at_area("tan-phong", MONDAY),
    ):
        assert [one.starts_at for one in day.slots if one.key == held.key] == [soon]


def test_the_past_holds_what_was_given_and_no_session_of_a_later_rule(
    station: ExampleStation, key: StationKey, scheduler: User
) -> None:
    machine = enrolled(station, CLUSTER)
    produce_all(station)
    go_round(station, key)
    evening = datetime.combine(MONDAY, time(20), ZONE)
    station.clock.go(evening - station.clock.at)
    rule_id = add(station, scheduler, time(6), time(18))
    go_round(station, key)
    with station.database.read() as connection:
        kept = plans.slots(connection, midnight(evening), evening, machine.id)
    assert kept
    for day in (
        inquiry(station).day_at_machine(machine.id, MONDAY),
        inquiry(station).day_at_area(CLUSTER, MONDAY),
    ):
        past = tuple(one for one in day.slots if one.starts_at < evening)
        assert told(past) == told(kept)
        assert day.used == sum((one.length for one in day.slots if not one.refusal), timedelta())
        assert {line.slot_key for line in day.lines} == {one.key for one in kept}
        assert not day.forgotten
    for answer in (
        inquiry(station).why_at_machine(machine.id, evening - 2 * 60 * MINUTE),
        inquiry(station).why_at_area(CLUSTER, evening - 2 * 60 * MINUTE),
    ):
        assert answer.explanation.sounding is None
        assert all(one.slot is None for one in answer.explanation.reasons if one.rule_id == rule_id)
        assert answer.past is not None


def test_a_stopped_rule_goes_on_to_be_told_in_the_past(
    station: ExampleStation, key: StationKey, scheduler: User
) -> None:
    machine = enrolled(station, CLUSTER)
    produce_all(station)
    go_round(station, key)
    five = datetime.combine(MONDAY, time(17), ZONE)
    station.clock.go(five + 60 * MINUTE - station.clock.at)
    for rule_id in station.timetable.inputs().shelf.rules:
        station.timetable.stop(scheduler, rule_id)
    (told_day,) = inquiry(station).day_at_machine(machine.id, MONDAY).slots
    assert told_day.starts_at == five
    sounding = inquiry(station).why_at_machine(machine.id, five).explanation.sounding
    assert sounding is not None
    assert sounding.slot.key == told_day.key


@pytest.mark.parametrize("of", ["machine", "area"])
def test_a_day_of_which_nothing_is_kept_says_so(station: ExampleStation, scheduler: User, of: str) -> None:
    machine = enrolled(station, CLUSTER)
    add(station, scheduler, time(6))
    ask = inquiry(station)
    long_ago = MONDAY - 40 * DAY
    at = datetime.combine(long_ago, time(6), ZONE)
    if of == "machine":
        day, answer = ask.day_at_machine(machine.id, long_ago), ask.why_at_machine(machine.id, at)
    else:
        day, answer = ask.day_at_area("tan-phong", long_ago), ask.why_at_area("tan-phong", at)
    assert (day.slots, day.used, day.forgotten) == ((), timedelta(), True)
    assert answer.explanation.sounding is None
    assert "Không còn giữ lịch đã giao" in answer.explanation.summary


def test_an_area_without_a_machine_shows_what_a_machine_there_would_be_given(
    station: ExampleStation, key: StationKey
) -> None:
    produce_all(station)
    start = station.clock.now()
    shown = told(station.timetable.will_sound(CLUSTER, start, start + 3 * DAY))
    machine = enrolled(station, CLUSTER)
    go_round(station, key)
    assert shown == told_of(playlist(station, key, machine).slots, start, start + 3 * DAY)


def test_a_ward_is_told_through_its_machines_without_what_one_hamlet_alone_hears(
    station: ExampleStation, key: StationKey, scheduler: User
) -> None:
    enrolled(station, CLUSTER)
    enrolled(station, "cum-to-2-tan-phong")
    produce_all(station)
    soon = (station.clock.now() + 8 * MINUTE).astimezone(ZONE).replace(second=0, microsecond=0)
    shared = add(station, scheduler, soon.time())
    alone = add(station, scheduler, time(18, 20), area_ids=frozenset({CLUSTER}))
    go_round(station, key)
    station.clock.go(9 * MINUTE)
    ward = inquiry(station).day_at_area("tan-phong", MONDAY)
    assert [one.starts_at for one in ward.slots if one.rule_id == shared] == [soon]
    assert alone not in {one.rule_id for one in ward.slots}
    station.clock.go(datetime.combine(MONDAY, time(19), ZONE) - station.clock.at)
    assert alone not in {one.rule_id for one in inquiry(station).day_at_area("tan-phong", MONDAY).slots}


def test_a_rule_of_a_new_ward_is_heard_from_the_day_on_which_the_old_one_has_ended(
    station: ExampleStation, key: StationKey, scheduler: User
) -> None:
    machine = enrolled(station, CLUSTER)
    produce_all(station)
    last = MONDAY + 3 * DAY
    with station.database.write() as connection:
        old = next(one for one in places.areas(connection) if one.id == "tan-phong")
        places.add_areas(connection, [Area("moi", "Phường Mới", old.level, old.parent_id)])
        ended = replace(old, valid_until=last, successor_ids=frozenset({"moi"}))
        places.change_area(connection, ended)
    rule_id = add(station, scheduler, time(18, 30), area_ids=frozenset({"moi"}))
    go_round(station, key)
    signed = [one for one in playlist(station, key, machine).slots if one.key.startswith(rule_id)]
    days = [one.starts_at.astimezone(ZONE).date() for one in signed]
    assert days[0] == last + DAY
    assert days == [days[0] + number * DAY for number in range(len(days))]
    for day, count in ((last, 0), (last + DAY, 1)):
        for plan in (inquiry(station).day_at_machine(machine.id, day), inquiry(station).day_at_area(CLUSTER, day)):
            assert sum(one.rule_id == rule_id for one in plan.slots) == count


def test_a_session_over_midnight_silences_alike_in_the_plan_of_the_next_day(
    station: ExampleStation, key: StationKey, scheduler: User
) -> None:
    machine = enrolled(station, CLUSTER)
    produce_all(station)
    with station.database.write() as connection:
        policy = own.get(connection).policy
        own.set_policy(connection, replace(policy, quiet=()))
    add(station, scheduler, time(23, 59, 59), bulletin_ids=("mau-mot-cua",) * 5, priority=Priority.PRIORITY)
    add(station, scheduler, time(0, 0, 0))
    go_round(station, key)
    signed = playlist(station, key, machine).slots
    tomorrow = date.fromordinal(MONDAY.toordinal() + 2)
    start = datetime.combine(tomorrow, time(), ZONE)
    shown = told(inquiry(station).day_at_machine(machine.id, tomorrow).slots)
    assert shown == told_of(signed, start, start + DAY)
    assert "trùng với" in str(shown[0][3]), shown
    replan(station.database, station.clock.now())
