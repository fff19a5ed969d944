"""Resources are found by strings, dates and numbers too, and may be deleted.

What is here already is found by its tokens and references as before, and by all else after
``python -m server reindex``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "resource", sa.Column("deleted", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.create_index("resource_by_type", "resource", ["type", "key"])
    op.create_index("resource_by_time", "resource", ["type", "updated_at"])
    _values()
    _table(
        "search_text",
        sa.Column("folded", _word(256), nullable=False),
        *_tail(sa.Column("number", sa.Integer(), nullable=False)),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        key=("folded", "resource_key", "number"),
    )
    _table(
        "search_date",
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        *_tail(sa.Column("part", sa.Integer(), nullable=False)),
        key=("span", "low", "high", "resource_key", "part"),
    )
    _table(
        "search_number",
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        *_tail(sa.Column("system", _word(512), nullable=False)),
        sa.Column("code", _word(512), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        key=("low", "high", "resource_key", "system", "code", "part"),
    )


def _values() -> None:
    """The table of tokens and references, with its key in the order in which resources came."""
    op.rename_table("search_value", "search_value_before")
    op.drop_index("search_value_of_resource", table_name="search_value_before")
    _table(
        "search_value",
        sa.Column("value", _word(512), nullable=False),
        *_tail(sa.Column("system", _word(512), nullable=False)),
        sa.Column("part", sa.Integer(), nullable=False),
        key=("value", "resource_key", "system", "part"),
    )
    op.execute(
        "INSERT INTO search_value (type, param, value, resource_key, system, part) "
        "SELECT type, param, value, resource_key, system, 0 FROM search_value_before"
    )
    op.drop_table("search_value_before")


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def _tail(*columns: sa.Column[Any]) -> tuple[sa.Column[Any], ...]:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("resource_key", number, sa.ForeignKey("resource.key"), nullable=False), *columns


def _table(name: str, *columns: sa.Column[Any], key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("type", _word(64), nullable=False),
        sa.Column("param", _word(64), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("type", "param", *key),
        sqlite_with_rowid=False,
    )
    op.create_index(f"{name}_of_resource", name, ["resource_key", "param"])


def downgrade() -> None:
    for name in ("search_number", "search_date", "search_text"):
        op.drop_table(name)
    op.rename_table("search_value", "search_value_after")
    op.drop_index("search_value_of_resource", table_name="search_value_after")
    op.create_table(
        "search_value",
        sa.Column("type", _word(64), nullable=False),
        sa.Column("param", _word(32), nullable=False),
        sa.Column("value", _word(512), nullable=False),
        sa.Column("system", _word(512), nullable=False),
        *_tail(),
        sa.PrimaryKeyConstraint("type", "param", "value", "system", "resource_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("search_value_of_resource", "search_value", ["resource_key"])
    op.execute(
        "INSERT INTO search_value (type, param, value, system, resource_key) "
        "SELECT DISTINCT type, param, value, system, resource_key FROM search_value_after"
    )
    op.drop_table("search_value_after")
    op.drop_index("resource_by_time", table_name="resource")
    op.drop_index("resource_by_type", table_name="resource")
    op.drop_column("resource", "deleted")
