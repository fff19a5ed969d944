"""What resolved cases came to: one row each, for stop rules to count and policies to be replayed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, select
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same words for what it adds

from server.model import Answer, Device, Kind, Result, Silence, Verdict
from server.ports import CaseRow, Fact
from server.store.database import Database
from server.store.policy_tables import result
from server.store.tables import cases


@dataclass(frozen=True, slots=True)
class Tally:
    """Resolved cases of one question and one model version."""

    asked: int = 0
    """About which the model was asked."""
    declined: int = 0
    compared: int = 0
    """In which both gave an answer."""
    discordant: int = 0
    ended: int = 0
    """With an answer, the first reader's or the specialist's."""
    positive: int = 0
    adjudicated: int = 0
    """Specialist and model gave an answer."""
    missed: int = 0
    """Of these: the specialist sees what the model does not."""


def keep(connection: Connection, of: CaseRow, facts: Sequence[Fact], at: datetime) -> None:
    """The row of a case that is resolved; one that is resolved anew has one row all the same."""
    for found in (each.value for each in facts if isinstance(each.value, Result)):
        values = {
            "question": of.question,
            "card": found.card,
            "at": at,
            "verdict": found.verdict.value,
            "rule": found.rule,
            "first": _word(found.first),
            "model": _word(found.model),
            "probability": found.probability,
            "silence": _word(found.silence),
            "priority": found.priority,
            "final": _word(found.final),
            "blind": _word(found.blind),
            "age_years": found.kind.age_years,
            "sex": found.kind.sex,
            "maker": None if found.kind.device is None else found.kind.device.maker,
            "device": None if found.kind.device is None else found.kind.device.model,
            "software": None if found.kind.device is None else found.kind.device.software,
        }
        added = insert(result).values(case_id=of.id, **values)
        connection.execute(added.on_conflict_do_update(index_elements=["case_id"], set_=values))


class ResultStore:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def past(self, question: str, most: int, card: str | None = None) -> list[Result]:
        """The latest, oldest first; ``card``: those of one model version, and no assessment."""
        of = [result.c.question == question]
        if card is not None:
            first = select(cases.c.id).where(cases.c.id == result.c.case_id, cases.c.other_model.is_(False))
            of += [result.c.card == card, first.exists()]
        latest = select(result).where(*of).order_by(result.c.seq.desc()).limit(most)
        rows = self._database.read(lambda c: list(c.execute(latest)))
        return [_result(row) for row in reversed(rows)]

    def tally(self, question: str, card: str, since: datetime, after: int) -> Tally:
        """What is counted of those since a moment and behind a row.

        There is no upper bound: a clock that was set back must not hide what has just been resolved.
        """
        c = result.c
        final = func.coalesce(c.final, c.first)
        answered = c.model.is_not(None)
        query = select(
            _count(c.verdict != Verdict.NOT_ASKED.value),
            _count(c.verdict == Verdict.DECLINED.value),
            _count(c.first.is_not(None) & answered),
            _count(c.verdict == Verdict.DISCORDANT.value),
            _count(final.is_not(None)),
            _count(final == Answer.PRESENT.value),
            _count(c.final.is_not(None) & answered),
            _count((c.final == Answer.PRESENT.value) & (c.model == Answer.ABSENT.value)),
        ).where(c.question == question, c.card == card, c.at >= since, c.seq > after)
        row = self._database.read(lambda connection: connection.execute(query).one())
        return Tally(*(int(each or 0) for each in row))


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    counted: ColumnElement[Any] = func.sum(case((condition, 1), else_=0))
    return counted


def _result(row: Row[Any]) -> Result:
    return Result(
        row.card,
        Verdict(row.verdict),
        row.rule,
        _answer(row.first),
        _answer(row.model),
        row.probability,
        None if row.silence is None else Silence(row.silence),
        row.priority,
        _answer(row.final),
        _answer(row.blind),
        kind_in(row),
    )


def kind_in(row: Row[Any]) -> Kind:
    """What is known of whom a row is about."""
    return Kind(row.age_years, row.sex, _device(row))


def _device(row: Row[Any]) -> Device | None:
    return None if row.maker is None else Device(row.maker, row.device, row.software)


def _word(said: Answer | Silence | None) -> str | None:
    return None if said is None else said.value


def _answer(word: str | None) -> Answer | None:
    return None if word is None else Answer(word)
