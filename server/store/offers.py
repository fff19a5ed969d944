"""What our own ledger has of specialists: how many offers are open, how fast and how often they answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same words for what it adds

from server.model import OfferEnd, Referral, Track
from server.ports import Fact
from server.store.columns import Instant
from server.store.offer_table import offer
from server.store.prepared import Prepared

_OF_LATE = timedelta(days=365)
"""What is older says nothing of how somebody works now, and would make each look longer."""
_KEY = ("case_id", "number")
_INSERT = insert(offer).values({each.name: bindparam(each.name) for each in offer.c})
_KEEP = Prepared(
    _INSERT.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={each.name: _INSERT.excluded[each.name] for each in offer.c if each.name not in _KEY},
    )
)
_OPEN = Prepared(select(offer.c.role, func.count()).where(offer.c.ended_at.is_(None)).group_by(offer.c.role))
_ENDED = Prepared(
    select(
        offer.c.role,
        func.sum(case((offer.c.end == OfferEnd.READ.value, 1), else_=0)),
        func.sum(offer.c.ended_at - offer.c.offered_at),
    )
    .where(
        offer.c.question == bindparam("question"),
        offer.c.ended_at >= bindparam("since", type_=Instant()),
        offer.c.accepted,
    )
    .group_by(offer.c.role)
)


def keep(connection: Connection, case_id: str, question: str, facts: Sequence[Fact]) -> None:
    """The offers of a referral that is laid down, as they stand in it."""
    referrals = [each.value for each in facts if isinstance(each.value, Referral)]
    if referrals:
        _KEEP.run_many(connection, [_row(case_id, question, each) for each in referrals[-1].offers])


def tracks(connection: Connection, question: str, at: datetime) -> Mapping[str, Track]:
    """By role. Of accepted offers those of this question that ended within a year."""
    opened = {role: int(count) for role, count in _OPEN.run(connection)}
    found = {role: Track(open=count) for role, count in opened.items()}
    for role, answered, waited in _ENDED.run(connection, question=question, since=at - _OF_LATE):
        found[role] = Track(opened.get(role, 0), int(answered), timedelta(microseconds=int(waited)))
    return found


def _row(case_id: str, question: str, made: Any) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "number": made.number,
        "role": made.role,
        "question": question,
        "offered_at": made.offered_at,
        "accepted": made.accepted_at is not None,
        "ended_at": made.ended_at,
        "end": None if made.ended is None else made.ended.value,
    }
