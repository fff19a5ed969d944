"""What later turned out about resolved cases, and by what their figures are told apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    # Of results from before it is not known: they are told in no group.
    op.add_column("result", sa.Column("blind", _word(8)))
    op.add_column("result", sa.Column("age_years", sa.Integer()))
    op.add_column("result", sa.Column("sex", _word(16)))
    op.add_column("result", sa.Column("maker", sa.Text()))
    op.add_column("result", sa.Column("device", sa.Text()))
    op.add_column("result", sa.Column("software", sa.Text()))
    op.add_column("gate", sa.Column("turned_out", _word(8)))
    op.create_table(
        "outcome",
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("finding", _word(8), nullable=False),
        sa.Column("basis", _word(32), nullable=False),
        sa.Column("by", _word(160), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("outcome")
    op.drop_column("gate", "turned_out")
    for name in ("blind", "age_years", "sex", "maker", "device", "software"):
        op.drop_column("result", name)
