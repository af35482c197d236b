"""The fast check of an edit against whole plans before and after it, over random towns."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.airtime import AirtimePolicy, ExclusionWindow, QuietHours, VolumeBand
from domain.calendar import Calendar, Daypart, DayType, LunarDay, MonthDay, NthWeekday, Seasons, SpecialDay
from domain.timetable import ExceptionKind, Priority, Programme, ProgrammeItem, Rule, RuleException, Slot
from scheduler.build import Listener, slots_for
from scheduler.edits import Edit, Loss, Outlook, Pair
from scheduler.expand import expand
from scheduler.hearings import Hearing
from scheduler.inputs import Inputs, local_date, path_on
from scheduler.losses import losses
from scheduler.whole_days import losses_of_days
from tests.fakes_plan import MACHINES, ZONE, bulletin, inputs

FIRST = date(2026, 11, 23)
DAYS = 12
MARKS = {"a": 4.0, "b": 9.0, "c": 14.5, "d": 0.51}

days_near = st.dates(FIRST - timedelta(days=2), FIRST + timedelta(days=DAYS))
times = st.builds(time, st.sampled_from([0, 5, 6, 17, 21, 23]), st.sampled_from([0, 4, 8, 12, 50, 55, 58]))
exceptions = st.builds(
    RuleException,
    st.sampled_from(list(ExceptionKind)),
    days_near,
    at=st.none() | times,
    to_day=st.none() | days_near,
    to_time=st.none() | times,
    programme_id=st.sampled_from(["p0", "p1", "p2"]),
)


def rule(name: str) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        id=st.just(name),
        programme_id=st.sampled_from(["p0", "p1", "p2", "p3", "gone"]),
        area_ids=st.sampled_from([frozenset({one}) for one in ("xa", "ban-1", "cum-1", "cum-3")]),
        times=st.lists(times, max_size=3).map(tuple),
        weekdays=st.sampled_from([frozenset(range(1, 8)), frozenset({1, 3}), frozenset({6}), frozenset()]),
        dates=st.frozensets(days_near, max_size=2),
        valid_from=st.none() | days_near,
        valid_until=st.none() | days_near,
        except_dates=st.frozensets(days_near, max_size=1),
        except_area_ids=st.sampled_from([frozenset(), frozenset({"cum-2"})]),
        enabled=st.sampled_from([True, True, True, False]),
        week_interval=st.sampled_from([1, 1, 2]),
        month_days=st.frozensets(st.sampled_from([1, 30, -1]), max_size=1),
        nth_weekdays=st.frozensets(st.just(NthWeekday(-1, 1)), max_size=1),
        lunar_days=st.frozensets(st.just(LunarDay(15)), max_size=1),
        daypart_ids=st.frozensets(st.just("sang"), max_size=1),
        day_types=st.sampled_from([frozenset(DayType), frozenset({DayType.ORDINARY, DayType.HOLIDAY})]),
        exceptions=st.lists(exceptions, max_size=2).map(tuple),
        urgent=st.sampled_from([False, False, True]),
    )


def programme(name: str) -> st.SearchStrategy[Programme]:
    return st.builds(
        Programme,
        id=st.just(name),
        name=st.just(f"Chương trình {name}"),
        items=st.lists(st.sampled_from(sorted(MARKS)).map(lambda one: ProgrammeItem(f"b-{one}")), max_size=2).map(
            tuple
        ),
        priority=st.sampled_from([Priority.NORMAL, Priority.PRIORITY]),
        booked=st.none() | st.just(timedelta(minutes=9)),
        rank=st.integers(0, 1),
    )


windows = st.builds(
    ExclusionWindow,
    id=st.just("w"),
    reason=st.just("trường học"),
    area_ids=st.sampled_from([frozenset({"cum-2"}), frozenset({"xa"})]),
    start=times,
    end=times,
    weekdays=st.sampled_from([frozenset({1, 2}), frozenset(range(1, 8))]),
    first=st.none() | days_near,
    last=st.none() | days_near,
)
policies = st.builds(
    AirtimePolicy,
    quiet=st.sampled_from([(), (QuietHours(time(21, 30), time(5, 0)),)]),
    day_limit=st.sampled_from([timedelta(minutes=20), timedelta(hours=4)]),
    sessions_per_day=st.sampled_from([0, 0, 3]),
    repeat_limit=st.sampled_from([0, 0, 1]),
    allowed_weekdays=st.sampled_from([frozenset(range(1, 8)), frozenset(range(1, 6))]),
    exclusions=st.lists(windows, max_size=1).map(tuple),
    volume=st.just((VolumeBand(time(5), time(6), -3.0),)),
    staggers=st.sampled_from([(), (("cum-1", timedelta(seconds=20)),), (("cum-1", timedelta(minutes=3)),)]),
)
calendars = st.builds(
    Calendar,
    special=st.sampled_from(
        [(), (SpecialDay("h", "Lễ", DayType.HOLIDAY, FIRST + timedelta(days=3), date(2026, 11, 27)),)]
    ),
    dayparts=st.just({"sang": Daypart("sang", "Sáng", time(5, 4), time(6, 8))}),
    seasons=st.just(Seasons(MonthDay(11, 28), MonthDay(12, 1))),
)


@st.composite
def towns(draw: st.DrawFn) -> Inputs:
    rules = tuple(draw(rule(f"r{number}")) for number in range(draw(st.integers(1, 5))))
    programmes = tuple(draw(programme(f"p{number}")) for number in range(4))
    town = inputs(rules, programmes, MARKS, draw(policies), calendar=draw(calendars))
    ending = bulletin("a", valid_until=draw(st.none() | days_near), valid_from=draw(st.none() | days_near))
    return replace(town, shelf=replace(town.shelf, bulletins={**town.shelf.bulletins, "b-a": ending}))


edits = st.builds(
    Edit,
    rules=st.lists(st.one_of(rule("r0"), rule("r1"), rule("new")), max_size=2).map(tuple),
    programmes=st.lists(programme("p1"), max_size=1).map(tuple),
    removed=st.frozensets(st.sampled_from(["r2", "r3"]), max_size=1),
)
nows = st.sampled_from([time(0, 0), time(5, 6), time(6, 0, 10), time(17, 1), time(23, 59)])


def kept_before(town: Inputs, now: datetime, keeps: int) -> tuple[Slot, ...]:
    """Return some of the slots that had come by `now`: those whose number is a bit of `keeps`."""
    start = datetime.combine(local_date(now) - timedelta(days=1), time(), ZONE)
    asked = expand(town.shelf.rules.values(), start, start + timedelta(days=2), town.calendar)
    found: list[Slot] = []
    for machine in MACHINES:
        listener = Listener(machine.id, path_on(town.areas, machine.area_id, local_date(now)))
        whole = slots_for(listener, asked, town.shelf, town.terms)
        came = [slot for slot in whole if slot.starts_at < now]
        found += [slot for number, slot in enumerate(came) if keeps >> number & 1]
    return tuple(found)


def by_whole_plans(town: Inputs, edit: Edit, now: datetime, begun: tuple[Slot, ...] = ()) -> Iterator[Loss]:
    pair = Pair(town, edit.applied(town), now)
    every = frozenset(local_date(now) + timedelta(days=number) for number in range(-1, DAYS))
    for machine in MACHINES:
        path = path_on(town.areas, machine.area_id, local_date(now))
        own = tuple(slot for slot in begun if slot.machine_id == machine.id)
        yield from losses_of_days(pair, Hearing((machine,), path, None, (), (), (), own), every)


def told(loss: Loss) -> Iterator[tuple[object, ...]]:
    """Yield all that is told of a loss, day by day and machine by machine; what it says of days but the first less."""
    local = loss.slot.starts_at.astimezone(ZONE)
    winner = loss.winner and (loss.winner.rule_id, loss.winner.starts_at.astimezone(ZONE).time())
    for machine in loss.machines:
        for day in loss.days:
            item = loss.item.title if loss.item else ""
            yield machine.id, day, loss.slot.rule_id, local.time(), winner, item, loss.misfit


def exactly(loss: Loss) -> tuple[object, ...]:
    slot, item = loss.slot, loss.item.refusal if loss.item else ""
    if loss.misfit:
        return slot.key, slot.starts_at, slot.title, slot.items, loss.misfit
    winner = loss.winner.key if loss.winner else ""
    return slot.key, slot.starts_at, slot.title, slot.refusal, slot.yields_to, slot.items, winner, item, loss.misfit


@settings(max_examples=200, deadline=None)
@given(towns(), edits, nows, st.integers(0, 255), st.booleans())
def test_what_an_edit_silences_is_what_whole_plans_before_and_after_it_say(
    town: Inputs, edit: Edit, at: time, keeps: int, as_edited: bool
) -> None:
    now = datetime.combine(FIRST, at, ZONE)
    hold_to_whole_plans(town, edit, now, kept_before(edit.applied(town) if as_edited else town, now, keeps))


def hold_to_whole_plans(town: Inputs, edit: Edit, now: datetime, begun: tuple[Slot, ...] = ()) -> None:
    expected = list(by_whole_plans(town, edit, now, begun))
    found = list(losses(Pair(town, edit.applied(town), now), MACHINES, edit, Outlook(DAYS, begun)))
    assert sorted(map(repr, (one for loss in found for one in told(loss)))) == sorted(
        map(repr, (one for loss in expected for one in told(loss)))
    )
    assert {exactly(loss) for loss in found} <= {exactly(loss) for loss in expected}


def test_a_stagger_that_carries_the_last_evening_across_midnight_is_told_too() -> None:
    daily = Rule("r0", "p1", frozenset({"xa"}), (time(23, 58),), weekdays=frozenset(range(1, 8)))
    late = AirtimePolicy(quiet=(), staggers=(("cum-1", timedelta(minutes=3)),))
    town = inputs((daily,), (Programme("p1", "Buổi tối", ()),), MARKS, late)
    short = Programme("p1", "Buổi tối", (ProgrammeItem("b-a"),), booked=timedelta(minutes=9))
    hold_to_whole_plans(town, Edit(programmes=(short,)), datetime.combine(FIRST, time(), ZONE))


def test_what_was_silent_already_loses_nothing_by_moving_to_another_day() -> None:
    daily = Rule("r0", "p0", frozenset({"xa"}), (time(0, 0),), weekdays=frozenset(range(1, 8)))
    town = inputs((daily,), (Programme("p0", "Chưa có mục", ()),), MARKS, AirtimePolicy(quiet=()))
    earlier = RuleException(ExceptionKind.MOVE, date(2026, 12, 2), to_day=date(2026, 12, 1))
    moved = Edit(rules=(replace(daily, exceptions=(earlier,)),))
    hold_to_whole_plans(town, moved, datetime.combine(FIRST, time(), ZONE))


def test_what_moves_upon_another_session_is_lost_only_if_it_sounded_before() -> None:
    daily = Rule("r0", "p0", frozenset({"xa"}), (time(6, 0),), weekdays=frozenset(range(1, 8)))
    other = Rule("r1", "p1", frozenset({"xa"}), (time(6, 0),), weekdays=frozenset({2, 3}))
    urgent = Programme("p1", "Ưu tiên", (ProgrammeItem("b-a"),), Priority.PRIORITY)
    town = inputs((daily, other), (Programme("p0", "Buổi sáng", (ProgrammeItem("b-a"),)), urgent), MARKS)
    for day in (date(2026, 12, 2), date(2026, 12, 3)):  # silent there before, and sounding there before
        earlier = RuleException(ExceptionKind.MOVE, day, to_day=date(2026, 12, 1))
        moved = Edit(rules=(replace(daily, exceptions=(earlier,)),))
        hold_to_whole_plans(town, moved, datetime.combine(FIRST, time(), ZONE))
