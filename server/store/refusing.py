"""What SQLite refuses, as a Fault: whose fault it is, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pysqlite3
from sqlalchemy.exc import DBAPIError

from server.errors import Category, Fault, fault
from server.store.dialect import unavailable

_OURS = "SQLITE_ERROR"
"""A statement that SQLite cannot make sense of (sqlite.org/rescode.html); to Python as a full disk."""


def verdict(error: Exception, damaged: str) -> Fault | None:
    """What the disk or a lock refuses passes by itself or is mended by a person: the sender tries again.

    ``damaged`` is what to do when the file itself is broken. None for what we did wrong ourselves: it is
    raised as it is, logged, and answered with 500.
    """
    cause = getattr(error, "orig", error)
    if type(cause) is pysqlite3.DatabaseError:  # no subclass of it: the file itself is broken
        return fault(Category.BROKEN, "no-store", damaged)
    code = getattr(cause, "sqlite_errorname", type(cause).__name__)
    if not isinstance(cause, pysqlite3.OperationalError) or code.startswith(_OURS):
        return None
    return unavailable(code)


@contextmanager
def told(damaged: str) -> Iterator[None]:
    """Raise as a Fault what SQLite refuses inside, by its driver or through SQLAlchemy."""
    try:
        yield
    except (pysqlite3.DatabaseError, DBAPIError) as error:
        failure = verdict(error, damaged)
        if failure is None:
            raise
        raise failure from error
