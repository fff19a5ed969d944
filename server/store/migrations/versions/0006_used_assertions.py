"""Clients show signed assertions, and each is used once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "used_assertion",
        sa.Column("client", _word(64), nullable=False),
        sa.Column("jti", _word(128), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client", "jti"),
    )
    op.create_index("used_assertion_ends", "used_assertion", ["ends_at"])


def downgrade() -> None:
    op.drop_table("used_assertion")
