"""What must hold of every timetable, on random whole ones; `make soak` tries a hundred thousand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.airtime import AirtimePolicy
from scheduler.items import Terms, plan_items
from tests.timetables import DAYS, FIRST, broken_policy, broken_promises, timetable

TRIED = 1500


@pytest.mark.parametrize("part", range(5))
def test_no_promise_is_broken_and_nothing_routine_sounds_in_quiet_hours(part: int) -> None:
    broken = {
        seed: found
        for seed in range(part * TRIED // 5, (part + 1) * TRIED // 5)
        if (found := list(broken_promises(timetable(seed))))
    }
    assert broken == {}


@pytest.mark.parametrize("part", range(2))
def test_the_same_timetable_in_another_order_gives_the_same_rows(part: int) -> None:
    for seed in range(part * 100, (part + 1) * 100):
        made = timetable(seed)
        assert made.turned().occurrences() == made.occurrences()
        assert made.turned().slots() == made.slots()
        assert timetable(seed).slots() == made.slots()


def test_the_random_timetables_do_sound_and_do_meet_every_line_of_the_policy() -> None:
    """Otherwise the tests above would hold of silence."""
    slots = [slot for seed in range(300) for some in timetable(seed).slots().values() for slot in some]
    assert sum(not slot.refusal for slot in slots) > 500
    for why in ("giờ yên tĩnh", "giờ không phát", "không phải ngày", "quá mức", "trùng với", "không có mục nào"):
        assert any(why in slot.refusal for slot in slots), why


def test_what_was_worked_out_for_another_day_is_never_said_of_one_on_which_a_bulletin_begins_or_ceases() -> None:
    """A shelf keeps what a programme came to: it must come to the same on a shelf that has kept nothing."""
    for seed in range(60):
        made = timetable(seed)
        for number in range(-1, DAYS + 2):
            on = FIRST + timedelta(days=number)
            for programme in made.shelf.programmes.values():
                kept = plan_items(programme, on, made.shelf, made.terms)
                assert kept == plan_items(programme, on, replace(made.shelf), made.terms)


def test_the_judge_of_quiet_hours_sees_a_sound_that_reaches_into_them() -> None:
    """What is planned where no hour is quiet breaks quiet hours that are held against it afterwards."""
    seen: set[str] = set()
    for seed in range(100):
        made = timetable(seed)
        loud = replace(made, terms=Terms(replace(made.terms.policy, quiet=())))
        for path, slots in loud.slots().items():
            seen |= set(broken_policy(AirtimePolicy(), path, [slot for slot in slots if not slot.refusal]))
    assert any("quiet hours" in one for one in seen)
