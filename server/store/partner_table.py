"""What the store knows of partners that are polled."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from server.store.columns import Instant, word
from server.store.tables import metadata

partner = Table(
    "partner",
    metadata,
    Column("name", word(64), primary_key=True),
    # When to look next; one worker at a time holds the lease.
    Column("due_at", Instant, nullable=False),
    Column("lease_token", word(36)),
    Column("lease_until", Instant),
    # From when the next look must see everything, in the partner's own words and by its clock.
    Column("since", word(64), nullable=False),
    Column("answered_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("last_error", Text),
)
"""Systems that keep Tasks for us, and how the last look at each went."""
