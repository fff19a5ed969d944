"""A FHIR ``transaction`` Bundle: all of it or nothing (R4 http, 3.1.0.11.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.peers.codes import Resource
from conformance.peers.search import parse
from conformance.peers.shelf import Change, Key, Shelf, Version
from conformance.peers.wire import Refused


@dataclass(frozen=True, slots=True)
class _Step:
    """One entry, decided: where it goes, and whether it is written at all."""

    full_url: str
    resource: Resource
    key: Key
    existing: Version | None
    writes: bool
    if_match: str | None


def carry_out(shelf: Shelf, bundle: Resource) -> Resource:
    """Commit a transaction Bundle and return its ``transaction-response``.

    Raises:
        Refused: nothing was written; 400 for a bundle that cannot be carried out, 412 for
            a condition that matches several resources or a stale ``ifMatch``.
    """
    if bundle.get("type") != "transaction":
        raise Refused(400, "not-supported", "only Bundles of type transaction are accepted here")
    entries = bundle.get("entry", [])
    _distinct_conditions(entries)
    with shelf.change() as change:
        steps = [_decide(shelf, change, entry) for entry in entries]
        names = {step.full_url: "/".join(step.key) for step in steps if step.full_url}
        answers = [_apply(change, step, names) for step in steps]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}


def _distinct_conditions(entries: list[Resource]) -> None:
    """Two creates under one condition overlap, and overlapping entries fail the whole."""
    creates = [(e["request"].get("url"), e["request"].get("ifNoneExist")) for e in entries if "request" in e]
    conditions = [each for each in creates if each[1]]
    if len(set(conditions)) != len(conditions):
        raise Refused(400, "invalid", "two entries of the bundle have the same ifNoneExist")


def _decide(shelf: Shelf, change: Change, entry: Resource) -> _Step:
    request, resource = entry.get("request", {}), entry.get("resource", {})
    path, _, query = request.get("url", "").partition("?")
    type_, _, id_ = path.partition("/")
    if resource.get("resourceType") != type_ or not type_:
        raise Refused(400, "invalid", "request.url does not name the type of the entry's resource")
    if request.get("method") == "POST":
        condition = request.get("ifNoneExist")
        match = change.only_match(type_, parse(condition)) if condition else None
        writes = match is None
    elif request.get("method") == "PUT":
        match = change.only_match(type_, parse(query)) if query else shelf.read(type_, id_)
        writes = True
    else:
        raise Refused(400, "not-supported", "only POST and PUT entries are accepted here")
    key = (type_, match.id if match else id_ or shelf.new_id(type_))
    return _Step(entry.get("fullUrl", ""), resource, key, match, writes, request.get("ifMatch"))


def _apply(change: Change, step: _Step, names: Mapping[str, str]) -> Resource:
    version, status = step.existing, "200 OK"
    if step.writes or version is None:
        status = "201 Created" if version is None else "200 OK"
        version = change.put(_rewrite(change, step.resource, names), step.key[1], step.if_match)
    return {
        "response": {
            "status": status,
            "location": f"{version.reference}/_history/{version.number}",
            "etag": version.etag,
            "lastModified": version.at.isoformat(),
        }
    }


def _rewrite(change: Change, value: Any, names: Mapping[str, str]) -> Any:
    """The value with every mention of a fullUrl replaced by the id it was given."""
    if isinstance(value, dict):
        rewritten = {name: _rewrite(change, each, names) for name, each in value.items()}
        if isinstance(rewritten.get("reference"), str):
            rewritten["reference"] = _resolve(change, rewritten["reference"])
        return rewritten
    if isinstance(value, list):
        return [_rewrite(change, each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _resolve(change: Change, reference: str) -> str:
    """Conditional references (``Patient?identifier=...``) are legal in a transaction only."""
    if reference.startswith("urn:uuid:"):
        raise Refused(400, "not-found", "a urn:uuid reference names no entry of this bundle")
    type_, condition, query = reference.partition("?")
    if not condition:
        return reference
    match = change.only_match(type_, parse(query))
    if match is None:
        raise Refused(400, "not-found", f"a conditional reference matches no {type_}")
    return match.reference
