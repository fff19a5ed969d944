"""create: POST [base]/[type] (R4 http.html#create, #ccreate)."""

from __future__ import annotations

from server.fhir.asked import Asked
from server.fhir.conditional import criteria
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written
from server.fhir.format import received
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
        criteria=criteria(type_, condition) if condition is not None else (),
    )
    answer = desk.write(request.arrival(f"create {type_}"), [asked], request.at)[0]
    shown = not (answer.kept and answer.stored and under_seal(desk.seals, answer.stored))
    return written(answer, desk.base, request, shown=shown)
