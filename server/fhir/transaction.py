"""transaction: POST [base], all or nothing (R4 http.html#transaction)."""

from __future__ import annotations

import re
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir.criteria import conditional
from server.fhir.desk import Desk, writable
from server.fhir.exchange import Request, Response, etag, location
from server.fhir.format import received
from server.fhir.plan import Answered, Asked, within
from server.fhir.validate import check
from server.fhir.write import dump
from server.ports import Resource
from server.times import instant

_URL = re.compile(r"([A-Z][A-Za-z]+)(?:/([A-Za-z0-9\-.]{1,64}))?(?:\?(.+))?")


def transaction(desk: Desk, request: Request) -> Response:
    bundle = received(request, desk.max_bundle)
    entries = _entries(desk, bundle)
    check(bundle, "Bundle")
    if bundle.get("type") != "transaction":
        raise fault(
            Category.UNPROCESSABLE,
            "not-supported",
            "a Bundle POSTed here must be of type transaction",
            "Bundle.type",
        )
    asked = [_asked(entry, f"Bundle.entry[{position}]", desk.base) for position, entry in enumerate(entries)]
    if not asked:
        return Response(200, dump({"resourceType": "Bundle", "type": "transaction-response"}))
    answers = desk.write(request.arrival("transaction"), asked, request.at)
    return Response(200, dump(_response(answers, desk.base)))


def _entries(desk: Desk, bundle: Resource) -> list[Any]:
    if bundle.get("resourceType") != "Bundle":
        raise fault(
            Category.INCORRECT,
            "invalid",
            "only a Bundle is accepted at the base; POST others to [base]/[type]",
        )
    entries = bundle.get("entry", [])
    if isinstance(entries, list) and len(entries) > desk.max_entries:
        raise fault(
            Category.TOO_LARGE,
            "too-costly",
            f"at most {desk.max_entries} entries are accepted; send several Bundles",
            "Bundle.entry",
        )
    return entries if isinstance(entries, list) else []


def _asked(entry: Resource, path: str, base: str) -> Asked:
    wish = entry.get("request", {})
    method, match = wish.get("method"), _URL.fullmatch(wish.get("url", ""))
    resource = entry.get("resource")
    if method not in ("POST", "PUT") or resource is None:
        raise fault(
            Category.UNPROCESSABLE,
            "not-supported",
            "entries with method POST or PUT and a resource are accepted",
            f"{path}.request.method",
        )
    if match is None:
        raise fault(
            Category.INCORRECT,
            "value",
            "accepted: Type, Type/id or Type?criteria, relative to this server",
            f"{path}.request.url",
        )
    inside = f"{path}.resource"
    try:
        writable(match[1])
        if resource["resourceType"] != match[1]:
            raise fault(
                Category.INCORRECT, "invalid", "request.url names another type than the resource is of"
            )
        return _built(wish, match, resource, entry.get("fullUrl", ""), inside, base=base)
    except Fault as failure:
        raise within(failure, inside) from failure


def _built(
    wish: Resource, match: re.Match[str], resource: Resource, full_url: str, path: str, *, base: str
) -> Asked:
    type_, id_, query = match.groups()
    if_match = etag(wish.get("ifMatch"), "ifMatch")
    only_new = wish.get("ifNoneMatch") == "*"
    if wish["method"] == "POST":
        if id_ or query:
            raise fault(Category.INCORRECT, "value", "POST goes to the type; use ifNoneExist for criteria")
        condition = wish.get("ifNoneExist")
        criteria = conditional(type_, condition, base) if condition is not None else ()
        return Asked("POST", type_, resource, criteria=criteria, full_url=full_url, path=path)
    if query:
        return Asked(
            "PUT",
            type_,
            resource,
            criteria=conditional(type_, query, base),
            if_match=if_match,
            only_new=only_new,
            full_url=full_url,
            path=path,
        )
    if resource.get("id") != id_:
        raise fault(Category.INCORRECT, "invalid", "the resource's id must be the id in request.url")
    return Asked(
        "PUT",
        type_,
        resource,
        id=id_,
        if_match=if_match,
        only_new=only_new,
        full_url=full_url,
        path=path,
    )


def _response(answers: list[Answered], base: str) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [
            {
                "response": {
                    "status": "201 Created" if answer.status == 201 else "200 OK",
                    "location": location(answer.stored, base),
                    "etag": f'W/"{answer.stored.version}"',
                    "lastModified": instant(answer.stored.updated_at),
                }
            }
            for answer in answers
        ],
    }
