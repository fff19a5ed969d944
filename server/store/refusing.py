"""What SQLite refuses, as a Fault: whose fault it is, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pysqlite3
from sqlalchemy.exc import DatabaseError

from server.errors import Category, fault

_OURS = "SQLITE_ERROR"
"""A statement that SQLite cannot make sense of (sqlite.org/rescode.html); to Python as a full disk."""


@contextmanager
def told(damaged: str) -> Iterator[None]:
    """What the disk or a lock refuses passes by itself or is mended by a person: the sender tries again.

    ``damaged`` is what to do when the file itself is broken. What we did wrong ourselves is raised as it is:
    it is logged, and answered with 500.
    """
    try:
        yield
    except (pysqlite3.DatabaseError, DatabaseError) as error:
        cause = getattr(error, "orig", error)
        if type(cause) is pysqlite3.DatabaseError:  # no subclass of it: the file itself is broken
            raise fault(Category.BROKEN, "no-store", damaged) from error
        code = getattr(cause, "sqlite_errorname", type(cause).__name__)
        if not isinstance(cause, pysqlite3.OperationalError) or code.startswith(_OURS):
            raise
        text = f"the store cannot be used now ({code}); nothing was written, try again"
        raise fault(Category.UNAVAILABLE, "no-store", text) from error
