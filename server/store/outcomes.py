"""What turned out about resolved cases: kept as it is told, the newest counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, not_, or_, select
from sqlalchemy import case as sql_case

from server.case import RELEASED, Event
from server.model import Answer, Basis, KnownCase, TurnedOut
from server.ports import Entry, Fact
from server.store.caserow import find
from server.store.database import Database
from server.store.decision import decide
from server.store.policy_tables import outcome, result
from server.store.reporting import STOOD, Key, Span, by_card, in_lots, open_again
from server.store.seals import open_about
from server.store.tables import cases, fact


def keep(connection: Connection, case_id: str, facts: Sequence[Fact], at: datetime) -> None:
    """One row for each word."""
    for each in (laid.value for laid in facts if isinstance(laid.value, TurnedOut)):
        connection.execute(
            insert(outcome).values(
                case_id=case_id,
                number=_told(connection, case_id) + 1,
                at=at,
                known_at=each.known_at,
                finding=_UNKNOWN if each.finding is None else each.finding.value,
                basis=each.basis.value,
                by=each.by,
            )
        )


_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Against:
    """A case that turned out otherwise than it ended; nobody is named."""

    case: str
    question: str
    at: datetime
    """When it was resolved."""
    known_at: datetime
    basis: Basis
    turned_out: Answer
    first: Answer | None
    model: Answer | None
    final: Answer | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A resolved case of which nobody has told how it turned out."""

    case: str
    question: str
    at: datetime
    task: str
    """The EHR's identifier of its Task, ``system|value``: by it others find the patient."""


class Outcomes:
    """The desk of whoever follows cases up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tell(self, case_id: str, word: TurnedOut, at: datetime, *, of_a_table: bool = False) -> bool:
        """Somebody says how a case turned out; False: the last word is the same, and nothing changes.

        Of a table neither does what was said before at any time, nor what is known for less long.

        Raises:
            IllegalMove: nothing is released.
            LookupError: there is no such case.
        """
        return self._database.write(lambda c: _tell(c, case_id, word, at, of_a_table=of_a_table))

    def named(self, identifier: str) -> str | None:
        """The case of the EHR's Task with this identifier, ``system|value``; or of this id."""
        system, bar, value = identifier.rpartition("|")
        c = cases.c
        of = and_(c.task_system == system, c.task_value == value) if bar else c.id == identifier
        return self._database.read(lambda connection: connection.execute(select(c.id).where(of)).scalar())

    def missing(self, before: datetime, limit: int) -> list[Missing]:
        """Resolved before then, released, and without a word; the longest first."""
        known = and_(outcome.c.case_id == result.c.case_id, newest(), outcome.c.finding != _UNKNOWN)
        untold = not_(exists().where(known))
        query = (
            select(result.c.case_id, result.c.question, result.c.at, cases.c.task_system, cases.c.task_value)
            .join(cases, cases.c.id == result.c.case_id)
            .where(result.c.at < before, cases.c.state.in_(RELEASED), untold)
            .order_by(result.c.at, result.c.case_id)
            .limit(limit)
        )
        return self._database.read(
            lambda c: [
                Missing(r.case_id, r.question, r.at, f"{r.task_system}|{r.task_value}")
                for r in c.execute(query)
            ]
        )

    def known(self, span: Span, question: str | None = None) -> dict[Key, list[KnownCase]]:
        """Of resolved cases, those of which it was told in a period, for figures."""
        return self._database.read(lambda connection: known(connection, span, question))

    def against(self, limit: int) -> list[Against]:
        """Where it turned out otherwise than the case had ended, the latest word first.

        What is asked anew about its patient is under seal (docs/decisions/0004-veil.md), and is not listed.
        """
        r, o = result.c, outcome.c
        final = _final()
        ended = func.coalesce(final, r.first)
        ruled_out = and_(ended.is_(None), o.finding == Answer.PRESENT.value)
        query = (
            select(r.case_id, r.question, r.at, r.first, r.model, final, o.known_at, o.basis, o.finding)
            .join(outcome, o.case_id == r.case_id)
            .join(cases, cases.c.id == r.case_id)
            .where(newest(), o.finding != _UNKNOWN)
            .where(or_(ended != o.finding, ruled_out), not_(open_about(cases)))
            .order_by(o.at.desc(), o.case_id)
            .limit(limit)
        )
        return self._database.read(lambda c: [_against(row) for row in c.execute(query)])


def known(connection: Connection, span: Span, question: str | None = None) -> dict[Key, list[KnownCase]]:
    """By question and card, first told in the period, in lots of that order (``server.store.reporting``).

    Not of when they were resolved: lots must not change by what is told later of an earlier case.
    """
    r, o, first = result.c, outcome.c, outcome.alias()
    # Of whom something else was told since, the whole lot is left out: by the one the difference would tell.
    in_span = (first.c.at >= span.since) & (first.c.at < span.until)
    within = sql_case((in_span & (first.c.finding == o.finding), 1), else_=0).label("within")
    said = (r.case_id, r.question, r.card, r.at, r.first, r.model, _final(), o.finding, o.basis, o.known_at)
    query = (
        select(*said, cases.c.patient, STOOD.label("stood"), within)
        .join(cases, cases.c.id == r.case_id)
        .join(outcome, o.case_id == r.case_id)
        .join(first, and_(first.c.case_id == r.case_id, first.c.number == 1))
        .where(newest(), *(() if question is None else (r.question == question,)))
        .order_by(first.c.at, r.case_id)
    )
    shut, found = open_again(connection), dict[Key, list[KnownCase]]()
    for key, rows in by_card(connection, query).items():
        found[key] = [_known(row) for row in in_lots(rows, shut, _finding) if row.finding != _UNKNOWN]
    return found


def _finding(row: Any) -> str:
    return str(row.finding)


def _known(row: Any) -> KnownCase:
    first, model, final = _answers(row)
    known_at = max(row.known_at, row.at)
    return KnownCase(first, model, final or first, Answer(row.finding), Basis(row.basis), known_at - row.at)


def _final() -> ColumnElement[Any]:
    """The specialist's answer; none where the physician in charge has kept the first report against it."""
    kept = exists().where(fact.c.case_id == result.c.case_id, fact.c.kind == "kept")
    return sql_case((kept, None), else_=result.c.final).label("final")


def newest() -> ColumnElement[bool]:
    """Whether a row of ``outcome`` is the last word on its case."""
    later = outcome.alias()
    return not_(exists().where(later.c.case_id == outcome.c.case_id, later.c.number > outcome.c.number))


def _tell(connection: Connection, case_id: str, word: TurnedOut, at: datetime, *, of_a_table: bool) -> bool:
    case = find(connection, case_id, keep=True)
    if case is None:
        raise LookupError(case_id)
    if not _is_news(connection, case_id, word, of_a_table=of_a_table):
        return False
    detail = {"basis": word.basis, "known": word.known_at}
    decide(connection, case_id, Entry(Event.OUTCOME_LINKED, word.by, detail), at, ("turned-out", word))
    keep(connection, case_id, [Fact("turned-out", 1, word)], at)
    return True


def _is_news(connection: Connection, case_id: str, word: TurnedOut, *, of_a_table: bool) -> bool:
    """A table that is imported again, by whomever, must not speak against what is known since."""
    o = outcome.c
    query = select(o.finding, o.basis, o.known_at, o.by).where(o.case_id == case_id).order_by(o.number)
    before = [(_said(row), row.by) for row in connection.execute(query)]
    if not of_a_table:
        return (word.said, word.by) not in before[-1:]
    return all(said != word.said and said[2] <= word.known_at for said, _ in before)


def _said(row: Any) -> tuple[Answer | None, Basis, datetime]:
    """As ``TurnedOut.said``."""
    finding = None if row.finding == _UNKNOWN else Answer(row.finding)
    return finding, Basis(row.basis), row.known_at


def _told(connection: Connection, case_id: str) -> int:
    query = select(func.count()).select_from(outcome).where(outcome.c.case_id == case_id)
    return int(connection.execute(query).scalar_one())


def _answers(row: Any) -> list[Answer | None]:
    return [None if said is None else Answer(said) for said in (row.first, row.model, row.final)]


def _against(row: Any) -> Against:
    first, model, final = _answers(row)
    known = row.known_at, Basis(row.basis), Answer(row.finding)
    return Against(row.case_id, row.question, row.at, *known, first, model, final)
