"""Who has given an opinion on the same question about the same patient before, in other cases."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from server.arbitration import FinalRead
from server.case import Event, State
from server.model import Earlier, FirstRead, OfferEnd, SpecialistRead
from server.store.database import Database
from server.store.offer_table import offer
from server.store.reporting import RESOLVED
from server.store.tables import cases, event, fact

_ENDS = (*RESOLVED, State.UNRESOLVED)
"""From then on the EHR's Task may tell how the opinions compare."""


class EarlierReads:
    """``server.steps.casefile.Tools.earlier``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, case_id: str) -> Earlier:
        """Whoever has signed, as a specialist or first, by reference; and the models that have read."""
        return self._database.read(lambda connection: _earlier(connection, case_id))


def _earlier(connection: Connection, case_id: str) -> Earlier:
    mine, other = cases.alias(), cases.alias()
    alike = (mine.c.patient == other.c.patient) & (mine.c.question == other.c.question)
    those = select(other.c.id).join(mine, alike).where(mine.c.id == case_id, other.c.id != case_id)
    roles = select(offer.c.role).where(offer.c.case_id.in_(those), offer.c.end == OfferEnd.READ.value)
    firsts = select(fact.c.body).where(fact.c.case_id.in_(those), fact.c.kind == "first-read")
    asked = (str(Event.AI_SEALED), str(Event.AI_DECLINED))
    models = select(event.c.card).where(event.c.case_id.in_(those), event.c.event.in_(asked))
    signed = {str(row.role) for row in connection.execute(roles)}
    for row in connection.execute(firsts):
        signed |= set(msgspec.json.decode(bytes(row.body), type=FirstRead).readers)
    read = {str(row.card) for row in connection.execute(models) if row.card}
    ids = [str(row.id) for row in connection.execute(those.order_by(other.c.id))]
    return Earlier(
        tuple(sorted(signed)),
        tuple(sorted(read)),
        tuple(ids),
        _reports(connection, ids),
        _ends(connection, ids),
    )


def _reports(connection: Connection, ids: list[str]) -> tuple[str, ...]:
    """First reports, and those of specialists, blind and final."""
    firsts = select(cases.c.report).where(cases.c.id.in_(ids))
    found = {str(row.report) for row in connection.execute(firsts)}
    kinds = ("specialist-read", "final-read")
    read = select(fact.c.kind, fact.c.body).where(fact.c.case_id.in_(ids), fact.c.kind.in_(kinds))
    for row in connection.execute(read):
        if row.kind == "final-read":
            final = msgspec.json.decode(bytes(row.body), type=FinalRead).read
        else:
            final = msgspec.json.decode(bytes(row.body), type=SpecialistRead)
        found |= {str(final.report)} if final is not None else set()
    return tuple(sorted(found))


def _ends(connection: Connection, ids: list[str]) -> dict[str, datetime]:
    query = (
        select(cases.c.task_id, func.min(event.c.at).label("since"))
        .join(event, event.c.case_id == cases.c.id)
        .where(cases.c.id.in_(ids), event.c.state.in_(_ENDS))
        .group_by(cases.c.task_id)
    )
    return {f"Task/{row.task_id}": row.since for row in connection.execute(query)}
