"""Resolved cases in which the model has answered, in lots, for drift.

A person counts once, with the first such case, in lots of ten and more as those of a report
(``server.store.lots``): a lot as a whole, when all of it is open to everybody, or not at all. So nothing that
is under seal shows in an alarm, and two looks differ by ten people or more. Each device, with its software,
has lots of its own, and so has what names no device; all together are these lots. So whatever is told is a
sum of whole lots that do not overlap, also all together less a device.

Who is in no figure is in no lot, or a lot of ten would be one answer: cases without an answer of the model
fill none, and lots in which fewer than ten first readers could be compared, or fewer than ten scores are
known, have none. A lot is in the week of its last case, or a week's end would cut it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import Connection, Select, func, select

from server.changes import scope_of
from server.model import Answer, Answered, Device, Verdict
from server.store import lots
from server.store.database import Database
from server.store.lots import filled
from server.store.policy_tables import result
from server.store.reporting import RESOLVED, STOOD, open_again
from server.store.seals import UNSEALED
from server.store.tables import cases

Lot = tuple[Answered, ...]
"""Of one device with its software, or of none; all at the time of its last case."""


class Seen(NamedTuple):
    """What tells, without a look, whether one may find something else than the last one."""

    results: int = 0
    """So many there are, counted or not."""
    shut: int = 0
    """Which of them are of people about whom the question is open again: a check sum."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one question and one model version."""

    seen: Seen = Seen()
    more: int = 1
    """So many more results at least are needed before anything here changes by new ones."""
    lots: tuple[Lot, ...] = ()
    """In the order in which they became full."""


class DriftStore:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seen(self, question: str, card: str) -> Seen:
        """Whether it is worth to look."""
        return self._database.read(lambda connection: _seen(connection, question, card))

    def counted(self, question: str, card: str) -> Counted:
        """What may be counted now."""
        return self._database.read(lambda connection: _counted(connection, question, card))


def _seen(connection: Connection, question: str, card: str) -> Seen:
    of = (result.c.question == question, result.c.card == card)
    results = connection.execute(select(func.count()).where(*of)).scalar_one()
    again = select(cases.c.patient).where(cases.c.question == question, STOOD.not_in(UNSEALED))
    query = select(result.c.seq).join(cases, cases.c.id == result.c.case_id)
    query = query.where(*of, cases.c.patient.in_(again)).order_by(result.c.seq)
    shut = ",".join(str(each) for each in connection.execute(query).scalars())
    return Seen(int(results), crc32(shut.encode()))


class _Case(NamedTuple):
    """One result."""

    case_id: str
    patient: str
    open: bool
    """To everybody: nothing of it is under seal."""
    said: Answered


def _counted(connection: Connection, question: str, card: str) -> Counted:
    c = result.c
    said = (c.seq, c.at, c.maker, c.device, c.software, c.model, c.probability, c.first, c.verdict)
    query: Select[Any] = select(c.case_id, cases.c.patient, STOOD.label("stood"), *said)
    query = query.join(cases, cases.c.id == c.case_id)
    query = query.where(c.question == question, c.card == card, c.model.is_not(None)).order_by(c.seq)
    shut = open_again(connection)
    firsts, scoped, names = set[str](), defaultdict[str | None, list[_Case]](list), _Names()
    for id_, patient, stood, *rest in connection.execute(query):
        if patient not in firsts:
            firsts.add(patient)
            device, scope = names.of(*rest[2:5])
            free = stood in RESOLVED and (patient, question) not in shut
            scoped[scope].append(_Case(id_, patient, free, _answered(device, rest)))
    # A device that is not here yet needs a whole lot.
    found, more = list[Lot](), lots.LEAST
    for of in scoped.values():
        full, lacking = filled(of)
        found += [_lot([each.said for each in lot]) for lot in full if all(each.open for each in lot)]
        more = min(more, lacking)
    return Counted(_seen(connection, question, card), more, tuple(sorted(found, key=lambda lot: lot[-1].seq)))


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


def _lot(of: Sequence[Answered]) -> Lot:
    """All of it in one week; no score, or no first reader's answer, of fewer than ten."""
    scored = sum(each.score is not None for each in of) >= lots.LEAST
    compared = sum(each.discordant is not None for each in of) >= lots.LEAST
    return tuple(
        replace(
            each,
            at=of[-1].at,
            score=each.score if scored else None,
            discordant=each.discordant if compared else None,
        )
        for each in of
    )


def _answered(device: Device | None, row: Sequence[Any]) -> Answered:
    seq, at, _, _, _, model, score, first, verdict = row
    discordant = None if first is None else verdict == Verdict.DISCORDANT.value
    return Answered(seq, at, device, model == Answer.PRESENT.value, score, discordant)
