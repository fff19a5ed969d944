"""What the FHIR door is asked and what it answers, as values: no Flask, no sockets."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.errors import Category, fault
from server.fhir.plan import Answered
from server.fhir.write import dump
from server.ports import Arrival, Stored

JSON = "application/fhir+json"
_ETAG = re.compile(r'W/"([0-9]{1,10})"')
_TAG = r'(?:W/)?("[!\x23-\x7e]*")'
_TAGS = re.compile(rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG})*+")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request at the door; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime

    def arrival(self, interaction: str) -> Arrival:
        return Arrival(
            id=str(uuid.uuid4()),
            door="fhir",
            interaction=interaction,
            received_at=self.at,
            body=self.body,
            digest=hashlib.sha256(self.body).hexdigest(),
        )

    @property
    def if_match(self) -> int | None:
        return etag(self.headers.get("if-match"), "If-Match")

    @property
    def only_new(self) -> bool:
        """``If-None-Match: *``, on a write: only when there is nothing yet (RFC 9110 section 13.1.2)."""
        return self.headers.get("if-none-match", "").strip() == "*"

    def prefers(self, wish: str) -> bool:
        """Whether ``Prefer`` carries this wish, such as ``return=minimal``."""
        return wish in [each.strip() for each in self.headers.get("prefer", "").replace(";", ",").split(",")]


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def etag(text: str | None, name: str) -> int | None:
    """The version of a weak ETag.

    Raises:
        Fault: INCORRECT when it is not of the form that FHIR uses (R4 http.html#versioning).
    """
    if text is None:
        return None
    match = _ETAG.fullmatch(text.strip())
    if match is None:
        raise fault(Category.INCORRECT, "invalid", f'{name} is accepted as W/"version"')
    return int(match[1])


def held_already(text: str | None, version: int) -> bool:
    """Whether the reader has this version: If-None-Match names it (RFC 9110 section 13.1.2, weak comparison).

    Raises:
        Fault: INCORRECT when it is no list of entity tags.
    """
    if text is None:
        return False
    named = text.strip()
    if named == "*":
        return True
    if _TAGS.fullmatch(named) is None:
        raise fault(Category.INCORRECT, "invalid", 'If-None-Match is accepted as W/"version", several, or *')
    return f'"{version}"' in re.findall(_TAG, named)


def version_headers(stored: Stored) -> dict[str, str]:
    return {
        "ETag": f'W/"{stored.version}"',
        "Last-Modified": stored.updated_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def location(stored: Stored, base: str) -> str:
    return f"{base}/{stored.type}/{stored.id}/_history/{stored.version}"


def written(answer: Answered, base: str, request: Request, *, shown: bool = True) -> Response:
    """The response to a create or update (R4 http.html#create, #update; Prefer: return=...).

    ``shown`` False leaves the body out: it is not the sender's own and may not be seen.
    """
    headers = {**version_headers(answer.stored), "Location": location(answer.stored, base)}
    if request.prefers("return=minimal") or not shown:
        return Response(answer.status, b"", headers)
    if request.prefers("return=OperationOutcome"):
        return Response(answer.status, dump(_fine()), headers)
    return Response(answer.status, answer.stored.body, headers)


def _fine() -> dict[str, object]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational", "diagnostics": "stored"}],
    }
