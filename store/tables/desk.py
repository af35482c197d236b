"""Tables of the desk and the shelf: campaigns, bulletins, clips, recordings, the lexicon."""

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
)

from store.tables.base import key, metadata, ref
from store.types import Instant, Length

campaign = Table(
    "campaign",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("channels", JSON, nullable=False),
)

policy_document = Table(
    "policy_document",
    metadata,
    ref("campaign_id", "campaign"),
    Column("position", Integer, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("cites", JSON, nullable=False),
    UniqueConstraint("campaign_id", "position"),
)

news_column = Table(
    "news_column",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    Column("position", Integer, nullable=False, default=0),
)

topic = Table(
    "topic",
    metadata,
    key(),
    ref("campaign_id", "campaign"),
    Column("position", Integer, nullable=False),
    Column("code", String(40), nullable=False),
    Column("name", Text, nullable=False),
    ref("parent_id", "topic", null=True),
)

task = Table(
    "task",
    metadata,
    ref("campaign_id", "campaign"),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("leads", JSON, nullable=False),
    Column("partners", JSON, nullable=False),
    Column("due", Text),
    UniqueConstraint("campaign_id", "number"),
)

clip = Table(
    "clip",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("length", Length, nullable=False),
    Column("lufs", Float, nullable=False),
    Column("true_peak", Float, nullable=False),
    Column("loudness_range", Float, nullable=False),
    Column("kind", String(20), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("voice", JSON),
    Column("preset", String(20), nullable=False, default="", server_default=""),
)

bulletin = Table(
    "bulletin",
    metadata,
    key(),
    Column("title", Text, nullable=False),
    Column("script", Text, nullable=False),
    Column("genre", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("updated_at", Instant, nullable=False, index=True),
    ref("topic_id", "topic", null=True, index=False),
    ref("campaign_id", "campaign", null=True),
    Column("readings", JSON, nullable=False),
    ref("approved_by", "user_account", null=True),
    Column("approved_at", Instant),
    Column("return_note", Text, nullable=False, default=""),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("clip_hash", String(64), ForeignKey("clip.hash")),
    Column("clip_version", Integer),
    ref("backup_voice_ok_by", "user_account", null=True),
    Column("preset", String(20), nullable=False, default="horn", server_default="horn"),
    ref("column_id", "news_column", null=True, index=False),
    Column("approved_seal", String(40), nullable=False, default="", server_default=""),
    Index("ix_bulletin_state_updated", "state", "updated_at"),
    Index("ix_bulletin_column_approved", "column_id", "state", "approved_at"),
    Index("ix_bulletin_topic_approved", "topic_id", "state", "approved_at"),
)

script_version = Table(
    "script_version",
    metadata,
    ref("bulletin_id", "bulletin"),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("script", Text, nullable=False),
    ref("author_id", "user_account"),
    Column("at", Instant, nullable=False),
    UniqueConstraint("bulletin_id", "version"),
)

review = Table(
    "review",
    metadata,
    Column("number", Integer, primary_key=True),
    ref("bulletin_id", "bulletin"),
    Column("at", Instant, nullable=False),
    ref("user_id", "user_account"),
    Column("action", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("note", Text, nullable=False, default=""),
)

job = Table(
    "job",
    metadata,
    key(),
    ref("bulletin_id", "bulletin"),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", Instant, nullable=False),
    Column("stage", Text, nullable=False, default=""),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("lease_until", Instant),
    Column("error", Text, nullable=False, default=""),
    Column("wall_seconds", Float),
    Column("cpu_seconds", Float),
    Column("finished_at", Instant),
    UniqueConstraint("bulletin_id", "version"),
)

lexicon_entry = Table(
    "lexicon_entry",
    metadata,
    key(),
    Column("written", String(120), nullable=False, unique=True),
    Column("spoken", Text, nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("match_case", Boolean, nullable=False, default=True),
    ref("changed_by", "user_account"),
    Column("changed_at", Instant, nullable=False),
)

lexicon_change = Table(
    "lexicon_change",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("written", String(120), nullable=False, index=True),
    Column("spoken", Text),
    Column("action", String(20), nullable=False),
    ref("user_id", "user_account"),
    Column("at", Instant, nullable=False),
)

recording = Table(
    "recording",
    metadata,
    key(),
    ref("bulletin_id", "bulletin"),
    Column("sentence_hash", String(64), nullable=False, default=""),
    Column("sentence", Text, nullable=False, default=""),
    Column("blob_hash", String(64), nullable=False),
    Column("length", Length, nullable=False),
    ref("made_by", "user_account"),
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("bulletin_id", "sentence_hash"),
)
