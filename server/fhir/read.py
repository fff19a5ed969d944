"""read and vread, conditional on what the client knows already (R4 http.html#read, #vread, #cread)."""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir import outcome
from server.fhir.desk import Desk, readable
from server.fhir.exchange import Request, Response, unchanged, version_headers
from server.fhir.parse import own
from server.fhir.query.asked import pairs_of
from server.fhir.query.controls import Sizes, Summary, controls
from server.fhir.summary import Part, of_match
from server.fhir.veil import demand_shown
from server.fhir.write import dump
from server.ports import Stored


def read(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    readable(type_)
    return _shown(desk, request, found(desk.shelf.newest(type_, id_)))


def vread(desk: Desk, request: Request, type_: str, id_: str, version: int) -> Response:
    readable(type_)
    return _shown(desk, request, found(desk.shelf.read(type_, id_, version)))


def found(stored: Stored | None) -> Stored:
    """``stored``, if there is any.

    Raises:
        Fault: NOT_FOUND.
    """
    if stored is None:
        raise fault(Category.NOT_FOUND, "not-found", "there is no such resource, or no such version, here")
    return stored


def gone(stored: Stored) -> Response:
    """The answer to whoever reads a tombstone; its ETag is the version that a PUT would follow."""
    failure = fault(Category.GONE, "deleted", "this resource has been deleted; its history can still be read")
    status, body = outcome.of(failure)
    return Response(status, dump(body), version_headers(stored), stored)


def _shown(desk: Desk, request: Request, stored: Stored) -> Response:
    if stored.deleted:
        return gone(stored)
    demand_shown(desk.seals, stored, desk.caller)
    part = _part(request, stored.type)
    if unchanged(request, stored):
        return Response(304, b"", version_headers(stored), stored)
    body = stored.body if part is None else dump(part(own(stored.body)))
    return Response(200, body, version_headers(stored), stored)


def _part(request: Request, type_: str) -> Part | None:
    """``_summary`` and ``_elements`` (R4 search.html#summary, #elements); None for the whole."""
    told = [pair for pair in pairs_of(request.query) if pair[0] in ("_summary", "_elements")]
    chosen = controls(type_, told, Sizes())
    if chosen.summary is Summary.COUNT:
        raise fault(Category.INCORRECT, "not-supported", "_summary=count counts what a search finds")
    return of_match(chosen)
