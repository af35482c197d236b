"""The calendars that phones subscribe to: for each area at most one link, which anybody who has it may read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from domain.people import User
from store import tables


@dataclass(frozen=True, slots=True)
class CalendarLink:
    """The link of an area; its token comes of `salt` and a secret that the database does not hold."""

    area_id: str
    salt: str
    made_at: datetime
    made_by: str


def of_area(connection: Connection, area_id: str) -> CalendarLink | None:
    """Return the link of an area, with the name of who made it, or None."""
    link, user = tables.calendar_link, tables.user
    query = select(link, user.c.name).join(user, user.c.id == link.c.made_by).where(link.c.area_id == area_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else CalendarLink(row.area_id, row.salt, row.made_at, row.name)


def put(connection: Connection, area_id: str, salt: str, user: User, now: datetime) -> None:
    """Give an area a link, unless it has one."""
    values = {"area_id": area_id, "salt": salt, "made_at": now, "made_by": user.id}
    connection.execute(upsert(tables.calendar_link).values(values).on_conflict_do_nothing())


def remove(connection: Connection, area_id: str) -> bool:
    """Take the link of an area away; tell whether there was one."""
    gone = connection.execute(delete(tables.calendar_link).where(tables.calendar_link.c.area_id == area_id))
    return gone.rowcount > 0


def last_change(connection: Connection) -> datetime | None:
    """Return when a person last changed what sounds: the timetable, or an approval."""
    changed = connection.execute(select(func.max(tables.timetable_change.c.at))).scalar_one()
    approved = connection.execute(select(func.max(tables.bulletin.c.approved_at))).scalar_one()
    return max((one for one in (changed, approved) if one is not None), default=None)
