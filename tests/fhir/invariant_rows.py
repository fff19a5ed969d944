"""Each invariant once kept and once broken."""

from __future__ import annotations

from decimal import Decimal

CODED = {"coding": [{"system": "http://loinc.org", "code": "1"}]}
OTHER = {"coding": [{"system": "http://loinc.org", "code": "2"}]}
UCUM = {"system": "http://unitsofmeasure.org", "code": "a"}
POST = {"method": "POST", "url": "Task"}
WHOLE = {"system": "http://unitsofmeasure.org", "code": "1"}
PERCENT = {"value": 5, "system": "http://unitsofmeasure.org", "code": "%"}
DISPLAYED = {"coding": [{"system": "http://loinc.org", "code": "1", "display": "a"}]}
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
OVER = {"coding": [{"system": f"{TERMINOLOGY}/condition-clinical", "code": "resolved"}]}
IN_ERROR = {"coding": [{"system": f"{TERMINOLOGY}/condition-ver-status", "code": "entered-in-error"}]}
COMPOSITION = {"resource": {"resourceType": "Composition"}}
MESSAGE = {"resource": {"resourceType": "MessageHeader"}}
PATIENT = {"resource": {"resourceType": "Patient"}}
DOCUMENT = {
    "type": "document",
    "identifier": {"system": "http://e.example", "value": "1"},
    "timestamp": "2024-01-01T00:00:00Z",
    "entry": [COMPOSITION, PATIENT],
}


def something(code):
    return {"coding": [{"system": "something", "code": code}]}


ROWS = [
    ("age-1", "Age", {"value": 5} | UCUM, {"value": 5}, ""),
    ("dis-1", "Distance", {"value": 5} | UCUM, {"value": 5, "system": "http://e.example", "code": "m"}, ""),
    ("att-1", "Attachment", {"data": "abcd", "contentType": "a/b"}, {"data": "abcd"}, "contentType"),
    (
        "attachment-size",
        "Attachment",
        {"data": "a" * 2**22, "contentType": "a/b"},
        {"data": "a" * (2**22 + 1), "contentType": "a/b"},
        "data",
    ),
    ("bdl-1", "Bundle", {"type": "searchset", "total": 1}, {"type": "batch", "total": 1}, "total"),
    (
        "bdl-2",
        "Bundle",
        {"type": "searchset", "entry": [{"search": {}}]},
        {"type": "collection", "entry": [{}, {"search": {}}]},
        "entry[1].search",
    ),
    (
        "bdl-3",
        "Bundle",
        {"type": "batch", "entry": [{"request": POST}]},
        {"type": "batch", "entry": [{"request": POST}, {}]},
        "entry[1].request",
    ),
    (
        "bdl-3",
        "Bundle",
        {"type": "collection", "entry": [{}]},
        {"type": "collection", "entry": [{"request": POST}]},
        "entry[0].request",
    ),
    (
        "bdl-4",
        "Bundle",
        {"type": "batch-response", "entry": [{"response": {}}]},
        {"type": "batch-response", "entry": [{}]},
        "entry[0].response",
    ),
    (
        "bdl-7",
        "Bundle",
        {"type": "collection", "entry": [{"fullUrl": "a"}, {"fullUrl": "b"}]},
        {"type": "collection", "entry": [{"fullUrl": "a"}, {"fullUrl": "a"}]},
        "entry[1].fullUrl",
    ),
    (
        "bdl-7",
        "Bundle",
        {"type": "history", "entry": [{"fullUrl": "a", "request": POST, "response": {}}] * 2},
        {"type": "collection", "entry": [{"fullUrl": "a", "resource": {"meta": {"versionId": "1"}}}] * 2},
        "entry[1].fullUrl",
    ),
    ("bdl-5", "Bundle.entry", {"resource": {}}, {"fullUrl": "a"}, ""),
    (
        "bdl-8",
        "Bundle.entry",
        {"fullUrl": "a", "resource": {}},
        {"fullUrl": "http://e/Task/1/_history/2", "resource": {}},
        "fullUrl",
    ),
    (
        "request-url",
        "Bundle.entry.request",
        {"url": "Task?identifier=http://e.example|1"},
        {"url": "http://e.example/Task"},
        "url",
    ),
    ("request-url", "Bundle.entry.request", {"url": "Task/1"}, {"url": "//e.example/Task"}, "url"),
    ("request-url", "Bundle.entry.request", {"url": "Task"}, {"url": "Task/%2e%2e/x"}, "url"),
    ("request-url", "Bundle.entry.request", {"url": "Task/1/$validate"}, {"url": "/Task"}, "url"),
    ("cpt-2", "ContactPoint", {"value": "1", "system": "phone"}, {"value": "1"}, "system"),
    ("ext-1", "Extension", {"url": "a", "valueString": "b"}, {"url": "a"}, ""),
    (
        "ext-1",
        "Extension",
        {"url": "a", "_valueString": {"id": "b"}},
        {"url": "a", "valueString": "b", "extension": [{}]},
        "",
    ),
    (
        "obs-6",
        "Observation",
        {"dataAbsentReason": CODED},
        {"dataAbsentReason": CODED, "valueString": "a"},
        "dataAbsentReason",
    ),
    (
        "obs-7",
        "Observation",
        {"code": CODED, "valueString": "a", "component": [{"code": OTHER}]},
        {"code": CODED, "valueString": "a", "component": [{"code": CODED}]},
        "value",
    ),
    ("obs-3", "Observation.referenceRange", {"text": "a"}, {"age": {}}, ""),
    ("org-1", "Organization", {"name": "a"}, {"active": True}, ""),
    (
        "org-2",
        "Organization",
        {"name": "a", "address": [{"use": "work"}]},
        {"name": "a", "address": [{}, {"use": "home"}]},
        "address[1].use",
    ),
    (
        "org-3",
        "Organization",
        {"name": "a", "telecom": [{"use": "work"}]},
        {"name": "a", "telecom": [{"use": "home"}]},
        "telecom[0].use",
    ),
    ("pat-1", "Patient.contact", {"telecom": [{}]}, {"gender": "male"}, ""),
    ("per-1", "Period", {"start": "2024", "end": "2024"}, {"start": "2024", "end": "2023"}, "end"),
    ("qty-3", "Quantity", UCUM, {"code": "g"}, "system"),
    (
        "rng-2",
        "Range",
        {"low": {"value": 1}, "high": {"value": Decimal("1.0")}},
        {"low": {"value": Decimal("1.1")}, "high": {"value": 1}},
        "high",
    ),
    ("rat-1", "Ratio", {"numerator": {}, "denominator": {}}, {"numerator": {}}, ""),
    ("rat-1", "Ratio", {"extension": [{}]}, {"id": "a"}, ""),
    ("prr-1", "ServiceRequest", {"code": CODED, "orderDetail": [CODED]}, {"orderDetail": [CODED]}, "code"),
    (
        "inv-1",
        "Task",
        {"authoredOn": "2024-01-01", "lastModified": "2024-01-01"},
        {"authoredOn": "2024-01-02", "lastModified": "2024-01-01"},
        "lastModified",
    ),
    ("tim-1", "Timing.repeat", {"duration": 1, "durationUnit": "h"}, {"duration": 1}, "durationUnit"),
    ("tim-2", "Timing.repeat", {"period": 1, "periodUnit": "h"}, {"period": 1}, "periodUnit"),
    (
        "tim-4",
        "Timing.repeat",
        {"duration": 0, "durationUnit": "h"},
        {"duration": -1, "durationUnit": "h"},
        "duration",
    ),
    ("tim-5", "Timing.repeat", {"period": 0, "periodUnit": "h"}, {"period": -1, "periodUnit": "h"}, "period"),
    ("tim-6", "Timing.repeat", {"period": 1, "periodMax": 2, "periodUnit": "h"}, {"periodMax": 2}, "period"),
    (
        "tim-7",
        "Timing.repeat",
        {"duration": 1, "durationMax": 2, "durationUnit": "h"},
        {"durationMax": 2},
        "duration",
    ),
    ("tim-8", "Timing.repeat", {"count": 1, "countMax": 2}, {"countMax": 2}, "count"),
    ("tim-9", "Timing.repeat", {"offset": 1, "when": ["ACM"]}, {"offset": 1, "when": ["C"]}, "offset"),
    ("tim-10", "Timing.repeat", {"when": ["ACM"]}, {"when": ["ACM"], "timeOfDay": ["10:00:00"]}, "when"),
    (
        "age-1",
        "Age",
        {"value": 5} | UCUM,
        {"value": 0} | UCUM,
        "",
    ),
    ("qty-3", "Age", {"value": 5} | UCUM, {"code": "a"}, "system"),
    ("qty-3", "Count", WHOLE, {"code": "1"}, "system"),
    ("qty-3", "Duration", {"value": 5} | UCUM, {"value": 5, "code": "a"}, "system"),
    ("qty-3", "Distance", UCUM, {"code": "m"}, "system"),
    ("qty-3", "SimpleQuantity", UCUM, {"code": "m"}, "system"),
    ("cnt-3", "Count", WHOLE | {"value": 5}, WHOLE | {"value": Decimal("5.0")}, ""),
    ("cnt-3", "Count", WHOLE, WHOLE | {"code": "g"}, ""),
    ("drt-1", "Duration", {"value": 5} | UCUM, {"code": "a", "system": "http://e.example", "value": 1}, ""),
    ("drt-1", "Duration", {"value": 5, "unit": "days"}, UCUM, ""),
    ("sqty-1", "SimpleQuantity", {"value": 5}, {"value": 5, "comparator": "<"}, "comparator"),
    ("mimetypes", "Attachment", {"contentType": "text/plain; charset=utf-8"}, {"contentType": "text"},
     "contentType"),
    ("mimetypes", "Binary", {"contentType": "application/fhir+json"}, {"contentType": "fhir json"},
     "contentType"),
    ("mimetypes", "Endpoint", {"payloadMimeType": ["a/b", None]}, {"payloadMimeType": ["a/b", "b"]},
     "payloadMimeType[1]"),
    ("mimetypes", "Signature", {"sigFormat": "application/jose"}, {"sigFormat": "jose"}, "sigFormat"),
    ("mimetypes", "Signature", {"targetFormat": "a/b"}, {"targetFormat": "/b"}, "targetFormat"),
    ("mimetypes", "Subscription.channel", {"payload": "a/b"}, {"payload": "a"}, "payload"),
    ("currencies", "Money", {"currency": "EUR"}, {"currency": "euro"}, "currency"),
    ("drq-1", "DataRequirement.codeFilter", {"path": "a"}, {"path": "a", "searchParam": "b"}, ""),
    ("drq-2", "DataRequirement.dateFilter", {"searchParam": "b"}, {"id": "a"}, ""),
    ("exp-1", "Expression", {"reference": "http://e.example"}, {"language": "text/cql"}, ""),
    ("trd-1", "TriggerDefinition", {"type": "data-added", "data": [{}]},
     {"type": "data-added", "data": [{}], "timingDate": "2024"}, "data"),
    ("trd-2", "TriggerDefinition", {"type": "data-added", "data": [{}], "condition": {}},
     {"type": "named-event", "name": "a", "condition": {}}, "data"),
    ("trd-3", "TriggerDefinition", {"type": "named-event", "name": "a"}, {"type": "named-event"}, ""),
    ("trd-3", "TriggerDefinition", {"type": "periodic", "timingDate": "2024"}, {"type": "periodic"}, ""),
    ("trd-3", "TriggerDefinition", {"type": "data-added", "data": [{}]}, {"type": "data-added"}, ""),
    ("bdl-9", "Bundle", DOCUMENT, DOCUMENT | {"identifier": {"value": "a"}}, "identifier"),
    ("bdl-10", "Bundle", DOCUMENT, {k: v for k, v in DOCUMENT.items() if k != "timestamp"}, "timestamp"),
    ("bdl-11", "Bundle", DOCUMENT, DOCUMENT | {"entry": [PATIENT, COMPOSITION]}, "entry[0].resource"),
    ("bdl-11", "Bundle", DOCUMENT, {k: v for k, v in DOCUMENT.items() if k != "entry"}, "entry[0].resource"),
    ("bdl-12", "Bundle", {"type": "message", "entry": [MESSAGE]}, {"type": "message", "entry": [PATIENT]},
     "entry[0].resource"),
    ("bdl-12", "Bundle", {"type": "collection", "entry": [{"resource": 1}]},
     {"type": "message", "entry": [{"resource": 1}]}, "entry[0].resource"),
    ("sev-1", "AuditEvent.entity", {"name": "a"}, {"name": "a", "query": "YQ=="}, "query"),
    ("con-1", "Condition.stage", {"summary": CODED}, {"type": CODED}, ""),
    ("con-2", "Condition.evidence", {"detail": [{}]}, {"id": "a"}, ""),
    ("con-4", "Condition", {"abatementString": "a", "clinicalStatus": OVER}, {"abatementString": "a"},
     "clinicalStatus"),
    ("con-5", "Condition", {"verificationStatus": IN_ERROR},
     {"verificationStatus": IN_ERROR, "clinicalStatus": OVER}, "clinicalStatus"),
    ("ppc-1", "Consent", {"policy": [{}]}, {"status": "draft"}, ""),
    *(
        (f"ppc-{number}", "Consent", {"policyRule": {}, "patient": {}, "scope": something(scope)},
         {"policyRule": {}, "scope": something(scope)}, "patient")
        for number, scope in ((2, "patient-privacy"), (3, "research"), (4, "adr"), (5, "treatment"))
    ),
    ("mrp-1", "MeasureReport", {"type": "summary", "group": [{}]}, {"type": "data-collection", "group": [{}]},
     "group"),
    ("mrp-2", "MeasureReport", {"group": [{}, {"stratifier": [{"stratum": [{"value": CODED}]}]}]},
     {"group": [{}, {"stratifier": [{"stratum": [{"value": CODED}, {"id": "a"}]}]}]},
     "group[1].stratifier[0].stratum[1]"),
    ("msq-3", "MolecularSequence", {"coordinateSystem": 1}, {"coordinateSystem": 2}, "coordinateSystem"),
    ("msq-5", "MolecularSequence.referenceSeq", {"genomeBuild": "a", "chromosome": CODED},
     {"genomeBuild": "a"}, ""),
    ("msq-6", "MolecularSequence.referenceSeq", {"referenceSeqString": "a"},
     {"referenceSeqString": "a", "referenceSeqId": CODED}, ""),
    ("obs-7", "Observation", {"code": CODED, "valueString": "a", "component": [{"code": DISPLAYED}]},
     {"code": DISPLAYED, "valueString": "a", "component": [{}, {"code": DISPLAYED}]}, "value"),
    ("inv-1", "Parameters.parameter", {"name": "a", "_valueString": {}}, {"name": "a"}, ""),
    ("inv-1", "Parameters.parameter", {"name": "a", "part": [{}]},
     {"name": "a", "part": [{}], "resource": {}}, ""),
    ("ras-1", "RiskAssessment.prediction", {"probabilityRange": {"low": PERCENT, "high": PERCENT}},
     {"probabilityRange": {"low": {"value": 1}, "high": PERCENT}}, "probability"),
    ("ras-2", "RiskAssessment.prediction", {"probabilityDecimal": 100},
     {"probabilityDecimal": Decimal("100.1")}, "probability"),
    ("rng-2", "Range", {"low": {"value": 2, "unit": "mg"}, "high": {"value": 1, "unit": "g"}},
     {"low": {"value": 2, "unit": "mg"}, "high": {"value": 1, "unit": "mg"}}, "high"),
]  # fmt: skip
"""Key, type, a value that keeps the rule, one that breaks it, where."""
