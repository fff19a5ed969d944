"""What an answer to a transaction proves (R4 http.html 3.1.0.11.2); pure.

Only a transaction-response with one 2xx for each entry proves that a document is held.
Everything else is a failure: one that passes by itself, or one that a person must look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import msgspec

from server.errors import Category, Issue
from server.model import Receipt
from server.ports import Undelivered

_SECONDS: Final = re.compile(r"[0-9]{1,6}")
_CODE: Final = re.compile(r"[a-z-]{1,32}")
_PATH: Final = re.compile(r"[A-Za-z]+(\[\d+\])?(\.[A-Za-z0-9]+(\[\d+\])?){0,16}")
"""A plain element path. Longer FHIRPath may quote values, and values may be a patient's."""
_MOST_ISSUES: Final = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``body`` is empty when it was too large or could not be decoded."""

    status: int
    body: bytes = b""
    retry_after: str = ""
    date: str = ""
    etag: str = ""


class _Reported(msgspec.Struct, frozen=True):
    code: str = ""
    expression: list[str] = []


class _Outcome(msgspec.Struct, frozen=True, rename="camel"):
    resource_type: Literal["OperationOutcome"]
    issue: list[_Reported] = []


class _Response(msgspec.Struct, frozen=True):
    status: str
    location: str | None = None


class _Entry(msgspec.Struct, frozen=True):
    response: _Response


class _TransactionResponse(msgspec.Struct, frozen=True, rename="camel"):
    resource_type: Literal["Bundle"]
    type: Literal["transaction-response"]
    entry: list[_Entry] = []


def judge(answer: Answer, entries: int) -> Receipt:
    """The receipt for a transaction of so many entries.

    Raises:
        Undelivered: whatever it is that is not proof.
    """
    if not 200 <= answer.status < 300:
        raise refusal(answer)
    try:
        held = msgspec.json.decode(answer.body, type=_TransactionResponse).entry
    except (msgspec.DecodeError, RecursionError) as error:
        raise _no_proof("is not a transaction-response") from error
    if len(held) != entries:
        raise _no_proof("does not answer every entry")
    for each in held:
        if not each.response.status.startswith("2"):
            raise _refused_entry(each.response.status)
    return Receipt(answer.status, tuple(e.response.location for e in held if e.response.location), "accepted")


def refusal(answer: Answer) -> Undelivered:
    """What to make of an answer that is not 2xx."""
    status = answer.status
    said = f"the destination answered HTTP {status}"
    if status in (429, 503):
        return Undelivered(Category.BUSY, "throttled", f"{said}: it is busy", retry_after=retry_after(answer))
    if status in (408, 412) or status >= 500:
        return Undelivered(
            Category.UNAVAILABLE, "transient", said, *_reported(answer), retry_after=retry_after(answer)
        )
    if status in (401, 403):
        return Undelivered(
            Category.FORBIDDEN, "forbidden", f"{said}: let this server in there, then send again"
        )
    if status < 400:
        text = (
            f"{said}, a redirect, which is never followed: set the base that answers itself, then send again"
        )
        return Undelivered(Category.FORBIDDEN, "forbidden", text)
    text = f"{said}: it refuses the document; mend the cause, then send again"
    return Undelivered(Category.UNPROCESSABLE, "processing", text, *_reported(answer))


def retry_after(answer: Answer) -> timedelta | None:
    """Retry-After (RFC 9110 10.2.3). A date is measured against the answer's own Date, not our clock."""
    if _SECONDS.fullmatch(answer.retry_after):
        return timedelta(seconds=int(answer.retry_after))
    try:
        wait = parsedate_to_datetime(answer.retry_after) - parsedate_to_datetime(answer.date)
    except (TypeError, ValueError):
        return None
    return max(wait, timedelta(0))


def _refused_entry(status: str) -> Undelivered:
    """A transaction is all or nothing: one refused entry refuses it, whatever the outer status."""
    code = status[:3]
    if code.isascii() and code.isdigit() and int(code) >= 300:
        return refusal(Answer(int(code)))
    return _no_proof("names an entry's status that is not an HTTP status")


def _no_proof(what: str) -> Undelivered:
    return Undelivered(
        Category.UNAVAILABLE, "incomplete", f"the destination's answer {what} and proves nothing"
    )


def _reported(answer: Answer) -> Iterator[Issue]:
    """The destination's own issues: codes and plain paths only, for its texts may quote the patient."""
    try:
        issues = msgspec.json.decode(answer.body, type=_Outcome).issue
    except (msgspec.DecodeError, RecursionError):
        return
    for each in issues[:_MOST_ISSUES]:
        if _CODE.fullmatch(each.code):
            path = next((at for at in each.expression if _PATH.fullmatch(at) and len(at) <= 200), "")
            yield Issue(each.code, f"it reports {each.code}" + (f" at {path}" if path else ""), path)
