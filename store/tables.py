"""The tables. Names are the words of the trade; a change here needs a migration beside it."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.types import Instant, Length

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id") -> "Column[str]":
    return Column(name, String(40), primary_key=True)


def _ref(name: str, target: str, *, null: bool = False) -> "Column[str]":
    return Column(name, String(40), ForeignKey(f"{target}.id"), nullable=null, index=True)


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
    CheckConstraint("only = 1", name="one_station"),
)

user = Table(
    "user_account",
    metadata,
    _id(),
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
    _ref("user_id", "user_account"),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

sign_in_token = Table(
    "sign_in_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _ref("user_id", "user_account"),
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
    _id(),
    Column("name", Text, nullable=False),
    Column("level", String(40), ForeignKey("area_level.code"), nullable=False),
    _ref("parent_id", "area", null=True),
    Column("official_code", String(40), nullable=False, default=""),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("position", Integer, nullable=False, default=0),
)

organisation = Table(
    "organisation",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("short_name", Text, nullable=False, default=""),
)

campaign = Table(
    "campaign",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("channels", JSON, nullable=False),
)

policy_document = Table(
    "policy_document",
    metadata,
    _ref("campaign_id", "campaign"),
    Column("position", Integer, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("cites", JSON, nullable=False),
    UniqueConstraint("campaign_id", "position"),
)

topic = Table(
    "topic",
    metadata,
    _id(),
    _ref("campaign_id", "campaign"),
    Column("position", Integer, nullable=False),
    Column("code", String(40), nullable=False),
    Column("name", Text, nullable=False),
    _ref("parent_id", "topic", null=True),
)

task = Table(
    "task",
    metadata,
    _ref("campaign_id", "campaign"),
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
    Column("kind", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("voice", JSON),
    Column("preset", String(20), nullable=False, default="", server_default=""),
)

bulletin = Table(
    "bulletin",
    metadata,
    _id(),
    Column("title", Text, nullable=False),
    Column("script", Text, nullable=False),
    Column("genre", String(20), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("updated_at", Instant, nullable=False, index=True),
    _ref("topic_id", "topic", null=True),
    _ref("campaign_id", "campaign", null=True),
    Column("readings", JSON, nullable=False),
    _ref("approved_by", "user_account", null=True),
    Column("approved_at", Instant),
    Column("return_note", Text, nullable=False, default=""),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("clip_hash", String(64), ForeignKey("clip.hash")),
    Column("clip_version", Integer),
    _ref("backup_voice_ok_by", "user_account", null=True),
    Column("preset", String(20), nullable=False, default="horn", server_default="horn"),
)

script_version = Table(
    "script_version",
    metadata,
    _ref("bulletin_id", "bulletin"),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("script", Text, nullable=False),
    _ref("author_id", "user_account"),
    Column("at", Instant, nullable=False),
    UniqueConstraint("bulletin_id", "version"),
)

review = Table(
    "review",
    metadata,
    Column("number", Integer, primary_key=True),
    _ref("bulletin_id", "bulletin"),
    Column("at", Instant, nullable=False),
    _ref("user_id", "user_account"),
    Column("action", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("note", Text, nullable=False, default=""),
)

job = Table(
    "job",
    metadata,
    _id(),
    _ref("bulletin_id", "bulletin"),
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

programme = Table(
    "programme",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("late_policy", String(20), nullable=False),
    Column("grace", Length, nullable=False),
)

programme_item = Table(
    "programme_item",
    metadata,
    _ref("programme_id", "programme"),
    Column("position", Integer, nullable=False),
    _ref("bulletin_id", "bulletin", null=True),
    Column("clip_hash", String(64), ForeignKey("clip.hash")),
    UniqueConstraint("programme_id", "position"),
)

rule = Table(
    "rule",
    metadata,
    _id(),
    _ref("programme_id", "programme"),
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
)

occurrence = Table(
    "occurrence",
    metadata,
    Column("key", String(80), primary_key=True),
    _ref("rule_id", "rule"),
    _ref("programme_id", "programme"),
    Column("starts_at", Instant, nullable=False, index=True),
)

machine = Table(
    "machine",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    _ref("area_id", "area"),
    Column("public_key", String(64), nullable=False, unique=True),
    Column("enrolled_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("heartbeat", JSON),
)

enrolment_code = Table(
    "enrolment_code",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    _ref("area_id", "area"),
    Column("machine_name", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

published_playlist = Table(
    "published_playlist",
    metadata,
    Column("machine_id", String(40), ForeignKey("machine.id"), primary_key=True),
    Column("counter", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("etag", String(80), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

slot = Table(
    "slot",
    metadata,
    Column("key", String(140), primary_key=True),
    _ref("machine_id", "machine"),
    Column("starts_at", Instant, nullable=False),
    Column("title", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("late_policy", String(20), nullable=False),
    Column("grace", Length, nullable=False),
    Column("items", JSON, nullable=False),
    Column("refusal", Text, nullable=False, default=""),
    Index("ix_slot_machine_starts", "machine_id", "starts_at"),
    Index("ix_slot_starts", "starts_at"),
)

airing = Table(
    "airing",
    metadata,
    Column("key", String(140), primary_key=True),
    _ref("machine_id", "machine"),
    Column("slot_key", String(80), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("clip_hash", String(64)),
    Column("planned_start", Instant, nullable=False, index=True),
    Column("outcome", String(20), nullable=False, index=True),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("rendered", Length, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("received_at", Instant, nullable=False),
)

lexicon_entry = Table(
    "lexicon_entry",
    metadata,
    _id(),
    Column("written", String(120), nullable=False, unique=True),
    Column("spoken", Text, nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("match_case", Boolean, nullable=False, default=True),
    _ref("changed_by", "user_account"),
    Column("changed_at", Instant, nullable=False),
)

lexicon_change = Table(
    "lexicon_change",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("written", String(120), nullable=False, index=True),
    Column("spoken", Text),
    Column("action", String(20), nullable=False),
    _ref("user_id", "user_account"),
    Column("at", Instant, nullable=False),
)

recording = Table(
    "recording",
    metadata,
    _id(),
    _ref("bulletin_id", "bulletin"),
    Column("sentence_hash", String(64), nullable=False, default=""),
    Column("sentence", Text, nullable=False, default=""),
    Column("blob_hash", String(64), nullable=False),
    Column("length", Length, nullable=False),
    _ref("made_by", "user_account"),
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("bulletin_id", "sentence_hash"),
)
