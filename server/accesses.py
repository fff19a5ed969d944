"""Accesses to what is kept here, as values: who did what with which versions, and what came of it.

Whoever lets somebody at patients' data lays an ``Access`` down before it answers. It is small, because
it costs each read; the AuditEvents that it becomes are made later (``server/auditing.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Doing(StrEnum):
    """What was done; as far as it is REST by the codes of R4 restful-interaction."""

    READ = "read"
    VREAD = "vread"
    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"
    SEARCH = "search"
    HISTORY = "history-instance"
    HISTORY_OF_TYPE = "history-type"
    HISTORY_OF_ALL = "history-system"
    TRANSACTION = "transaction"
    ASK = "operation-read"
    """An operation that tells of one resource: $validate, $status, $events."""
    COLLECT = "operation-search"
    """An operation that finds: $everything, $status of several."""
    OPERATE = "operation-update"
    """An operation that changes: $withdraw, $complete-study."""
    INFERENCE = "ai-inference"
    EXPORT = "export"
    NOTIFICATION = "notification"
    DECISION = "decision"


class Outcome(StrEnum):
    """R4 audit-event-outcome."""

    SUCCESS = "0"
    MINOR = "4"
    """The request could not be met as it was: not here, not understood, against a rule."""
    SERIOUS = "8"
    """Not allowed to whoever asked."""
    MAJOR = "12"
    """The fault was ours."""


@dataclass(frozen=True, slots=True)
class Access:
    """One access. Nothing in it is told to anyone but auditors."""

    id: str
    at: datetime
    doing: Doing
    name: str
    """Who: a client by its name, a model by its card, a destination, a person who decided."""
    client: str = ""
    """By which id they are known; empty where nobody is told apart."""
    address: str = ""
    """The other end of the connection."""
    request: str = ""
    """X-Request-Id."""
    outcome: Outcome = Outcome.SUCCESS
    detail: str = ""
    """Why not, or what for; quotes no value."""
    type: str = ""
    """The resource type that was asked for, when nothing more is known."""
    what: tuple[str, ...] = ()
    """``Type/id/_history/n`` of all that was shown or written, or ``Type/id`` of what was asked for."""
    query: str = ""
    """A search as it came."""
    document: str = ""
    """The id of what was sent."""


class AuditTrail(Protocol):
    """Where accesses are laid down."""

    def keep(self, accesses: Sequence[Access]) -> None:
        """All of them are durable on return.

        Raises:
            Fault: UNAVAILABLE; whoever was to be answered is refused then.
        """
        ...

    def catch_up(self) -> None:
        """Every access that has been acknowledged before is an AuditEvent afterwards.

        Raises:
            Fault: UNAVAILABLE, when there are too many to wait for.
        """
        ...
