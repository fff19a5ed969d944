"""create: POST [base]/[type] (R4 http.html#create, #ccreate)."""

from __future__ import annotations

from server.fhir.criteria import conditional
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written
from server.fhir.parse import parse
from server.fhir.plan import Asked
from server.fhir.validate import check


def create(desk: Desk, request: Request, type_: str) -> Response:
    writable(type_)
    resource = parse(request.body, limit=desk.max_resource)
    check(resource, type_)
    condition = request.headers.get("if-none-exist")
    asked = Asked(
        method="POST",
        type=type_,
        resource=resource,
        criteria=conditional(type_, condition) if condition is not None else (),
    )
    answer = desk.write(request.arrival(f"create {type_}"), [asked], request.at)[0]
    return written(answer, desk.base, request)
