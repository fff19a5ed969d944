"""Resolved cases in which the model has answered, in the order in which they were resolved, for drift.

As in a report (server/store/reporting.py) a person counts once, with the first case, and cases count in lots:
of ten and more, in that order, as a whole when all of it is open to everybody. So nothing that is under seal
shows in an alarm, and two looks differ by ten people or more. All together are in the lots of a report; a
device has lots of its own, for in those of all it might have one case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from server.changes import scope_of
from server.model import Answer, Answered, Device, Verdict
from server.store import lots
from server.store.database import Database
from server.store.lots import filled
from server.store.policy_tables import result
from server.store.reporting import RESOLVED, STOOD, open_again
from server.store.tables import cases


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


class _Case(NamedTuple):
    """One result."""

    case_id: str
    patient: str
    open: bool
    """To everybody: nothing of it is under seal."""
    said: Answered | None
    """None: the model has said nothing."""


def _counted(connection: Connection, question: str, card: str) -> Counted:
    c = result.c
    said = (c.seq, c.at, c.maker, c.device, c.software, c.model, c.probability, c.first, c.verdict)
    query: Select[Any] = select(c.case_id, cases.c.patient, STOOD.label("stood"), *said)
    query = query.join(cases, cases.c.id == c.case_id)
    query = query.where(c.question == question, c.card == card).order_by(c.seq)
    shut = open_again(connection)
    everybody, scoped, names = list[_Case](), defaultdict[str, list[_Case]](list), _Names()
    for id_, patient, stood, *rest in connection.execute(query):
        device, scope = names.of(*rest[2:5])
        free = stood in RESOLVED and (patient, question) not in shut
        case = _Case(id_, patient, free, _answered(device, rest))
        everybody.append(case)
        if scope is not None:
            scoped[scope].append(case)
    together, more = _lots(everybody)
    found = {scope: _lots(of) for scope, of in scoped.items()}
    # One that is not here yet needs a lot of its own.
    more = min((more, lots.LEAST, *(until for _, until in found.values())))
    return Counted(len(everybody), more, together, {scope: of for scope, (of, _) in found.items()})


_Named = tuple[Device | None, str | None]
"""A device, and the scope of its switch; none of one without a maker: an empty name would be anybody's."""


class _Names:
    """Devices as results name them: few, of many results."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, ...], _Named] = {}

    def of(self, maker: str | None, model: str | None, software: str | None) -> _Named:
        named = (maker, model, software)
        if named not in self._known:
            device = Device(maker, model or "", software or "") if maker else None
            self._known[named] = device, None if device is None else scope_of(device)
        return self._known[named]


def _lots(of: Iterable[_Case]) -> tuple[tuple[Answered, ...], int]:
    """Of whole lots that may count what the model has answered; and how many people the last one lacks."""
    found, lacking = filled(of)
    whole = (lot for lot in found if all(each.open for each in lot))
    return tuple(each.said for lot in whole for each in lot if each.said is not None), lacking


def _answered(device: Device | None, row: Sequence[Any]) -> Answered | None:
    seq, at, _, _, _, model, score, first, verdict = row
    if model is None:
        return None
    discordant = None if first is None else verdict == Verdict.DISCORDANT.value
    return Answered(seq, at, device, model == Answer.PRESENT.value, score, discordant)
