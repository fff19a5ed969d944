"""transaction: POST [base] with a Bundle of type transaction, all or nothing (R4 http.html#trules).

Deletions come first, then what is created, then what is changed, then what is read. All that is
written is one plan and one commit; what is to be read is tried before it and read after it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir.asked import Answered, Asked
from server.fhir.bundle_entry import (
    Ask,
    Room,
    answered,
    demand_said,
    inner_request,
    is_read,
    patch_document,
    preference,
)
from server.fhir.conditional import condition
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, etag, written
from server.fhir.patch import by_fhirpath, by_json
from server.fhir.place import within
from server.fhir.query.asker import Asker
from server.fhir.write import dump
from server.ports import Resource

_URL = re.compile(r"([A-Z][A-Za-z]+)(?:/([A-Za-z0-9\-.]{1,64}))?(?:\?(.+))?")
_READ_URL = re.compile(r"/([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")


def transaction(desk: Desk, request: Request, bundle: Resource, ask: Ask) -> Response:
    entries: list[Resource] = bundle.get("entry", [])
    paths = [f"Bundle.entry[{position}]" for position in range(len(entries))]
    writes = {n: _asked(desk, request, each, paths[n]) for n, each in enumerate(entries) if not is_read(each)}
    reads = {
        n: inner_request(request, each, None, paths[n]) for n, each in enumerate(entries) if is_read(each)
    }
    asked, room = list(writes.values()), Room(desk.max_bundle)
    for n, read in reads.items():
        _demand_there(read, asked, ask, room, paths[n])
    answers = desk.write(request.arrival("transaction"), asked, request.at) if asked else []
    told = {n: _told(desk, request, answer) for n, answer in zip(writes, answers, strict=True)}
    told |= {n: _read(read, ask) for n, read in reads.items()}
    whole = {"resourceType": "Bundle", "type": "transaction-response"}
    entry = [told[n] for n in range(len(entries))]
    return Response(200, dump({**whole, **({"entry": entry} if entry else {})}))


def _asked(desk: Desk, request: Request, entry: Resource, path: str) -> Asked:
    wish = demand_said(entry, path)
    match = _URL.fullmatch(wish["url"])
    if match is None:
        text = "accepted: Type, Type/id or Type?criteria, relative to this server"
        raise fault(Category.INCORRECT, "value", text, f"{path}.request.url")
    method, resource = wish.get("method"), entry.get("resource", {})
    if method is None:  # an extension may stand where the code should (R4 element.html)
        raise fault(Category.INCORRECT, "required", "a value is needed here", f"{path}.request.method")
    if method != "DELETE" and not resource:
        raise fault(Category.UNPROCESSABLE, "required", f"{method} needs a resource", f"{path}.resource")
    inside = f"{path}.request" if method == "DELETE" else f"{path}.resource"
    try:
        writable(match[1])
        asked = _built(wish, match, inside, desk.asker(request))
        asked.full_url = entry.get("fullUrl", "")
        if method == "PATCH":
            return _patch(desk, asked, resource)
        return asked if method == "DELETE" else _holding(asked, resource)
    except Fault as failure:
        raise within(failure, inside) from failure


def _built(wish: Resource, match: re.Match[str], path: str, asker: Asker) -> Asked:
    type_, id_, query = match.groups()
    method = wish["method"]
    sought = wish.get("ifNoneExist") if method == "POST" else query
    if method == "POST" and (id_ or query):
        raise fault(Category.INCORRECT, "value", "POST goes to the type; use ifNoneExist for criteria")
    if method != "POST" and (id_ is None) == (query is None):
        raise fault(Category.INCORRECT, "value", f"{method} goes to Type/id or to Type?criteria")
    return Asked(
        method,
        type_,
        id=id_,
        wanted=None if sought is None else condition(type_, sought, asker),
        if_match=etag(wish.get("ifMatch"), "ifMatch"),
        only_new=wish.get("ifNoneMatch") == "*",
        path=path,
    )


def _holding(asked: Asked, resource: Resource) -> Asked:
    if resource["resourceType"] != asked.type:
        text = "request.url names another type than the resource is of"
        raise fault(Category.INCORRECT, "invalid", text)
    if asked.id is not None and resource.get("id") != asked.id:
        raise fault(Category.INCORRECT, "invalid", "the resource's id must be the id in request.url")
    asked.resource = resource
    return asked


def _patch(desk: Desk, asked: Asked, resource: Resource) -> Asked:
    if resource["resourceType"] == "Parameters":
        asked.change = by_fhirpath(asked.type, resource, desk.max_resource)
    elif resource["resourceType"] == "Binary":
        asked.change = by_json(asked.type, patch_document(resource), desk.max_resource)
    else:
        text = "a patch in an entry is Parameters, or a Binary that holds a JSON Patch"
        raise fault(Category.UNPROCESSABLE, "not-supported", text)
    return asked


def _demand_there(read: Request, writes: list[Asked], ask: Ask, room: Room, path: str) -> None:
    """What the transaction itself writes will be there; everything else must be readable now.

    Raises:
        Fault: the refusal of the read; nothing is written then.
    """
    place = _READ_URL.fullmatch(read.path)
    for each in writes if place else ():
        if place and f"{each.type}/{each.id}" == place[1]:
            if each.method == "DELETE":
                text = "the same transaction deletes this resource"
                raise fault(Category.GONE, "deleted", text, f"{path}.request.url")
            return
    try:
        response = room.take(ask(read))
    except Fault as failure:
        raise within(failure, f"{path}.request") from failure
    if response.status >= 400:
        raise fault(Category.GONE, "deleted", "this resource has been deleted", f"{path}.request.url")


def _told(desk: Desk, request: Request, answer: Answered) -> dict[str, Any]:
    hidden = answer.kept and answer.stored is not None and not desk.may_show(answer.stored)
    inner = replace(request, headers={"prefer": preference(request)}, body=b"")
    return answered(written(answer, desk.base, inner, shown=not hidden))


def _read(read: Request, ask: Ask) -> dict[str, Any]:
    return answered(ask(read), head=read.method == "HEAD")
