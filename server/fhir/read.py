"""read, vread and instance history (R4 http.html#read, #vread, #history)."""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir.desk import Desk, readable
from server.fhir.exchange import Request, Response, held_already, location, version_headers
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.veil import demand_shown
from server.fhir.write import dump
from server.ports import Resource, Stored
from server.times import instant


def read(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    readable(type_)
    stored = demand_shown(desk.seals, _found(desk.shelf.read(type_, id_)))
    if held_already(request.headers.get("if-none-match"), stored.version):
        return Response(304, b"", version_headers(stored))
    return Response(200, stored.body, version_headers(stored))


def vread(desk: Desk, request: Request, type_: str, id_: str, version: int) -> Response:
    del request
    readable(type_)
    stored = demand_shown(desk.seals, _found(desk.shelf.read(type_, id_, version)))
    return Response(200, stored.body, version_headers(stored))


def history(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    readable(type_)
    versions = desk.shelf.history(type_, id_)
    demand_shown(desk.seals, _found(versions[0] if versions else None))
    bundle = {
        "resourceType": "Bundle",
        "type": "history",
        "timestamp": instant(request.at),
        "total": len(versions),
        "link": [{"relation": "self", "url": f"{desk.base}/{type_}/{id_}/_history"}],
        "entry": [_entry(desk.base, each) for each in versions],
    }
    return Response(200, dump(bundle))


def _entry(base: str, stored: Stored) -> Resource:
    created = stored.version == 1
    return {
        "fullUrl": f"{base}/{stored.type}/{stored.id}",
        "resource": parse(stored.body, limit=BUNDLE_BYTES),
        "request": {"method": "POST", "url": stored.type}
        if created
        else {"method": "PUT", "url": f"{stored.type}/{stored.id}"},
        "response": {
            "status": "201" if created else "200",
            "location": location(stored, base),
            "etag": f'W/"{stored.version}"',
            "lastModified": instant(stored.updated_at),
        },
    }


def _found(stored: Stored | None) -> Stored:
    if stored is None:
        raise fault(Category.NOT_FOUND, "not-found", "there is no such resource, or no such version, here")
    return stored
