"""One bad request over HTTP, or bytes that are hardly one, and the answer that they get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """A request that may be sent as often as one likes: nothing of it is ever stored."""

    id: str
    what: str
    method: str
    path: str
    status: int
    code: str = ""
    """The R4 issue-type that must be among the issues; empty where the answer is no refusal."""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Content-Type is FHIR JSON unless named here; an empty one is left out."""
    says: str = ""
    """A word of the diagnostics, where the text must name a way out."""
    lacks: str = ""
    """What must not be anywhere in the answer."""
    total: int | None = None
    """Bundle.total of a search."""
    ours: str = ""
    """Why this answer is not the catalogue's; empty when it is."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """What is written on a connection, as it is."""

    id: str
    what: str
    sent: bytes
    status: int | None
    """None: the peer goes away without waiting for an answer."""
    code: str = ""
    ends: bool = False
    """Whether the peer then says that it will send no more (half-close)."""
    ours: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A strange request that is stored all the same, and what it may never do."""

    id: str
    what: str
    path: str
    body: bytes
    ours: str = ""
