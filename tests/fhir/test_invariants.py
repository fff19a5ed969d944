from __future__ import annotations

from decimal import Decimal

import pytest

from server.fhir.invariants import RULES, broken

CODED = {"coding": [{"system": "http://loinc.org", "code": "1"}]}
OTHER = {"coding": [{"system": "http://loinc.org", "code": "2"}]}
UCUM = {"system": "http://unitsofmeasure.org", "code": "a"}
POST = {"method": "POST", "url": "Task"}

# key, type, a value that keeps the rule, one that breaks it, where
TABLE = [
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
]


@pytest.mark.parametrize(("key", "kind", "kept", "spoilt", "place"), TABLE)
def test_rule(key, kind, kept, spoilt, place):
    assert list(broken(kind, kept)) == []
    assert [(rule.key, at) for rule, at in broken(kind, spoilt)] == [(key, place)]


def test_every_rule_is_in_the_table():
    assert {row[0] for row in TABLE} == {rule.key for rules in RULES.values() for rule in rules}


def test_types_without_rules():
    assert list(broken("Coding", {"code": "a"})) == []
