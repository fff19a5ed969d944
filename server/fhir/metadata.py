"""capabilities: GET [base]/metadata (R4 capabilitystatement.html), from the tables that the code walks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server import __version__
from server.fhir.artefacts.heading import CHANGED
from server.fhir.artefacts.operations import COMPLETE_STUDY, KEEP, WITHDRAW
from server.fhir.artefacts.profiles import PROFILES, profile_url
from server.fhir.bindings import KEPT, PUBLISHED, READABLE
from server.fhir.definitions.parameters import PARAMETERS
from server.fhir.desk import Desk
from server.fhir.exchange import JSON, Request, Response
from server.fhir.format import JSON_PATCH, XML
from server.fhir.query.conditions import OWN
from server.fhir.rows.extraction import searchable
from server.fhir.rules import VERSION_AWARE, WRITABLE
from server.fhir.subscriptions.channel import IG, PROFILE
from server.fhir.subscriptions.topics import BY_URL
from server.fhir.terms import SR
from server.fhir.write import dump
from server.ports import Resource

_SECURITY = {
    "service": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                    "code": "SMART-on-FHIR",
                }
            ]
        }
    ],
    "description": "SMART Backend Services; see [base]/.well-known/smart-configuration",
}
_READS = ("read", "vread", "history-instance", "history-type", "search-type")
_WRITES = ("create", "update", "patch", "delete")
_SYSTEM = ("transaction", "batch", "history-system", "search-system")
_VALIDATE = {"name": "validate", "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate"}
_WITHDRAW = {"name": "withdraw", "definition": WITHDRAW}
_EVERYTHING = {
    "name": "everything",
    "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
}
_OPERATIONS: Mapping[str, Sequence[Resource]] = {
    "Patient": (_EVERYTHING,),
    "Task": (
        {"name": "complete-study", "definition": COMPLETE_STUDY},
        {"name": "keep", "definition": KEEP},
    ),
    "DiagnosticReport": (_WITHDRAW,),
    "Device": (_WITHDRAW,),
    "Subscription": tuple(
        {"name": name, "definition": f"{IG}/OperationDefinition/backport-subscription-{name}"}
        for name in ("status", "events")
    ),
}
_TOPIC = f"{IG}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"
_ABOUT: Mapping[str, Resource] = {
    "Subscription": {
        "extension": [{"url": _TOPIC, "valueCanonical": url} for url in BY_URL],
        "supportedProfile": [PROFILE],
    },
    "Task": {"supportedProfile": [profile_url(each) for each in PROFILES]},
}


def metadata(desk: Desk, request: Request) -> Response:
    del request
    statement = {
        "resourceType": "CapabilityStatement",
        "url": f"{SR}/CapabilityStatement/fhir-door",
        "status": "active",
        "date": CHANGED.isoformat(),
        "kind": "instance",
        "instantiates": [f"{IG}/CapabilityStatement/backport-subscription-server-r4"],
        "software": {"name": "Second Reader", "version": __version__},
        "implementation": {"description": "Second opinions over FHIR", "url": desk.base},
        "fhirVersion": "4.0.1",
        "format": [JSON, XML],
        "patchFormat": [JSON_PATCH, JSON, XML],
        "rest": [
            {
                "mode": "server",
                **({"security": _SECURITY} if desk.secured else {}),
                "resource": [_resource(type_) for type_ in READABLE],
                "interaction": [{"code": code} for code in _SYSTEM],
                "compartment": ["http://hl7.org/fhir/CompartmentDefinition/patient"],
            }
        ],
    }
    return Response(200, dump(statement))


def _resource(type_: str) -> Resource:
    written = _WRITES if type_ in WRITABLE else ()
    return {
        **_ABOUT.get(type_, {}),
        "type": type_,
        "interaction": [{"code": code} for code in (*_READS, *written)],
        "versioning": "versioned-update" if type_ in VERSION_AWARE else "versioned",
        "readHistory": True,
        "updateCreate": type_ in WRITABLE,
        "conditionalCreate": type_ in WRITABLE,
        "conditionalRead": "full-support",
        "conditionalUpdate": type_ in WRITABLE,
        "conditionalDelete": "single" if type_ in WRITABLE else "not-supported",
        "referencePolicy": ["local", "enforced", "logical"],
        "searchInclude": [f"{type_}:{code}" for code in _references(type_)],
        "searchRevInclude": [f"{source}:{code}" for source in KEPT for code in _references(source, to=type_)],
        "searchParam": [
            {"name": code, "definition": each.url, "type": each.type}
            for code, each in sorted(PARAMETERS[type_].items())
            if code in OWN or code in searchable(type_)
        ],
        **_operations(type_),
    }


def _operations(type_: str) -> Resource:
    """What is published is taken from nobody, so nothing is validated for it."""
    return {} if type_ in PUBLISHED else {"operation": [_VALIDATE, *_OPERATIONS.get(type_, ())]}


def _references(type_: str, to: str | None = None) -> list[str]:
    """The reference parameters of a type; ``to``: those that may lead there."""
    return sorted(
        code
        for code, each in searchable(type_).items()
        if each.type == "reference" and (to is None or not each.targets or to in each.targets)
    )
