"""The plans of many machines at once are those that each machine has by itself."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from domain.areas import Area
from domain.machines import Machine
from domain.timetable import Slot
from scheduler.build import Listener, slots_for
from scheduler.fleet import plan_machines
from scheduler.inputs import Inputs, Paths, path_on
from scheduler.policy import stagger_of
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


def test_a_revoked_machine_has_no_plan() -> None:
    revoked = replace(MACHINES[0], revoked_at=MORNING)
    assert plan_machines(inputs_of(timetable(1)), (revoked,), (), MORNING, {}) == {}


def test_an_area_is_heard_at_as_itself_and_as_all_above_it() -> None:
    paths = Paths(AREAS, FIRST)
    assert paths.of("cum-1") == {"cum-1", "thon-1", "xa"}
    assert paths.of("xa") == {"xa"}
