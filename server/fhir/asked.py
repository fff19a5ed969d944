"""One write as it was asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from server.ports import Resource, Stored
from server.query import Query

Change = Callable[[Resource], Resource]
"""What a patch makes of a resource, which stays as it is. Raises Fault when it does not apply."""


@dataclass(slots=True)
class Asked:
    """POST without an id; PUT, PATCH and DELETE with one or with criteria."""

    method: str
    type: str
    resource: Resource = field(default_factory=dict)
    """As it was sent; of a PATCH what it makes, once the plan has made it."""
    id: str | None = None
    wanted: Query | None = None
    """What it is about, when there is no id: what this asks for."""
    if_match: int | None = None
    only_new: bool = False
    """``If-None-Match: *``: refuse when it is here already (RFC 9110 section 13.1.2)."""
    full_url: str = ""
    path: str = ""
    """Where in a transaction; empty for a single resource."""
    change: Change | None = None
    """Of a PATCH."""
    references: list[dict[str, Any]] = field(default_factory=list)
    """Each Reference in the resource; the plan looks for them once."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one ``Asked``."""

    status: int
    stored: Stored | None
    """The version that stands now; None after the deletion of what never was."""
    kept: bool = False
    """It stood so already, perhaps by somebody else."""
