"""Accesses that are not AuditEvents yet, in the order in which they were laid down."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table

from server.store.tables import metadata

access = Table(
    "access",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("body", LargeBinary, nullable=False),
)
"""``server.accesses.Access`` as JSON."""
