"""Tables of the timetable: programmes, rules, the calendar, and what they come to."""

from datetime import timedelta

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from store.tables.base import key, metadata, ref
from store.types import Instant, Length

_EVERY_DAY_TYPE_BUT_MOURNING = '["ordinary", "weekend", "exam", "holiday", "tet"]'

programme = Table(
    "programme",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("late_policy", String(20), nullable=False),
    Column("grace", Length, nullable=False),
    Column("booked", Length),
    Column("rank", Integer, nullable=False, default=0, server_default="0"),
)

programme_item = Table(
    "programme_item",
    metadata,
    ref("programme_id", "programme"),
    Column("position", Integer, nullable=False),
    ref("bulletin_id", "bulletin", null=True),
    Column("clip_hash", String(64), ForeignKey("clip.hash")),
    Column("kind", String(20), nullable=False, default="bulletin", server_default="bulletin"),
    ref("topic_id", "topic", null=True),
    ref("column_id", "news_column", null=True),
    Column("stream_url", Text, nullable=False, default="", server_default=""),
    Column("length", Length, nullable=False, default=timedelta(), server_default="0"),
    Column("repeat", Integer, nullable=False, default=1, server_default="1"),
    Column("gap", Length, nullable=False, default=timedelta(), server_default="0"),
    Column("duck_db", Float, nullable=False, default=18.0, server_default="18"),
    UniqueConstraint("programme_id", "position"),
)

rule = Table(
    "rule",
    metadata,
    key(),
    ref("programme_id", "programme"),
    Column("areas", JSON, nullable=False),
    Column("except_areas", JSON, nullable=False),
    Column("times", JSON, nullable=False),
    Column("weekdays", JSON, nullable=False),
    Column("dates", JSON, nullable=False),
    Column("except_dates", JSON, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("created_by", Text, nullable=False, default=""),
    Column("week_interval", Integer, nullable=False, default=1, server_default="1"),
    Column("month_days", JSON, nullable=False, server_default="[]"),
    Column("nth_weekdays", JSON, nullable=False, server_default="[]"),
    Column("lunar_days", JSON, nullable=False, server_default="[]"),
    Column("dayparts", JSON, nullable=False, server_default="[]"),
    Column("day_types", JSON, nullable=False, server_default=_EVERY_DAY_TYPE_BUT_MOURNING),
    Column("urgent", Boolean, nullable=False, default=False, server_default=false()),
)

rule_exception = Table(
    "rule_exception",
    metadata,
    Column("number", Integer, primary_key=True),
    ref("rule_id", "rule"),
    Column("kind", String(20), nullable=False),
    Column("on", Date, nullable=False),
    Column("at", Text),
    Column("to_day", Date),
    Column("to_time", Text),
    ref("programme_id", "programme", null=True),
    Column("note", Text, nullable=False, default=""),
)

daypart = Table(
    "daypart",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    Column("summer", Text, nullable=False),
    Column("winter", Text, nullable=False),
)

special_day = Table(
    "special_day",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("day_type", String(20), nullable=False),
    Column("first", Date, nullable=False, index=True),
    Column("last", Date, nullable=False),
    Column("seeded", Boolean, nullable=False, default=False),
    Column("enabled", Boolean, nullable=False, default=True),
)

exclusion_window = Table(
    "exclusion_window",
    metadata,
    key(),
    Column("reason", Text, nullable=False),
    Column("areas", JSON, nullable=False),
    Column("start", Text, nullable=False),
    Column("end", Text, nullable=False),
    Column("weekdays", JSON, nullable=False),
    Column("first", Date),
    Column("last", Date),
)

occurrence = Table(
    "occurrence",
    metadata,
    Column("key", String(80), primary_key=True),
    ref("rule_id", "rule"),
    ref("programme_id", "programme"),
    Column("starts_at", Instant, nullable=False, index=True),
    Column("layer", String(20), nullable=False, default="weekly", server_default="weekly"),
    Column("moved_from", Instant),
)

slot = Table(
    "slot",
    metadata,
    Column("key", String(140), primary_key=True),
    ref("machine_id", "machine"),
    Column("starts_at", Instant, nullable=False),
    Column("title", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("late_policy", String(20), nullable=False),
    Column("grace", Length, nullable=False),
    Column("items", JSON, nullable=False),
    Column("refusal", Text, nullable=False, default=""),
    Column("rule_id", String(40), nullable=False, default="", server_default=""),
    Column("programme_id", String(40), nullable=False, default="", server_default=""),
    Column("layer", String(20), nullable=False, default="weekly", server_default="weekly"),
    Column("rank", Integer, nullable=False, default=0, server_default="0"),
    Column("yields_to", String(140), nullable=False, default="", server_default=""),
    Column("gain_db", Float, nullable=False, default=0.0, server_default="0"),
    Index("ix_slot_machine_starts", "machine_id", "starts_at"),
    Index("ix_slot_starts", "starts_at"),
)

timetable_change = Table(
    "timetable_change",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    ref("user_id", "user_account"),
    Column("action", String(40), nullable=False),
    Column("subject_id", String(40), nullable=False, index=True),
    Column("words", Text, nullable=False, default=""),
    Column("before", JSON),
    Column("undone", Boolean, nullable=False, default=False),
)

bed_mix = Table(
    "bed_mix",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("clip_hash", String(64), ForeignKey("clip.hash"), nullable=False),
)
