from __future__ import annotations

from server.fhir.pens.report import NOTICE, write_report

AIAST = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}


def test_the_whole_report(letter, card, read, now, valid):
    device = {"reference": letter.urn("device"), "type": "Device"}
    assert valid(write_report(letter, card, read, "Present.", now)) == {
        "resourceType": "DiagnosticReport",
        "meta": {
            "security": [
                AIAST,
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "PROCESSINLINELABEL",
                },
            ]
        },
        "identifier": [
            {
                "system": "https://second-reader.example/fhir/opinion-report",
                "value": letter.minted("opinion-report"),
            }
        ],
        "status": "partial",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
                        "code": "LAB",
                        "display": "Laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "11502-2", "display": "Laboratory report"}]
        },
        "subject": {
            "type": "Patient",
            "identifier": {"system": "https://ehr.example/mrn", "value": "M-7"},
        },
        "effectiveDateTime": "2026-01-05T09:02:00.250Z",
        "issued": "2026-01-05T12:30:00.000Z",
        "performer": [
            {
                "type": "Organization",
                "identifier": {"system": "https://ehr.example/org", "value": "north"},
                "display": "North Hospital",
            },
            {
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/alternate-reference",
                        "valueReference": device,
                    }
                ],
                "display": "meningitis-trees 1.0.0 (AI)",
            },
        ],
        "result": [{"reference": letter.urn("opinion"), "type": "Observation"}],
        "conclusion": "AI second read, not verified by a clinician. Present.",
        "_conclusion": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/"
                    "extension-inline-sec-label",
                    "valueCoding": AIAST,
                }
            ]
        },
    }


def test_the_notice_stands_even_without_an_explanation(letter, card, read, now, valid):
    assert valid(write_report(letter, card, read, "", now))["conclusion"] == NOTICE
