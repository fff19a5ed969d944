"""What archives were asked to say of objects that we sent them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from server.store.columns import Instant, word
from server.store.tables import metadata

commitment = Table(
    "commitment",
    metadata,
    Column("transaction_uid", word(64), primary_key=True),
    Column("document_id", ForeignKey("document.id"), nullable=False),
    Column("sop_instance", word(64), nullable=False),
    Column("state", word(16), nullable=False),
    Column("reason", Integer),
    Column("asked_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("heard_at", Instant),
    Index("commitment_of_document", "document_id", "asked_at"),
)
"""A document is asked about again, under a new transaction, when an answer is a failure or does not come."""
