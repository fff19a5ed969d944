"""update: PUT [base]/[type]/[id], version-aware and conditional (R4 http.html#update, #cond-update)."""

from __future__ import annotations

from dataclasses import replace

from server.errors import Category, fault
from server.fhir.admission import is_specialist_read
from server.fhir.asked import Answered, Asked
from server.fhir.binary import sent
from server.fhir.conditional import condition
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, written
from server.fhir.parse import own
from server.fhir.terms import SR
from server.fhir.validate import check
from server.ports import Resource

FINAL = f"{SR}/final-read"
"""The relation of a Link header (RFC 8288) to the Task that asks for the final answer."""


def update(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    writable(type_)
    resource = _body(desk, request, type_, id_)
    if resource.get("id") != id_:
        raise fault(
            Category.INCORRECT, "invalid", "the id in the body must be the id in the URL", f"{type_}.id"
        )
    asked = Asked("PUT", type_, resource, id=id_, if_match=request.if_match, only_new=request.only_new)
    answer = desk.write(request.arrival(f"update {type_}"), [asked], request.at)[0]
    return pointed(desk, answer, written(answer, desk.base, request))


def pointed(desk: Desk, answer: Answered, response: Response) -> Response:
    """Who accepts or completes a specialist's Task is told where the final answer may be asked for.

    Nobody else is; and always, so that it tells nothing: unless both opinions are shown, nothing is there.
    """
    stored = answer.stored
    if answer.kept or stored is None or desk.final_address is None or stored.type != "Task":
        return response
    task = own(stored.body)
    if not is_specialist_read(task) or task["status"] not in ("accepted", "in-progress", "completed"):
        return response
    link = f'<{desk.base}/Task/{desk.final_address(stored.id)}>; rel="{FINAL}"'
    return replace(response, headers={**response.headers, "Link": link})


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
    return pointed(desk, answer, written(answer, desk.base, request))


def _body(desk: Desk, request: Request, type_: str, id_: str | None = None) -> Resource:
    resource = sent(request, desk.max_resource, type_, id_)
    check(resource, type_)
    return resource
