"""Indexes for a large station: what pages ask of millions of airings and of a hundred thousand clips."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes, and take away those that they make needless; no row is changed."""
    op.drop_index("ix_airing_outcome", table_name="airing")
    op.create_index("ix_airing_outcome_planned", "airing", ["outcome", "planned_start"])
    op.drop_index("ix_bulletin_state", table_name="bulletin")
    op.create_index("ix_bulletin_state_updated", "bulletin", ["state", "updated_at"])
    op.drop_index("ix_bulletin_column_id", table_name="bulletin")
    op.create_index("ix_bulletin_column_approved", "bulletin", ["column_id", "state", "approved_at"])
    op.drop_index("ix_bulletin_topic_id", table_name="bulletin")
    op.create_index("ix_bulletin_topic_approved", "bulletin", ["topic_id", "state", "approved_at"])
    op.create_index("ix_clip_kind", "clip", ["kind"])
