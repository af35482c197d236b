"""The volume of each machine: how much louder or softer its horns are to be than the clips."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the volume; every machine stays as loud as it was."""
    op.add_column("machine", sa.Column("gain_mb", sa.Integer(), server_default="0", nullable=False))
