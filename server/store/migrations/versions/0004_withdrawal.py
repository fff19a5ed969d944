"""Opinions and model versions can be withdrawn; a case knows whether its AI read was released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "withdrawn_model",
        sa.Column("card", _word(96), nullable=False),
        sa.Column("by", _word(160), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("card"),
    )
    op.execute(
        "UPDATE cases SET ai = 'released' WHERE state IN ('written-up', 'closed') AND EXISTS "
        "(SELECT 1 FROM event WHERE event.case_id = cases.id AND event.event = 'resolved')"
    )


def downgrade() -> None:
    op.execute("UPDATE cases SET ai = 'sealed' WHERE ai IN ('released', 'withdrawn')")
    op.drop_table("withdrawn_model")
