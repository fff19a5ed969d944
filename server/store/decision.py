"""What a person decides on cases: resumed, ended, an opinion withdrawn, a whole model version withdrawn."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same words for what it adds

from server.arbitration import Dissent, Kept
from server.case import RELEASED, Event, IllegalMove, State, advance
from server.completeness import Called
from server.model import Withdrawal
from server.ports import CaseRow, Entry, Fact, Raced
from server.store import chain
from server.store.caserow import case_of, find
from server.store.cases import stir_case
from server.store.facts import lay_down
from server.store.handed import decided
from server.store.lifting import lifted
from server.store.seals import asked_again
from server.store.tables import cases, event, fact, withdrawn_model

_CALLED = "called-complete"
_OTHERWISE = "amended"
"""The outcome of a case whose final answer is not the first reader's (``server.routing.comparison``)."""


def decide(
    connection: Connection, case_id: str, entry: Entry, at: datetime, *grounds: tuple[str, object]
) -> CaseRow | None:
    """A person moves a case; a worker that holds it loses its lease, for what it saw is no longer so.

    Each of ``grounds`` is laid down in the case file as one more fact of its kind.
    """
    case = find(connection, case_id, keep=True)
    if case is None:
        return None
    position = advance(case.position, entry.event)
    row = connection.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(
            state=position.state,
            first=position.first,
            ai=position.ai,
            before=position.before,
            due_at=at,
            lease_token=None,
            lease_until=None,
            attempts=0,
            news=cases.c.news + 1,
            last_error=None,
        )
        .returning(*cases.c)
    ).one()
    chain.append(connection, case_id, at, [(entry, position.state)])
    lifted(connection, case, position, at)
    decided(connection, entry.actor, str(entry.event), (case.patient, f"Task/{case.task_id}"), at)
    for kind, value in grounds:
        lay_down(connection, case_id, [Fact(kind, _next(connection, case_id, kind), value)], at)
    return case_of(row)


def call_complete(connection: Connection, case_id: str, called: Called) -> bool | None:
    """Somebody says that a study is complete: the case looks again; False when the same was said before.

    Raises:
        IllegalMove: the case does not wait for its study.
    """
    case = find(connection, case_id, keep=True)
    if case is None:
        return None
    if case.position.state not in (State.RECEIVED, State.INCOMPLETE):
        raise IllegalMove(case.position, Event.FOUND_COMPLETE)
    query = select(fact.c.body).where(fact.c.case_id == case_id, fact.c.kind == _CALLED)
    said = [msgspec.json.decode(bytes(row.body), type=Called) for row in connection.execute(query)]
    if any(each.state == called.state for each in said):
        return False
    lay_down(connection, case_id, [Fact(_CALLED, len(said) + 1, called)], called.at)
    decided(connection, called.by, _CALLED, (case.patient, f"Task/{case.task_id}"), called.at)
    stir_case(connection, case_id, called.at)
    return True


def keep(connection: Connection, case_id: str, said: Kept) -> CaseRow | None:
    """The physician in charge keeps the first report against the specialist's answer.

    Raises:
        IllegalMove: the answer is not told yet, does not say otherwise, or is under seal again.
    """
    case = find(connection, case_id, keep=True)
    if case is None:
        return None
    outcome = select(fact.c.body).where(fact.c.case_id == case_id, fact.c.kind == "outcome")
    bodies = connection.execute(outcome.order_by(fact.c.number.desc()).limit(1)).scalars().all()
    once = _next(connection, case_id, "kept") > 1
    otherwise = bool(bodies) and msgspec.json.decode(bytes(bodies[0])) == _OTHERWISE
    # While the same is asked anew nobody learns from a refusal what was answered, nor reads why it is kept.
    if once or not otherwise or asked_again(connection, case_id):
        raise IllegalMove(case.position, Event.VIEW_KEPT)
    entry = Entry(Event.VIEW_KEPT, said.by, {"reason": said.reason})
    return decide(connection, case_id, entry, said.at, ("kept", said))


def dissent(connection: Connection) -> list[Dissent]:
    """Where that has happened, latest first."""
    query = (
        select(fact.c.case_id, cases.c.question, cases.c.task_id, fact.c.body)
        .join(cases, cases.c.id == fact.c.case_id)
        .where(fact.c.kind == "kept")
        .order_by(fact.c.at.desc(), fact.c.case_id)
    )
    return [
        Dissent(
            row.case_id, row.question, f"Task/{row.task_id}", msgspec.json.decode(bytes(row.body), type=Kept)
        )
        for row in connection.execute(query)
    ]


def withdraw(connection: Connection, case_id: str, said: Withdrawal) -> CaseRow | None:
    """Withdraw the released opinion of one case."""
    entry = Entry(Event.OPINION_WITHDRAWN, said.by, {"reason": said.reason})
    return decide(connection, case_id, entry, said.at, ("withdrawal", said))


def withdraw_model(connection: Connection, card: str, said: Withdrawal) -> int:
    """Withdraw a model version and every opinion of it that was released; returns how many those are.

    Reads that are not released yet are void from now on: their cases see it before their next step.

    Raises:
        Raced: it has been withdrawn already.
    """
    values = {"card": card, "by": said.by, "reason": said.reason, "at": said.at}
    new = insert(withdrawn_model).on_conflict_do_nothing().returning(withdrawn_model.c.card)
    if connection.execute(new, values).first() is None:
        raise Raced
    voided = event.alias()
    released = (
        select(cases.c.id)
        .join(event, event.c.case_id == cases.c.id)
        .where(
            event.c.card == card,
            event.c.event == str(Event.AI_SEALED),  # a decline says nothing that could be taken back
            cases.c.state.in_(RELEASED),
            cases.c.ai == "released",
            ~exists().where(voided.c.case_id == cases.c.id, voided.c.event == str(Event.AI_VOIDED)),
        )
        .distinct()
    )
    found = [row.id for row in connection.execute(released)]
    for case_id in found:
        withdraw(connection, case_id, said)
    _look_at_shown(connection, card, said.at)
    return len(found)


def _look_at_shown(connection: Connection, card: str, at: datetime) -> None:
    """First readers who were shown what it says, and have not signed, are told without delay."""
    shown = select(event.c.case_id).where(event.c.event == str(Event.AI_SHOWN), event.c.card == card)
    open_ = (cases.c.ai == "sealed", cases.c.id.in_(shown))
    connection.execute(update(cases).where(*open_).values(due_at=at, news=cases.c.news + 1))


def withdrawn(connection: Connection, card: str) -> Withdrawal | None:
    """Who withdrew a model version, and why; None when nobody did."""
    row = connection.execute(select(withdrawn_model).where(withdrawn_model.c.card == card)).one_or_none()
    return None if row is None else Withdrawal(row.by, row.reason, row.at)


def models(connection: Connection) -> frozenset[str]:
    """Every model version that has read here."""
    read = select(event.c.card).where(event.c.event.in_([str(Event.AI_SEALED), str(Event.AI_DECLINED)]))
    return frozenset(row.card for row in connection.execute(read.distinct()) if row.card)


def _next(connection: Connection, case_id: str, kind: str) -> int:
    count = select(func.count()).where(fact.c.case_id == case_id, fact.c.kind == kind)
    return int(connection.execute(count).scalar_one()) + 1
