from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.fhir.pens.referral_task import write_referral_task
from server.model import OfferEnd

TASK = "https://second-reader.example/fhir/CodeSystem/task"


def test_the_whole_task(letter, referral, offer, valid):
    request = {
        "type": "ServiceRequest",
        "identifier": {
            "system": "https://second-reader.example/fhir/referral",
            "value": letter.minted("referral"),
        },
    }
    assert valid(write_referral_task(letter, referral, offer)) == {
        "resourceType": "Task",
        "identifier": [
            {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                            "code": "PLAC",
                            "display": "Placer Identifier",
                        }
                    ]
                },
                "system": "https://second-reader.example/fhir/referral-task",
                "value": letter.minted("referral-task/1"),
            }
        ],
        "basedOn": [request],
        "partOf": [
            {
                "type": "Task",
                "identifier": {"system": "https://ehr.example/task", "value": "T-1001"},
            }
        ],
        "status": "requested",
        "businessStatus": {"coding": [{"system": TASK, "code": "awaiting-specialist"}]},
        "intent": "order",
        "priority": "stat",
        "code": {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/CodeSystem/task-code",
                    "code": "fulfill",
                    "display": "Fulfill the focal request",
                },
                {"system": TASK, "code": "specialist-read", "display": "Specialist read"},
            ]
        },
        "focus": request,
        "for": {
            "type": "Patient",
            "identifier": {"system": "https://ehr.example/mrn", "value": "M-7"},
        },
        "authoredOn": "2026-01-05T09:03:00.000Z",
        "lastModified": "2026-01-05T09:03:00.000Z",
        "requester": {
            "type": "Organization",
            "identifier": {"system": "https://ehr.example/org", "value": "north"},
            "display": "North Hospital",
        },
        "owner": {
            "type": "PractitionerRole",
            "identifier": {"system": "https://ehr.example/role", "value": "R7"},
            "display": "Dr. Ada Example",
        },
        "restriction": {"period": {"end": "2026-01-05T10:03:00.000Z"}},
    }


@pytest.mark.parametrize(
    ("accepted", "ended", "expected"),
    [
        (False, None, ("requested", "awaiting-specialist", None, "10:03", "09:03")),
        (True, None, ("accepted", "specialist-accepted", None, "13:03", "09:08")),
        (False, OfferEnd.DECLINED, ("rejected", None, "The specialist declined.", "10:03", "09:12")),
        (True, OfferEnd.DECLINED, ("rejected", None, "The specialist declined.", "13:03", "09:12")),
        (False, OfferEnd.EXPIRED, ("failed", "expired", "Not accepted in time.", "10:03", "09:12")),
        (
            True,
            OfferEnd.UNANSWERED,
            ("failed", "expired", "Accepted, but not answered in time.", "13:03", "09:12"),
        ),
        (True, OfferEnd.READ, ("completed", None, None, "13:03", "09:12")),
    ],
)
def test_every_way_an_offer_goes(letter, referral, offer, accepted, ended, expected, valid):  # noqa: PLR0917
    later = replace(
        offer,
        accepted_at=offer.offered_at + timedelta(minutes=5) if accepted else None,
        answer_by=offer.offered_at + timedelta(hours=4) if accepted else None,
        ended=ended,
        ended_at=offer.offered_at + timedelta(minutes=9) if ended else None,
    )
    written = valid(write_referral_task(letter, referral, later))
    assert (
        written["status"],
        written.get("businessStatus", {}).get("coding", [{}])[0].get("code"),
        written.get("statusReason", {}).get("text"),
        written["restriction"]["period"]["end"][11:16],
        written["lastModified"][11:16],
    ) == expected
    assert ("output" in written) == (ended is OfferEnd.READ)


def test_the_answer_is_named_by_the_identifier_it_is_delivered_under(letter, referral, offer):
    [output] = write_referral_task(letter, referral, replace(offer, ended=OfferEnd.READ))["output"]
    assert output == {
        "type": {"coding": [{"system": TASK, "code": "specialist-report", "display": "Specialist's report"}]},
        "valueReference": {
            "type": "DiagnosticReport",
            "identifier": {
                "system": "https://second-reader.example/fhir/specialist-report",
                "value": letter.minted("specialist-report"),
            },
        },
    }


def test_the_next_offer_is_a_task_of_its_own(letter, referral, offer):
    one = write_referral_task(letter, referral, offer)
    other = write_referral_task(letter, referral, replace(offer, number=2))
    assert one["identifier"][0]["value"] != other["identifier"][0]["value"]


def test_an_unknown_specialist_is_still_an_owner(letter, referral, offer, valid):
    written = valid(write_referral_task(letter, referral, replace(offer, role="PractitionerRole/r8")))
    assert written["owner"] == {"type": "PractitionerRole", "display": "Specialist"}
