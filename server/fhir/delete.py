"""delete: DELETE [base]/[type]/[id], and by criteria that match one (R4 http.html#delete, #cdelete)."""

from __future__ import annotations

from server.fhir.asked import Asked
from server.fhir.conditional import condition
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written


def delete(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    writable(type_)
    return _deleted(desk, request, Asked("DELETE", type_, id=id_, if_match=request.if_match))


def conditional_delete(desk: Desk, request: Request, type_: str) -> Response:
    writable(type_)
    wanted = condition(type_, request.query, desk.asker(request))
    return _deleted(desk, request, Asked("DELETE", type_, wanted=wanted, if_match=request.if_match))


def _deleted(desk: Desk, request: Request, asked: Asked) -> Response:
    answer = desk.write(request.arrival(f"delete {asked.type}"), [asked], request.at)[0]
    return written(answer, desk.base, request)
