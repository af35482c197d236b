"""The station's columns (chuyên mục), in their order."""

from sqlalchemy import Connection, delete, func, insert, select, update

from domain.bulletins import NewsColumn
from domain.errors import BadInputError
from store import station, tables


def everything(connection: Connection) -> tuple[NewsColumn, ...]:
    """Return the columns in order."""
    table = tables.news_column
    rows = connection.execute(select(table).order_by(table.c.position, table.c.name))
    return tuple(NewsColumn(row.id, row.name) for row in rows)


def put(connection: Connection, column: NewsColumn) -> None:
    """Add a column at the end, or rename the one of its id. Raises BadInputError when the name is taken."""
    table = tables.news_column
    taken = connection.execute(select(table.c.id).where(table.c.name == column.name, table.c.id != column.id)).first()
    if taken is not None:
        raise BadInputError(f"Đã có chuyên mục tên «{column.name}».")
    held = connection.execute(update(table).where(table.c.id == column.id).values(name=column.name))
    if not held.rowcount:
        last = connection.execute(select(func.max(table.c.position))).scalar_one_or_none() or 0
        connection.execute(insert(table).values(id=column.id, name=column.name, position=last + 1))
    station.plan_changed(connection)


def remove(connection: Connection, column_id: str) -> bool:
    """Remove a column that nothing names; tell whether there was one. Raises BadInputError when something names it."""
    used = connection.execute(select(tables.bulletin.c.id).where(tables.bulletin.c.column_id == column_id)).first()
    item = tables.programme_item.c
    used = used or connection.execute(select(item.programme_id).where(item.column_id == column_id)).first()
    if used is not None:
        raise BadInputError("Chuyên mục này đang được dùng nên chưa xóa được.")
    gone = connection.execute(delete(tables.news_column).where(tables.news_column.c.id == column_id))
    return gone.rowcount > 0
