"""When each partner is looked at next, and by which worker: a lease, fenced by its token."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from server.ports import LeaseLost
from server.store.database import Database
from server.store.partner_table import partner


@dataclass(frozen=True, slots=True)
class Look:
    """A partner that this worker alone may look at until the lease ends."""

    name: str
    since: str
    failures: int
    token: str


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """A partner as people see it."""

    name: str
    due_at: datetime
    answered_at: datetime | None
    failures: int
    """Looks in a row that did not end well."""
    taken: int
    refused: int
    last_error: str | None


class Partners:
    """The partners by name; those of earlier configurations stay, and are not looked at."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        self._database = database
        self._lease = lease

    def enlist(self, names: Sequence[str], at: datetime) -> None:
        """Those that are not known yet are due at once."""
        try:
            self._database.write(lambda c: _enlist(c, names, at))
        except IntegrityError:  # another worker starts too, and was faster: once more
            self._database.write(lambda c: _enlist(c, names, at))

    def claim(self, names: Sequence[str], at: datetime) -> Look | None:
        """The partner that has been due longest and that nobody looks at."""
        if not self._database.read(lambda c: c.execute(_due(names, at)).first() is not None):
            return None
        token = str(uuid.uuid4())
        return self._database.write(lambda c: _claim(c, names, at, at + self._lease, token))

    def keep(self, look: Look, at: datetime) -> None:
        """Go on for another lease. Raises LeaseLost."""
        self._database.write(lambda c: _fenced(c, look, lease_until=at + self._lease))

    def looked(self, look: Look, since: str, came: tuple[int, int], due_at: datetime, at: datetime) -> None:
        """A look that ended well; ``came``: how many Tasks were taken in and refused. Raises LeaseLost."""
        self._database.write(
            lambda c: _fenced(
                c,
                look,
                lease_token=None,
                lease_until=None,
                since=since,
                due_at=due_at,
                answered_at=at,
                failures=0,
                taken=partner.c.taken + came[0],
                refused=partner.c.refused + came[1],
                last_error=None,
            )
        )

    def failed(self, look: Look, came: tuple[int, int], reason: str, due_at: datetime) -> None:
        """Raises LeaseLost."""
        self._database.write(
            lambda c: _fenced(
                c,
                look,
                lease_token=None,
                lease_until=None,
                due_at=due_at,
                failures=partner.c.failures + 1,
                taken=partner.c.taken + came[0],
                refused=partner.c.refused + came[1],
                last_error=reason,
            )
        )

    def look_now(self, name: str, at: datetime) -> bool:
        """Make a partner due; False when none has this name."""
        statement = update(partner).where(partner.c.name == name).values(due_at=at)
        return self._database.write(lambda c: c.execute(statement).rowcount == 1)

    def listed(self, names: Sequence[str]) -> list[PartnerRow]:
        if not names:
            return []
        query = select(partner).where(partner.c.name.in_(names)).order_by(partner.c.name)
        return self._database.read(lambda c: [_row(each) for each in c.execute(query)])


def _enlist(connection: Connection, names: Sequence[str], at: datetime) -> None:
    known = set(connection.execute(select(partner.c.name)).scalars())
    for name in names:
        if name not in known:
            connection.execute(
                insert(partner).values(name=name, due_at=at, since="", failures=0, taken=0, refused=0)
            )


def _due(names: Sequence[str], at: datetime) -> Select[Any]:
    free = or_(partner.c.lease_until.is_(None), partner.c.lease_until < at)
    return (
        select(partner.c.name)
        .where(partner.c.name.in_(names), partner.c.due_at <= at, free)
        .order_by(partner.c.due_at)
        .limit(1)
    )


def _claim(
    connection: Connection, names: Sequence[str], at: datetime, until: datetime, token: str
) -> Look | None:
    longest_due = _due(names, at).with_for_update(skip_locked=True)
    row = connection.execute(
        update(partner)
        .where(partner.c.name == longest_due.scalar_subquery())
        .values(lease_token=token, lease_until=until)
        .returning(*partner.c)
    ).one_or_none()
    return None if row is None else Look(row.name, row.since, row.failures, token)


def _fenced(connection: Connection, look: Look, **values: Any) -> None:
    done = connection.execute(
        update(partner)
        .where(partner.c.name == look.name, partner.c.lease_token == look.token)
        .values(**values)
    )
    if done.rowcount != 1:
        raise LeaseLost


def _row(row: Any) -> PartnerRow:
    return PartnerRow(
        row.name, row.due_at, row.answered_at, row.failures, row.taken, row.refused, row.last_error
    )
