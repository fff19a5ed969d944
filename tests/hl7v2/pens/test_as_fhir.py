"""What a receiver that maps by HL7's own tables makes of our results: the statuses of our FHIR write-up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from server.hl7v2 import reading
from server.hl7v2.link import Authority
from server.hl7v2.mapping.story import story
from server.hl7v2.pens.opinion import write_opinion
from server.hl7v2.pens.withdrawal import write_withdrawal
from server.model import Withdrawal
from tests.hl7v2.pens.nouns import AT, OPINION, READ, SIGNED, in_version
from tests.hl7v2.written import link

SENT = write_opinion(in_version("2.5.1", probability=True), replace(OPINION, signed=SIGNED))


def mapped(content: bytes) -> list[dict[str, Any]]:
    there = link(authorities=(Authority("HOSP", "1.2.3", "https://ehr.example/patient"),))
    return [each.resource for each in story(reading.message(content, there), there, AT).drafts]


def statuses(content: bytes, type_: str) -> Counter[str]:
    return Counter(each["status"] for each in mapped(content) if each["resourceType"] == type_)


def test_an_opinion_is_partial_and_preliminary_and_a_human_final() -> None:
    assert statuses(SENT, "DiagnosticReport") == {"partial": 1, "final": 1}
    assert statuses(SENT, "Observation") == {"preliminary": 5, "final": 2}


def test_a_decline_is_no_negative_finding() -> None:
    declined = replace(OPINION, read=replace(READ, answer=None, probability=None), confidence="")
    found = [
        each
        for each in mapped(write_opinion(in_version("2.5.1"), declined))
        if each.get("status") == "cancelled"
    ]
    [finding] = found
    assert "valueCodeableConcept" not in finding
    assert "dataAbsentReason" in finding


def test_what_is_taken_back_is_entered_in_error() -> None:
    taken_back = write_withdrawal(in_version("2.5.1"), SENT, Withdrawal("Dr. Tarn", "wrong unit", AT))
    assert statuses(taken_back, "DiagnosticReport") == {"corrected": 1}
    assert statuses(taken_back, "Observation") == {"entered-in-error": 5}
