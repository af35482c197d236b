"""The plans of many machines at once are those that each machine has by itself."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from domain.airtime import AirtimePolicy
from domain.areas import Area
from domain.machines import Machine
from domain.timetable import Priority, Slot
from scheduler.build import Listener, slots_for
from scheduler.edits import Edit, Outlook, Pair
from scheduler.effects import effects
from scheduler.fleet import plan_ahead, plan_machines
from scheduler.inputs import Inputs, Paths, path_on
from scheduler.items import Terms
from scheduler.losses import losses
from scheduler.planning import make_plan
from scheduler.policy import stagger_of
from tests.fakes_plan import inputs, programme, rule
from tests.timetables import FIRST, ZONE, Timetable, timetable

AREAS = (
    Area("xa", "Xã", "xa", None),
    Area("xa-khac", "Xã khác", "xa", None),
    Area("thon-1", "Thôn 1", "thon", "xa"),
    Area("thon-2", "Thôn 2", "thon", "xa"),
    *(Area(f"cum-{n}", f"Cụm {n}", "cum", f"thon-{1 if n < 3 else 2}") for n in range(1, 6)),
)
MACHINES = tuple(
    Machine(f"m{n}", f"Máy {n}", f"cum-{n % 5 + 1}", str(n), datetime(2028, 1, 1, tzinfo=UTC)) for n in range(12)
)
TOWN = tuple(Machine(f"m{n}", f"Máy {n}", f"cum-{n}", str(n), datetime(2028, 1, 1, tzinfo=UTC)) for n in (1, 2))
LONG = {"a": 30.0}
DAY = timedelta(days=1)
ANYTIME = AirtimePolicy(quiet=(), session_limit=DAY, day_limit=DAY)
MORNING = datetime.combine(FIRST, time(), ZONE)


def inputs_of(made: Timetable) -> Inputs:
    return Inputs(1, made.shelf, made.terms, AREAS, made.calendar)


def one_by_one(made: Timetable, now: datetime, begun: dict[str, tuple[Slot, ...]]) -> dict[str, tuple[Slot, ...]]:
    """Plan each machine by itself, as the plan of a single machine is made."""
    plans = {}
    for machine in MACHINES:
        own = begun.get(machine.id, ())
        known = {slot.key for slot in own}
        listener = Listener(machine.id, path_on(AREAS, machine.area_id, FIRST))
        since = now - stagger_of(made.terms.policy, listener.area_ids)
        asked = [one for one in made.occurrences() if one.starts_at >= since or one.key in known]
        plans[machine.id] = slots_for(listener, asked, made.shelf, made.terms, own)
    return plans


@pytest.mark.parametrize("hours", [0, 13, 40])
def test_a_fleet_has_the_plans_that_its_machines_have_one_by_one(hours: int) -> None:
    now = MORNING + timedelta(hours=hours)
    for seed in range(120):
        made = timetable(seed)
        before = one_by_one(made, MORNING, {})
        begun = {
            one: tuple(slot for slot in slots if slot.starts_at < now) for one, slots in before.items() if one != "m3"
        }
        found = plan_machines(inputs_of(made), MACHINES, made.occurrences(), now, begun)
        assert found == one_by_one(made, now, begun)
        assert all(slot.machine_id == machine_id for machine_id, slots in found.items() for slot in slots)


def test_what_one_machine_has_begun_leaves_its_twin_alone() -> None:
    twins = (MACHINES[0], MACHINES[5])
    made = next(one for seed in range(200) if _sounds(one := timetable(seed)))
    plain = plan_machines(inputs_of(made), twins, made.occurrences(), MORNING, {})
    first = next(slot for slot in plain["m0"] if not slot.refusal)
    begun = replace(first, title="như đã phát")
    later = first.starts_at + timedelta(seconds=1)
    found = plan_machines(inputs_of(made), twins, made.occurrences(), later, {"m0": (begun,)})
    assert begun in found["m0"]
    assert first.key not in {slot.key for slot in found["m5"]}


def _sounds(made: Timetable) -> bool:
    plans = plan_machines(inputs_of(made), MACHINES[:1], made.occurrences(), MORNING, {})
    return any(not slot.refusal for slot in plans["m0"])


def test_a_day_asked_for_ahead_is_the_one_that_is_made_at_its_midnight() -> None:
    for seed in range(150):
        made = inputs_of(timetable(seed))
        begun: tuple[Slot, ...] = ()
        for number in range(4):
            midnight = MORNING + number * DAY
            plan = make_plan(made, MACHINES[:3], midnight, begun).slots
            ahead = plan_ahead(made, MACHINES[:3], (midnight, midnight + DAY), MORNING, {})
            for machine_id, slots in ahead.items():
                assert slots == tuple(one for one in plan[machine_id] if midnight <= one.starts_at < midnight + DAY)
            begun = tuple(one for slots in plan.values() for one in slots if one.starts_at < midnight + DAY)


def test_a_day_beyond_the_horizon_knows_what_crosses_its_midnight() -> None:
    far = MORNING + 400 * DAY
    town = inputs((rule("dem", "23:50"), rule("som", "00:05")), (programme("dem", "a"), programme("som", "a")), LONG)
    town = replace(town, terms=Terms(ANYTIME))
    (som, dem) = plan_ahead(town, TOWN[:1], (far, far + DAY), MORNING, {})["m1"]
    assert (som.rule_id, dem.rule_id) == ("som", "dem")
    assert "trùng với «Chương trình dem»" in som.refusal


def test_a_path_holds_from_the_day_on_which_an_area_has_ended() -> None:
    last = FIRST + 2 * DAY
    areas = (
        Area("cu", "Xã cũ", "xa", None, valid_until=last, successor_ids=frozenset({"moi"})),
        Area("moi", "Xã mới", "xa", None),
        Area("cum-1", "Cụm 1", "cum", "cu"),
        Area("cum-2", "Cụm 2", "cum", "moi"),
    )
    rules = (rule("r", "08:00", area="moi"), rule("s", "09:00", area="cu"))
    town = replace(inputs(rules, (programme("r", "a"), programme("s", "a")), {"a": 1.0}), areas=areas)
    plan = make_plan(town, TOWN[:2], MORNING).slots
    days = {
        (machine_id, rule_id): {
            one.starts_at.astimezone(ZONE).date() for one in plan[machine_id] if one.rule_id == rule_id
        }
        for machine_id in ("m1", "m2")
        for rule_id in ("r", "s")
    }
    every = {FIRST + number * DAY for number in range(15)}
    after = {day for day in every if day > last}
    assert days == {("m1", "r"): after, ("m1", "s"): every, ("m2", "r"): every, ("m2", "s"): after}
    for day in sorted(every)[:6]:
        start = datetime.combine(day, time(), ZONE)
        for machine_id, slots in plan_ahead(town, TOWN[:2], (start, start + DAY), MORNING, {}).items():
            assert slots == tuple(one for one in plan[machine_id] if start <= one.starts_at < start + DAY)


def test_an_edit_is_checked_with_the_paths_of_each_day() -> None:
    last = FIRST + 4 * DAY
    areas = (
        Area("cu", "Xã cũ", "xa", None, valid_until=last, successor_ids=frozenset({"moi"})),
        Area("moi", "Xã mới", "xa", None),
        Area("cum-1", "Cụm 1", "cum", "cu"),
    )
    clips = (programme("r", "a"), programme("s", "a", priority=Priority.PRIORITY))
    town = replace(inputs((rule("r", "08:00", area="cu"),), clips, {"a": 3.0}), areas=areas)
    edit = Edit(rules=(rule("s", "08:01", area="moi"),))
    found = list(losses(Pair(town, edit.applied(town), MORNING), TOWN[:1], edit, Outlook(10)))
    assert [day for one in found for day in one.days] == [last + number * DAY for number in range(1, 6)]
    (silent, sounds) = effects(town, edit.applied(town), ("cum-1",), MORNING)
    first = datetime.combine(last + DAY, time(8), ZONE)
    assert (silent.rule_id, silent.first) == ("r", first)
    assert (sounds.rule_id, sounds.first) == ("s", first + timedelta(minutes=1))


def test_an_edit_is_told_beside_what_still_sounds_from_yesterday() -> None:
    yesterday = rule("dem", "23:50", weekdays=frozenset(), dates=frozenset({FIRST}))
    clips = (programme("dem", "a"), programme("som", "a"))
    town = replace(inputs((yesterday,), clips, LONG), terms=Terms(ANYTIME))
    edit = Edit(rules=(rule("som", "00:08"),))
    now = MORNING + DAY + timedelta(minutes=5)
    (sounds,) = effects(town, edit.applied(town), ("cum-1",), now)
    assert sounds.first == datetime.combine(FIRST + 2 * DAY, time(0, 8), ZONE)


def test_a_revoked_machine_has_no_plan() -> None:
    revoked = replace(MACHINES[0], revoked_at=MORNING)
    assert plan_machines(inputs_of(timetable(1)), (revoked,), (), MORNING, {}) == {}


def test_an_area_is_heard_at_as_itself_and_as_all_above_it() -> None:
    paths = Paths(AREAS, FIRST)
    assert paths.of("cum-1") == {"cum-1", "thon-1", "xa"}
    assert paths.of("xa") == {"xa"}
