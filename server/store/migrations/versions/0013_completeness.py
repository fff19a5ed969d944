"""What modalities say of their examinations, and what archives are asked about studies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "performed_step",
        sa.Column("uid", _word(64), nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("reason", _word(64), nullable=False),
        sa.Column("instances", sa.LargeBinary(), nullable=False),
        sa.Column("peer", _word(160), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_table(
        "performed_name",
        sa.Column("name", _word(160), nullable=False),
        sa.Column("step", _word(64), nullable=False),
        sa.ForeignKeyConstraint(["step"], ["performed_step.uid"]),
        sa.PrimaryKeyConstraint("name", "step"),
    )
    op.create_table(
        "inquiry",
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("matter", _word(16), nullable=False),
        sa.Column("archive", _word(64), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("lease_token", _word(36)),
        sa.Column("lease_until", sa.BigInteger()),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "matter"),
    )
    op.create_index("inquiry_due", "inquiry", ["due_at"])


def downgrade() -> None:
    for name in ("inquiry", "performed_name", "performed_step"):
        op.drop_table(name)
