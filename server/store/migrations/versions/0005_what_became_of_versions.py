"""Tombstones, the method behind each version, and which resource refers to which.

Versions that were here before are taken for what history told of them: the first a POST, the others PUTs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[0-9]{1,10})?")
_AT_ONCE = 500


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "resource_version_new",
        sa.Column("resource_key", _KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("type", _word(64), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("method", _word(8), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("arrival_id", _word(36), nullable=True),
        sa.ForeignKeyConstraint(["resource_key"], ["resource.key"]),
        sa.PrimaryKeyConstraint("resource_key", "version"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO resource_version_new "
        "SELECT v.resource_key, v.version, r.type, v.updated_at, "
        "CASE v.version WHEN 1 THEN 'POST' ELSE 'PUT' END, v.body, v.arrival_id "
        "FROM resource_version v JOIN resource r ON r.key = v.resource_key"
    )
    op.drop_table("resource_version")
    op.rename_table("resource_version_new", "resource_version")
    op.create_index(
        "resource_version_in_time", "resource_version", ["type", "updated_at", "resource_key", "version"]
    )
    op.create_table(
        "reference",
        sa.Column("target_key", _KEY, nullable=False),
        sa.Column("resource_key", _KEY, nullable=False),
        sa.ForeignKeyConstraint(["resource_key"], ["resource.key"]),
        sa.ForeignKeyConstraint(["target_key"], ["resource.key"]),
        sa.PrimaryKeyConstraint("target_key", "resource_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("reference_of_resource", "reference", ["resource_key"])
    _look_up_references(op.get_bind())


def _look_up_references(connection: sa.Connection) -> None:
    current = sa.text(
        "SELECT r.key, v.body FROM resource r "
        "JOIN resource_version v ON v.resource_key = r.key AND v.version = r.version "
        "WHERE r.key > :after ORDER BY r.key LIMIT :most"
    )
    keep = sa.text(
        "INSERT INTO reference (target_key, resource_key) "
        "SELECT key, :source FROM resource WHERE type = :type AND id = :id"
    )
    after = 0
    while rows := connection.execute(current, {"after": after, "most": _AT_ONCE}).all():
        for key, body in rows:
            for type_, id_ in sorted(set(_targets(json.loads(bytes(body))))):
                connection.execute(keep, {"source": key, "type": type_, "id": id_})
        after = rows[-1][0]


def _targets(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _targets(each)
    elif isinstance(value, dict):
        match = _LOCAL.fullmatch(value["reference"]) if isinstance(value.get("reference"), str) else None
        if match:
            yield match[1], match[2]
        for each in value.values():
            yield from _targets(each)


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT 1 FROM resource WHERE deleted")).first() is not None:
        raise RuntimeError("resources have been deleted; revision 0004 would show them as empty ones")
    op.drop_table("reference")
    op.drop_index("resource_version_in_time", "resource_version")
    op.drop_column("resource_version", "type")
    op.drop_column("resource_version", "method")
