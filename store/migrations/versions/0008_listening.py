"""Listening lines: secret addresses by which ordinary players hear what a place hears."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the listening lines; nothing that was there changes."""
    op.create_table(
        "listening_line",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("area_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_listening_line_area_id")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_listening_line_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listening_line")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_listening_line_token_hash")),
    )
    op.create_index(op.f("ix_listening_line_area_id"), "listening_line", ["area_id"], unique=False)
    op.create_index(op.f("ix_listening_line_made_by"), "listening_line", ["made_by"], unique=False)
