"""Boxes on their way in: one-use codes, who used them, and what was done to machines by whom."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from domain.errors import BadInputError
from domain.machines import Enrolment, EnrolmentCode, MachineAct
from store import tables

KEEP_CODES = timedelta(days=1)
KEEP_ANSWERED = timedelta(days=7)
KEEP_WAITING = timedelta(days=30)
KEEP_GUESSES = timedelta(days=90)
_WAITING = and_(tables.enrolment.c.confirmed_at.is_(None), tables.enrolment.c.refused_at.is_(None))
NOBODY = ""
"""Stands for the machine in what was done before there was one, such as a wrong guess."""


def add_code(connection: Connection, code: EnrolmentCode) -> None:
    """Keep a one-use enrolment code."""
    connection.execute(
        insert(tables.enrolment_code).values(
            id=code.id,
            code_hash=code.code_hash,
            area_id=code.area_id,
            machine_name=code.machine_name,
            made_by=code.made_by,
            made_at=code.made_at,
            expires_at=code.expires_at,
            used_at=code.used_at,
        )
    )


def code_by_hash(connection: Connection, code_hash: str) -> EnrolmentCode | None:
    """Return the code of this hash, used or not, or `None`."""
    return _code_where(connection, tables.enrolment_code.c.code_hash == code_hash)


def code(connection: Connection, code_id: str) -> EnrolmentCode | None:
    """Return the code named by its id, or `None`."""
    return _code_where(connection, tables.enrolment_code.c.id == code_id)


def use_code(connection: Connection, code_id: str, now: datetime) -> bool:
    """Use a code up; tell whether it was unused until now."""
    table = tables.enrolment_code
    used = update(table).where(table.c.id == code_id, table.c.used_at.is_(None)).values(used_at=now)
    return connection.execute(used).rowcount == 1


def add(connection: Connection, enrolment: Enrolment) -> None:
    """Keep a box that asks to join. Raises BadInputError when its key is known already."""
    key = enrolment.public_key
    for table in (tables.machine, tables.enrolment):
        if connection.execute(select(table.c.id).where(table.c.public_key == key)).first() is not None:
            raise BadInputError(
                "Khóa của máy này đã được ghép trước đây. Mã vẫn còn dùng được; hãy đổi tên thư mục cũ của máy rồi "
                "ghép lại, để máy tạo khóa mới."
            )
    connection.execute(
        insert(tables.enrolment).values(
            id=enrolment.id,
            code_id=enrolment.code_id,
            name=enrolment.name,
            area_id=enrolment.area_id,
            public_key=key,
            asked_at=enrolment.asked_at,
            asked_from=enrolment.asked_from,
        )
    )


def find(connection: Connection, enrolment_id: str) -> Enrolment | None:
    """Return a box that asked to join, whatever became of it, or `None`."""
    return next(iter(_some(connection, tables.enrolment.c.id == enrolment_id)), None)


def of_code(connection: Connection, code_id: str) -> Enrolment | None:
    """Return the box that used the code named by its id, or `None`."""
    return next(iter(_some(connection, tables.enrolment.c.code_id == code_id)), None)


def waiting(connection: Connection) -> tuple[Enrolment, ...]:
    """Return the boxes that wait for a yes, the first that asked first."""
    return _some(connection, _WAITING)


def confirm(connection: Connection, enrolment_id: str, now: datetime) -> bool:
    """Note that a box becomes a machine; tell whether it was waiting until now."""
    table = tables.enrolment
    changed = update(table).where(table.c.id == enrolment_id, _WAITING).values(confirmed_at=now)
    return connection.execute(changed).rowcount == 1


def refuse(connection: Connection, enrolment_id: str, now: datetime) -> bool:
    """Refuse a box; tell whether it was waiting until now."""
    table = tables.enrolment
    changed = update(table).where(table.c.id == enrolment_id, _WAITING).values(refused_at=now)
    return connection.execute(changed).rowcount == 1


def note(connection: Connection, act: MachineAct) -> None:
    """Write down what was done."""
    connection.execute(
        insert(tables.machine_act).values(
            at=act.at, machine_id=act.machine_id, user_id=act.user_id, words=act.words, address=act.address
        )
    )


def acts(connection: Connection, machine_ids: Iterable[str], most: int = 50) -> tuple[tuple[MachineAct, str], ...]:
    """Return what was done to these machines, the newest first, each with the name of who did it or ""."""
    table, person = tables.machine_act, tables.user
    query = select(table, person.c.name).join_from(table, person, isouter=True)
    rows = connection.execute(
        query.where(table.c.machine_id.in_(list(machine_ids))).order_by(table.c.number.desc()).limit(most)
    )
    return tuple(
        (MachineAct(row.at, row.machine_id, row.user_id, row.words, row.address), row.name or "") for row in rows
    )


def purge(connection: Connection, now: datetime) -> None:
    """Remove old codes, boxes that nobody wanted, and guesses of long ago; what was done to machines stays."""
    codes, boxes, done = tables.enrolment_code, tables.enrolment, tables.machine_act
    connection.execute(delete(codes).where(codes.c.expires_at < now - KEEP_CODES))
    answered = now - KEEP_ANSWERED
    old = or_(boxes.c.confirmed_at < answered, boxes.c.refused_at < answered, boxes.c.asked_at < now - KEEP_WAITING)
    connection.execute(delete(boxes).where(old))
    connection.execute(delete(done).where(done.c.machine_id == NOBODY, done.c.at < now - KEEP_GUESSES))


def _code_where(connection: Connection, condition: Any) -> EnrolmentCode | None:
    row = connection.execute(select(tables.enrolment_code).where(condition)).one_or_none()
    if row is None:
        return None
    return EnrolmentCode(
        id=row.id,
        code_hash=row.code_hash,
        area_id=row.area_id,
        machine_name=row.machine_name,
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def _some(connection: Connection, condition: Any) -> tuple[Enrolment, ...]:
    rows = connection.execute(select(tables.enrolment).where(condition).order_by(tables.enrolment.c.asked_at))
    return tuple(map(_enrolment, rows))


def _enrolment(row: Row[Any]) -> Enrolment:
    return Enrolment(
        id=row.id,
        code_id=row.code_id,
        name=row.name,
        area_id=row.area_id,
        public_key=row.public_key,
        asked_at=row.asked_at,
        asked_from=row.asked_from,
        confirmed_at=row.confirmed_at,
        refused_at=row.refused_at,
    )
