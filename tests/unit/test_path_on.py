"""Which areas a machine answers to: those above it, what took their place, and what they replaced."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.areas import Area
from domain.timetable import Rule
from scheduler.planning import path_on
from scheduler.succession import heirs_of, outdated_targets, predecessors, predecessors_of

REFORM = date(2025, 7, 1)
BEFORE = REFORM - timedelta(days=1)
TREE = (
    Area("tinh", "Tỉnh", "tinh", None),
    Area("tp", "Thành phố", "huyen", "tinh", valid_until=BEFORE, successor_ids=frozenset({"a", "b"})),
    Area("cu-1", "Phường cũ 1", "xa", "tp", valid_until=BEFORE, successor_ids=frozenset({"a"})),
    Area("cu-2", "Phường cũ 2", "xa", "tp", valid_until=BEFORE, successor_ids=frozenset({"a"})),
    Area("a", "Phường A", "xa", "tinh", valid_from=REFORM),
    Area("b", "Phường B", "xa", "tinh", valid_from=REFORM),
    Area("to-a", "Tổ của A", "to", "a"),
    Area("to-cu", "Tổ chưa chuyển", "to", "cu-1"),
    Area("to-tp", "Tổ của thành phố", "to", "tp"),
)


def test_a_rule_for_a_merged_commune_goes_on_to_be_heard_where_it_was() -> None:
    assert path_on(TREE, "to-a", REFORM) == {"to-a", "a", "tinh", "cu-1", "cu-2", "tp"}


def test_before_the_reform_nothing_is_replaced() -> None:
    assert path_on(TREE, "to-a", BEFORE) == {"to-a", "a", "tinh"}
    assert path_on(TREE, "to-cu", BEFORE) == {"to-cu", "cu-1", "tp", "tinh"}


def test_a_cluster_that_nobody_moved_hears_the_only_heir_of_its_commune_and_no_other_old_commune() -> None:
    assert path_on(TREE, "to-cu", REFORM) == {"to-cu", "cu-1", "tp", "tinh", "a"}


def test_of_a_split_area_nobody_can_tell_which_heir_a_cluster_belongs_to() -> None:
    assert path_on(TREE, "to-tp", REFORM) == {"to-tp", "tp", "tinh"}


def test_an_unknown_area_is_alone() -> None:
    assert path_on(TREE, "khong-co", REFORM) == {"khong-co"}


IDS = st.sampled_from("abcdef")
ANY_AREAS = st.lists(
    st.builds(
        Area,
        id=IDS,
        name=st.just("nơi"),
        level=st.just("to"),
        parent_id=st.none() | IDS,
        valid_until=st.sampled_from([None, BEFORE, REFORM]),
        successor_ids=st.frozensets(IDS, max_size=3),
    ),
    unique_by=lambda area: area.id,
    max_size=6,
)


@given(ANY_AREAS, IDS)
def test_rings_of_parents_and_of_successors_end(areas: list[Area], start: str) -> None:
    path = path_on(tuple(areas), start, REFORM + timedelta(days=1))
    assert start in path
    assert path <= set("abcdef")
    for area in areas:
        heirs_of(area, {one.id: one for one in areas}, REFORM + timedelta(days=1))


@given(ANY_AREAS)
def test_what_took_the_place_of_what_is_the_same_asked_of_all_areas_as_of_each(areas: list[Area]) -> None:
    found = predecessors(areas)
    assert {one: found.get(one, ()) for one in "abcdef"} == {one: predecessors_of(one, areas) for one in "abcdef"}


def test_a_rule_on_an_abolished_area_is_told_what_took_its_place() -> None:
    rule = Rule("r", "p", frozenset({"cu-1", "tp", "b"}), ())
    told = [one.words for one in outdated_targets(rule, TREE, REFORM)]
    assert told == [
        "«Phường cũ 1» không còn từ 01/07/2025, nay là «Phường A».",
        "«Thành phố» không còn từ 01/07/2025, nay là «Phường A», «Phường B».",
    ]
    assert outdated_targets(rule, TREE, BEFORE) == ()
