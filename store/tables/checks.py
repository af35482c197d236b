"""Tables of what the worker finds by itself, of its chores, and of the calendars that phones subscribe to."""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from store.tables.base import metadata, ref
from store.types import Instant

finding = Table(
    "finding",
    metadata,
    Column("key", String(140), primary_key=True),
    Column("check", String(20), nullable=False),
    Column("tone", String(10), nullable=False),
    Column("title", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("machine_id", String(40), nullable=False, default=""),
)

chore_run = Table(
    "chore_run",
    metadata,
    Column("chore", String(20), primary_key=True),
    Column("tried_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("sentence", Text, nullable=False, default=""),
)

calendar_link = Table(
    "calendar_link",
    metadata,
    Column("area_id", String(40), ForeignKey("area.id"), primary_key=True),
    Column("salt", String(40), nullable=False),
    Column("made_at", Instant, nullable=False),
    ref("made_by", "user_account"),
)
