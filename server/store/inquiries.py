"""What archives are asked for cases: claimed one by one, asked outside any transaction, answered once.

A lease is fenced by its token, as that of a case; an answer that comes after it was lost is not kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite has the same words for what it adds

from server.completeness import Inquiry, InquiryClaim, Matter
from server.store.cases import stir_case
from server.store.completeness_tables import inquiry
from server.store.database import Database

_MOST_KEPT = 50


class Inquiries:
    """The queue, and what was answered."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        """``lease``: longer than any archive may take to answer."""
        self._database = database
        self._lease = lease

    def of(self, case_id: str) -> tuple[Inquiry, ...]:
        query = select(inquiry).where(inquiry.c.case_id == case_id).order_by(inquiry.c.matter)
        return self._database.read(lambda c: tuple(_inquiry(row) for row in c.execute(query)))

    def claim(self, at: datetime) -> InquiryClaim | None:
        """Take the inquiry that has been due longest, or None."""
        if not self._database.read(lambda c: c.execute(_due(at)).first() is not None):
            return None
        token = str(uuid.uuid4())
        row = self._database.write(lambda c: _claim(c, at, at + self._lease, token))
        return None if row is None else InquiryClaim(row.case_id, _inquiry(row), token)

    def answered(self, claim: InquiryClaim, answer: Mapping[str, Any], at: datetime) -> bool:
        """Keep an answer and let the case look; False when the question is another's, or another, by now."""
        return self._database.write(lambda c: _answered(c, claim, answer, at))


def ask(connection: Connection, case_id: str, asked: Sequence[Inquiry]) -> None:
    """Within the commit of a case's step: ask from then on; another question voids earlier answers."""
    for each in asked:
        about = msgspec.json.encode(dict(each.about))
        values = {
            "case_id": case_id,
            "matter": each.matter.value,
            "archive": each.archive,
            "about": about,
            "answers": msgspec.json.encode(each.answers),
            "due_at": each.due_at,
            "lease_token": None,
            "lease_until": None,
        }
        key = [inquiry.c.case_id, inquiry.c.matter]
        connection.execute(
            upsert(inquiry).values(values).on_conflict_do_update(index_elements=key, set_=values)
        )


def _due(at: datetime) -> Any:
    free = or_(inquiry.c.lease_until.is_(None), inquiry.c.lease_until < at)
    return (
        select(inquiry.c.case_id, inquiry.c.matter)
        .where(inquiry.c.due_at <= at, free)
        .order_by(inquiry.c.due_at, inquiry.c.case_id)
        .limit(1)
    )


def _claim(connection: Connection, at: datetime, until: datetime, token: str) -> Row[Any] | None:
    found = connection.execute(_due(at).with_for_update(skip_locked=True)).first()
    if found is None:
        return None
    return connection.execute(
        update(inquiry)
        .where(inquiry.c.case_id == found.case_id, inquiry.c.matter == found.matter)
        .values(lease_token=token, lease_until=until)
        .returning(*inquiry.c)
    ).one_or_none()


def _answered(connection: Connection, claim: InquiryClaim, answer: Mapping[str, Any], at: datetime) -> bool:
    held = and_(
        inquiry.c.case_id == claim.case_id,
        inquiry.c.matter == claim.inquiry.matter.value,
        inquiry.c.lease_token == claim.token,
    )
    kept = (*claim.inquiry.answers, answer)[-_MOST_KEPT:]
    values = {"answers": msgspec.json.encode(kept), "due_at": None, "lease_token": None, "lease_until": None}
    if connection.execute(update(inquiry).where(held).values(**values)).rowcount != 1:
        return False
    stir_case(connection, claim.case_id, at)
    return True


def _inquiry(row: Any) -> Inquiry:
    return Inquiry(
        matter=Matter(row.matter),
        archive=row.archive,
        about=msgspec.json.decode(bytes(row.about)),
        due_at=row.due_at,
        answers=tuple(msgspec.json.decode(bytes(row.answers))),
    )
