"""One entry of a batch or transaction: as a request of its own, and its answer (R4 Bundle.entry)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec

from server.errors import Category, Fault, fault
from server.fhir import outcome
from server.fhir.exchange import JSON, Request, Response
from server.fhir.format import FORM, JSON_PATCH
from server.fhir.place import within
from server.fhir.times import moment
from server.fhir.write import dump
from server.ports import Arrival, Resource
from server.times import instant

Ask = Callable[[Request], Response]
"""Answers one request; raises Fault when it is refused."""

_HEADERS = {"ifMatch": "if-match", "ifNoneMatch": "if-none-match", "ifNoneExist": "if-none-exist"}
_READS = ("GET", "HEAD")


def inner_request(outer: Request, entry: Resource, arrival: Arrival | None, path: str) -> Request:
    """What the entry asks, as if it had come by itself.

    Raises:
        Fault: INCORRECT for what cannot stand in an entry.
    """
    wish = demand_said(entry, path)
    where, _, query = str(wish["url"]).partition("?")
    posted = where.endswith("_search") and wish.get("method") == "POST"
    whole = not where and query and wish.get("method") in _READS
    if not (where or whole) or "$" in where or (where.endswith("_search") and not posted):
        text = (
            "an entry is about Type, Type/id, Type?criteria, ?criteria, a history or POST Type/_search: no "
            "operation, no other Bundle"
        )
        raise fault(Category.INCORRECT, "not-supported", text, f"{path}.request.url")
    if "method" not in wish:  # an extension may stand where the code should (R4 element.html)
        raise fault(Category.INCORRECT, "required", "a value is needed here", f"{path}.request.method")
    headers = {header: wish[name] for name, header in _HEADERS.items() if name in wish}
    if since := moment(wish.get("ifModifiedSince", "")):
        headers["if-modified-since"] = format_datetime(since, usegmt=True)
    content_type, body = _form(entry, path) if posted else _body(entry, path)
    return replace(
        outer,
        method=wish["method"],
        path=f"/{where}",
        query=query,
        headers={"prefer": preference(outer), "content-type": content_type, **headers},
        body=body,
        batch=arrival,
    )


def demand_said(entry: Resource, path: str) -> Resource:
    """The entry's request, with a method and a url: an extension may stand for either (R4 element.html), and
    nobody could tell what it asks.

    Raises:
        Fault: UNPROCESSABLE, naming what is missing.
    """
    wish: Resource = entry.get("request", {})
    for name in ("method", "url"):
        if name not in wish:
            text = "a value is needed here; an extension alone is not understood"
            raise fault(Category.UNPROCESSABLE, "required", text, f"{path}.request.{name}")
    return wish


class Room:
    """How much the answers of one Bundle may hold together."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, response: Response) -> Response:
        """Raises Fault(TOO_LARGE) when this answer has no place any more."""
        self._left -= len(response.body)
        if self._left < 0:
            text = "the answers to this Bundle are too large together; ask for less, or in several Bundles"
            raise fault(Category.TOO_LARGE, "too-costly", text)
        return response


def preference(outer: Request) -> str:
    """What the client prefers to be told of each entry; if it does not say, little."""
    said = outer.headers.get("prefer", "")
    return said if "return=" in said else f"{said}, return=minimal"


def is_read(entry: Resource) -> bool:
    return entry.get("request", {}).get("method") in _READS


def patch_document(binary: Resource) -> bytes:
    """The JSON Patch that a Binary carries (R4 http.html#patch, in a Bundle).

    Raises:
        Fault: INCORRECT for another content, UNSUPPORTED for another format.
    """
    if binary.get("contentType") != JSON_PATCH:
        text = f"a patch in an entry is a Binary with contentType {JSON_PATCH}, or Parameters"
        raise fault(Category.UNSUPPORTED, "not-supported", text, "Binary.contentType")
    try:
        return b64decode("".join(str(binary.get("data", "")).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        text = "the data of the Binary is not base64"
        raise fault(Category.INCORRECT, "value", text, "Binary.data") from error


def _form(entry: Resource, path: str) -> tuple[str, bytes]:
    """What a search would have as its form, which is no resource, is told as Parameters if at all."""
    told = entry.get("resource", {"resourceType": "Parameters"})
    if told.get("resourceType") != "Parameters":
        text = "the parameters of a search are told in the url, or as Parameters"
        raise fault(Category.UNPROCESSABLE, "not-supported", text, f"{path}.resource")
    pairs = [
        (str(each.get("name", "")), str(value))
        for each in told.get("parameter", [])
        for name, value in each.items()
        if name.startswith("value")
    ]
    return FORM, urlencode(pairs).encode()


def _body(entry: Resource, path: str) -> tuple[str, bytes]:
    resource, method = entry.get("resource"), entry["request"]["method"]
    if method not in ("POST", "PUT", "PATCH"):
        return JSON, b""
    if not isinstance(resource, dict):
        raise fault(Category.UNPROCESSABLE, "required", f"{method} needs a resource", f"{path}.resource")
    if resource.get("resourceType") == "Bundle":
        text = "A Bundle within a Bundle is not accepted."
        raise fault(Category.INCORRECT, "not-supported", text, f"{path}.resource")
    if method == "PATCH" and resource.get("resourceType") == "Binary":
        try:
            return JSON_PATCH, patch_document(resource)
        except Fault as failure:
            raise within(failure, f"{path}.resource") from failure
    return JSON, dump(resource)


def answered(response: Response, *, head: bool = False) -> dict[str, Any]:
    """The entry that tells of an answer (R4 http.html#transaction-response)."""
    told: dict[str, Any] = {"status": _status(response.status)}
    for header, name in (("Location", "location"), ("ETag", "etag")):
        if header in response.headers:
            told[name] = response.headers[header]
    if response.stored is not None:
        told["lastModified"] = instant(response.stored.updated_at)
    if response.status >= HTTPStatus.BAD_REQUEST or response.outcome:
        return {"response": {**told, "outcome": msgspec.Raw(response.body)}}
    shown = response.body and not head
    return {**({"resource": msgspec.Raw(response.body)} if shown else {}), "response": told}


def refused(failure: Fault) -> dict[str, Any]:
    """The entry that tells of a refusal."""
    status, body = outcome.of(failure)
    return {"response": {"status": _status(status), "outcome": body}}


def _status(number: int) -> str:
    return f"{number} {HTTPStatus(number).phrase}"
