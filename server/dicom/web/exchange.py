"""What the DICOMweb door is asked and what it answers, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from server.caller import Caller

DICOM_JSON = "application/dicom+json"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names in lower case."""

    method: str
    path: str
    args: tuple[tuple[str, str], ...]
    """Of the query, decoded, in order."""
    query: str
    headers: Mapping[str, str]
    body: IO[bytes]
    """Whole: nothing of it is still on its way."""
    at: datetime
    caller: Caller
    address: str
    id: str = ""
    """X-Request-Id."""

    @property
    def accept(self) -> str:
        """What is wanted back; a parameter stands before the header (PS3.18 8.3.3.1)."""
        for name, value in self.args:
            if name == "accept":
                return value
        return self.headers.get("accept", "") or "*/*"


@dataclass(frozen=True, slots=True)
class Where:
    """What an address names, as it stands there."""

    study: str | None = None
    series: str | None = None
    instance: str | None = None
    frames: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; ``body`` is made while it is sent."""

    status: int
    content_type: str = ""
    body: Iterable[bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    studies: tuple[str, ...] = ()
    """Study Instance UIDs of all that is told of."""
    warnings: tuple[str, ...] = ()


def warning(text: str) -> str:
    """A Warning header (RFC 7234 section 5.5; PS3.18 8.3.4.4)."""
    return f'299 second-reader "{text}"'
