"""Tables of emergencies: standard messages, who started what where, the signed orders, and what was done by whom."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from store.tables.base import key, metadata, ref
from store.types import Instant

standard_message = Table(
    "standard_message",
    metadata,
    key(),
    Column("title", Text, nullable=False),
    Column("message_hash", String(64), ForeignKey("clip.hash"), nullable=False),
    Column("chime_hash", String(64), ForeignKey("clip.hash")),
    Column("all_clear_hash", String(64), ForeignKey("clip.hash")),
    Column("pattern", JSON, nullable=False),
    Column("local", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    ref("proposed_by", "user_account"),
    Column("proposed_at", Instant, nullable=False),
    ref("agreed_by", "user_account", null=True),
    Column("agreed_at", Instant),
    ref("leaving_by", "user_account", null=True),
)

emergency = Table(
    "emergency",
    metadata,
    key(),
    Column("title", Text, nullable=False),
    Column("message_hash", String(64), nullable=False),
    Column("chime_hash", String(64)),
    Column("all_clear_hash", String(64)),
    Column("drill_hash", String(64)),
    Column("pattern", JSON, nullable=False),
    Column("area_ids", JSON, nullable=False),
    Column("except_area_ids", JSON, nullable=False),
    Column("drill", Boolean, nullable=False),
    ref("asked_by", "user_account", null=True),
    Column("asked_at", Instant, nullable=False, index=True),
    ref("confirmed_by", "user_account", null=True),
    Column("started_at", Instant, index=True),
    ref("declined_by", "user_account", null=True),
    ref("stopped_by", "user_account", null=True),
    Column("stopped_at", Instant),
    ref("cleared_by", "user_account", null=True),
    Column("cleared_at", Instant),
    ref("machine_id", "machine", null=True),
    Column("ended_reason", Text, nullable=False, default="", server_default=""),
)

emergency_report = Table(
    "emergency_report",
    metadata,
    Column("machine_id", String(40), ForeignKey("machine.id"), primary_key=True),
    Column("alert_id", String(80), primary_key=True),
    Column("emergency_id", String(40), nullable=False, index=True),
    Column("heard", Integer, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("reason", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
)

published_orders = Table(
    "published_orders",
    metadata,
    Column("machine_id", String(40), ForeignKey("machine.id"), primary_key=True),
    Column("counter", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("etag", String(80), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("clips", JSON, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

emergency_version = Table(
    "emergency_version",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("asked", Integer, nullable=False),
    Column("signed", Integer, nullable=False),
)

emergency_act = Table(
    "emergency_act",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    ref("user_id", "user_account", null=True),
    ref("machine_id", "machine", null=True),
    Column("subject_id", String(40), nullable=False, index=True),
    Column("act", String(40), nullable=False),
    Column("detail", Text, nullable=False),
)
