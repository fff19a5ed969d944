"""patch: PATCH [base]/[type]/[id], and by criteria that match one (R4 http.html#patch).

JSON Patch as application/json-patch+json; FHIRPath Patch as Parameters in application/fhir+json.
"""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir.amend import amended
from server.fhir.asked import Asked, Change
from server.fhir.conditional import condition
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written
from server.fhir.fhirpath_patch import fhirpath_patch
from server.fhir.format import JSON_PATCH, received
from server.fhir.json_patch import json_patch
from server.fhir.parse import read_json
from server.fhir.update import pointed
from server.fhir.validate import check
from server.ports import Resource


def patch(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    writable(type_)
    asked = Asked("PATCH", type_, id=id_, if_match=request.if_match, change=_change(desk, request, type_))
    return _patched(desk, request, asked)


def conditional_patch(desk: Desk, request: Request, type_: str) -> Response:
    writable(type_)
    wanted = condition(type_, request.query, desk.asker(request))
    change = _change(desk, request, type_)
    return _patched(
        desk, request, Asked("PATCH", type_, wanted=wanted, if_match=request.if_match, change=change)
    )


def by_json(type_: str, body: bytes, limit: int) -> Change:
    """What a JSON Patch document changes.

    Raises:
        Fault: INCORRECT when it is none, TOO_LARGE when it does more than anybody would read.
    """
    return amended(type_, json_patch(read_json(body, limit)), limit)


def by_fhirpath(type_: str, parameters: Resource, limit: int) -> Change:
    """What valid Parameters of a FHIRPath Patch change; raises as ``by_json``."""
    return amended(type_, fhirpath_patch(type_, parameters), limit)


def _change(desk: Desk, request: Request, type_: str) -> Change:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent == JSON_PATCH:
        return by_json(type_, request.body, desk.max_resource)
    parameters = received(request, desk.max_resource)
    if parameters.get("resourceType") != "Parameters":
        text = f"a patch is Parameters (FHIRPath Patch) or, sent as {JSON_PATCH}, JSON Patch"
        raise fault(Category.INCORRECT, "invalid", text)
    check(parameters, "Parameters")
    return by_fhirpath(type_, parameters, desk.max_resource)


def _patched(desk: Desk, request: Request, asked: Asked) -> Response:
    answer = desk.write(request.arrival(f"patch {asked.type}"), [asked], request.at)[0]
    return pointed(desk, answer, written(answer, desk.base, request))
