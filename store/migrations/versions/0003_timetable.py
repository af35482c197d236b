"""The timetable: calendar, dayparts, exceptions, policy, richer programmes, and what was changed by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the timetable needs; every rule, programme and slot that was there stays as it is."""
    _make_calendar()
    _make_columns()
    _widen_rules()
    _widen_programmes()
    _widen_slots()
    _make_changes()
    _make_succession()
    _make_checks()
    op.add_column("station", sa.Column("freeze", sa.BigInteger(), server_default="1200000", nullable=False))
    op.add_column("station", sa.Column("seasons", sa.JSON(), server_default="[[4, 16], [10, 16]]", nullable=False))


def _add_reference(table: str, column: str, target: str) -> None:
    # In one statement: a table that others refer to cannot be made anew while its rows are held.
    name = op.f(f"fk_{table}_{column}")
    op.execute(f'ALTER TABLE {table} ADD COLUMN {column} VARCHAR(40) CONSTRAINT "{name}" REFERENCES {target} (id)')
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _make_calendar() -> None:
    op.create_table(
        "daypart",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("summer", sa.Text(), nullable=False),
        sa.Column("winter", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daypart")),
        sa.UniqueConstraint("name", name=op.f("uq_daypart_name")),
    )
    op.create_table(
        "exclusion_window",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("areas", sa.JSON(), nullable=False),
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("end", sa.Text(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion_window")),
    )
    op.create_table(
        "special_day",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("day_type", sa.String(length=20), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("seeded", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_day")),
    )
    op.create_index(op.f("ix_special_day_first"), "special_day", ["first"], unique=False)


def _make_columns() -> None:
    op.create_table(
        "news_column",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news_column")),
        sa.UniqueConstraint("name", name=op.f("uq_news_column_name")),
    )
    _add_reference("bulletin", "column_id", "news_column")
    op.add_column("bulletin", sa.Column("approved_seal", sa.String(length=40), server_default="", nullable=False))


def _widen_rules() -> None:
    op.add_column("rule", sa.Column("week_interval", sa.Integer(), server_default="1", nullable=False))
    for name in ("month_days", "nth_weekdays", "lunar_days", "dayparts"):
        op.add_column("rule", sa.Column(name, sa.JSON(), server_default="[]", nullable=False))
    routine = '["ordinary", "weekend", "exam", "holiday", "tet"]'
    op.add_column("rule", sa.Column("day_types", sa.JSON(), server_default=routine, nullable=False))
    op.add_column("rule", sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "rule_exception",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.Text(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column("to_time", sa.Text(), nullable=True),
        sa.Column("programme_id", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_rule_exception_programme_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_rule_exception_rule_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rule_exception")),
    )
    op.create_index(op.f("ix_rule_exception_programme_id"), "rule_exception", ["programme_id"], unique=False)
    op.create_index(op.f("ix_rule_exception_rule_id"), "rule_exception", ["rule_id"], unique=False)


def _widen_programmes() -> None:
    op.add_column("programme", sa.Column("booked", sa.BigInteger(), nullable=True))
    op.add_column("programme", sa.Column("rank", sa.Integer(), server_default="0", nullable=False))
    item = "programme_item"
    op.add_column(item, sa.Column("kind", sa.String(length=20), server_default="bulletin", nullable=False))
    _add_reference(item, "topic_id", "topic")
    _add_reference(item, "column_id", "news_column")
    op.add_column(item, sa.Column("stream_url", sa.Text(), server_default="", nullable=False))
    op.add_column(item, sa.Column("length", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(item, sa.Column("repeat", sa.Integer(), server_default="1", nullable=False))
    op.add_column(item, sa.Column("gap", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(item, sa.Column("duck_db", sa.Float(), server_default="18", nullable=False))
    op.execute("UPDATE programme_item SET kind = 'clip' WHERE bulletin_id IS NULL")
    op.create_table(
        "bed_mix",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("clip_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["clip_hash"], ["clip.hash"], name=op.f("fk_bed_mix_clip_hash")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bed_mix")),
    )


def _widen_slots() -> None:
    op.add_column("occurrence", sa.Column("layer", sa.String(length=20), server_default="weekly", nullable=False))
    op.add_column("occurrence", sa.Column("moved_from", sa.BigInteger(), nullable=True))
    op.add_column("slot", sa.Column("rule_id", sa.String(length=40), server_default="", nullable=False))
    op.add_column("slot", sa.Column("programme_id", sa.String(length=40), server_default="", nullable=False))
    op.add_column("slot", sa.Column("layer", sa.String(length=20), server_default="weekly", nullable=False))
    op.add_column("slot", sa.Column("rank", sa.Integer(), server_default="0", nullable=False))
    op.add_column("slot", sa.Column("yields_to", sa.String(length=140), server_default="", nullable=False))
    op.add_column("slot", sa.Column("gain_db", sa.Float(), server_default="0", nullable=False))


def _make_changes() -> None:
    op.create_table(
        "timetable_change",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_timetable_change_user_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_timetable_change")),
    )
    for name in ("at", "subject_id", "user_id"):
        op.create_index(op.f(f"ix_timetable_change_{name}"), "timetable_change", [name], unique=False)


def _make_succession() -> None:
    op.create_table(
        "area_succession",
        sa.Column("predecessor_id", sa.String(length=40), nullable=False),
        sa.Column("successor_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["predecessor_id"], ["area.id"], name=op.f("fk_area_succession_predecessor_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["area.id"], name=op.f("fk_area_succession_successor_id")),
        sa.UniqueConstraint("predecessor_id", "successor_id", name=op.f("uq_area_succession_predecessor_id")),
    )
    for name in ("predecessor_id", "successor_id"):
        op.create_index(op.f(f"ix_area_succession_{name}"), "area_succession", [name], unique=False)


def _make_checks() -> None:
    op.create_table(
        "finding",
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("check", sa.String(length=20), nullable=False),
        sa.Column("tone", sa.String(length=10), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_finding")),
    )
    op.create_table(
        "chore_run",
        sa.Column("chore", sa.String(length=20), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chore", name=op.f("pk_chore_run")),
    )
    op.create_table(
        "calendar_link",
        sa.Column("area_id", sa.String(length=40), nullable=False),
        sa.Column("salt", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_calendar_link_area_id")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_calendar_link_made_by")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_calendar_link")),
    )
    op.create_index(op.f("ix_calendar_link_made_by"), "calendar_link", ["made_by"], unique=False)
    op.add_column("published_playlist", sa.Column("held", sa.JSON(), server_default="{}", nullable=False))
