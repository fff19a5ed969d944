"""HL7 v2 messages: what was acknowledged, in which order it is applied, what was refused."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from server.store.columns import Instant, word
from server.store.tables import AUTO, metadata

message = Table(
    "message",
    metadata,
    Column("seq", AUTO, primary_key=True, autoincrement=True),
    # That of its arrival too: where the bytes are, and what every version that it made is known by.
    Column("id", word(36), nullable=False, unique=True),
    Column("link", word(64), nullable=False),
    Column("sender", word(500), nullable=False),
    Column("control_id", word(200), nullable=False),
    Column("digest", word(64), nullable=False),
    Column("kind", word(16), nullable=False),
    Column("version", word(16), nullable=False),
    Column("sent_at", Instant),
    Column("received_at", Instant, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("notes", LargeBinary, nullable=False),
    Column("reused", Boolean, nullable=False),
    Column("standing", word(16), nullable=False),
    Column("reasons", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant),
    Column("lease_token", word(36)),
    Column("lease_until", Instant),
    UniqueConstraint("link", "sender", "control_id", "digest", name="message_identity"),
    Index("message_due", "due_at", "seq"),
    Index("message_by_standing", "standing", "seq"),
)
"""A queue by its due date, like the table of cases; a message that is done has none."""

message_lane = Table(
    "message_lane",
    metadata,
    Column("lane", word(64), nullable=False),
    Column("seq", ForeignKey("message.seq"), nullable=False),
    PrimaryKeyConstraint("lane", "seq"),
    Index("message_lane_of", "seq"),
)
"""Whom a message is about that is still to be applied; gone when nothing needs to wait for it."""

message_latest = Table(
    "message_latest",
    metadata,
    Column("patient", word(80), primary_key=True),
    Column("sent_at", Instant, nullable=False),
)
"""When the newest message was sent by which a patient's data were changed."""

later_answer = Table(
    "later_answer",
    metadata,
    Column("seq", AUTO, primary_key=True, autoincrement=True),
    Column("id", word(36), nullable=False, unique=True),
    Column("destination", word(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant),
    Column("lease_token", word(36)),
    Column("lease_until", Instant),
    Index("later_answer_due", "due_at", "seq"),
)
"""Application acknowledgements that go out as messages of their own; gone once they are taken."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("seq", AUTO, primary_key=True, autoincrement=True),
    Column("link", word(64), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("reason", word(500), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Index("quarantine_in_time", "received_at"),
)
"""What was refused for good; its sender knows, so that it may be forgotten."""
