"""Emergencies: standard messages, who started what where, the signed orders, and acts that stay as written."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what emergencies need; nothing that was there is changed."""
    _make_messages()
    _make_emergencies()
    _make_reports()
    _make_acts()
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER emergency_act_no_{act.lower()} BEFORE {act} ON emergency_act"
            " BEGIN SELECT RAISE(ABORT, 'what was done stays as it was written'); END"
        )


def _make_messages() -> None:
    op.create_table(
        "standard_message",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message_hash", sa.String(length=64), nullable=False),
        sa.Column("chime_hash", sa.String(length=64), nullable=True),
        sa.Column("all_clear_hash", sa.String(length=64), nullable=True),
        sa.Column("pattern", sa.JSON(), nullable=False),
        sa.Column("local", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("agreed_by", sa.String(length=40), nullable=True),
        sa.Column("agreed_at", sa.BigInteger(), nullable=True),
        sa.Column("leaving_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["agreed_by"], ["user_account.id"], name=op.f("fk_standard_message_agreed_by")),
        sa.ForeignKeyConstraint(["all_clear_hash"], ["clip.hash"], name=op.f("fk_standard_message_all_clear_hash")),
        sa.ForeignKeyConstraint(["chime_hash"], ["clip.hash"], name=op.f("fk_standard_message_chime_hash")),
        sa.ForeignKeyConstraint(["leaving_by"], ["user_account.id"], name=op.f("fk_standard_message_leaving_by")),
        sa.ForeignKeyConstraint(["message_hash"], ["clip.hash"], name=op.f("fk_standard_message_message_hash")),
        sa.ForeignKeyConstraint(["proposed_by"], ["user_account.id"], name=op.f("fk_standard_message_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_message")),
    )
    op.create_index(op.f("ix_standard_message_agreed_by"), "standard_message", ["agreed_by"], unique=False)
    op.create_index(op.f("ix_standard_message_leaving_by"), "standard_message", ["leaving_by"], unique=False)
    op.create_index(op.f("ix_standard_message_proposed_by"), "standard_message", ["proposed_by"], unique=False)


def _make_emergencies() -> None:
    op.create_table(
        "emergency",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message_hash", sa.String(length=64), nullable=False),
        sa.Column("chime_hash", sa.String(length=64), nullable=True),
        sa.Column("all_clear_hash", sa.String(length=64), nullable=True),
        sa.Column("drill_hash", sa.String(length=64), nullable=True),
        sa.Column("pattern", sa.JSON(), nullable=False),
        sa.Column("area_ids", sa.JSON(), nullable=False),
        sa.Column("except_area_ids", sa.JSON(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=40), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("declined_by", sa.String(length=40), nullable=True),
        sa.Column("stopped_by", sa.String(length=40), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("cleared_by", sa.String(length=40), nullable=True),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("machine_id", sa.String(length=40), nullable=True),
        sa.Column("ended_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["user_account.id"], name=op.f("fk_emergency_asked_by")),
        sa.ForeignKeyConstraint(["cleared_by"], ["user_account.id"], name=op.f("fk_emergency_cleared_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["user_account.id"], name=op.f("fk_emergency_confirmed_by")),
        sa.ForeignKeyConstraint(["declined_by"], ["user_account.id"], name=op.f("fk_emergency_declined_by")),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_emergency_machine_id")),
        sa.ForeignKeyConstraint(["stopped_by"], ["user_account.id"], name=op.f("fk_emergency_stopped_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency")),
    )
    op.create_index(op.f("ix_emergency_asked_at"), "emergency", ["asked_at"], unique=False)
    op.create_index(op.f("ix_emergency_asked_by"), "emergency", ["asked_by"], unique=False)
    op.create_index(op.f("ix_emergency_cleared_by"), "emergency", ["cleared_by"], unique=False)
    op.create_index(op.f("ix_emergency_confirmed_by"), "emergency", ["confirmed_by"], unique=False)
    op.create_index(op.f("ix_emergency_declined_by"), "emergency", ["declined_by"], unique=False)
    op.create_index(op.f("ix_emergency_machine_id"), "emergency", ["machine_id"], unique=False)
    op.create_index(op.f("ix_emergency_started_at"), "emergency", ["started_at"], unique=False)
    op.create_index(op.f("ix_emergency_stopped_by"), "emergency", ["stopped_by"], unique=False)


def _make_reports() -> None:
    op.create_table(
        "emergency_report",
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("alert_id", sa.String(length=80), nullable=False),
        sa.Column("emergency_id", sa.String(length=40), nullable=False),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_emergency_report_machine_id")),
        sa.PrimaryKeyConstraint("machine_id", "alert_id", name=op.f("pk_emergency_report")),
    )
    op.create_index(op.f("ix_emergency_report_emergency_id"), "emergency_report", ["emergency_id"], unique=False)
    op.create_table(
        "published_orders",
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("clips", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_published_orders_machine_id")),
        sa.PrimaryKeyConstraint("machine_id", name=op.f("pk_published_orders")),
    )


def _make_acts() -> None:
    op.create_table(
        "emergency_act",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=True),
        sa.Column("machine_id", sa.String(length=40), nullable=True),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_emergency_act_machine_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_emergency_act_user_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_emergency_act")),
    )
    op.create_index(op.f("ix_emergency_act_machine_id"), "emergency_act", ["machine_id"], unique=False)
    op.create_index(op.f("ix_emergency_act_subject_id"), "emergency_act", ["subject_id"], unique=False)
    op.create_index(op.f("ix_emergency_act_user_id"), "emergency_act", ["user_id"], unique=False)
    op.create_table(
        "emergency_version",
        sa.Column("only", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_emergency_version")),
    )
