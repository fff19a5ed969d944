from __future__ import annotations

from dataclasses import replace

import pytest

from server.fhir.pens.service_request import write_service_request
from server.model import ResourceKey, Urgency

EVIDENCE = (ResourceKey("Observation", "o1", 2), ResourceKey("Observation", "o2", 1))


def test_the_whole_request(letter, referral, valid):
    assert valid(write_service_request(letter, "bacterial-meningitis", referral, EVIDENCE)) == {
        "resourceType": "ServiceRequest",
        "identifier": [
            {
                "system": "https://second-reader.example/fhir/referral",
                "value": letter.minted("referral"),
            }
        ],
        "status": "active",
        "intent": "reflex-order",
        "priority": "stat",
        "code": {
            "coding": [
                {
                    "system": "https://second-reader.example/fhir/CodeSystem/question",
                    "code": "bacterial-meningitis",
                }
            ]
        },
        "subject": {
            "type": "Patient",
            "identifier": {"system": "https://ehr.example/mrn", "value": "M-7"},
        },
        "occurrencePeriod": {"end": "2026-01-05T15:03:00.000Z"},
        "authoredOn": "2026-01-05T09:03:00.000Z",
        "requester": {
            "type": "Organization",
            "identifier": {"system": "https://ehr.example/org", "value": "north"},
            "display": "North Hospital",
        },
        "reasonCode": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v2-0336",
                        "code": "S",
                        "display": "Second Opinion",
                    }
                ]
            }
        ],
        "supportingInfo": [
            {
                "type": "Observation",
                "identifier": {"system": "https://ehr.example/obs", "value": "O-1"},
            }
        ],
    }


def test_without_nameable_evidence_it_stays_valid(letter, referral, valid):
    written = valid(write_service_request(replace(letter, known={}), "q", referral, EVIDENCE))
    assert "supportingInfo" not in written


@pytest.mark.parametrize("reason", ["missed", "over-called", "declined", "not-comparable", "audit"])
def test_why_the_case_was_referred_cannot_be_told(letter, referral, reason):
    plain = write_service_request(letter, "q", referral, EVIDENCE)
    assert write_service_request(letter, "q", replace(referral, reason=reason), EVIDENCE) == plain


@pytest.mark.parametrize("urgency", list(Urgency))
def test_priority(letter, referral, urgency, valid):
    written = valid(write_service_request(letter, "q", replace(referral, urgency=urgency), EVIDENCE))
    assert written["priority"] == urgency.value
