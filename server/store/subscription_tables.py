"""What the store knows of subscriptions, and what each subscriber hears."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from server.store.columns import Instant, word
from server.store.tables import metadata

subscription = Table(
    "subscription",
    metadata,
    Column("id", word(64), primary_key=True),
    Column("client", word(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("topic", word(64), nullable=False),
    Column("criteria", Text, nullable=False),
    Column("standing", word(16), nullable=False),
    Column("most", Integer, nullable=False),
    Column("timeout", Integer, nullable=False),
    Column("heartbeat", Integer),
    Column("ends_at", Instant),
    # The counter that numbers events without a gap, and the last one that was told.
    Column("events", BigInteger, nullable=False),
    Column("sent", BigInteger, nullable=False),
    # The one delivery that is under way: the next begins where it ended, so order needs no search.
    Column("document_id", word(64)),
    # When there is something to do though nothing happens: a heartbeat, or its end.
    Column("due_at", Instant),
    Index("subscription_of_topic", "topic", "standing"),
    Index("subscription_of_client", "client", "standing"),
    Index("subscription_due", "due_at"),
)
"""What the store knows of a Subscription, beside its versions; times in seconds."""

occurrence = Table(
    "occurrence",
    metadata,
    Column("subscription_id", ForeignKey("subscription.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("type", word(64), nullable=False),
    Column("resource_id", word(64), nullable=False),
    Column("version", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What each subscriber hears, written in the commit in which it happens."""
