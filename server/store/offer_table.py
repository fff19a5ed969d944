"""Offers to specialists, one row each: the facts of the case files in a form that can be counted."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table

from server.store.columns import Instant, word
from server.store.tables import metadata

offer = Table(
    "offer",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("role", word(96), nullable=False),
    Column("question", word(64), nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("ended_at", Instant),
    # How: a value of server.model.OfferEnd.
    Column("end", word(32)),
    Index("offer_open", "ended_at", "role"),
    Index("offer_ended", "question", "ended_at"),
)
