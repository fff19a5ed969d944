"""Which elements can be searched (R4 search parameter registry), and their values in a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from server.fhir.references import normal
from server.ports import Resource
from server.query import Kind, ReferenceRow, Row, TokenRow

Values = Iterator[tuple[str, str]]


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _concepts(element: str) -> Callable[[Resource], Values]:
    def read(resource: Resource) -> Values:
        for concept in _each(resource.get(element)):
            for coding in concept.get("coding", []):
                yield coding.get("system", ""), coding.get("code", "")

    return read


def _codings(*path: str) -> Callable[[Resource], Values]:
    def read(resource: Resource) -> Values:
        parent, element = path
        for coding in resource.get(parent, {}).get(element, []):
            yield coding.get("system", ""), coding.get("code", "")

    return read


def _identifiers(resource: Resource) -> Values:
    for identifier in _each(resource.get("identifier")):
        yield identifier.get("system", ""), identifier.get("value", "")


def _plain(element: str) -> Callable[[Resource], Values]:
    def read(resource: Resource) -> Values:
        value = resource.get(element)
        if value is not None:
            yield "", str(value).lower() if isinstance(value, bool) else str(value)

    return read


def _references(element: str, only: str = "") -> Callable[[Resource], Values]:
    def read(resource: Resource) -> Values:
        for reference in _each(resource.get(element)):
            target = normal(reference.get("reference", ""))
            if target.startswith(only):
                yield "", target

    return read


TOKEN, REFERENCE = Kind.TOKEN, Kind.REFERENCE
Param = tuple[Kind, Callable[[Resource], Values]]

_COMMON: dict[str, Param] = {
    "identifier": (TOKEN, _identifiers),
    "_tag": (TOKEN, _codings("meta", "tag")),
    "_security": (TOKEN, _codings("meta", "security")),
}
_ABOUT_A_SUBJECT: dict[str, Param] = {
    "patient": (REFERENCE, _references("subject", "Patient/")),
    "subject": (REFERENCE, _references("subject")),
    "code": (TOKEN, _concepts("code")),
    "status": (TOKEN, _plain("status")),
    "based-on": (REFERENCE, _references("basedOn")),
}

PARAMETERS: dict[str, dict[str, Param]] = {
    "Patient": _COMMON,
    "Practitioner": {**_COMMON, "active": (TOKEN, _plain("active"))},
    "Organization": {**_COMMON, "active": (TOKEN, _plain("active"))},
    "PractitionerRole": {
        **_COMMON,
        "active": (TOKEN, _plain("active")),
        "practitioner": (REFERENCE, _references("practitioner")),
        "organization": (REFERENCE, _references("organization")),
        "specialty": (TOKEN, _concepts("specialty")),
    },
    "Observation": {**_COMMON, **_ABOUT_A_SUBJECT},
    "DiagnosticReport": {
        **_COMMON,
        **_ABOUT_A_SUBJECT,
        "performer": (REFERENCE, _references("performer")),
        "results-interpreter": (REFERENCE, _references("resultsInterpreter")),
    },
    "ServiceRequest": {
        **_COMMON,
        **_ABOUT_A_SUBJECT,
        "intent": (TOKEN, _plain("intent")),
        "priority": (TOKEN, _plain("priority")),
    },
    "Task": {
        **_COMMON,
        "patient": (REFERENCE, _references("for", "Patient/")),
        "subject": (REFERENCE, _references("for")),
        "code": (TOKEN, _concepts("code")),
        "status": (TOKEN, _plain("status")),
        "business-status": (TOKEN, _concepts("businessStatus")),
        "intent": (TOKEN, _plain("intent")),
        "priority": (TOKEN, _plain("priority")),
        "owner": (REFERENCE, _references("owner")),
        "requester": (REFERENCE, _references("requester")),
        "focus": (REFERENCE, _references("focus")),
        "based-on": (REFERENCE, _references("basedOn")),
        "part-of": (REFERENCE, _references("partOf")),
    },
    "Device": _COMMON,
    # R4 Provenance has no identifier.
    "Provenance": {
        **{name: param for name, param in _COMMON.items() if name != "identifier"},
        "target": (REFERENCE, _references("target")),
    },
}


def rows(resource: Resource) -> tuple[Row, ...]:
    """All searchable values of a resource."""
    return tuple(
        ReferenceRow(param, value) if kind is REFERENCE else TokenRow(param, system, value)
        for param, (kind, read) in PARAMETERS[resource["resourceType"]].items()
        for system, value in read(resource)
        if value
    )


def patient_of(resource: Resource) -> str | None:
    """``Patient/id`` whom a resource is about, when it says so with a local reference."""
    if resource["resourceType"] == "Patient":
        return f"Patient/{resource['id']}"
    about = resource.get("for") or resource.get("subject") or {}
    target = normal(about.get("reference", ""))
    return target if target.startswith("Patient/") else None
