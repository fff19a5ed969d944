"""Policies by digest, who proposed and approved them, the switch to double reading, results that are counted.

Cases of before have no policy of their own; they count under the first that is kept of their question.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

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
    op.create_table(
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


def downgrade() -> None:
    for each in _TABLES:
        op.drop_table(each)
    op.drop_column("cases", "policy")
