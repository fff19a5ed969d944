"""What a made-up resource holds beside what it must have: a value for most search parameters of its type.

Nothing here says anything of a patient's state that a reading would rest on, and nobody is offered anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from conformance.checks.run import SYSTEM
from conformance.peers.codes import UCUM, Resource, concept

_DAY, _MOMENT = "2026-01-02", "2026-01-02T08:00:00Z"
_PERIOD = {"start": _DAY, "end": "2026-01-03"}
_ADDRESS = {
    "use": "work", "line": ["1 Made Up Street"], "city": "Madeup", "state": "None", "postalCode": "00000",
    "country": "Nowhere",
}  # fmt: skip
_TELECOM = [{"system": "phone", "value": "000 000"}, {"system": "email", "value": "nobody@checks.example"}]
_NAMED = {"system": f"{SYSTEM}/made-up", "value": "made-up"}
_HERE = "https://checks.example/made-up"


def _code(name: str) -> Resource:
    return concept(SYSTEM, name)


def _coding(system: str, code: str) -> Resource:
    return {"system": system, "code": code}


class To:
    """Stands for a reference to a resource of a type, where the server takes one."""

    def __init__(self, type_: str) -> None:
        self.type = type_


_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CHROMOSOME = "http://terminology.hl7.org/CodeSystem/chromosome-human"
MORE: Mapping[str, Resource] = {
    "Patient": {
        "active": True, "address": [_ADDRESS], "telecom": _TELECOM,
        "communication": [{"language": concept("urn:ietf:bcp:47", "en")}],
        "generalPractitioner": [To("Practitioner")], "managingOrganization": To("Organization"),
    },
    "Practitioner": {
        "gender": "other", "address": [_ADDRESS], "telecom": _TELECOM,
        "communication": [concept("urn:ietf:bcp:47", "en")],
    },
    "Organization": {
        "address": [_ADDRESS], "alias": ["Made up"], "type": [_code("kind")],
        "partOf": To("Organization"), "endpoint": [To("Endpoint")],
    },
    "PractitionerRole": {
        "period": _PERIOD, "telecom": _TELECOM, "code": [_code("role")], "location": [To("Location")],
        "healthcareService": [To("HealthcareService")], "endpoint": [To("Endpoint")],
    },
    "Location": {
        "address": _ADDRESS, "alias": ["Nowhere"], "type": [_code("kind")], "partOf": To("Location"),
        "operationalStatus": _coding("http://terminology.hl7.org/CodeSystem/v2-0116", "C"),
        "managingOrganization": To("Organization"), "endpoint": [To("Endpoint")],
    },
    "Endpoint": {"name": "Made up"},
    "HealthcareService": {
        "category": [_code("category")], "type": [_code("kind")], "specialty": [_code("specialty")],
        "characteristic": [_code("characteristic")], "program": [_code("program")],
        "location": [To("Location")], "coverageArea": [To("Location")], "endpoint": [To("Endpoint")],
        "providedBy": To("Organization"),
    },
    "Condition": {
        "clinicalStatus": concept(_CLINICAL, "resolved"), "verificationStatus": concept(_VERIFIED, "refuted"),
        "category": [_code("category")], "severity": _code("severity"), "bodySite": [_code("site")],
        "onsetDateTime": _DAY, "abatementDateTime": _DAY, "recordedDate": _MOMENT,
        "asserter": To("Practitioner"), "stage": [{"summary": _code("stage")}],
        "evidence": [{"code": [_code("evidence")]}],
    },
    "Encounter": {
        "period": _PERIOD, "type": [_code("kind")], "reasonCode": [_code("reason")],
        "participant": [{"type": [_code("role")], "individual": To("Practitioner")}],
        "location": [{"location": To("Location"), "period": _PERIOD}],
        "diagnosis": [{"condition": To("Condition")}], "reasonReference": [To("Condition")],
        "serviceProvider": To("Organization"), "partOf": To("Encounter"),
        "length": {"value": 20, "unit": "min", "system": UCUM, "code": "min"},
        "hospitalization": {"specialArrangement": [_code("arrangement")]},
    },
    "Communication": {
        "medium": [_code("medium")], "category": [_code("category")], "sent": _MOMENT, "received": _MOMENT,
        "sender": To("Practitioner"), "recipient": [To("Organization")], "instantiatesUri": [_HERE],
        "instantiatesCanonical": [_HERE], "encounter": To("Encounter"), "basedOn": [To("ServiceRequest")],
    },
    "Consent": {
        "dateTime": _MOMENT, "performer": [To("Patient")], "organization": [To("Organization")],
        "sourceReference": To("DocumentReference"),
        "provision": {
            "period": _PERIOD, "action": [_code("action")], "securityLabel": [_coding(SYSTEM, "label")],
            "purpose": [_coding(SYSTEM, "purpose")],
            "actor": [{"role": _code("role"), "reference": To("Organization")}],
            "data": [{"meaning": "instance", "reference": To("DocumentReference")}],
        },
    },
    "DetectedIssue": {
        "code": _code("issue"), "identifiedDateTime": _MOMENT, "author": To("Practitioner"),
        "implicated": [To("Condition")],
    },
    "Device": {
        "manufacturer": "Made up", "modelNumber": "0", "type": _code("kind"), "url": _HERE,
        "location": To("Location"), "owner": To("Organization"), "patient": To("Patient"),
        "udiCarrier": [{"deviceIdentifier": "00000000000000", "carrierHRF": "made-up"}],
    },
    "DocumentReference": {
        "type": _code("kind"), "category": [_code("category")], "date": _MOMENT, "description": "Made up",
        "author": [To("Practitioner")], "authenticator": To("Practitioner"),
        "custodian": To("Organization"), "securityLabel": [_code("label")],
        "content": [
            {
                "attachment": {"contentType": "text/plain", "language": "en", "url": _HERE},
                "format": _coding(SYSTEM, "format"),
            }
        ],
        "context": {
            "period": _PERIOD, "event": [_code("event")], "facilityType": _code("facility"),
            "practiceSetting": _code("setting"), "encounter": [To("Encounter")],
            "related": [To("Patient")],
        },
        "relatesTo": [{"code": "appends", "target": To("DocumentReference")}],
    },
    "ImagingStudy": {
        "started": _MOMENT, "reasonCode": [_code("reason")], "referrer": To("Practitioner"),
        "interpreter": [To("Practitioner")], "endpoint": [To("Endpoint")], "encounter": To("Encounter"),
        "basedOn": [To("ServiceRequest")],
        "series": [
            {
                "uid": "2.25.1",
                "modality": _coding("http://dicom.nema.org/resources/ontology/DCM", "OT"),
                "bodySite": _coding(SYSTEM, "site"),
                "performer": [{"actor": To("Practitioner")}],
                "instance": [{"uid": "2.25.2", "sopClass": _coding("urn:ietf:rfc:3986", "urn:oid:2.25.3")}],
            }
        ],
    },
    "MeasureReport": {
        "date": _MOMENT, "subject": To("Patient"), "reporter": To("Organization"),
        "evaluatedResource": [To("Condition")],
    },
    "Media": {
        "createdDateTime": _MOMENT, "type": _code("kind"), "modality": _code("modality"),
        "view": _code("view"), "bodySite": _code("site"), "operator": To("Practitioner"),
        "device": To("Device"), "encounter": To("Encounter"), "basedOn": [To("ServiceRequest")],
    },
    "MolecularSequence": {
        "referenceSeq": {
            "genomeBuild": "GRCh38", "chromosome": concept(_CHROMOSOME, "1"), "windowStart": 1,
            "windowEnd": 10, "strand": "watson",
        },
        "variant": [{"start": 2, "end": 3}],
    },
    "Observation": {
        "category": [_code("category")], "method": _code("method"), "performer": [To("Practitioner")],
        "device": To("Device"), "specimen": To("Specimen"), "encounter": To("Encounter"),
        "derivedFrom": [To("Observation")],
        "component": [
            {"code": _code("part"), "valueQuantity": {"value": 71, "system": UCUM, "code": "/min"}},
            {"code": _code("absent"), "dataAbsentReason": _code("reason")},
        ],
    },
    "DiagnosticReport": {
        "category": [_code("category")], "specimen": [To("Specimen")], "performer": [To("Organization")],
        "encounter": To("Encounter"), "media": [{"link": To("Media")}],
    },
    "Provenance": {
        "activity": _code("activity"), "location": To("Location"), "occurredDateTime": _MOMENT,
        "reason": [_code("reason")], "entity": [{"role": "source", "what": To("Condition")}],
        "agent": [{"type": _code("part"), "role": [_code("role")], "who": To("Practitioner")}],
    },
    "RiskAssessment": {
        "method": _code("method"), "condition": To("Condition"), "occurrenceDateTime": _MOMENT,
        "performer": To("Practitioner"), "encounter": To("Encounter"),
        "prediction": [{"probabilityDecimal": Decimal("0.5"), "qualitativeRisk": _code("risk")}],
    },
    "ServiceRequest": {
        "authoredOn": _MOMENT, "category": [_code("category")], "bodySite": [_code("site")],
        "requester": To("Practitioner"), "performer": [To("Organization")],
        "performerType": _code("performer"), "occurrenceDateTime": _MOMENT, "requisition": _NAMED,
        "instantiatesUri": [_HERE], "instantiatesCanonical": [_HERE], "specimen": [To("Specimen")],
        "encounter": To("Encounter"),
    },
    "Specimen": {
        "status": "available", "accessionIdentifier": _NAMED, "parent": [To("Specimen")],
        "collection": {
            "collectedDateTime": _MOMENT, "collector": To("Practitioner"), "bodySite": _code("site"),
        },
        "container": [{"type": _code("kind"), "identifier": [_NAMED]}],
    },
    "Subscription": {"contact": _TELECOM},
    "Task": {"groupIdentifier": _NAMED, "executionPeriod": {"start": _DAY}},
    "Basic": {"created": _DAY, "author": To("Practitioner")},
}  # fmt: skip


def more(type_: str, link: Callable[[str], Resource]) -> Resource:
    """With references that ``link`` makes; what it makes none for is left out, in a list the whole item."""
    made = _linked(MORE.get(type_, {}), link)
    return made if isinstance(made, dict) else {}


def _linked(part: Any, link: Callable[[str], Resource]) -> Any:
    if isinstance(part, To):
        return link(part.type)
    if isinstance(part, dict):
        inner = {name: _linked(each, link) for name, each in part.items()}
        return {name: each for name, each in inner.items() if each not in ({}, [])}
    if isinstance(part, list):
        return [made for each in part if (made := _linked(each, link)) not in ({}, []) and _whole(each, made)]
    return part


def _whole(part: Any, made: Any) -> bool:
    """An item without the reference that it is for would be none that R4 takes."""
    return not isinstance(part, dict) or all(
        name in made for name, each in part.items() if isinstance(each, To)
    )
