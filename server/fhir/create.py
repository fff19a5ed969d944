"""create: POST [base]/[type] (R4 http.html#create, #ccreate)."""

from __future__ import annotations

from server.fhir.asked import Asked
from server.fhir.conditional import condition
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written
from server.fhir.format import received
from server.fhir.validate import check


def create(desk: Desk, request: Request, type_: str) -> Response:
    writable(type_)
    resource = received(request, desk.max_resource)
    check(resource, type_)
    sought = request.headers.get("if-none-exist")
    asked = Asked(
        method="POST",
        type=type_,
        resource=resource,
        wanted=None if sought is None else condition(type_, sought, desk.asker(request)),
    )
    answer = desk.write(request.arrival(f"create {type_}"), [asked], request.at)[0]
    hidden = answer.kept and answer.stored is not None and not desk.may_show(answer.stored)
    shown = not hidden
    return written(answer, desk.base, request, shown=shown)
