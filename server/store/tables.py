"""All tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from server.store.columns import Instant, word

metadata = MetaData()


AUTO = BigInteger().with_variant(Integer, "sqlite")

arrival = Table(
    "arrival",
    metadata,
    Column("seq", AUTO, primary_key=True, autoincrement=True),
    Column("id", word(36), nullable=False, unique=True),
    Column("door", word(16), nullable=False),
    Column("interaction", word(64), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("digest", word(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    # Small bodies stand in the row, so that one flush makes all durable; larger ones are in
    # the vault under their digest and body is null (docs/decisions/0001).
    Column("body", LargeBinary),
)

resource = Table(
    "resource",
    metadata,
    Column("key", AUTO, primary_key=True, autoincrement=True),
    Column("type", word(64), nullable=False),
    Column("id", word(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # The newest version is a tombstone: not read, not found, but there (R4 http.html#delete).
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("type", "id", name="resource_identity"),
    Index("resource_by_type", "type", "key"),
    Index("resource_by_time", "type", "updated_at"),
)

resource_version = Table(
    "resource_version",
    metadata,
    Column("resource_key", ForeignKey("resource.key"), primary_key=True),
    Column("version", Integer, primary_key=True),
    # The resource's type once more, so that the history of a type is one stretch of an index.
    Column("type", word(64), nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("method", word(8), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("arrival_id", word(36)),
    Index("resource_version_in_time", "type", "updated_at", "resource_key", "version"),
    sqlite_with_rowid=False,
)

# Which current resource refers to which: what another refers to is not deleted.
reference = Table(
    "reference",
    metadata,
    Column("target_key", ForeignKey("resource.key"), primary_key=True),
    Column("resource_key", ForeignKey("resource.key"), primary_key=True),
    Index("reference_of_resource", "resource_key"),
    sqlite_with_rowid=False,
)

# What a resource is found by. Keys begin with what a search names and end with the resource, in the
# order in which resources came: the first page of a common value is read from the index alone.

search_value = Table(
    "search_value",
    metadata,
    Column("type", word(64), primary_key=True),
    Column("param", word(64), primary_key=True),
    Column("value", word(512), primary_key=True),
    Column("resource_key", ForeignKey("resource.key"), primary_key=True),
    Column("system", word(512), primary_key=True),
    Column("part", Integer, primary_key=True),
    Index("search_value_of_resource", "resource_key", "param"),
    sqlite_with_rowid=False,
)
"""Tokens, uris, references."""

search_text = Table(
    "search_text",
    metadata,
    Column("type", word(64), primary_key=True),
    Column("param", word(64), primary_key=True),
    Column("folded", word(256), primary_key=True),
    Column("resource_key", ForeignKey("resource.key"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("part", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Index("search_text_of_resource", "resource_key", "param"),
    sqlite_with_rowid=False,
)

search_date = Table(
    "search_date",
    metadata,
    Column("type", word(64), primary_key=True),
    Column("param", word(64), primary_key=True),
    # 0: the only value of this parameter, and of a day at most, so that a search may look near its bounds.
    Column("span", Integer, primary_key=True),
    Column("low", Instant, primary_key=True),
    Column("high", Instant, primary_key=True),
    Column("resource_key", ForeignKey("resource.key"), primary_key=True),
    Column("part", Integer, primary_key=True),
    Index("search_date_of_resource", "resource_key", "param"),
    sqlite_with_rowid=False,
)

search_number = Table(
    "search_number",
    metadata,
    Column("type", word(64), primary_key=True),
    Column("param", word(64), primary_key=True),
    Column("low", Double, primary_key=True),
    Column("high", Double, primary_key=True),
    Column("resource_key", ForeignKey("resource.key"), primary_key=True),
    Column("system", word(512), primary_key=True),
    Column("code", word(512), primary_key=True),
    Column("part", Integer, primary_key=True),
    Index("search_number_of_resource", "resource_key", "param"),
    sqlite_with_rowid=False,
)
"""Quantities too; ``system`` and ``code`` are those of the unit."""

cases = Table(
    "cases",
    metadata,
    Column("id", word(36), primary_key=True),
    Column("question", word(64), nullable=False),
    Column("task_id", word(64), nullable=False, unique=True),
    Column("patient", word(80), nullable=False),
    Column("report", word(80), nullable=False),
    Column("destination", word(64)),
    Column("task_system", Text, nullable=False),
    Column("task_value", Text, nullable=False),
    Column("due_by", Instant),
    Column("opened_at", Instant, nullable=False),
    Column("state", word(24), nullable=False),
    Column("first", word(16), nullable=False),
    Column("ai", word(16), nullable=False),
    Column("before", word(24)),
    # The queue: a case is due when its due_at has passed and nobody holds its lease.
    Column("due_at", Instant),
    Column("lease_token", word(36)),
    Column("lease_until", Instant),
    Column("attempts", Integer, nullable=False, default=0),
    # Counts what arrived for the case; a step that began before the latest news runs again.
    Column("news", Integer, nullable=False, default=0),
    Column("last_error", Text),
    # Digest of the newest event: without it, events taken away from the end would not show.
    Column("head", word(64)),
    # Digest of the policy under which it was opened; without one its question's first counts.
    Column("policy", word(64)),
    # An assessment that the question's other model reads.
    Column("other_model", Boolean, nullable=False, server_default=false()),
    Index("cases_due", "due_at"),
    Index("cases_of_patient", "patient"),
    Index("cases_by_state", "state"),
    Index("cases_of_report", "report"),
)

withdrawn_model = Table(
    "withdrawn_model",
    metadata,
    Column("card", word(96), primary_key=True),
    Column("by", word(160), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Model versions whose opinions must not be used: neither those to come nor those that were released."""

fact = Table(
    "fact",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("kind", word(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("event", word(64), nullable=False),
    Column("state", word(24), nullable=False),
    Column("actor", word(160), nullable=False),
    Column("detail", Text, nullable=False),
    Column("sealed", Boolean, nullable=False),
    Column("policy", word(96)),
    Column("card", word(96)),
    # SHA-256 over the previous digest and this row: the chain shows any later edit.
    Column("digest", word(64), nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("id", word(64), primary_key=True),
    # None for what is told to a subscriber: it belongs to no case.
    Column("case_id", ForeignKey("cases.id")),
    Column("number", Integer, nullable=False),
    Column("kind", word(32), nullable=False),
    Column("destination", word(64), nullable=False),
    Column("media_type", word(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("digest", word(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("case_id", "number", name="document_order"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("case_id", ForeignKey("cases.id")),
    Column("destination", word(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", word(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Instant),
    Column("lease_token", word(36)),
    Column("lease_until", Instant),
    Column("give_up_at", Instant, nullable=False),
    Column("receipt", Text),
    Column("delivered_at", Instant),
    Index("delivery_due", "due_at"),
    Index("delivery_lane", "case_id", "destination", "number"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("document_id", ForeignKey("delivery.document_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("outcome", word(32), nullable=False),
    Column("detail", Text, nullable=False),
)

used_assertion = Table(
    "used_assertion",
    metadata,
    Column("client", word(64), primary_key=True),
    Column("jti", word(128), primary_key=True),
    Column("ends_at", Instant, nullable=False),
    Index("used_assertion_ends", "ends_at"),
)
"""Client assertions that have been exchanged for a token, for as long as they could be shown again."""
