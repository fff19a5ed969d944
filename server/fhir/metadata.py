"""capabilities: GET [base]/metadata (R4 capabilitystatement.html), from the tables that the code walks."""

from __future__ import annotations

from server import __version__
from server.fhir.desk import Desk
from server.fhir.exchange import JSON, Request, Response
from server.fhir.format import XML
from server.fhir.index import PARAMETERS
from server.fhir.rules import VERSION_AWARE, WRITABLE
from server.fhir.terms import SR
from server.fhir.write import dump
from server.ports import Resource
from server.query import Kind
from server.times import instant

_READS = ("read", "vread", "history-instance", "search-type")


def metadata(desk: Desk, request: Request) -> Response:
    statement = {
        "resourceType": "CapabilityStatement",
        "url": f"{SR}/CapabilityStatement/fhir-door",
        "status": "active",
        "date": instant(request.at),
        "kind": "instance",
        "software": {"name": "Second Reader", "version": __version__},
        "implementation": {"description": "Second opinions over FHIR", "url": desk.base},
        "fhirVersion": "4.0.1",
        "format": [JSON, XML],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(type_) for type_ in sorted(PARAMETERS)],
                "interaction": [{"code": "transaction"}],
            }
        ],
    }
    return Response(200, dump(statement))


def _resource(type_: str) -> Resource:
    written = ("create", "update") if type_ in WRITABLE else ()
    return {
        "type": type_,
        "interaction": [{"code": code} for code in (*_READS, *written)],
        "versioning": "versioned-update" if type_ in VERSION_AWARE else "versioned",
        "readHistory": True,
        "updateCreate": type_ in WRITABLE,
        "conditionalCreate": type_ in WRITABLE,
        "conditionalRead": "not-match",
        "conditionalUpdate": type_ in WRITABLE,
        "referencePolicy": ["local", "enforced", "logical"],
        "searchParam": [{"name": "_id", "type": str(Kind.TOKEN)}, *_parameters(type_)],
    }


def _parameters(type_: str) -> list[Resource]:
    return [{"name": name, "type": str(kind)} for name, (kind, _) in sorted(PARAMETERS[type_].items())]
