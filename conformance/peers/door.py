"""The EHR's FHIR endpoint: one function from request to answer (R4 http)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode

from conformance.peers.codes import Resource
from conformance.peers.listener import Request
from conformance.peers.search import PARAMETERS, parse
from conformance.peers.shelf import Shelf, Version
from conformance.peers.transaction import carry_out
from conformance.peers.wire import Answer, Refused, decode_object, encode

TYPES = (
    "Device",
    "DiagnosticReport",
    "ImagingStudy",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "ServiceRequest",
    "Task",
)


class Door:
    """FHIR R4 over a Shelf, under ``base`` (for example http://127.0.0.1:8090/fhir)."""

    def __init__(self, shelf: Shelf, root: str = "/fhir") -> None:
        self._shelf = shelf
        self._root = root

    def answer(self, request: Request, base: str) -> Answer:
        """Carry out one request whose path lies under the root.

        Raises:
            Refused: with the status and the reason.
        """
        path = [part for part in request.path.removeprefix(self._root).split("/") if part]
        match request.method, path:
            case "POST", []:
                return _body(200, carry_out(self._shelf, decode_object(request.body)))
            case "GET", ["metadata"]:
                return _body(200, capability(base))
            case _, [type_] if type_ in TYPES:
                return self._all_of(type_, request, base)
            case _, [type_, id_, *rest] if type_ in TYPES:
                return self._one_of(type_, id_, rest, request, base)
        raise Refused(404, "not-supported", f"resource types here: {', '.join(TYPES)}")

    def _all_of(self, type_: str, request: Request, base: str) -> Answer:
        match request.method:
            case "GET" | "HEAD":
                return self._search(type_, request.query, base)
            case "POST":
                return self._create(type_, request, base)
            case "PUT":
                return self._conditional_update(type_, request, base)
        raise _not_offered()

    def _one_of(self, type_: str, id_: str, rest: list[str], request: Request, base: str) -> Answer:
        match request.method, id_, rest:
            case "POST", "_search", []:
                return self._search(type_, request.body.decode("ascii", "replace"), base)
            case "PUT", _, []:
                return self._update(type_, id_, request, base)
            case "GET" | "HEAD", _, []:
                return _one(200, _found(self._shelf.read(type_, id_)))
            case "GET", _, ["_history"]:
                return self._history(type_, id_, base)
            case "GET", _, ["_history", number] if number.isdigit():
                return _one(200, _found(self._shelf.read(type_, id_, int(number))))
        raise _not_offered()

    def _create(self, type_: str, request: Request, base: str) -> Answer:
        resource = _typed(request.body, type_)
        condition = request.headers.get("if-none-exist")
        with self._shelf.change() as change:
            match = change.only_match(type_, parse(condition)) if condition else None
            version = match or change.put(resource, self._shelf.new_id(type_))
        return _one(200 if match else 201, version, base)

    def _conditional_update(self, type_: str, request: Request, base: str) -> Answer:
        resource, criteria = _typed(request.body, type_), parse(request.query)
        if not criteria:
            raise Refused(400, "required", "an update needs an id, or a condition such as ?identifier=")
        with self._shelf.change() as change:
            match = change.only_match(type_, criteria)
            id_ = match.id if match else resource.get("id") or self._shelf.new_id(type_)
            if resource.get("id", id_) != id_:
                raise Refused(400, "invalid", "the condition matches a resource with another id")
            version = change.put(resource, id_, request.headers.get("if-match"))
        return _one(200 if match else 201, version, base)

    def _update(self, type_: str, id_: str, request: Request, base: str) -> Answer:
        resource = _typed(request.body, type_)
        if resource.get("id") != id_:
            raise Refused(400, "invalid", "the id in the body must be the id in the URL")
        with self._shelf.change() as change:
            version = change.put(resource, id_, request.headers.get("if-match"))
        return _one(201 if version.number == 1 else 200, version, base)

    def _search(self, type_: str, query: str, base: str) -> Answer:
        asked = datetime.now(UTC)
        found = self._shelf.search(type_, parse(query))
        link = f"{base}/{type_}" + (f"?{quote(query, safe='=&:%|,/')}" if query else "")
        links = [{"relation": "self", "url": link}]
        shape = dict(parse_qsl(query))
        first, most = _number(shape, "_offset", 0), _number(shape, "_count", len(found))
        if first + most < len(found):
            rest = urlencode(
                [*(each for each in parse_qsl(query) if each[0] != "_offset"), ("_offset", first + most)]
            )
            links.append({"relation": "next", "url": f"{base}/{type_}?{rest}"})
        whole = _bundle("searchset", found[first : first + most], base) | {"total": len(found), "link": links}
        if shape.get("_include") == "Task:focus":
            whole = self._with_focus(whole, base)
        return _body(200, whole | {"meta": {"lastUpdated": asked.isoformat()}})

    def _with_focus(self, whole: Resource, base: str) -> Resource:
        """``_include=Task:focus`` (R4 search.html#include)."""
        keys = {each["resource"].get("focus", {}).get("reference", "") for each in whole.get("entry", [])}
        pairs = [key.removeprefix(f"{base}/").split("/")[:2] for key in sorted(keys) if "/" in key]
        versions = [found for pair in pairs if (found := self._shelf.read(pair[0], pair[1]))]
        mode = {"search": {"mode": "include"}}
        along = [{"fullUrl": f"{base}/{v.reference}", "resource": v.body, **mode} for v in versions]
        return whole | ({"entry": [*whole["entry"], *along]} if along else {})

    def _history(self, type_: str, id_: str, base: str) -> Answer:
        _found(self._shelf.read(type_, id_))
        versions = self._shelf.history(type_, id_)
        bundle = _bundle("history", versions, base)
        for entry, version in zip(bundle["entry"], versions, strict=True):
            created = version.number == 1
            entry["request"] = {"method": "POST" if created else "PUT", "url": version.reference}
            entry["response"] = {"status": "201" if created else "200", "etag": version.etag}
        return _body(200, bundle)


def capability(base: str) -> Resource:
    """What this endpoint offers (R4 CapabilityStatement)."""
    interactions = ["read", "vread", "create", "update", "history-instance", "search-type"]
    rest = {
        "interaction": [{"code": each} for each in interactions],
        "versioning": "versioned",
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalUpdate": True,
        "searchParam": [{"name": name, "type": kind} for name, kind in sorted(PARAMETERS.items())],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-05",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "implementation": {"description": "A small EHR to test against", "url": base},
        "rest": [
            {
                "mode": "server",
                "resource": [{"type": each} | rest for each in TYPES],
                "interaction": [{"code": "transaction"}],
            }
        ],
    }


def _not_offered() -> Refused:
    return Refused(405, "not-supported", "this interaction is not offered; GET [base]/metadata lists them")


def _typed(body: bytes, type_: str) -> Resource:
    resource = decode_object(body)
    if resource.get("resourceType") != type_:
        raise Refused(400, "invalid", f"this address takes resources of type {type_}")
    return resource


def _found(version: Version | None) -> Version:
    if version is None:
        raise Refused(404, "not-found", "there is no such resource or version here")
    return version


def _number(shape: Mapping[str, str], name: str, otherwise: int) -> int:
    said = shape.get(name, "")
    return int(said) if said.isdigit() and int(said) < 1_000_000 else otherwise


def _bundle(type_: str, versions: Sequence[Version], base: str) -> Resource:
    entries = [{"fullUrl": f"{base}/{each.reference}", "resource": each.body} for each in versions]
    bundle = {"resourceType": "Bundle", "type": type_, "total": len(entries)}
    return bundle | ({"entry": entries} if entries else {})  # an empty list is not legal FHIR JSON


def _body(status: int, value: Resource) -> Answer:
    return Answer(status, encode(value))


def _one(status: int, version: Version, base: str | None = None) -> Answer:
    headers = {"ETag": version.etag, "Last-Modified": version.at.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    if base is not None:
        headers["Location"] = f"{base}/{version.reference}/_history/{version.number}"
    return Answer(status, encode(version.body), headers=headers)
