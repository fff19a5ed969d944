"""What archives were asked to say of objects that we sent them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "commitment",
        sa.Column("transaction_uid", _word(64), nullable=False),
        sa.Column("document_id", _word(64), nullable=False),
        sa.Column("sop_instance", _word(64), nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("reason", sa.Integer()),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint("transaction_uid"),
    )
    op.create_index("commitment_of_document", "commitment", ["document_id", "asked_at"])


def downgrade() -> None:
    op.drop_table("commitment")
