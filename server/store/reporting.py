"""What a report may count of resolved cases: one a person, and nothing that is under seal.

A case whose question is asked anew about its patient is under seal again (docs/decisions/0004-veil.md). Were
it alone left out, the difference of two reports from before and after would tell what it says; were it
counted, that of two periods which it alone tells apart would. So cases are counted in ``lots`` of ten and
more, in the order in which they were resolved: a lot is left out as a whole while one of it is under seal,
and as long as it is not full or not wholly within the period. Two reports differ by ten people or by none.
How many a lot has follows from the name of a case: were it always ten, the last digit of all would tell.

What is told is of those who were compared, of those without a usable first answer, who were declined, who
were not asked. For each of these kinds lots are put together until ten people of it are in them: so two
reports differ in each kind by ten people or by none. Who is of a kind that has fewer waits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, case, exists, func, select

from server.case import RELEASED, Ai, Event, State
from server.model import Alike, Answer, Kind, Passed, Silence, Unanswered, Verdict
from server.store.database import Database
from server.store.lots import REST, Lot, grouped, joined, lots
from server.store.policy_tables import gate, result
from server.store.results import kind_in
from server.store.seals import UNSEALED
from server.store.tables import cases, event

RESOLVED = frozenset({State.RESOLVED, *RELEASED, State.KEPT, State.RETRACTED})
STOOD = func.coalesce(cases.c.before, cases.c.state)
"""Where a case stands; of one that a person holds, where it stood."""
_PRESENT = Answer.PRESENT.value
Key = tuple[str, str]
"""Question and card."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked at: from a moment on, to before another one."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Reported:
    """Of one question and one model version."""

    question: str
    card: str
    alike: tuple[Alike, ...]
    left_out: int
    """In the period, and not counted: further cases of a person, and lots that are not to be counted."""
    calibration: tuple[tuple[float, bool], ...]
    """Probability of present, and whether the specialist says so."""


Groups = dict[str, tuple[Alike, ...]]
"""By name; ``REST``: whoever is counted in no group of their own, or not yet."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Who is counted, by group: what they came to, and which cases they are."""

    alike: Groups
    cases: dict[str, list[str]]


Sort = Callable[[Row[Any]], str]
"""What a row is, of which there must be ten people."""
Label = Callable[[Key, Kind, str | None], str]
"""Of question and card, whom it is about and which system has sent it: the group's name."""
_KIND = (result.c.age_years, result.c.sex, result.c.maker, result.c.device, result.c.software)


class ReportStore:
    """Counts them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reported(self, span: Span, question: str | None = None) -> list[Reported]:
        """By question and card, of all of which there is a result in the period."""
        return self._database.read(lambda connection: list(_reported(connection, span, question)))

    def grouped(self, span: Span, label: Label, question: str | None = None) -> dict[Key, Grouped]:
        """By question and card, all that are counted in ``reported``: what is left of it is told as well."""
        return self._database.read(lambda connection: _grouped(connection, span, label, question))

    def gates(self, span: Span, question: str | None = None) -> dict[Key, Passed]:
        """By question and card, what gatekeepers have done in cases that may be counted."""
        return self._database.read(lambda connection: _gates(connection, span, question))


def _reported(connection: Connection, span: Span, question: str | None) -> Iterator[Reported]:
    kept = by_card(connection, _results(question, span))
    shut = open_again(connection)
    for key, rows in sorted(kept.items()):
        whole = list(in_lots(rows, shut, came_to))
        known = [r for r in whole if r.probability is not None and r.final is not None]
        if not any(row.within for row in rows):
            continue
        yield Reported(
            *key,
            _alikes(whole),
            sum(r.within for r in rows) - len(whole),
            tuple((r.probability, r.final == _PRESENT) for r in known),
        )


def counted(connection: Connection, span: Span, question: str | None) -> dict[Key, list[Row[Any]]]:
    """By question and card, the rows of results that are counted; nothing of another case may be told."""
    shut = open_again(connection)
    kept = by_card(connection, _results(question, span))
    return {key: list(in_lots(rows, shut, came_to)) for key, rows in kept.items()}


def _results(question: str | None, span: Span) -> Select[Any]:
    c = result.c
    void = exists().where(event.c.case_id == c.case_id, event.c.event == str(Event.AI_VOIDED))
    said = (c.rule, c.first, c.model, c.verdict, c.final, c.blind, c.silence, c.probability)
    return _rows(result, question, span, *said, void.label("voided"), *_KIND, cases.c.destination).order_by(
        c.seq
    )


def _in_groups(
    connection: Connection, span: Span, label: Label, question: str | None
) -> dict[Key, dict[str, list[Row[Any]]]]:
    """The same as ``counted``, by group."""
    shut, found = open_again(connection), dict[Key, dict[str, list[Row[Any]]]]()
    for key, rows in by_card(connection, _results(question, span)).items():
        whole = list(in_lots(rows, shut, came_to))
        free = {row.case_id for row in whole}
        names: dict[str, str] = {}
        for found_of in _sorted(rows, came_to):
            for lot, of in grouped((theirs for _, theirs in found_of), partial(_named, label, key)):
                if all(row.case_id in free for row in lot):
                    names |= of
        told: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in whole:
            told[names.get(row.case_id, REST)].append(row)
        found[key] = dict(told)
    return found


def _grouped(connection: Connection, span: Span, label: Label, question: str | None) -> dict[Key, Grouped]:
    return {
        key: Grouped(
            {name: _alikes(rows) for name, rows in of.items()},
            {name: [row.case_id for row in rows] for name, rows in of.items()},
        )
        for key, of in _in_groups(connection, span, label, question).items()
    }


def _named(label: Label, key: Key, row: Row[Any]) -> str:
    return label(key, kind_in(row), row.destination)


def _rows(of: Table, question: str | None, span: Span, *said: ColumnElement[Any]) -> Select[Any]:
    """Of all times: which lot a case belongs to must not depend on what is asked for."""
    within = case(((of.c.at >= span.since) & (of.c.at < span.until), 1), else_=0).label("within")
    told = (
        of.c.case_id,
        of.c.question,
        of.c.card,
        within,
        cases.c.patient,
        cases.c.policy,
        STOOD.label("stood"),
        cases.c.ai,
    )
    query = select(*told, *said).join(cases, cases.c.id == of.c.case_id)
    return query if question is None else query.where(of.c.question == question)


def by_card(connection: Connection, query: Select[Any]) -> dict[Key, list[Row[Any]]]:
    found: dict[Key, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.question, row.card].append(row)
    return found


def open_again(connection: Connection) -> frozenset[tuple[str, str]]:
    """(patient, question) of every case that is not decided."""
    query = select(cases.c.patient, cases.c.question).where(STOOD.not_in(UNSEALED))
    return frozenset((row.patient, row.question) for row in connection.execute(query))


def came_to(row: Row[Any]) -> str:
    """A result: the denominator of which figures it is in (``server.routing.told``)."""
    if row.verdict == Verdict.NOT_ASKED.value:
        return "not asked"
    if row.model is None:
        return "declined"
    return "unusable" if row.first is None else "compared"


def _is(sort: Sort, name: str, row: Row[Any]) -> bool:
    return sort(row) == name


def _all(row: Row[Any]) -> str:
    del row
    return REST


def in_lots(
    rows: Iterable[Row[Any]], shut: frozenset[tuple[str, str]], sort: Sort = _all
) -> Iterator[Row[Any]]:
    """Each person's first, of the lots that are whole, open and within the period; by sort."""
    for found in _sorted(rows, sort):
        for lot, theirs in found:
            if all(_may_count(each, shut) for each in lot):
                yield from theirs


def _sorted(rows: Iterable[Row[Any]], sort: Sort) -> Iterator[Iterator[tuple[Lot, Lot]]]:
    """For each sort its lots: everybody in one, and those of the sort."""
    full = lots(rows)
    for name in sorted({sort(row) for lot in full for row in lot}):
        yield joined(full, partial(_is, sort, name))


def _may_count(row: Row[Any], shut: frozenset[tuple[str, str]]) -> bool:
    return bool(row.within) and row.stood in RESOLVED and (row.patient, row.question) not in shut


def _alikes(rows: Iterable[Row[Any]]) -> tuple[Alike, ...]:
    came = Counter(map(_alike, rows))
    return tuple(replace(each, cases=count) for each, count in sorted(came.items(), key=repr))


def _alike(row: Row[Any]) -> Alike:
    answers = (row.first, row.model, row.final, row.blind)
    first, model, final, blind = (None if said is None else Answer(said) for said in answers)
    asked = row.verdict != Verdict.NOT_ASKED.value
    why = _why(row) if asked and model is None else None
    return Alike(row.rule, first, model, asked, final, row.policy, 1, blind, why)


def _why(row: Row[Any]) -> Unanswered:
    if row.voided:
        return Unanswered.WITHDRAWN
    return Unanswered.LATE if row.silence == Silence.LATE.value else Unanswered.CONTRACT


def _gates(connection: Connection, span: Span, question: str | None) -> dict[Key, Passed]:
    c, r = gate.c, result.c
    query = _rows(
        gate,
        question,
        span,
        c.below,
        c.ruled_out,
        c.found,
        c.after_all,
        c.turned_out,
        r.first,
        r.model,
        r.final,
    )
    query = query.outerjoin(result, r.case_id == c.case_id).order_by(c.at, c.case_id)
    shut = open_again(connection)
    kept = by_card(connection, query)
    return {key: _passed(list(in_lots(rows, shut))) for key, rows in kept.items()}


def _passed(rows: Sequence[Row[Any]]) -> Passed:
    """As ``GateStore.told`` counts: of what is released alone, and with what was found after the end."""
    free = [r for r in rows if r.ai in (Ai.RELEASED, Ai.WITHDRAWN)]
    missed = sum(bool(r.ruled_out and _PRESENT in (r.after_all, r.turned_out)) for r in free)
    read = [r for r in free if r.below and not r.ruled_out and r.model and (r.first or r.final)]
    found = sum(bool(r.found or r.turned_out == _PRESENT) for r in read)
    return Passed(len(rows), sum(bool(r.ruled_out) for r in free), len(read) + missed, found + missed)
