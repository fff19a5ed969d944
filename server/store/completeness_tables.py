"""What modalities have said of their examinations, and what archives were asked about studies."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, Table

from server.store.columns import Instant, word
from server.store.tables import metadata

performed_step = Table(
    "performed_step",
    metadata,
    Column("uid", word(64), primary_key=True),
    Column("state", word(16), nullable=False),
    Column("reason", word(64), nullable=False),
    # SOP Instance UIDs as a JSON array: they are read together, and never searched.
    Column("instances", LargeBinary, nullable=False),
    Column("peer", word(160), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
"""Modality Performed Procedure Steps (PS3.4 annex F), one row for each SOP instance."""

performed_name = Table(
    "performed_name",
    metadata,
    # ``server.images.by_study`` and ``by_accession``: under what cases wait.
    Column("name", word(160), nullable=False),
    Column("step", ForeignKey("performed_step.uid"), nullable=False),
    PrimaryKeyConstraint("name", "step"),
)
"""What a step was scheduled for."""

inquiry = Table(
    "inquiry",
    metadata,
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("matter", word(16), nullable=False),
    Column("archive", word(64), nullable=False),
    Column("about", LargeBinary, nullable=False),
    Column("answers", LargeBinary, nullable=False),
    Column("due_at", Instant),
    Column("lease_token", word(36)),
    Column("lease_until", Instant),
    PrimaryKeyConstraint("case_id", "matter"),
    Index("inquiry_due", "due_at"),
)
"""What archives are asked for a case; a queue by its due date, like the table of cases."""
