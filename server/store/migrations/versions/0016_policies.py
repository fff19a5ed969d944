"""Policies by digest, who proposed and approved them, the switch to double reading, results that are counted.

Cases of before have no policy of their own; they count under the first that is kept of their question. Their
results come from the case files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_AUTO = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = (
    "result",
    "policy_switch",
    "policy_fate",
    "policy_in_force",
    "policy_verdict",
    "policy_proposal",
    "policy_text",
)


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("cases", sa.Column("policy", _word(64)))
    _policies()
    _switch()
    _results()


def _policies() -> None:
    op.create_table(
        "policy_text",
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("question", _word(64), nullable=False),
        sa.Column("version", _word(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "policy_proposal",
        sa.Column("number", _AUTO, autoincrement=True, nullable=False),
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("was", _word(64), nullable=False),
        sa.Column("by", _word(160), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["policy_text.digest"]),
        sa.ForeignKeyConstraint(["was"], ["policy_text.digest"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "policy_verdict",
        sa.Column("proposal", _AUTO, autoincrement=False, nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("by", _word(160), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["proposal"], ["policy_proposal.number"]),
        sa.PrimaryKeyConstraint("proposal"),
    )
    op.create_table(
        "policy_in_force",
        sa.Column("question", _word(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("proposal", _AUTO),
        sa.ForeignKeyConstraint(["digest"], ["policy_text.digest"]),
        sa.ForeignKeyConstraint(["proposal"], ["policy_proposal.number"]),
        sa.PrimaryKeyConstraint("question", "number"),
        sa.UniqueConstraint("proposal"),
    )
    op.create_table(
        "policy_fate",
        sa.Column("question", _word(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fate", _word(16), nullable=False),
        sa.Column("by", _word(160)),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question", "number"], ["policy_in_force.question", "policy_in_force.number"]
        ),
        sa.PrimaryKeyConstraint("question", "number"),
    )


def _switch() -> None:
    op.create_table(
        "policy_switch",
        sa.Column("number", _AUTO, autoincrement=True, nullable=False),
        sa.Column("scope", _word(64), nullable=False),
        sa.Column("act", _word(24), nullable=False),
        sa.Column("by", _word(160), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text()),
        sa.Column("results", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def _results() -> None:
    made = op.create_table(
        "result",
        sa.Column("seq", _AUTO, autoincrement=True, nullable=False),
        sa.Column("case_id", _word(36), nullable=False),
        sa.Column("question", _word(64), nullable=False),
        sa.Column("card", _word(96), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("verdict", _word(24), nullable=False),
        sa.Column("rule", _word(8), nullable=False),
        sa.Column("first", _word(8)),
        sa.Column("model", _word(8)),
        sa.Column("probability", sa.Double()),
        sa.Column("silence", _word(24)),
        sa.Column("priority", _word(16), nullable=False),
        sa.Column("final", _word(8)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("case_id"),
    )
    op.create_index("result_of_question", "result", ["question", "card", "at"])
    rows = list(_of_before(op.get_bind()))
    for start in range(0, len(rows), _AT_ONCE):
        op.bulk_insert(made, rows[start : start + _AT_ONCE])


def _of_before(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Resolved cases in the order in which they were, each with the newest of its facts."""
    found = connection.execute(
        sa.text(
            "SELECT c.id, c.question, o.at, v.body FROM cases c "
            "JOIN fact o ON o.case_id = c.id AND o.kind = 'outcome' AND o.number = "
            "(SELECT max(n.number) FROM fact n WHERE n.case_id = o.case_id AND n.kind = 'outcome') "
            "LEFT JOIN resource r ON r.type = 'Task' AND r.id = c.task_id "
            "LEFT JOIN resource_version v ON v.resource_key = r.key AND v.version = r.version "
            "ORDER BY o.at, c.id"
        )
    ).all()
    for case_id, question, at, task in found:
        facts = _facts(connection, case_id)
        if "comparison" not in facts or "ai-read" not in facts:
            continue
        compared, read = facts["comparison"], facts["ai-read"]
        yield {
            "case_id": case_id,
            "question": question,
            "card": read["card"],
            "at": at,
            "verdict": compared["verdict"],
            "rule": compared.get("rule", "P1"),
            "first": compared.get("first"),
            "model": read.get("answer"),
            "probability": read.get("probability"),
            "silence": read.get("silence"),
            "priority": json.loads(bytes(task)).get("priority", "") if task else "",
            "final": facts.get("specialist-read", {}).get("answer"),
        }


def _facts(connection: sa.Connection, case_id: str) -> dict[str, Any]:
    rows = connection.execute(
        sa.text(
            "SELECT kind, body FROM fact WHERE case_id = :case "
            "AND kind IN ('comparison', 'ai-read', 'specialist-read') ORDER BY number"
        ),
        {"case": case_id},
    )
    return {kind: json.loads(bytes(body)) for kind, body in rows}


def downgrade() -> None:
    for each in _TABLES:
        op.drop_table(each)
    op.drop_column("cases", "policy")
