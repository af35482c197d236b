"""The voice: a lexicon of the site, people's own recordings, and how a clip is finished."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the voice needs; nothing that was there is changed."""
    op.add_column("station", sa.Column("lexicon_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("bulletin", sa.Column("preset", sa.String(length=20), server_default="horn", nullable=False))
    op.add_column("clip", sa.Column("preset", sa.String(length=20), server_default="", nullable=False))
    _make_lexicon()
    _make_recordings()


def _make_lexicon() -> None:
    op.create_table(
        "lexicon_change",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("written", sa.String(length=120), nullable=False),
        sa.Column("spoken", sa.Text(), nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_lexicon_change_user_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lexicon_change")),
    )
    op.create_index(op.f("ix_lexicon_change_user_id"), "lexicon_change", ["user_id"], unique=False)
    op.create_index(op.f("ix_lexicon_change_written"), "lexicon_change", ["written"], unique=False)
    op.create_table(
        "lexicon_entry",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("written", sa.String(length=120), nullable=False),
        sa.Column("spoken", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("match_case", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.String(length=40), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["user_account.id"], name=op.f("fk_lexicon_entry_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_entry")),
        sa.UniqueConstraint("written", name=op.f("uq_lexicon_entry_written")),
    )
    op.create_index(op.f("ix_lexicon_entry_changed_by"), "lexicon_entry", ["changed_by"], unique=False)


def _make_recordings() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("bulletin_id", sa.String(length=40), nullable=False),
        sa.Column("sentence_hash", sa.String(length=64), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("blob_hash", sa.String(length=64), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bulletin_id"], ["bulletin.id"], name=op.f("fk_recording_bulletin_id")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_recording_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("bulletin_id", "sentence_hash", name=op.f("uq_recording_bulletin_id")),
    )
    op.create_index(op.f("ix_recording_bulletin_id"), "recording", ["bulletin_id"], unique=False)
    op.create_index(op.f("ix_recording_made_by"), "recording", ["made_by"], unique=False)
