"""What differs between the databases that the store runs on; one module fulfils it for each of them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol

from sqlalchemy import Connection, Engine

from server.errors import Category, Fault, fault
from server.store.scratch import Scratch


class Stage(Enum):
    """How far a transaction had come when it broke."""

    OPENING = "opening"
    WORKING = "working"
    COMMITTING = "committing"


class Again(Exception):
    """Nothing was written, and the same work may succeed when it is done anew."""

    def __init__(self, failure: Fault) -> None:
        super().__init__(str(failure))
        self.failure = failure
        """What to tell when it does not."""


class Dialect(Protocol):
    """One database product."""

    engine: Engine
    """Its connections begin what their ``info["writing"]`` says: a writing transaction or a snapshot."""
    error: type[Exception]
    """What its driver raises when a statement is run past SQLAlchemy."""
    scratch: Scratch

    def turn(self) -> AbstractContextManager[None]:
        """Around each writing transaction."""
        ...

    def replaced(self, connection: Connection) -> bool:
        """After a failure to begin: whether this was a dead connection, now thrown away."""
        ...

    def verdict(self, error: Exception, stage: Stage) -> Fault | Again | None:
        """What an error of the driver means; None for a rule of ours that a statement broke."""
        ...

    @property
    def product(self) -> str:
        """Name and version; of a server only once it has been spoken to."""
        ...

    def about(self) -> str:
        """Product, version and how it keeps what it has acknowledged.

        Raises:
            Fault: it cannot be reached, or not be relied on.
        """
        ...

    def written(self) -> int | None:
        """A number that differs once anybody has written; None where only a query would tell."""
        ...

    def make_scratch(self, connection: Connection) -> None:
        """Beside a schema that has just been brought up to date."""
        ...

    def close(self) -> None:
        """Let go of everything that is open."""
        ...


def unavailable(reason: str) -> Fault:
    """What the disk, a lock or the line refuses passes by itself or is mended by a person."""
    text = f"the store cannot be used now ({reason}); nothing was written, try again"
    return fault(Category.UNAVAILABLE, "no-store", text)
