"""Programmes and the rules that say when they sound."""

from datetime import date, time
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from domain.calendar import DayType, LunarDay, NthWeekday
from domain.errors import NotFoundError
from domain.timetable import (
    ExceptionKind,
    ItemKind,
    LatePolicy,
    Priority,
    Programme,
    ProgrammeItem,
    Rule,
    RuleException,
)
from store import station, tables


def put_programme(connection: Connection, programme: Programme) -> None:
    """Add a programme with its items, or make the one of its id exactly this."""
    values = {
        "name": programme.name,
        "priority": int(programme.priority),
        "late_policy": programme.late_policy.value,
        "grace": programme.grace,
        "booked": programme.booked,
        "rank": programme.rank,
    }
    table = tables.programme
    held = connection.execute(update(table).where(table.c.id == programme.id).values(values))
    if not held.rowcount:
        connection.execute(insert(table).values(id=programme.id, **values))
    items = tables.programme_item
    connection.execute(delete(items).where(items.c.programme_id == programme.id))
    rows = [_item_row(programme.id, position, item) for position, item in enumerate(programme.items)]
    if rows:
        connection.execute(insert(items), rows)
    station.plan_changed(connection)


def programmes(connection: Connection) -> dict[str, Programme]:
    """Return every programme by id."""
    items: dict[str, list[ProgrammeItem]] = {}
    query = select(tables.programme_item).order_by(tables.programme_item.c.position)
    for row in connection.execute(query):
        items.setdefault(row.programme_id, []).append(_item(row))
    return {
        row.id: Programme(
            id=row.id,
            name=row.name,
            items=tuple(items.get(row.id, ())),
            priority=Priority(row.priority),
            late_policy=LatePolicy(row.late_policy),
            grace=row.grace,
            booked=row.booked,
            rank=row.rank,
        )
        for row in connection.execute(select(tables.programme).order_by(tables.programme.c.name))
    }


def is_used(connection: Connection, programme_id: str) -> bool:
    """Tell whether a rule, an exception, or anything planned names a programme."""
    for table in (tables.rule, tables.rule_exception, tables.occurrence):
        query = select(table.c.programme_id).where(table.c.programme_id == programme_id).limit(1)
        if connection.execute(query).first() is not None:
            return True
    return False


def put_rule(connection: Connection, rule: Rule) -> None:
    """Add a rule with its exceptions, or make the one of its id exactly this."""
    table = tables.rule
    values = _rule_row(rule)
    held = connection.execute(update(table).where(table.c.id == rule.id).values(values))
    if not held.rowcount:
        connection.execute(insert(table).values(id=rule.id, **values))
    exceptions = tables.rule_exception
    connection.execute(delete(exceptions).where(exceptions.c.rule_id == rule.id))
    rows = [_exception_row(rule.id, one) for one in rule.exceptions]
    if rows:
        connection.execute(insert(exceptions), rows)
    station.plan_changed(connection)


def remove_rule(connection: Connection, rule_id: str) -> None:
    """Remove a rule that nothing was planned for yet. What has been planned keeps its rule: switch that off."""
    connection.execute(delete(tables.rule_exception).where(tables.rule_exception.c.rule_id == rule_id))
    connection.execute(delete(tables.occurrence).where(tables.occurrence.c.rule_id == rule_id))
    connection.execute(delete(tables.rule).where(tables.rule.c.id == rule_id))
    station.plan_changed(connection)


def remove_programme(connection: Connection, programme_id: str) -> None:
    """Remove a programme that no rule sounds, and of which nothing has begun."""
    connection.execute(delete(tables.occurrence).where(tables.occurrence.c.programme_id == programme_id))
    connection.execute(delete(tables.programme_item).where(tables.programme_item.c.programme_id == programme_id))
    connection.execute(delete(tables.programme).where(tables.programme.c.id == programme_id))
    station.plan_changed(connection)


def rules(connection: Connection) -> dict[str, Rule]:
    """Return every rule by id."""
    exceptions: dict[str, list[RuleException]] = {}
    for row in connection.execute(select(tables.rule_exception).order_by(tables.rule_exception.c.number)):
        exceptions.setdefault(row.rule_id, []).append(_exception(row))
    rows = connection.execute(select(tables.rule))
    return {row.id: _rule(row, tuple(exceptions.get(row.id, ()))) for row in rows}


def rule(connection: Connection, rule_id: str) -> Rule:
    """Return the rule. Raises NotFoundError."""
    row = connection.execute(select(tables.rule).where(tables.rule.c.id == rule_id)).one_or_none()
    if row is None:
        raise NotFoundError("Không có dòng lịch này.")
    table = tables.rule_exception
    held = connection.execute(select(table).where(table.c.rule_id == rule_id).order_by(table.c.number))
    return _rule(row, tuple(map(_exception, held)))


def set_enabled(connection: Connection, rule_id: str, enabled: bool) -> None:
    """Switch a rule on or off; what has sounded stays in the log."""
    connection.execute(update(tables.rule).where(tables.rule.c.id == rule_id).values(enabled=enabled))
    station.plan_changed(connection)


def _item_row(programme_id: str, position: int, item: ProgrammeItem) -> dict[str, Any]:
    return {
        "programme_id": programme_id,
        "position": position,
        "bulletin_id": item.bulletin_id,
        "clip_hash": item.clip_hash,
        "kind": item.kind.value,
        "topic_id": item.topic_id,
        "column_id": item.column_id,
        "stream_url": item.stream_url,
        "length": item.length,
        "repeat": item.repeat,
        "gap": item.gap,
        "duck_db": item.duck_db,
    }


def _item(row: Row[Any]) -> ProgrammeItem:
    return ProgrammeItem(
        bulletin_id=row.bulletin_id,
        clip_hash=row.clip_hash,
        kind=ItemKind(row.kind),
        topic_id=row.topic_id,
        column_id=row.column_id,
        stream_url=row.stream_url,
        length=row.length,
        repeat=row.repeat,
        gap=row.gap,
        duck_db=row.duck_db,
    )


def _rule_row(rule: Rule) -> dict[str, Any]:
    return {
        "programme_id": rule.programme_id,
        "areas": sorted(rule.area_ids),
        "except_areas": sorted(rule.except_area_ids),
        "times": [moment.isoformat() for moment in rule.times],
        "weekdays": sorted(rule.weekdays),
        "dates": sorted(day.isoformat() for day in rule.dates),
        "except_dates": sorted(day.isoformat() for day in rule.except_dates),
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
        "enabled": rule.enabled,
        "created_by": rule.created_by,
        "week_interval": rule.week_interval,
        "month_days": sorted(rule.month_days),
        "nth_weekdays": [[one.nth, one.weekday] for one in sorted(rule.nth_weekdays)],
        "lunar_days": [[one.day, one.month] for one in sorted(rule.lunar_days)],
        "dayparts": sorted(rule.daypart_ids),
        "day_types": sorted(one.value for one in rule.day_types),
        "urgent": rule.urgent,
    }


def _rule(row: Row[Any], exceptions: tuple[RuleException, ...]) -> Rule:
    return Rule(
        id=row.id,
        programme_id=row.programme_id,
        area_ids=frozenset(row.areas),
        times=tuple(time.fromisoformat(moment) for moment in row.times),
        weekdays=frozenset(row.weekdays),
        dates=frozenset(date.fromisoformat(day) for day in row.dates),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        except_dates=frozenset(date.fromisoformat(day) for day in row.except_dates),
        except_area_ids=frozenset(row.except_areas),
        enabled=row.enabled,
        created_by=row.created_by,
        week_interval=row.week_interval,
        month_days=frozenset(row.month_days),
        nth_weekdays=frozenset(NthWeekday(nth, weekday) for nth, weekday in row.nth_weekdays),
        lunar_days=frozenset(LunarDay(day, month) for day, month in row.lunar_days),
        daypart_ids=frozenset(row.dayparts),
        day_types=frozenset(map(DayType, row.day_types)),
        exceptions=exceptions,
        urgent=row.urgent,
    )


def _exception_row(rule_id: str, one: RuleException) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "kind": one.kind.value,
        "on": one.on,
        "at": None if one.at is None else one.at.isoformat(),
        "to_day": one.to_day,
        "to_time": None if one.to_time is None else one.to_time.isoformat(),
        "programme_id": one.programme_id,
        "note": one.note,
    }


def _exception(row: Row[Any]) -> RuleException:
    return RuleException(
        kind=ExceptionKind(row.kind),
        on=row.on,
        at=None if row.at is None else time.fromisoformat(row.at),
        to_day=row.to_day,
        to_time=None if row.to_time is None else time.fromisoformat(row.to_time),
        programme_id=row.programme_id,
        note=row.note,
    )
