"""The station's calendar: dayparts, special days, seasons, and windows of silence at single places."""

from datetime import date, time
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from domain.airtime import ExclusionWindow
from domain.calendar import Calendar, Daypart, DayType, MonthDay, Seasons, SpecialDay
from domain.errors import NotFoundError
from store import station, tables


def get(connection: Connection) -> Calendar:
    """Return the whole calendar."""
    return Calendar(special_days(connection), {one.id: one for one in dayparts(connection)}, seasons(connection))


def seasons(connection: Connection) -> Seasons:
    """Return when summer hours and winter hours begin; the usual ones before the station has been set up."""
    row = connection.execute(select(tables.station.c.seasons)).one_or_none()
    if row is None:
        return Seasons()
    summer, winter = row.seasons
    return Seasons(MonthDay(*summer), MonthDay(*winter))


def set_seasons(connection: Connection, chosen: Seasons) -> None:
    """Change when summer hours and winter hours begin."""
    document = [[one.month, one.day] for one in (chosen.summer_from, chosen.winter_from)]
    connection.execute(update(tables.station).values(seasons=document))
    station.plan_changed(connection)


def dayparts(connection: Connection) -> tuple[Daypart, ...]:
    """Return the dayparts in the order of the day."""
    rows = connection.execute(select(tables.daypart).order_by(tables.daypart.c.summer, tables.daypart.c.name))
    return tuple(
        Daypart(row.id, row.name, time.fromisoformat(row.summer), time.fromisoformat(row.winter)) for row in rows
    )


def put_daypart(connection: Connection, daypart: Daypart) -> None:
    """Add a daypart, or make the one of its id exactly this."""
    values = {
        "name": daypart.name,
        "summer": daypart.summer.isoformat(),
        "winter": daypart.winter.isoformat(),
    }
    _put(connection, tables.daypart, daypart.id, values)


def remove_daypart(connection: Connection, daypart_id: str) -> None:
    """Remove a daypart; a rule that names it no longer sounds then."""
    _remove(connection, tables.daypart, daypart_id)


def special_days(connection: Connection) -> tuple[SpecialDay, ...]:
    """Return every special day in the order of the calendar."""
    table = tables.special_day
    return tuple(map(_special, connection.execute(select(table).order_by(table.c.first, table.c.id))))


def special_day(connection: Connection, day_id: str) -> SpecialDay:
    """Return one special day. Raises NotFoundError."""
    row = connection.execute(select(tables.special_day).where(tables.special_day.c.id == day_id)).one_or_none()
    if row is None:
        raise NotFoundError("Không có ngày đặc biệt này.")
    return _special(row)


def put_special_day(connection: Connection, day: SpecialDay) -> None:
    """Add a special day, or make the one of its id exactly this."""
    values = {
        "name": day.name,
        "day_type": day.day_type.value,
        "first": day.first,
        "last": day.last,
        "seeded": day.seeded,
        "enabled": day.enabled,
    }
    _put(connection, tables.special_day, day.id, values)


def seed_special_days(connection: Connection, days: tuple[SpecialDay, ...]) -> int:
    """Add those of `days` that are not there; what a person changed or switched off stays. Return how many came."""
    known = set(connection.execute(select(tables.special_day.c.id)).scalars())
    fresh = [one for one in days if one.id not in known]
    for one in fresh:
        put_special_day(connection, one)
    return len(fresh)


def remove_special_day(connection: Connection, day_id: str) -> None:
    """Remove a special day."""
    _remove(connection, tables.special_day, day_id)


def exclusions(connection: Connection) -> tuple[ExclusionWindow, ...]:
    """Return every window of silence."""
    table = tables.exclusion_window
    rows = connection.execute(select(table).order_by(table.c.start, table.c.id))
    return tuple(
        ExclusionWindow(
            id=row.id,
            reason=row.reason,
            area_ids=frozenset(row.areas),
            start=time.fromisoformat(row.start),
            end=time.fromisoformat(row.end),
            weekdays=frozenset(row.weekdays),
            first=row.first,
            last=row.last,
        )
        for row in rows
    )


def put_exclusion(connection: Connection, window: ExclusionWindow) -> None:
    """Add a window of silence, or make the one of its id exactly this."""
    values = {
        "reason": window.reason,
        "areas": sorted(window.area_ids),
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "weekdays": sorted(window.weekdays),
        "first": window.first,
        "last": window.last,
    }
    _put(connection, tables.exclusion_window, window.id, values)


def remove_exclusion(connection: Connection, window_id: str) -> None:
    """Remove a window of silence."""
    _remove(connection, tables.exclusion_window, window_id)


def _special(row: Row[Any]) -> SpecialDay:
    first: date = row.first
    return SpecialDay(row.id, row.name, DayType(row.day_type), first, row.last, row.seeded, row.enabled)


def _put(connection: Connection, table: Any, row_id: str, values: dict[str, Any]) -> None:
    held = connection.execute(update(table).where(table.c.id == row_id).values(values))
    if not held.rowcount:
        connection.execute(insert(table).values(id=row_id, **values))
    station.plan_changed(connection)


def _remove(connection: Connection, table: Any, row_id: str) -> None:
    connection.execute(delete(table).where(table.c.id == row_id))
    station.plan_changed(connection)
