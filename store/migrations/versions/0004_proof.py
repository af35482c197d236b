"""How loud each airing left the mixer, and whether a microphone heard it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what machines now measure; airings that were reported without it stay as they are."""
    for name, kind in (
        ("rms_mb", sa.Integer()),
        ("peak_mb", sa.Integer()),
        ("dead", sa.BigInteger()),
        ("clipped_ppm", sa.Integer()),
        ("hearing", sa.String(length=20)),
        ("score", sa.Integer()),
    ):
        op.add_column("airing", sa.Column(name, kind, nullable=True))
