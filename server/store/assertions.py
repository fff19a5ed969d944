"""Client assertions are used once, whichever process they are shown to (``server.ports.Assertions``)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from server.store.database import Database
from server.store.tables import used_assertion


class UsedAssertions:
    """A row for each, until it would be refused for its age: the primary key is what keeps them apart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def use(self, client: str, jti: str, ends_at: datetime, now: datetime) -> bool:
        def note(connection: Connection) -> None:
            connection.execute(delete(used_assertion).where(used_assertion.c.ends_at <= now))
            connection.execute(insert(used_assertion).values(client=client, jti=jti, ends_at=ends_at))

        try:
            self._database.write(note)
        except IntegrityError:
            return False
        return True
