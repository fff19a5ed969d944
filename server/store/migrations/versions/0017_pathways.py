"""What gatekeepers have done: one row for each case that one has judged. Which cases another model reads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("cases", sa.Column("other_model", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "gate",
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("question", _word(64), nullable=False),
        sa.Column("card", _word(96), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("rule_out_below", sa.Double(), nullable=False),
        sa.Column("scope", _word(64), nullable=False),
        sa.Column("below", sa.Boolean(), nullable=False),
        sa.Column("ruled_out", sa.Boolean(), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("after_all", _word(8)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index("gate_of_question", "gate", ["question", "card", "at"])


def downgrade() -> None:
    op.drop_table("gate")
    op.drop_column("cases", "other_model")
