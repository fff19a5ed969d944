"""update: PUT [base]/[type]/[id], version-aware and conditional (R4 http.html#update, #cond-update)."""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir.asked import Asked
from server.fhir.binary import sent
from server.fhir.conditional import condition
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written
from server.fhir.validate import check
from server.ports import Resource


def update(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    writable(type_)
    resource = _body(desk, request, type_, id_)
    if resource.get("id") != id_:
        raise fault(
            Category.INCORRECT, "invalid", "the id in the body must be the id in the URL", f"{type_}.id"
        )
    asked = Asked("PUT", type_, resource, id=id_, if_match=request.if_match, only_new=request.only_new)
    answer = desk.write(request.arrival(f"update {type_}"), [asked], request.at)[0]
    return written(answer, desk.base, request)


def conditional_update(desk: Desk, request: Request, type_: str) -> Response:
    writable(type_)
    resource = _body(desk, request, type_)
    asked = Asked(
        "PUT",
        type_,
        resource,
        wanted=condition(type_, request.query, desk.asker(request)),
        if_match=request.if_match,
        only_new=request.only_new,
    )
    answer = desk.write(request.arrival(f"update {type_}"), [asked], request.at)[0]
    return written(answer, desk.base, request)


def _body(desk: Desk, request: Request, type_: str, id_: str | None = None) -> Resource:
    resource = sent(request, desk.max_resource, type_, id_)
    check(resource, type_)
    return resource
