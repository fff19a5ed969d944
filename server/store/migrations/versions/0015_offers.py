"""Offers to specialists as rows that can be counted; those of before come from the case files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 500


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    made = op.create_table(
        "offer",
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("role", _word(96), nullable=False),
        sa.Column("question", _word(64), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("end", _word(32)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_index("offer_open", "offer", ["ended_at", "role"])
    op.create_index("offer_ended", "offer", ["question", "ended_at"])
    rows = list(_rows(op.get_bind()))
    for start in range(0, len(rows), _AT_ONCE):
        op.bulk_insert(made, rows[start : start + _AT_ONCE])


def _rows(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Of each case the newest referral; the ones before are earlier states of the same offers."""
    found = connection.execute(
        sa.text(
            "SELECT c.id, c.question, f.body FROM cases c JOIN fact f ON f.case_id = c.id "
            "WHERE f.kind = 'referral' AND f.number = (SELECT max(g.number) FROM fact g "
            "WHERE g.case_id = c.id AND g.kind = 'referral')"
        )
    )
    for case_id, question, body in found:
        for each in json.loads(bytes(body)).get("offers", []):
            yield {
                "case_id": case_id,
                "number": each["number"],
                "role": each["role"],
                "question": question,
                "offered_at": _moment(each["offered_at"]),
                "accepted": each.get("accepted_at") is not None,
                "ended_at": _moment(each.get("ended_at")),
                "end": each.get("ended"),
            }


def _moment(text: str | None) -> int | None:
    return None if text is None else (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def downgrade() -> None:
    op.drop_table("offer")
