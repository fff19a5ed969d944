"""Why the porch turns a request away: one table, and the answer each row is sent as.

Rows: HTTP status (RFC 9110 section 15, RFC 6585), R4 issue-type code, and what would be accepted.
"""

from __future__ import annotations

import json
from enum import Enum
from http import HTTPStatus

from server.errors import Category, Fault, Issue


class Reason(Enum):
    """(status, category, R4 issue-type code, text). The text never quotes the request."""

    NOT_HTTP = (400, Category.INCORRECT, "structure", "The request is not HTTP/1.1 in plain text.")
    NOT_TLS = (
        400,
        Category.INCORRECT,
        "security",
        "This address speaks TLS only: use https. What was sent was not encrypted.",
    )
    REQUEST_LINE = (
        400,
        Category.INCORRECT,
        "structure",
        "The request line must be a method, a target and HTTP/1.1, each separated by one space.",
    )
    BARE_LF = (
        400,
        Category.INCORRECT,
        "structure",
        "Header lines must end with CR LF (RFC 9112 section 2.2).",
    )
    HEADER = (
        400,
        Category.INCORRECT,
        "structure",
        "A header line must be a name, a colon right after it, and a value on one line (RFC 9112 section 5).",
    )
    HOST = (
        400,
        Category.INCORRECT,
        "structure",
        "HTTP/1.1 asks for exactly one Host header (RFC 9112 section 3.2).",
    )
    REPEATED = (400, Category.INCORRECT, "structure", "Content-Type may be given once only.")
    LENGTH = (
        400,
        Category.INCORRECT,
        "structure",
        "Content-Length must be given at most once, as decimal digits (RFC 9112 section 6.3).",
    )
    LENGTH_AND_CODING = (
        400,
        Category.INCORRECT,
        "structure",
        "Send Content-Length or Transfer-Encoding: chunked, never both (RFC 9112 section 6.1).",
    )
    CODING_REPEATED = (
        400,
        Category.INCORRECT,
        "structure",
        "Transfer-Encoding: chunked may be given once, in HTTP/1.1 only (RFC 9112 section 6.1).",
    )
    CHUNK = (
        400,
        Category.INCORRECT,
        "structure",
        "A chunk must be its size in hexadecimal, CR LF, that many bytes, CR LF (RFC 9112 section 7.1).",
    )
    CHUNKS_TOO_SMALL = (
        400,
        Category.INCORRECT,
        "too-costly",
        "The chunks carry more framing than content. Send larger chunks or Content-Length.",
    )
    INCOMPLETE = (
        400,
        Category.INCORRECT,
        "incomplete",
        "The connection ended before the request was complete. Nothing was stored; send it again whole.",
    )
    TOO_SLOW = (
        408,
        Category.INCORRECT,
        "timeout",
        "The request did not arrive in time. Nothing was stored; send it again on a new connection.",
    )
    BODY_TOO_LARGE = (
        413,
        Category.TOO_LARGE,
        "too-long",
        "The body is larger than this server accepts. Send the resources in smaller requests.",
    )
    TARGET_TOO_LONG = (
        414,
        Category.TOO_LARGE,
        "too-long",
        "The URL is longer than this server accepts. Send a search as POST to [type]/_search.",
    )
    EXPECTATION = (
        417,
        Category.UNSUPPORTED,
        "not-supported",
        "The only expectation supported is 100-continue.",
    )
    HEAD_TOO_LARGE = (
        431,
        Category.TOO_LARGE,
        "too-long",
        "The header lines are larger or more numerous than this server accepts.",
    )
    APPLICATION = (500, Category.BROKEN, "exception", "The server failed while answering. The fault is ours.")
    METHOD = (501, Category.UNSUPPORTED, "not-supported", "This method is not supported.")
    CODING = (501, Category.UNSUPPORTED, "not-supported", "The only transfer coding supported is chunked.")
    FULL = (
        503,
        Category.BUSY,
        "throttled",
        "The server holds as many connections as it can. Try again shortly.",
    )
    NO_ROOM = (
        503,
        Category.UNAVAILABLE,
        "no-store",
        "The server has no room to receive the body. Try again later.",
    )
    VERSION = (505, Category.UNSUPPORTED, "not-supported", "Send HTTP/1.1 or HTTP/1.0.")

    @property
    def status(self) -> int:
        return self.value[0]


class Refusal(Fault):
    """A request that the application never sees."""

    def __init__(self, reason: Reason) -> None:
        _, category, code, text = reason.value
        super().__init__(category, Issue(code, text))
        self.reason = reason


def answer(reason: Reason, date: str) -> bytes:
    """The whole HTTP/1.1 response: an R4 OperationOutcome, after which the connection closes.

    ``date`` is the Date header's value (RFC 9110 section 6.6.1).
    """
    status, category, code, text = reason.value
    issue = {
        "severity": "fatal" if category is Category.BROKEN else "error",
        "code": code,
        "diagnostics": text,
    }
    body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Date: {date}",
        "Content-Type: application/fhir+json; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        lines.append("Retry-After: 1")
    return "\r\n".join([*lines, "", ""]).encode() + body
