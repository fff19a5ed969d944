"""Resolved cases in which the model has answered, in the order in which they were resolved, for drift.

As in a report (server/store/reporting.py) a person counts once, with the first case, and cases count in lots:
of ten and more, in that order, as a whole when all of it is open to everybody. So nothing that is under seal
shows in an alarm, and two looks differ by ten people or more. All together are in the lots of a report; a
device has lots of its own, for in those of all it might have one case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Row, Select, func, select

from server.case import RELEASED, State
from server.changes import scope_of
from server.model import Answer, Answered, Device, Verdict
from server.store import reporting
from server.store.database import Database
from server.store.policy_tables import result
from server.store.seals import UNSEALED
from server.store.tables import cases

_RESOLVED = frozenset({State.RESOLVED, *RELEASED, State.KEPT, State.RETRACTED})
_STOOD = func.coalesce(cases.c.before, cases.c.state)


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one question and one model version."""

    results: int = 0
    """So many there are, counted or not."""
    more: int = 1
    """So many more results at least are needed before anything here changes by new ones."""
    together: tuple[Answered, ...] = ()
    devices: Mapping[str, tuple[Answered, ...]] = field(default_factory=dict)
    """By the scope of a device's switch; of those that say who made them."""


class DriftStore:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def results(self, question: str, card: str) -> int:
        """How many there are: whether it is worth to look."""
        query = select(func.count()).where(result.c.question == question, result.c.card == card)
        return self._database.read(lambda connection: int(connection.execute(query).scalar_one()))

    def counted(self, question: str, card: str) -> Counted:
        """What may be counted now."""
        return self._database.read(lambda connection: _counted(connection, question, card))


def _counted(connection: Connection, question: str, card: str) -> Counted:
    c = result.c
    said = (c.seq, c.case_id, c.at, c.first, c.model, c.verdict, c.probability, c.maker, c.device, c.software)
    query: Select[Any] = select(*said, cases.c.patient, _STOOD.label("stood"))
    query = query.join(cases, cases.c.id == c.case_id)
    query = query.where(c.question == question, c.card == card).order_by(c.seq)
    rows = connection.execute(query).all()
    shut = _open_again(connection, question)
    scoped = _by_scope(rows)
    together, more = _lots(rows, shut)
    found = {scope: _lots(of, shut) for scope, of in scoped.items()}
    # One that is not here yet needs a lot of its own.
    more = min((more, reporting.LEAST, *(until for _, until in found.values())))
    return Counted(len(rows), more, together, {scope: of for scope, (of, _) in found.items()})


def _by_scope(rows: Iterable[Row[Any]]) -> dict[str, list[Row[Any]]]:
    """Of those that say who made them: an empty name would be anybody's."""
    scopes: dict[tuple[str, str, str], str] = {}
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if row.maker:
            named = (row.maker, row.device or "", row.software or "")
            if named not in scopes:
                scopes[named] = scope_of(Device(*named))
            found[scopes[named]].append(row)
    return found


def _open_again(connection: Connection, question: str) -> frozenset[str]:
    """Patients about whom the question is open."""
    query = select(cases.c.patient).where(cases.c.question == question, _STOOD.not_in(UNSEALED))
    return frozenset(connection.execute(query).scalars())


def _lots(rows: Iterable[Row[Any]], shut: frozenset[str]) -> tuple[tuple[Answered, ...], int]:
    """Of whole lots that may count what the model has answered; and how many people the last one lacks."""
    of_people: dict[str, Row[Any]] = {}
    for row in rows:
        of_people.setdefault(row.patient, row)
    firsts = list(of_people.values())
    found: list[Answered] = []
    start = 0
    while start < len(firsts):
        end = start + reporting.LEAST + crc32(firsts[start].case_id.encode()) % reporting.SPREAD
        if end > len(firsts):
            return tuple(found), end - len(firsts)
        lot = firsts[start:end]
        if all(each.stood in _RESOLVED and each.patient not in shut for each in lot):
            found += (_answered(each) for each in lot if each.model is not None)
        start = end
    return tuple(found), reporting.LEAST


def _answered(row: Row[Any]) -> Answered:
    discordant = None if row.first is None else row.verdict == Verdict.DISCORDANT.value
    device = Device(row.maker, row.device or "", row.software or "") if row.maker else None
    return Answered(row.seq, row.at, device, row.model == Answer.PRESENT.value, row.probability, discordant)
