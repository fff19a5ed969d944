from __future__ import annotations

from dataclasses import replace

import pytest

from server.fhir.pens.correspondence import Standing
from server.fhir.pens.ehr_task import write_ehr_task
from server.fhir.terms import Business

OUTPUT = {"type": {"text": "agreement"}, "valueString": "x"}
CLOSED = Standing("completed", Business.CLOSED_UPHELD)


def test_the_whole_task(letter, posted, valid):
    report = {
        "type": "DiagnosticReport",
        "identifier": {"system": "https://ehr.example/report", "value": "R-1"},
    }
    assert valid(write_ehr_task(letter, CLOSED, [OUTPUT])) == {
        "resourceType": "Task",
        "meta": {"tag": [{"code": "ward"}]},
        "identifier": posted["identifier"],
        "status": "completed",
        "businessStatus": {
            "coding": [
                {
                    "system": "https://second-reader.example/fhir/CodeSystem/task",
                    "code": "closed-upheld",
                }
            ]
        },
        "intent": "order",
        "priority": "urgent",
        "code": posted["code"],
        "focus": report,
        "for": {
            "type": "Patient",
            "identifier": {"system": "https://ehr.example/mrn", "value": "M-7"},
        },
        "authoredOn": "2026-01-05T09:00:00Z",
        "restriction": {"period": {"end": "2026-01-06T09:00:00Z"}},
        "input": [
            {"type": {"text": "primary-report"}, "valueReference": report},
            {"type": {"text": "clinical-question"}, "valueString": "bacterial-meningitis"},
        ],
        "output": [OUTPUT],
    }


def test_what_was_posted_is_not_changed(letter, posted):
    before = repr(posted)
    write_ehr_task(letter, CLOSED, [OUTPUT])
    assert repr(posted) == before


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ("https://ehr.example/fhir/DiagnosticReport/9", "https://ehr.example/fhir/DiagnosticReport/9"),
        ("urn:oid:1.2.3", "urn:oid:1.2.3"),
        ("#own", "#own"),
    ],
)
def test_references_that_are_not_ours_stay_as_they_are(letter, posted, sent, returned):
    moved = replace(letter, posted=posted | {"focus": {"reference": sent}})
    assert write_ehr_task(moved, CLOSED, [])["focus"] == {"reference": returned}


def test_a_logical_reference_stays_as_it_is(letter, posted):
    focus = {"identifier": {"system": "urn:dicom:uid", "value": "urn:oid:1.2"}, "type": "ImagingStudy"}
    assert write_ehr_task(replace(letter, posted=posted | {"focus": focus}), CLOSED, [])["focus"] == focus


def test_a_reference_that_cannot_be_named_keeps_its_display(letter, posted, valid):
    requester = {"reference": "Organization/unnamed", "display": "West Ward"}
    moved = replace(letter, posted=posted | {"requester": requester})
    assert valid(write_ehr_task(moved, CLOSED, []))["requester"] == {
        "type": "Organization",
        "display": "West Ward",
    }


def test_inputs_that_only_named_something_here_are_left_out_whole(letter, posted, valid):
    moved = replace(letter, posted=posted | {"input": posted["input"][1:2]})
    assert "input" not in valid(write_ehr_task(moved, CLOSED, []))


def test_extensions_of_the_ehr_are_kept(letter, posted, valid):
    extension = [{"url": "https://ehr.example/ward", "valueCode": "w3"}]
    moved = replace(letter, posted=posted | {"extension": extension})
    assert valid(write_ehr_task(moved, CLOSED, []))["extension"] == extension


def test_a_reason_is_given_in_words(letter, valid):
    held = Standing("on-hold", Business.AWAITING_INFORMATION, "No specialist is left.")
    written = valid(write_ehr_task(letter, held, []))
    assert written["statusReason"] == {"text": "No specialist is left."}
    assert "output" not in written
