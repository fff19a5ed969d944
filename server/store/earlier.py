"""Who has given an opinion on the same question about the same patient before, in other cases."""

from __future__ import annotations

from sqlalchemy import select

from server.model import OfferEnd
from server.store.database import Database
from server.store.offer_table import offer
from server.store.tables import cases


class EarlierReads:
    """``server.steps.casefile.Tools.earlier``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, case_id: str) -> tuple[str, ...]:
        """The roles of specialists who have signed, in the order of their names."""
        mine, other = cases.alias(), cases.alias()
        query = (
            select(offer.c.role)
            .distinct()
            .join(other, other.c.id == offer.c.case_id)
            .join(mine, (mine.c.patient == other.c.patient) & (mine.c.question == other.c.question))
            .where(mine.c.id == case_id, other.c.id != case_id, offer.c.end == OfferEnd.READ.value)
            .order_by(offer.c.role)
        )
        return self._database.read(lambda c: tuple(str(row.role) for row in c.execute(query)))
