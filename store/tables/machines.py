"""Tables of the broadcast machines: who they are, what they were given, what they reported."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from store.tables.base import key, metadata, ref
from store.types import Instant, Length

machine = Table(
    "machine",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    ref("area_id", "area"),
    Column("public_key", String(64), nullable=False, unique=True),
    Column("enrolled_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("heartbeat", JSON),
    Column("gain_mb", Integer, nullable=False, default=0, server_default="0"),
)

enrolment_code = Table(
    "enrolment_code",
    metadata,
    key(),
    Column("code_hash", String(64), nullable=False, unique=True),
    ref("area_id", "area", null=True),
    Column("machine_name", Text, nullable=False),
    ref("made_by", "user_account"),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

enrolment = Table(
    "enrolment",
    metadata,
    key(),
    Column("code_id", String(40), nullable=False, index=True),
    Column("name", Text, nullable=False),
    ref("area_id", "area", null=True),
    Column("public_key", String(64), nullable=False, unique=True),
    Column("asked_at", Instant, nullable=False),
    Column("asked_from", Text, nullable=False),
    Column("confirmed_at", Instant),
    Column("refused_at", Instant),
)

machine_act = Table(
    "machine_act",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("machine_id", String(40), nullable=False, index=True),
    ref("user_id", "user_account", null=True),
    Column("words", Text, nullable=False),
    Column("address", Text, nullable=False),
)

published_playlist = Table(
    "published_playlist",
    metadata,
    Column("machine_id", String(40), ForeignKey("machine.id"), primary_key=True),
    Column("counter", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("etag", String(80), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("held", JSON, nullable=False, default=dict, server_default="{}"),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

airing = Table(
    "airing",
    metadata,
    Column("key", String(140), primary_key=True),
    ref("machine_id", "machine"),
    Column("slot_key", String(80), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("clip_hash", String(64)),
    Column("planned_start", Instant, nullable=False, index=True),
    Column("outcome", String(20), nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("rendered", Length, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("received_at", Instant, nullable=False),
    Column("rms_mb", Integer),
    Column("peak_mb", Integer),
    Column("dead", Length),
    Column("clipped_ppm", Integer),
    Column("hearing", String(20)),
    Column("score", Integer),
    Index("ix_airing_machine_planned", "machine_id", "planned_start"),
    Index("ix_airing_outcome_planned", "outcome", "planned_start"),
)

live_session = Table(
    "live_session",
    metadata,
    key(),
    Column("slot_key", String(80), nullable=False, index=True),
    Column("public_key", String(64), nullable=False),
    ref("opened_by", "user_account"),
    Column("opened_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("closed_at", Instant),
)

listening_line = Table(
    "listening_line",
    metadata,
    key(),
    ref("area_id", "area"),
    Column("name", Text, nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    ref("made_by", "user_account"),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("asked_at", Instant),
)
