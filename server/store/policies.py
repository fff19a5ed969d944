"""Policies by digest, proposals, verdicts, and from when each policy counts. Rows are only added.

Whoever changes anything here does it alone (``locks.hold_policies``), and decides within the transaction on
what is seen there: of two that approve at once the second finds the proposal approved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same words for what it adds

from server.changes import Counting, Fate, Kept, Proposal, Said, newest_of
from server.store.columns import moment
from server.store.database import Database
from server.store.locks import hold_policies
from server.store.policy_tables import (
    policy_fate,
    policy_in_force,
    policy_proposal,
    policy_text,
    policy_verdict,
)
from server.store.prepared import Prepared

Effective = Callable[[Proposal, Counting], datetime | None]
"""From a proposal and its question's newest policy, when it takes effect (None: at once); raises a Fault."""

_NEWEST_FIRST = (policy_in_force.c.question, policy_in_force.c.number.desc())
_WITH_FATE = policy_in_force.join(policy_text, policy_text.c.digest == policy_in_force.c.digest).outerjoin(
    policy_fate,
    (policy_fate.c.question == policy_in_force.c.question)
    & (policy_fate.c.number == policy_in_force.c.number),
)
_OF_QUESTION = Prepared(
    select(
        policy_in_force.c.number,
        policy_in_force.c.digest,
        policy_in_force.c.from_at,
        policy_text.c.version,
        policy_fate.c.fate,
    )
    .select_from(_WITH_FATE)
    .where(policy_in_force.c.question == bindparam("question"))
    .order_by(*_NEWEST_FIRST)
)
_IF_NONE = insert(policy_fate).on_conflict_do_nothing(index_elements=["question", "number"])
"""A policy has one fate: it begins, or is called off before."""


def opened_under(connection: Connection, question: str, at: datetime) -> tuple[str, str] | None:
    """(digest, identity) of the policy that counts for a case opened now; None where none is kept yet.

    The first case under a policy that waited for its date begins it: a clock set back does not end it.
    """
    for number, digest, from_at, version, fate in _OF_QUESTION.run(connection, question=question):
        if fate == Fate.BEGUN or (fate is None and moment(from_at) <= at):
            if fate is None:
                _begin(connection, question, number, at)
            return digest, f"{question}@{version}"
    return None


class PolicyStore:
    """What ``server.changes`` names, kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, kept: Kept, at: datetime) -> bool:
        """Let the first policy of a question count; False when the question has one."""

        def work(connection: Connection) -> bool:
            hold_policies(connection)
            if _counting(connection, kept.question):
                return False
            _keep(connection, kept, at)
            _enter(connection, kept, 1, at, None)
            _begin(connection, kept.question, 1, at)
            return True

        return self._database.write(work)

    def kept(self, digest: str) -> Kept | None:
        return self._database.read(lambda c: _kept(c, digest))

    def counting(self, question: str | None = None) -> list[Counting]:
        """Every policy that counts, has counted or waits for its date; by question, newest first."""
        return self._database.read(lambda c: _counting(c, question))

    def in_force(self, at: datetime) -> Mapping[str, Counting]:
        """By question, the policy under which a case would be opened now."""
        found: dict[str, Counting] = {}
        for each in self.counting():
            if each.counts(at):
                found.setdefault(each.kept.question, each)
        return found

    def first(self, question: str) -> Kept | None:
        """The first policy that is kept of a question."""
        found = self.counting(question)
        return found[-1].kept if found else None

    def proposals(self) -> list[Proposal]:
        """All, newest first."""
        return self._database.read(_proposals)

    def propose(self, proposal: Proposal) -> Proposal:
        """Keep the file and what was proposed; returns it with its number."""

        def work(connection: Connection) -> Proposal:
            hold_policies(connection)
            _keep(connection, proposal.kept, proposal.at)
            number = connection.execute(
                insert(policy_proposal)
                .values(
                    digest=proposal.kept.digest,
                    was=proposal.was,
                    by=proposal.by,
                    at=proposal.at,
                    reason=proposal.reason,
                    figures=json.dumps(proposal.figures),
                )
                .returning(policy_proposal.c.number)
            ).scalar_one()
            return next(each for each in _proposals(connection) if each.number == number)

        return self._database.write(work)

    def approve(self, number: int, said: Said, effective: Effective) -> Counting:
        """The proposal's policy counts from when ``effective`` says; what it raises undoes everything."""

        def work(connection: Connection) -> Counting:
            hold_policies(connection)
            proposal = next(each for each in _proposals(connection) if each.number == number)
            question = proposal.kept.question
            row = _counting(connection, question)
            newest = newest_of(row)
            from_at = None if newest is None else effective(proposal, newest)
            _say(connection, number, said)
            _enter(connection, proposal.kept, row[0].number + 1, from_at or said.at, number)
            if from_at is None:
                _begin(connection, question, row[0].number + 1, said.at)
            return _counting(connection, question)[0]

        return self._database.write(work)

    def reject(
        self, number: int, said: Said, demand: Callable[[Proposal, Counting | None], None]
    ) -> Proposal:
        """Say no to a proposal, or call off what is approved and waits for its date."""

        def work(connection: Connection) -> Proposal:
            hold_policies(connection)
            proposal = next(each for each in _proposals(connection) if each.number == number)
            question = proposal.kept.question
            found = next((e for e in _counting(connection, question) if e.proposal == number), None)
            demand(proposal, found)
            if found is None:
                _say(connection, number, said)
            else:
                _end(connection, question, found.number, said)
            return proposal

        return self._database.write(work)


def _keep(connection: Connection, kept: Kept, at: datetime) -> None:
    if _kept(connection, kept.digest) is None:
        connection.execute(
            insert(policy_text).values(
                digest=kept.digest, question=kept.question, version=kept.version, body=kept.text, kept_at=at
            )
        )


def _kept(connection: Connection, digest: str) -> Kept | None:
    row = connection.execute(select(policy_text).where(policy_text.c.digest == digest)).one_or_none()
    return None if row is None else Kept(row.digest, row.question, row.version, row.body)


def _say(connection: Connection, proposal: int, said: Said) -> None:
    connection.execute(
        insert(policy_verdict).values(
            proposal=proposal, approved=said.approved, by=said.by, at=said.at, reason=said.reason
        )
    )


def _enter(connection: Connection, kept: Kept, number: int, from_at: datetime, proposal: int | None) -> None:
    values = {"question": kept.question, "number": number, "digest": kept.digest}
    connection.execute(insert(policy_in_force).values(**values, from_at=from_at, proposal=proposal))


def _begin(connection: Connection, question: str, number: int, at: datetime) -> None:
    _end(connection, question, number, Said(approved=True, by="", at=at))


def _end(connection: Connection, question: str, number: int, said: Said) -> None:
    fate = Fate.BEGUN if said.approved else Fate.CALLED_OFF
    values = {"question": question, "number": number, "fate": fate.value, "by": said.by or None}
    connection.execute(_IF_NONE, {**values, "at": said.at})


def _counting(connection: Connection, question: str | None) -> list[Counting]:
    query: Select[Any] = (
        select(
            policy_in_force,
            policy_text.c.version,
            policy_text.c.body,
            policy_fate.c.fate,
            policy_fate.c.by,
            policy_fate.c.at,
        )
        .select_from(_WITH_FATE)
        .order_by(*_NEWEST_FIRST)
    )
    if question is not None:
        query = query.where(policy_in_force.c.question == question)
    return [
        Counting(
            row.number,
            Kept(row.digest, row.question, row.version, row.body),
            row.from_at,
            row.proposal,
            None if row.fate is None else Fate(row.fate),
            row.by,
            row.at,
        )
        for row in connection.execute(query)
    ]


def _proposals(connection: Connection) -> list[Proposal]:
    query = (
        select(
            policy_proposal,
            policy_text.c.question,
            policy_text.c.version,
            policy_text.c.body,
            policy_verdict.c.approved,
            policy_verdict.c.by.label("said_by"),
            policy_verdict.c.at.label("said_at"),
            policy_verdict.c.reason.label("said_why"),
        )
        .join(policy_text, policy_text.c.digest == policy_proposal.c.digest)
        .outerjoin(policy_verdict, policy_verdict.c.proposal == policy_proposal.c.number)
        .order_by(policy_proposal.c.number.desc())
    )
    return [_proposal(row) for row in connection.execute(query)]


def _proposal(row: Row[Any]) -> Proposal:
    said = None if row.approved is None else Said(row.approved, row.said_by, row.said_at, row.said_why)
    kept = Kept(row.digest, row.question, row.version, row.body)
    return Proposal(row.number, kept, row.was, row.by, row.at, row.reason, json.loads(row.figures), said)
