"""What must not change between a look and the commit that relies on it.

SQLite lets in one writer at a time (BEGIN IMMEDIATE), so there nothing needs to be held. On
PostgreSQL writers run side by side and do not see what the others have not yet committed: who looks
for something that is not there takes a lock on what he looked for, and keeps it until his
transaction ends (advisory locks). All are taken in one statement and in one order, before any row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection

from server.ports import Intake, ResourceWrite
from server.query import Ids, Query, Reference, ReferenceRow, Token, TokenRow

_MOST = 512
"""Locks of one transaction; the server's table of locks is small, so beyond it one lock stands for all."""
_ALL = 0
_OPENINGS = "openings"
_POLICIES = "policies"
_TAKE = """SELECT CASE WHEN alone THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END
    FROM unnest(%s::bigint[], %s::boolean[]) AS wanted(key, alone)"""


def hold_premises(connection: Connection, intake: Intake) -> None:
    """What others must not do until this intake is committed.

    Two that look for absence are kept apart when one may write what the other looks for, under
    whichever conditions. Who opens a case keeps out who brings news of its patient, or takes away
    what it rests on, and who opens another about its report: they could not see the case yet. A role's
    news goes to cases of any patient.
    """
    if _one_writer(connection):
        return
    alone = {name for each in intake.absent for name in _looked_for(each.query)}
    alone |= {name for opening in intake.openings for name in (opening.patient, opening.report)}
    alone |= {_OPENINGS for write in intake.writes if write.type == "PractitionerRole" and write.version > 1}
    together = {write.patient for write in intake.writes if write.patient}
    together |= {_OPENINGS for _ in intake.openings}
    if intake.absent:
        together |= {name for write in intake.writes for name in _told(write)}
    _hold(connection, alone, together)


def _looked_for(query: Query) -> Iterator[str]:
    """What all that matches tells of itself: for each test one of its values, or at least its type."""
    named = False
    for test in query.where:
        if isinstance(test, Token) and all(code for _, code in test.any_of):
            names = [_name(query.type, test.param, code) for _, code in test.any_of if code]
        elif isinstance(test, Reference):
            names = [_name(query.type, test.param, target) for target in test.any_of]
        elif isinstance(test, Ids):
            names = [_name(query.type, "_id", id_) for id_ in test.any_of]
        else:
            continue
        named = True
        yield from names
    if not named:
        yield query.type


def _told(write: ResourceWrite) -> Iterator[str]:
    yield write.type
    yield _name(write.type, "_id", write.id)
    for row in write.index:
        if isinstance(row, TokenRow):
            yield _name(write.type, row.param, row.code)
        elif isinstance(row, ReferenceRow):
            yield _name(write.type, row.param, row.target)


def hold_policies(connection: Connection) -> None:
    """Be the only one who changes policies or throws their switch."""
    if not _one_writer(connection):
        _hold(connection, {_POLICIES}, set())


def hold_schema(connection: Connection) -> None:
    """Be the only one who changes the schema, and take the time that it needs."""
    if _one_writer(connection):
        return
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(_TAKE, ([_ALL], [True]))


def _one_writer(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _hold(connection: Connection, alone: set[str], together: set[str]) -> None:
    wanted = {_key(name): False for name in together} | {_key(name): True for name in alone}
    if not wanted:
        return
    wanted = {_ALL: True} if len(wanted) > _MOST else {_ALL: False, **wanted}
    keys = sorted(wanted)
    connection.exec_driver_sql(_TAKE, (keys, [wanted[key] for key in keys]))


def _name(type_: str, param: str, value: str) -> str:
    return f"{type_}?{param}={value}"


def _key(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
