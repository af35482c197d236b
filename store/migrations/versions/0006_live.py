"""Live broadcasts: which key speaks in which session, and for how long."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the live sessions; nothing that was there changes."""
    op.create_table(
        "live_session",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("slot_key", sa.String(length=80), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("opened_by", sa.String(length=40), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["opened_by"], ["user_account.id"], name=op.f("fk_live_session_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_session")),
    )
    op.create_index(op.f("ix_live_session_slot_key"), "live_session", ["slot_key"], unique=False)
    op.create_index(op.f("ix_live_session_opened_by"), "live_session", ["opened_by"], unique=False)
