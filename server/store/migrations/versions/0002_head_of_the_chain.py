"""A case knows the digest of its newest event: events taken away from the end of its history show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    word = sa.String(64).with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("cases", sa.Column("head", word, nullable=True))
    op.execute(
        "UPDATE cases SET head = (SELECT digest FROM event WHERE event.case_id = cases.id "
        "ORDER BY event.seq DESC LIMIT 1)"
    )


def downgrade() -> None:
    op.drop_column("cases", "head")
