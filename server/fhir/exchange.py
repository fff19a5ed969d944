"""What the FHIR door is asked and what it answers, as values: no Flask, no sockets."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from server.caller import EVERYBODY, Caller
from server.errors import Category, fault
from server.fhir import outcome
from server.fhir.asked import Answered
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
    caller: Caller = EVERYBODY
    door: str = "fhir"
    batch: Arrival | None = None
    """What this request arrived in, when it is an entry of a batch."""

    def arrival(self, interaction: str) -> Arrival:
        if self.batch is not None:
            return self.batch
        return Arrival(
            id=str(uuid.uuid4()),
            door=self.door,
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
    stored: Stored | None = None
    """The version that it tells of."""
    outcome: bool = False
    """The body is an OperationOutcome although all is well."""
    content_type: str = ""
    """Of a body that is the content of a Binary; empty: the body is a resource in JSON."""
    shown: Sequence[Stored] = ()
    """Every version that it shows beside that one."""

    @property
    def told(self) -> Sequence[Stored]:
        """All that whoever is answered gets to know."""
        return self.shown if self.stored is None else (self.stored, *self.shown)


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


def unchanged(request: Request, stored: Stored) -> bool:
    """Whether who asks knows it already (R4 http.html#cread; RFC 9110 sections 13.1.2, 13.1.3).

    If-Modified-Since is looked at only without If-None-Match, and only when it is a date.
    """
    known = request.headers.get("if-none-match")
    if known is not None:
        return _named(known.strip(), stored.version)
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return stored.updated_at.replace(microsecond=0) <= since.replace(tzinfo=since.tzinfo or UTC)


def _named(tags: str, version: int) -> bool:
    """Whether If-None-Match names a version (RFC 9110 section 13.1.2, weak comparison).

    Raises:
        Fault: INCORRECT when it is no list of entity tags.
    """
    if tags == "*":
        return True
    if _TAGS.fullmatch(tags) is None:
        raise fault(Category.INCORRECT, "invalid", 'If-None-Match is accepted as W/"version", several, or *')
    return f'"{version}"' in re.findall(_TAG, tags)


def version_headers(stored: Stored) -> dict[str, str]:
    return {
        "ETag": f'W/"{stored.version}"',
        "Last-Modified": stored.updated_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def location(stored: Stored, base: str) -> str:
    return f"{base}/{stored.type}/{stored.id}/_history/{stored.version}"


def written(answer: Answered, base: str, request: Request, *, shown: bool = True) -> Response:
    """The response to a write (R4 http.html#create, #update, #patch, #delete; Prefer: return=...).

    ``shown`` False leaves the body out: it is not the sender's own and may not be seen.
    """
    if answer.stored is None or answer.stored.deleted:
        return _removed(answer, request)
    headers = {**version_headers(answer.stored), "Location": location(answer.stored, base)}
    if request.prefers("return=minimal") or not shown:
        return Response(answer.status, b"", headers, answer.stored)
    if request.prefers("return=OperationOutcome"):
        return Response(answer.status, dump(outcome.fine("stored")), headers, answer.stored, outcome=True)
    return Response(answer.status, answer.stored.body, headers, answer.stored)


def _removed(answer: Answered, request: Request) -> Response:
    headers = version_headers(answer.stored) if answer.stored else {}
    if request.prefers("return=OperationOutcome"):
        body = dump(outcome.fine("there is no such resource any more"))
        return Response(200, body, headers, answer.stored, outcome=True)
    return Response(204, b"", headers, answer.stored)
