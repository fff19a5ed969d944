"""DICOM objects, the studies that they make, and the cases that wait for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _word(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "study",
        sa.Column("uid", _word(64), nullable=False),
        sa.Column("patient_id", _word(256), nullable=False),
        sa.Column("issuer", _word(256), nullable=False),
        sa.Column("accession", _word(64), nullable=False),
        sa.Column("accession_issuer", _word(256), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_index("study_of_accession", "study", ["accession"])
    op.create_index("study_of_patient", "study", ["patient_id"])
    op.create_table(
        "image",
        sa.Column(
            "key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("sop_instance", _word(64), nullable=False),
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("study", _word(64), nullable=False),
        sa.Column("series", _word(64), nullable=False),
        sa.Column("sop_class", _word(64), nullable=False),
        sa.Column("transfer_syntax", _word(64), nullable=False),
        sa.Column("file", _word(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("source", _word(160), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.uid"]),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("sop_instance", "digest", name="image_identity"),
    )
    op.create_index("image_of_study", "image", ["study", "key"])
    op.create_table(
        "contradiction",
        sa.Column("study", _word(64), nullable=False),
        sa.Column("text", _word(160), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["study.uid"]),
        sa.PrimaryKeyConstraint("study", "text"),
    )
    op.create_table(
        "awaited",
        sa.Column("name", _word(160), nullable=False),
        sa.Column("case_id", _word(36), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("name", "case_id"),
    )
    op.create_index("awaited_of_case", "awaited", ["case_id"])


def downgrade() -> None:
    for name in ("awaited", "contradiction", "image", "study"):
        op.drop_table(name)
