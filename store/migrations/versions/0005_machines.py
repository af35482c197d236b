"""Machines: a box that used a code waits for a technician's yes, and what was done to machines is written down."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what enrolment by two steps needs; machines that were let in before stay in. Open codes are dropped."""
    op.drop_table("enrolment_code")
    _make_codes()
    _make_enrolments()
    _make_acts()
    op.create_index("ix_airing_machine_planned", "airing", ["machine_id", "planned_start"], unique=False)


def _make_codes() -> None:
    op.create_table(
        "enrolment_code",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("area_id", sa.String(length=40), nullable=True),
        sa.Column("machine_name", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_enrolment_code_area_id")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_enrolment_code_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_enrolment_code_code_hash")),
    )
    op.create_index(op.f("ix_enrolment_code_area_id"), "enrolment_code", ["area_id"], unique=False)
    op.create_index(op.f("ix_enrolment_code_made_by"), "enrolment_code", ["made_by"], unique=False)


def _make_enrolments() -> None:
    op.create_table(
        "enrolment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area_id", sa.String(length=40), nullable=True),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_from", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("refused_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_enrolment_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("public_key", name=op.f("uq_enrolment_public_key")),
    )
    op.create_index(op.f("ix_enrolment_area_id"), "enrolment", ["area_id"], unique=False)
    op.create_index(op.f("ix_enrolment_code_id"), "enrolment", ["code_id"], unique=False)


def _make_acts() -> None:
    op.create_table(
        "machine_act",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_machine_act_user_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_machine_act")),
    )
    op.create_index(op.f("ix_machine_act_machine_id"), "machine_act", ["machine_id"], unique=False)
    op.create_index(op.f("ix_machine_act_user_id"), "machine_act", ["user_id"], unique=False)
