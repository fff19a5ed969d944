"""Twice as much costs about twice: no resource makes the walk take seconds."""

from __future__ import annotations

import sys

import pytest

from server.fhir.findings import Findings
from server.fhir.walk import Walk

CODE = {"text": "a"}
PATIENT = {"reference": "Patient/p"}
FEW = 150


def codings(count, system):
    return {"coding": [{"system": system, "code": str(each)} for each in range(count)]}


LARGE = {
    "components": lambda n: {
        "resourceType": "Observation",
        "status": "final",
        "code": codings(n, "urn:a"),
        "valueString": "a",
        "component": [{"code": codings(1, "urn:b"), "valueString": "b"}] * n,
    },
    "entities": lambda n: {
        "resourceType": "AuditEvent",
        "type": {"code": "a"},
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"requestor": True}],
        "source": {"observer": PATIENT},
        "entity": [{"name": "a"}] * n,
    },
    "strata": lambda n: {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": "urn:a",
        "period": {"start": "2026"},
        "group": [{"stratifier": [{"stratum": [{"value": CODE}] * n}]}] * 2,
    },
    "parts": lambda n: {"resourceType": "Parameters", "parameter": [{"name": "a", "valueString": "b"}] * n},
    "provisions": lambda n: {
        "resourceType": "Consent",
        "status": "active",
        "scope": CODE,
        "category": [CODE],
        "policyRule": CODE,
        "provision": {"provision": [{"type": "deny"}] * n},
    },
    "contained": lambda n: {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "contained": [{"resourceType": "Patient", "id": f"a{each}", "active": True} for each in range(n)],
        "basedOn": [{"reference": f"#a{each}"} for each in range(n)],
    },
    "entries": lambda n: {
        "resourceType": "Bundle",
        "type": "collection",
        "link": [{"relation": "alternate", "url": "urn:a"}] * n,
        "entry": [{"fullUrl": f"urn:a:{each}", "resource": {"resourceType": "Patient"}} for each in range(n)],
    },
    "extensions": lambda n: {
        "resourceType": "Patient",
        "extension": [{"url": "urn:a", "extension": [{"url": "b", "valueString": "c"}] * n}],
    },
    "findings": lambda n: {"resourceType": "Patient", "name": [{"use": "x", "foo": 1}] * n},
}


def cost(resource):
    """Calls that the walk makes, which unlike its time are the same each time."""
    calls = 0

    def count(_frame, event, _arg):
        nonlocal calls
        calls += event in ("call", "c_call")

    walk = Walk(Findings(), resource)
    sys.setprofile(count)
    try:
        walk.resource(resource["resourceType"])
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_cost_grows_with_the_size(make):
    once, twice = cost(make(FEW)), cost(make(2 * FEW))
    assert once > FEW
    assert twice < 2.2 * once
