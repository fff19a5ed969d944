"""create: POST [base]/[type] (R4 http.html#create, #ccreate)."""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir.asked import Asked
from server.fhir.binary import sent
from server.fhir.conditional import condition
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written
from server.fhir.query.asked import pairs_of
from server.fhir.validate import check

_ABOUT_THE_ANSWER = ("_format", "_pretty")


def create(desk: Desk, request: Request, type_: str) -> Response:
    writable(type_)
    _demand_no_condition(request)
    resource = sent(request, desk.max_resource, type_)
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


def _demand_no_condition(request: Request) -> None:
    """Some clients put the condition of a create into its address: ignored, it would make doubles."""
    if any(name not in _ABOUT_THE_ANSWER for name, _ in pairs_of(request.query)):
        text = "a create has no search parameters; the condition of a conditional create is If-None-Exist"
        raise fault(Category.INCORRECT, "not-supported", text)
