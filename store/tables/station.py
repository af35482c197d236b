"""Tables of the station itself: its settings, its people, its places."""

from datetime import timedelta

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.tables.base import key, metadata, ref
from store.types import Instant, Length

station = Table(
    "station",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("id", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", String(64), nullable=False, default=""),
    Column("epoch", Integer, nullable=False, default=1),
    Column("policy", JSON, nullable=False),
    Column("backup_voice_needs_yes", Boolean, nullable=False, default=True),
    Column("example", Boolean, nullable=False, default=False),
    Column("plan_version", Integer, nullable=False, default=0),
    Column("lexicon_version", Integer, nullable=False, default=0, server_default="0"),
    Column("freeze", Length, nullable=False, default=timedelta(minutes=20), server_default="1200000"),
    Column("seasons", JSON, nullable=False, server_default="[[4, 16], [10, 16]]"),
    CheckConstraint("only = 1", name="one_station"),
)

user = Table(
    "user_account",
    metadata,
    key(),
    Column("login", String(80), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password_hash", Text, nullable=False, default=""),
    Column("active", Boolean, nullable=False, default=True),
)

session = Table(
    "web_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    ref("user_id", "user_account"),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

sign_in_token = Table(
    "sign_in_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    ref("user_id", "user_account"),
    Column("expires_at", Instant, nullable=False),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("subject", String(200), nullable=False, index=True),
    Column("at", Instant, nullable=False),
)

area_level = Table(
    "area_level",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("rank", Integer, nullable=False),
)

area = Table(
    "area",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("level", String(40), ForeignKey("area_level.code"), nullable=False),
    ref("parent_id", "area", null=True),
    Column("official_code", String(40), nullable=False, default=""),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("position", Integer, nullable=False, default=0),
)

area_succession = Table(
    "area_succession",
    metadata,
    ref("predecessor_id", "area"),
    ref("successor_id", "area"),
    UniqueConstraint("predecessor_id", "successor_id"),
)

organisation = Table(
    "organisation",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    Column("short_name", Text, nullable=False, default=""),
)
