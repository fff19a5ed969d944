from __future__ import annotations

from server.fhir.pens.specialist_report import write_specialist_report


def test_the_whole_copy(letter, specialist_read, specialist_report, valid):
    written = write_specialist_report(letter, specialist_read, "Dr. Ada Example", specialist_report)
    assert valid(written) == {
        "resourceType": "DiagnosticReport",
        "meta": {"security": specialist_report["meta"]["security"]},
        "identifier": [
            {
                "system": "https://second-reader.example/fhir/specialist-report",
                "value": letter.minted("specialist-report"),
            }
        ],
        "basedOn": [
            {
                "type": "ServiceRequest",
                "identifier": {
                    "system": "https://second-reader.example/fhir/referral",
                    "value": letter.minted("referral"),
                },
            }
        ],
        "status": "final",
        "code": specialist_report["code"],
        "subject": {
            "type": "Patient",
            "identifier": {"system": "https://ehr.example/mrn", "value": "M-7"},
        },
        "issued": "2026-01-05T11:00:00.000Z",
        "resultsInterpreter": [
            {
                "type": "PractitionerRole",
                "identifier": {"system": "https://ehr.example/role", "value": "R7"},
                "display": "Dr. Ada Example",
            }
        ],
        "conclusion": "Bacterial.",
        "conclusionCode": specialist_report["conclusionCode"],
    }


def test_what_a_human_wrote_carries_no_ai_label(letter, specialist_read, specialist_report):
    plain = {name: part for name, part in specialist_report.items() if name != "meta"}
    assert "meta" not in write_specialist_report(letter, specialist_read, "Dr. Ada Example", plain)
