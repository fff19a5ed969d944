"""create: POST [base]/[type] (R4 http.html#create, #ccreate)."""

from __future__ import annotations

from server.fhir.criteria import conditional
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written
from server.fhir.format import received
from server.fhir.plan import Asked
from server.fhir.validate import check
from server.fhir.veil import under_seal


def create(desk: Desk, request: Request, type_: str) -> Response:
    writable(type_)
    resource = received(request, desk.max_resource)
    check(resource, type_)
    condition = request.headers.get("if-none-exist")
    asked = Asked(
        method="POST",
        type=type_,
        resource=resource,
        criteria=conditional(type_, condition, desk.base) if condition is not None else (),
    )
    answer = desk.write(request.arrival(f"create {type_}"), [asked], request.at)[0]
    found = answer.status == 200  # it was here already, perhaps from somebody else
    shown = not (found and under_seal(desk.seals, answer.stored))
    return written(answer, desk.base, request, shown=shown)
