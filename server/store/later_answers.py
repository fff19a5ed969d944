"""Application acknowledgements of the enhanced mode: queued in the commit that promises them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from server.messages import Later
from server.store.database import Database
from server.store.message_tables import later_answer


@dataclass(frozen=True, slots=True)
class LaterClaim:
    """One that a worker has taken to send it."""

    later: Later
    attempt: int
    made_at: datetime
    token: str


class LaterAnswers:
    """The queue."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        """``lease``: longer than any receiver may take to answer."""
        self._database = database
        self._lease = lease

    def claim(self, at: datetime) -> LaterClaim | None:
        """The one that has been due longest, or None."""
        if self._database.read(lambda c: c.execute(_due(at)).first()) is None:
            return None
        token = str(uuid.uuid4())
        row = self._database.write(lambda c: _claim(c, at, at + self._lease, token))
        if row is None:
            return None
        later = Later(row.id, row.destination, bytes(row.content))
        return LaterClaim(later, row.attempts + 1, row.made_at, token)

    def done(self, claim: LaterClaim) -> None:
        """It was taken, or is not sent any more."""
        mine = _mine(claim)
        self._database.write(lambda c: c.execute(delete(later_answer).where(*mine)))

    def again(self, claim: LaterClaim, due_at: datetime) -> None:
        values = {"attempts": claim.attempt, "due_at": due_at, "lease_token": None, "lease_until": None}
        mine = _mine(claim)
        self._database.write(lambda c: c.execute(update(later_answer).where(*mine).values(**values)))


def promise(connection: Connection, later: Later | None, at: datetime) -> None:
    """Within the commit of the message that it answers."""
    if later is not None:
        connection.execute(
            insert(later_answer).values(
                id=later.id,
                destination=later.destination,
                content=later.content,
                made_at=at,
                attempts=0,
                due_at=at,
            )
        )


def _mine(claim: LaterClaim) -> tuple[Any, ...]:
    return later_answer.c.id == claim.later.id, later_answer.c.lease_token == claim.token


def _due(at: datetime) -> Any:
    free = or_(later_answer.c.lease_until.is_(None), later_answer.c.lease_until < at)
    due = select(later_answer.c.seq).where(later_answer.c.due_at <= at, free)
    return due.order_by(later_answer.c.due_at, later_answer.c.seq).limit(1)


def _claim(connection: Connection, at: datetime, until: datetime, token: str) -> Any:
    found = connection.execute(_due(at).with_for_update(skip_locked=True)).first()
    if found is None:
        return None
    return connection.execute(
        update(later_answer)
        .where(later_answer.c.seq == found.seq)
        .values(lease_token=token, lease_until=until)
        .returning(*later_answer.c)
    ).one_or_none()
