"""Policies and their changes, the switch, and results; all but results are written once and never changed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
)

from server.store.columns import Instant, word
from server.store.tables import AUTO, metadata

policy_text = Table(
    "policy_text",
    metadata,
    # SHA-256 of the file.
    Column("digest", word(64), primary_key=True),
    Column("question", word(64), nullable=False),
    Column("version", word(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("kept_at", Instant, nullable=False),
)

policy_proposal = Table(
    "policy_proposal",
    metadata,
    Column("number", AUTO, primary_key=True, autoincrement=True),
    Column("digest", ForeignKey("policy_text.digest"), nullable=False),
    # The policy that it was proposed against.
    Column("was", ForeignKey("policy_text.digest"), nullable=False),
    Column("by", word(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("figures", Text, nullable=False),
)

policy_verdict = Table(
    "policy_verdict",
    metadata,
    # One for each proposal: of two that come at once one is too late.
    Column("proposal", ForeignKey("policy_proposal.number"), primary_key=True),
    Column("approved", Boolean, nullable=False),
    Column("by", word(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text),
)

policy_in_force = Table(
    "policy_in_force",
    metadata,
    Column("question", word(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", ForeignKey("policy_text.digest"), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("proposal", ForeignKey("policy_proposal.number"), unique=True),
)

policy_fate = Table(
    "policy_fate",
    metadata,
    Column("question", word(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    # A value of server.changes.Fate: begun, or called off before.
    Column("fate", word(16), nullable=False),
    Column("by", word(160)),
    Column("at", Instant, nullable=False),
    ForeignKeyConstraint(["question", "number"], ["policy_in_force.question", "policy_in_force.number"]),
)

policy_switch = Table(
    "policy_switch",
    metadata,
    Column("number", AUTO, primary_key=True, autoincrement=True),
    # A question; empty: all.
    Column("scope", word(64), nullable=False),
    Column("act", word(24), nullable=False),
    Column("by", word(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("figures", Text),
    Column("results", BigInteger, nullable=False),
)

result = Table(
    "result",
    metadata,
    Column("seq", AUTO, primary_key=True, autoincrement=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, unique=True),
    Column("question", word(64), nullable=False),
    Column("card", word(96), nullable=False),
    Column("at", Instant, nullable=False),
    Column("verdict", word(24), nullable=False),
    Column("rule", word(8), nullable=False),
    Column("first", word(8)),
    Column("model", word(8)),
    Column("probability", Double),
    Column("silence", word(24)),
    Column("priority", word(16), nullable=False),
    # The specialist's answer, where one has signed.
    Column("final", word(8)),
    # The same before they were shown both opinions.
    Column("blind", word(8)),
    # By what figures are told apart: age in whole years, administrative-gender, and the device (model.Kind).
    Column("age_years", Integer),
    Column("sex", word(16)),
    Column("maker", Text),
    Column("device", Text),
    Column("software", Text),
    Index("result_of_question", "question", "card", "at"),
)
"""One row for each case that was resolved: what is counted, and what a proposed policy is replayed on."""

gate = Table(
    "gate",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("question", word(64), nullable=False),
    # name@version of the model's card.
    Column("card", word(96), nullable=False),
    Column("at", Instant, nullable=False),
    # The threshold and the priorities (GateKey): cases judged by another prove nothing of these.
    Column("rule_out_below", Double, nullable=False),
    Column("scope", word(64), nullable=False),
    # The model would rule it out, whatever became of the case.
    Column("below", Boolean, nullable=False),
    Column("ruled_out", Boolean, nullable=False),
    # A human has given an answer, and one of those who have found something.
    Column("read", Boolean, nullable=False),
    Column("found", Boolean, nullable=False),
    # What a human's report says that came after the case had been ruled out.
    Column("after_all", word(8)),
    # How it has turned out, by the last word from outside.
    Column("turned_out", word(8)),
    Index("gate_of_question", "question", "card", "at"),
)
"""One row for each case that a gatekeeper has judged; the newest word counts."""

outcome = Table(
    "outcome",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    # When it was known to whoever tells it.
    Column("known_at", Instant, nullable=False),
    Column("finding", word(8), nullable=False),
    # A code of {SR}/CodeSystem/outcome-basis.
    Column("basis", word(32), nullable=False),
    Column("by", word(160), nullable=False),
)
"""What later turned out about resolved cases, from outside; the newest of a case counts."""
