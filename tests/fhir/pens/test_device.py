from __future__ import annotations

from dataclasses import replace

from server.fhir.pens.device import write_device


def test_the_whole_device(card, valid):
    ai_type = "http://hl7.org/fhir/uv/aitransparency/CodeSystem/AIdeviceTypeCS"
    profile = "http://hl7.org/fhir/uv/aitransparency/StructureDefinition"
    assert valid(write_device(card)) == {
        "resourceType": "Device",
        "meta": {"profile": [f"{profile}/AI-Device"]},
        "extension": [
            {
                "url": f"{profile}/aitransparency.AIKind",
                "valueCodeableConcept": {"coding": [{"system": ai_type, "code": "Machine-Learning-Models"}]},
            }
        ],
        "identifier": [
            {"system": "https://second-reader.example/fhir/model", "value": "meningitis-trees@1.0.0"}
        ],
        "status": "active",
        "manufacturer": "Example Laboratory",
        "deviceName": [
            {"name": "meningitis-trees", "type": "model-name"},
            {"name": "Bacterial meningitis from blood and CSF", "type": "user-friendly-name"},
        ],
        "type": {
            "coding": [
                {
                    "system": ai_type,
                    "code": "Artificial-Intelligence",
                    "display": "Artificial Intelligence",
                }
            ]
        },
        "version": [
            {"value": "1.0.0"},
            {"type": {"text": "SHA-256 of the model file"}, "value": "ab" * 32},
        ],
    }


def test_another_version_is_another_device(card):
    one, other = write_device(card), write_device(replace(card, version="1.0.1"))
    assert one["identifier"] != other["identifier"]
