"""Subscriptions, what their subscribers hear, and deliveries that belong to no case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", _word(64), nullable=False),
        sa.Column("client", _word(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("topic", _word(64), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("standing", _word(16), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("timeout", sa.Integer(), nullable=False),
        sa.Column("heartbeat", sa.Integer(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("document_id", _word(64), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("subscription_of_topic", "subscription", ["topic", "standing"])
    op.create_index("subscription_of_client", "subscription", ["client", "standing"])
    op.create_index("subscription_due", "subscription", ["due_at"])
    op.create_table(
        "occurrence",
        sa.Column("subscription_id", _word(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", _word(64), nullable=False),
        sa.Column("resource_id", _word(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
        sa.PrimaryKeyConstraint("subscription_id", "number"),
        sqlite_with_rowid=False,
    )
    _let_case_be_empty(nullable=True)


def downgrade() -> None:
    told = sa.text("SELECT 1 FROM delivery WHERE case_id IS NULL AND state <> 'delivered'")
    if op.get_bind().execute(told).first() is not None:
        raise RuntimeError("subscribers have not been told everything; revision 0006 would forget it")
    op.execute("DELETE FROM attempt WHERE document_id IN (SELECT id FROM document WHERE case_id IS NULL)")
    op.execute("DELETE FROM delivery WHERE case_id IS NULL")
    op.execute("DELETE FROM document WHERE case_id IS NULL")
    _let_case_be_empty(nullable=False)
    op.drop_table("occurrence")
    op.drop_table("subscription")


def _let_case_be_empty(*, nullable: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("document", "case_id", existing_type=_word(36), nullable=nullable)
        op.alter_column("delivery", "case_id", existing_type=_word(36), nullable=nullable)
        return
    # SQLite changes a column by copying its table; what refers to one goes before it and comes back after.
    for name in ("attempt", "delivery", "document"):
        op.execute(f"CREATE TABLE {name}_kept AS SELECT * FROM {name}")  # noqa: S608 - our own names
        op.drop_table(name)
    _create_document(nullable=nullable)
    _create_delivery(nullable=nullable)
    _create_attempt()
    for name in ("document", "delivery", "attempt"):
        op.execute(f"INSERT INTO {name} SELECT * FROM {name}_kept")  # noqa: S608
        op.drop_table(f"{name}_kept")


def _create_document(*, nullable: bool) -> None:
    op.create_table(
        "document",
        sa.Column("id", _word(64), nullable=False),
        sa.Column("case_id", _word(36), nullable=nullable),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", _word(32), nullable=False),
        sa.Column("destination", _word(64), nullable=False),
        sa.Column("media_type", _word(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "number", name="document_order"),
    )


def _create_delivery(*, nullable: bool) -> None:
    op.create_table(
        "delivery",
        sa.Column("document_id", _word(64), nullable=False),
        sa.Column("case_id", _word(36), nullable=nullable),
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
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint("document_id"),
    )
    op.create_index("delivery_due", "delivery", ["due_at"], unique=False)
    op.create_index("delivery_lane", "delivery", ["case_id", "destination", "number"], unique=False)


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("document_id", _word(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", _word(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["delivery.document_id"]),
        sa.PrimaryKeyConstraint("document_id", "number"),
    )
