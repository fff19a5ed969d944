"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("id", _word(36), nullable=False),
        sa.Column("door", _word(16), nullable=False),
        sa.Column("interaction", _word(64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "cases",
        sa.Column("id", _word(36), nullable=False),
        sa.Column("question", _word(64), nullable=False),
        sa.Column("task_id", _word(64), nullable=False),
        sa.Column("patient", _word(80), nullable=False),
        sa.Column("report", _word(80), nullable=False),
        sa.Column("destination", _word(64), nullable=True),
        sa.Column("task_system", sa.Text(), nullable=False),
        sa.Column("task_value", sa.Text(), nullable=False),
        sa.Column("due_by", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("state", _word(24), nullable=False),
        sa.Column("first", _word(16), nullable=False),
        sa.Column("ai", _word(16), nullable=False),
        sa.Column("before", _word(24), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_token", _word(36), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("news", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("task_id"),
    )
    op.create_index("cases_by_state", "cases", ["state"], unique=False)
    op.create_index("cases_due", "cases", ["due_at"], unique=False)
    op.create_index("cases_of_patient", "cases", ["patient"], unique=False)
    op.create_index("cases_of_report", "cases", ["report"], unique=False)
    op.create_table(
        "resource",
        sa.Column(
            "key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("type", _word(64), nullable=False),
        sa.Column("id", _word(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("type", "id", name="resource_identity"),
    )
    op.create_table(
        "document",
        sa.Column("id", _word(64), nullable=False),
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", _word(32), nullable=False),
        sa.Column("destination", _word(64), nullable=False),
        sa.Column("media_type", _word(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "number", name="document_order"),
    )
    op.create_table(
        "event",
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", _word(64), nullable=False),
        sa.Column("state", _word(24), nullable=False),
        sa.Column("actor", _word(160), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("policy", _word(96), nullable=True),
        sa.Column("card", _word(96), nullable=True),
        sa.Column("digest", _word(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
        ),
        sa.PrimaryKeyConstraint("case_id", "seq"),
    )
    op.create_table(
        "fact",
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("kind", _word(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
        ),
        sa.PrimaryKeyConstraint("case_id", "kind", "number"),
    )
    op.create_table(
        "resource_version",
        sa.Column("resource_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("arrival_id", _word(36), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_key"],
            ["resource.key"],
        ),
        sa.PrimaryKeyConstraint("resource_key", "version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_value",
        sa.Column("type", _word(64), nullable=False),
        sa.Column("param", _word(32), nullable=False),
        sa.Column("value", _word(512), nullable=False),
        sa.Column("system", _word(512), nullable=False),
        sa.Column("resource_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_key"],
            ["resource.key"],
        ),
        sa.PrimaryKeyConstraint("type", "param", "value", "system", "resource_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("search_value_of_resource", "search_value", ["resource_key"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("document_id", _word(64), nullable=False),
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("destination", _word(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_token", _word(36), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("give_up_at", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("document_id"),
    )
    op.create_index("delivery_due", "delivery", ["due_at"], unique=False)
    op.create_index("delivery_lane", "delivery", ["case_id", "destination", "number"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("document_id", _word(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", _word(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["delivery.document_id"],
        ),
        sa.PrimaryKeyConstraint("document_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("attempt")
    op.drop_index("delivery_lane", table_name="delivery")
    op.drop_index("delivery_due", table_name="delivery")
    op.drop_table("delivery")
    op.drop_index("search_value_of_resource", table_name="search_value")
    op.drop_table("search_value")
    op.drop_table("resource_version")
    op.drop_table("fact")
    op.drop_table("event")
    op.drop_table("document")
    op.drop_table("resource")
    op.drop_index("cases_of_report", table_name="cases")
    op.drop_index("cases_of_patient", table_name="cases")
    op.drop_index("cases_due", table_name="cases")
    op.drop_index("cases_by_state", table_name="cases")
    op.drop_table("cases")
    op.drop_table("arrival")
