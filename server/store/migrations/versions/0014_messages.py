"""HL7 v2 messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_AUTO = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("seq", _AUTO, autoincrement=True, nullable=False),
        sa.Column("id", _word(36), nullable=False),
        sa.Column("link", _word(64), nullable=False),
        sa.Column("sender", _word(500), nullable=False),
        sa.Column("control_id", _word(200), nullable=False),
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("kind", _word(16), nullable=False),
        sa.Column("version", _word(16), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("notes", sa.LargeBinary(), nullable=False),
        sa.Column("reused", sa.Boolean(), nullable=False),
        sa.Column("standing", _word(16), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("lease_token", _word(36)),
        sa.Column("lease_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("link", "sender", "control_id", "digest", name="message_identity"),
    )
    op.create_index("message_due", "message", ["due_at", "seq"])
    op.create_index("message_by_standing", "message", ["standing", "seq"])
    op.create_table(
        "message_lane",
        sa.Column("lane", _word(64), nullable=False),
        sa.Column("seq", _AUTO, nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["message.seq"]),
        sa.PrimaryKeyConstraint("lane", "seq"),
    )
    op.create_index("message_lane_of", "message_lane", ["seq"])
    op.create_table(
        "message_latest",
        sa.Column("patient", _word(80), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("patient"),
    )
    op.create_table(
        "later_answer",
        sa.Column("seq", _AUTO, autoincrement=True, nullable=False),
        sa.Column("id", _word(36), nullable=False),
        sa.Column("destination", _word(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("lease_token", _word(36)),
        sa.Column("lease_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("later_answer_due", "later_answer", ["due_at", "seq"])
    op.create_table(
        "quarantine",
        sa.Column("seq", _AUTO, autoincrement=True, nullable=False),
        sa.Column("link", _word(64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", _word(500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("quarantine_in_time", "quarantine", ["received_at"])


def downgrade() -> None:
    for name in ("quarantine", "later_answer", "message_latest", "message_lane", "message"):
        op.drop_table(name)
