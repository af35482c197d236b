"""Plans in the database: exactly what was planned, and no more written than differs."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from domain.timetable import ItemKind, LatePolicy, Layer, PlannedItem, Priority, Slot
from store import plans, tables
from store.engine import Database
from store.migrate import upgrade
from tests.fakes import START
from tiengloa.example import load as example

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MACHINES = ("m1", "m2")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A station with two machines."""
    made = Database(tmp_path / "tiengloa.db")
    with closing(made):
        upgrade(made, tmp_path / "backups", START)
        with made.write() as connection:
            example.load(connection, START)
            area = connection.execute(tables.area.select()).first()
            assert area is not None
            connection.execute(
                insert(tables.machine),
                [
                    {"id": one, "name": one, "area_id": area.id, "public_key": one, "enrolled_at": START}
                    for one in MACHINES
                ],
            )
        yield made


def slot(machine_id: str, hours: int, key: str = "", **changed: object) -> Slot:
    items = (
        PlannedItem("Nhạc hiệu", "a" * 64, timedelta(seconds=12.345), kind=ItemKind.IDENT),
        PlannedItem("Tin «sáng»", None, timedelta(), "b1", "bản tin đã hết hạn", lead=timedelta(seconds=2)),
    )
    made = Slot(
        key or f"r@{hours}",
        machine_id,
        START + hours * HOUR,
        "Buổi sáng",
        Priority.PRIORITY,
        LatePolicy.JOIN,
        timedelta(seconds=90),
        items,
        rule_id="r",
        programme_id="p",
        layer=Layer.EXCEPTION,
        rank=2,
        gain_db=-6.0,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def keep(database: Database, **of: list[Slot]) -> int:
    with database.write() as connection:
        return plans.keep_plans(connection, START, START + DAY, of)


def held(database: Database, *machine_ids: str) -> list[Slot]:
    with database.read() as connection:
        every = plans.slots(connection, START - DAY, START + 9 * DAY)
    return [one for one in every if one.machine_id in (machine_ids or MACHINES)]


def test_what_is_kept_is_what_was_planned(database: Database) -> None:
    planned = [slot("m1", 1), slot("m1", 2, refusal="trùng", yields_to="r@1"), slot("m2", 1)]
    assert keep(database, m1=planned[:2], m2=planned[2:]) == 3
    assert sorted(held(database), key=lambda one: (one.machine_id, one.key)) == planned


def test_the_same_plan_again_writes_nothing(database: Database) -> None:
    planned = {one: [slot(one, hours) for hours in range(5)] for one in MACHINES}
    keep(database, **planned)
    assert keep(database, **planned) == 0
    with database.write() as connection:
        plans.keep_slots(connection, "m1", START, START + DAY, planned["m1"])
    assert keep(database, **planned) == 0, "both ways of keeping write the same row"


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "khác"},
        {"starts_at": START + 90 * timedelta(minutes=1)},
        {"items": ()},
        {"refusal": "trùng"},
        {"gain_db": 0.0},
        {"late_policy": LatePolicy.SKIP},
    ],
)
def test_only_what_differs_is_written(database: Database, changed: dict[str, object]) -> None:
    keep(database, m1=[slot("m1", 1), slot("m1", 2)])
    after = [slot("m1", 1), slot("m1", 2, **changed)]
    assert keep(database, m1=after) == 2, "the old row goes and the new one comes"
    assert sorted(held(database), key=lambda one: one.key) == after


def test_what_is_planned_no_more_goes_and_what_lies_outside_stays(database: Database) -> None:
    before, after, other = slot("m1", -1), slot("m1", 30), slot("m2", 3)
    for start, one in ((START - DAY, before), (START + DAY, after), (START, other)):
        with database.write() as connection:
            plans.keep_slots(connection, one.machine_id, start, start + DAY, [one])
    keep(database, m1=[slot("m1", 1)])
    assert held(database, "m1") == [before, slot("m1", 1), after]
    assert keep(database, m1=[]) == 1
    assert held(database) == [before, other, after]


def test_a_slot_that_has_begun_is_not_brought_forward(database: Database) -> None:
    begun = slot("m1", -1, "r@x")
    with database.write() as connection:
        plans.keep_slots(connection, "m1", START - DAY, START, [begun])
    keep(database, m1=[slot("m1", 2, "r@x")])
    assert held(database) == [begun]


def test_the_start_is_within_and_the_end_is_not(database: Database) -> None:
    first, last = slot("m1", 0), slot("m1", 24)
    for one in (first, last):
        with database.write() as connection:
            plans.keep_slots(connection, "m1", one.starts_at, one.starts_at + HOUR, [one])
    assert keep(database, m1=[]) == 1
    assert held(database) == [last]
