from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from server.fhir.pens.correspondence import Operator
from server.fhir.pens.observation import confidence, write_observation
from server.model import Answer

OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
AIAST = {
    "system": OBSERVATION_VALUE,
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
INLINE = {
    "url": "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label",
    "valueCoding": AIAST,
}


def test_the_whole_observation(letter, card, read, valid):
    assert valid(write_observation(letter, card, read)) == {
        "resourceType": "Observation",
        "meta": {
            "security": [
                AIAST,
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "PROCESSINLINELABEL",
                },
            ]
        },
        "extension": [
            {
                "url": "http://hl7.org/fhir/uv/aitransparency/StructureDefinition/AIconfidence",
                "valueDecimal": Decimal("0.9312"),
            }
        ],
        "identifier": [
            {
                "system": "https://second-reader.example/fhir/opinion",
                "value": letter.minted("opinion"),
            }
        ],
        "status": "preliminary",
        "code": {
            "coding": [
                {
                    "system": "http://snomed.info/sct",
                    "code": "95883001",
                    "display": "Bacterial meningitis",
                }
            ]
        },
        "subject": {
            "type": "Patient",
            "identifier": {"system": "https://ehr.example/mrn", "value": "M-7"},
        },
        "effectiveDateTime": "2026-01-05T09:02:00.250Z",
        "performer": [
            {
                "type": "Organization",
                "identifier": {"system": "https://ehr.example/org", "value": "north"},
                "display": "North Hospital",
            }
        ],
        "valueCodeableConcept": {
            "extension": [INLINE],
            "coding": [{"system": "http://snomed.info/sct", "code": "52101004", "display": "Present"}],
            "text": "Bacterial meningitis: present (AI, calibrated probability of presence 0.9312)",
        },
        "interpretation": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                        "code": "POS",
                        "display": "Positive",
                    }
                ]
            }
        ],
        "device": {"reference": letter.urn("device"), "type": "Device"},
        "derivedFrom": [
            {
                "type": "Observation",
                "identifier": {"system": "https://ehr.example/obs", "value": "O-1"},
            }
        ],
    }


def test_absent(letter, card, read, valid):
    written = valid(write_observation(letter, card, replace(read, answer=Answer.ABSENT, probability=0.03)))
    assert written["valueCodeableConcept"]["coding"][0]["code"] == "2667000"
    assert written["interpretation"][0]["coding"][0]["code"] == "NEG"
    assert "presence 0.0300" in written["valueCodeableConcept"]["text"]


def test_a_decline_has_a_reason_and_no_value(letter, card, read, valid):
    declined = replace(read, answer=None, probability=0.4, reasons=("between the thresholds", "age above 90"))
    written = valid(write_observation(letter, card, declined))
    assert not [name for name in written if name.startswith("value")]
    assert "extension" not in written
    assert written["dataAbsentReason"]["text"] == (
        "The AI declines to answer: between the thresholds; age above 90"
    )
    assert written["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert written["interpretation"][0]["coding"][0]["code"] == "IND"
    assert AIAST in written["meta"]["security"]


@pytest.mark.parametrize(
    ("answer", "probability", "held"),
    [
        (Answer.PRESENT, 0.9312, "0.9312"),
        (Answer.PRESENT, 0.5, "0.5000"),
        (Answer.PRESENT, 0.93127, "0.9313"),
        (Answer.ABSENT, 0.03, "0.9700"),
        (Answer.ABSENT, 1e-9, "1.0000"),
    ],
)
def test_confidence_is_in_the_answer_given(read, answer, probability, held):
    found = confidence(replace(read, answer=answer, probability=probability))
    assert str(found) == held


@pytest.mark.parametrize(("answer", "probability"), [(None, 0.4), (Answer.PRESENT, None), (None, None)])
def test_no_answer_or_no_probability_gives_no_confidence(read, answer, probability):
    assert confidence(replace(read, answer=answer, probability=probability)) is None


def test_inputs_that_the_receiver_cannot_name_are_left_out(letter, card, read, valid):
    written = valid(write_observation(replace(letter, known={}), card, read))
    assert "derivedFrom" not in written


def test_an_operator_without_identifier_is_named(letter, card, read, valid):
    written = valid(write_observation(replace(letter, operator=Operator("South Hospital")), card, read))
    assert written["performer"] == [{"type": "Organization", "display": "South Hospital"}]
