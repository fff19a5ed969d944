from __future__ import annotations

from dataclasses import replace

from server.fhir.pens.provenance import write_provenance

DIGEST = {
    "role": "source",
    "what": {
        "identifier": {"system": "https://second-reader.example/fhir/inputs", "value": "cd" * 32},
        "display": "All inputs of the model, by their SHA-256",
    },
}


def test_the_whole_provenance(letter, read, now, valid):
    ait = "http://hl7.org/fhir/uv/aitransparency"
    assert valid(write_provenance(letter, read, now)) == {
        "resourceType": "Provenance",
        "meta": {
            "profile": [f"{ait}/StructureDefinition/AI-Provenance"],
            "tag": [
                {
                    "system": "https://second-reader.example/fhir/provenance",
                    "code": letter.minted("provenance"),
                }
            ],
        },
        "target": [
            {"reference": letter.urn("opinion"), "type": "Observation"},
            {"reference": letter.urn("opinion-report"), "type": "DiagnosticReport"},
        ],
        "occurredDateTime": "2026-01-05T09:02:00.250Z",
        "recorded": "2026-01-05T12:30:00.000Z",
        "reason": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                        "code": "AIAST",
                        "display": "Artificial Intelligence asserted",
                    }
                ]
            }
        ],
        "activity": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation",
                    "code": "CREATE",
                    "display": "create",
                }
            ]
        },
        "agent": [
            {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                            "code": "author",
                            "display": "Author",
                        }
                    ]
                },
                "role": [
                    {
                        "coding": [
                            {
                                "system": f"{ait}/CodeSystem/AIdeviceTypeCS",
                                "code": "Artificial-Intelligence",
                                "display": "Artificial Intelligence",
                            }
                        ]
                    }
                ],
                "who": {"reference": letter.urn("device"), "type": "Device"},
                "onBehalfOf": {
                    "type": "Organization",
                    "identifier": {"system": "https://ehr.example/org", "value": "north"},
                    "display": "North Hospital",
                },
            }
        ],
        "entity": [
            {
                "role": "source",
                "what": {
                    "type": "Observation",
                    "identifier": {"system": "https://ehr.example/obs", "value": "O-1"},
                },
            },
            DIGEST,
        ],
    }


def test_the_inputs_are_named_even_when_none_has_an_identifier(letter, read, now, valid):
    assert valid(write_provenance(replace(letter, known={}), read, now))["entity"] == [DIGEST]
