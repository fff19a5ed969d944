"""$validate: would this be accepted? (R4 resource-operation-validate.html). Nothing is written.

The answer is always an OperationOutcome with status 200; what would have been a refusal are its issues.
Without a mode the resource is read as R4 says; with one, under our own rules and beside what is here too.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.errors import Category, Fault, fault
from server.fhir import outcome
from server.fhir.asked import Asked
from server.fhir.desk import Desk, readable, writable
from server.fhir.exchange import Request, Response
from server.fhir.format import received
from server.fhir.parse import parse
from server.fhir.query.asked import pairs_of
from server.fhir.read import found
from server.fhir.validate import check
from server.fhir.veil import demand_shown
from server.fhir.write import dump
from server.ports import Resource

_MODES = ("create", "update", "delete", "profile")
_BASE = "http://hl7.org/fhir/StructureDefinition/"
_ABOUT_THE_REQUEST = frozenset(
    {Category.TOO_LARGE, Category.UNSUPPORTED, Category.BUSY, Category.UNAVAILABLE, Category.BROKEN}
)
"""These say nothing about the resource."""


@dataclass(frozen=True, slots=True)
class _Wish:
    type: str
    id: str | None
    resource: Resource | None
    mode: str
    profile: str


def validate_type(desk: Desk, request: Request, type_: str) -> Response:
    readable(type_)
    return _answer(desk, request, type_, None)


def validate(desk: Desk, request: Request, type_: str, id_: str) -> Response:
    readable(type_)
    return _answer(desk, request, type_, id_)


def _answer(desk: Desk, request: Request, type_: str, id_: str | None) -> Response:
    try:
        wish = _wish(desk, request, type_, id_)
        _demand_known(wish)
        _weigh(desk, request, wish)
    except Fault as failure:
        if failure.category in _ABOUT_THE_REQUEST:
            raise
        return Response(200, dump(outcome.outcome(failure)))
    return Response(200, dump(outcome.fine("nothing is wrong with it")))


def _wish(desk: Desk, request: Request, type_: str, id_: str | None) -> _Wish:
    chosen = dict(pairs_of(request.query))
    told = received(request, desk.max_resource) if request.body else None
    if told is not None and told.get("resourceType") == "Parameters":
        chosen |= {name: _value(told, name) for name in ("mode", "profile") if _value(told, name)}
        told = _part(told, "resource").get("resource")
        if told is not None and not isinstance(told, dict):
            text = "the parameter resource holds one resource, a JSON object"
            raise fault(Category.INCORRECT, "structure", text, "resource")
    return _Wish(type_, id_, told, chosen.get("mode", ""), chosen.get("profile", ""))


def _part(parameters: Resource, name: str) -> Resource:
    """The Parameters are not checked as such: what they hold is what shall be found wrong."""
    parts = parameters.get("parameter")
    listed = parts if isinstance(parts, list) else []
    named = [each for each in listed if isinstance(each, dict) and each.get("name") == name]
    return named[0] if named else {}


def _value(parameters: Resource, name: str) -> str:
    part = _part(parameters, name)
    return next((str(value) for key, value in part.items() if key.startswith("value")), "")


def _demand_known(wish: _Wish) -> None:
    if wish.mode and wish.mode not in _MODES:
        raise fault(Category.INCORRECT, "code-invalid", f"mode is one of {', '.join(_MODES)}", "mode")
    if wish.profile and wish.profile.partition("|")[0] != _BASE + wish.type:
        text = f"resources are checked against the base definitions of R4 only: profile {_BASE}{wish.type}"
        raise fault(Category.UNPROCESSABLE, "not-supported", text, "profile")


def _weigh(desk: Desk, request: Request, wish: _Wish) -> None:
    if wish.mode == "delete":
        writable(wish.type)
        desk.weigh([_deletion(wish)], request.at)
        return
    resource = wish.resource
    if resource is None:
        resource = _here(desk, wish)
    check(resource, wish.type)
    if wish.mode in ("create", "update"):
        writable(wish.type)
        asked = Asked("POST", wish.type, resource) if wish.mode == "create" else _update(desk, wish, resource)
        desk.weigh([asked], request.at)


def _here(desk: Desk, wish: _Wish) -> Resource:
    if wish.id is None:
        raise fault(Category.INCORRECT, "required", "give a resource: as body, or as the parameter resource")
    return parse(demand_shown(desk.seals, found(desk.shelf.read(wish.type, wish.id)), desk.caller).body)


def _deletion(wish: _Wish) -> Asked:
    if wish.id is None:
        text = "mode delete is asked of one resource: [type]/[id]/$validate"
        raise fault(Category.INCORRECT, "required", text, "mode")
    return Asked("DELETE", wish.type, id=wish.id)


def _update(desk: Desk, wish: _Wish, resource: Resource) -> Asked:
    """As if it followed the version that is here now."""
    id_ = wish.id or resource.get("id")
    if id_ is None or resource.get("id") != id_:
        text = "an update needs an id: in the body, and the same in the URL if there is one"
        raise fault(Category.INCORRECT, "invalid", text, f"{wish.type}.id")
    current = desk.shelf.read(wish.type, id_)
    return Asked("PUT", wish.type, resource, id=id_, if_match=None if current is None else current.version)
