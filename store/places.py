"""Areas and organisations."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from domain.areas import Area, AreaLevel, Organisation
from store import station, tables


def add_levels(connection: Connection, levels: Iterable[AreaLevel]) -> None:
    """Add kinds of area."""
    for level in levels:
        connection.execute(insert(tables.area_level).values(code=level.code, name=level.name, rank=level.rank))


def levels(connection: Connection) -> tuple[AreaLevel, ...]:
    """Return the kinds of area, the widest first."""
    rows = connection.execute(select(tables.area_level).order_by(tables.area_level.c.rank))
    return tuple(AreaLevel(row.code, row.name, row.rank) for row in rows)


def add_areas(connection: Connection, areas: Iterable[Area]) -> None:
    """Add areas; a parent comes before its children."""
    for position, area in enumerate(areas):
        connection.execute(insert(tables.area).values(id=area.id, position=position, **_values(area)))


def change_area(connection: Connection, area: Area) -> None:
    """Make the area of this id exactly this, successors included; its place among its neighbours stays."""
    table, line = tables.area, tables.area_succession
    connection.execute(update(table).where(table.c.id == area.id).values(_values(area)))
    connection.execute(delete(line).where(line.c.predecessor_id == area.id))
    add_successions(connection, (area,))
    station.plan_changed(connection)


def _values(area: Area) -> dict[str, Any]:
    return {
        "name": area.name,
        "level": area.level,
        "parent_id": area.parent_id,
        "official_code": area.official_code,
        "valid_from": area.valid_from,
        "valid_until": area.valid_until,
    }


def add_successions(connection: Connection, areas: Iterable[Area]) -> None:
    """Note the successors of `areas`, all of which have been added."""
    for area in areas:
        for successor_id in sorted(area.successor_ids):
            connection.execute(insert(tables.area_succession).values(predecessor_id=area.id, successor_id=successor_id))


def areas(connection: Connection) -> tuple[Area, ...]:
    """Return every area, in the order they were given."""
    heirs: dict[str, set[str]] = {}
    for row in connection.execute(select(tables.area_succession)):
        heirs.setdefault(row.predecessor_id, set()).add(row.successor_id)
    rows = connection.execute(select(tables.area).order_by(tables.area.c.position, tables.area.c.name))
    return tuple(
        Area(
            id=row.id,
            name=row.name,
            level=row.level,
            parent_id=row.parent_id,
            official_code=row.official_code,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            successor_ids=frozenset(heirs.get(row.id, ())),
        )
        for row in rows
    )


def add_organisations(connection: Connection, organisations: Iterable[Organisation]) -> None:
    """Add organisations."""
    for one in organisations:
        connection.execute(insert(tables.organisation).values(id=one.id, name=one.name, short_name=one.short_name))


def organisations(connection: Connection) -> tuple[Organisation, ...]:
    """Return every organisation, by name."""
    rows = connection.execute(select(tables.organisation).order_by(tables.organisation.c.name))
    return tuple(Organisation(row.id, row.name, row.short_name) for row in rows)
