"""Who says something upon a result, or asks for an assessment: who fits, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.test_story_assessment import request
from tests.test_story_contest import WHY
from tests.test_story_unread import delivered, upon
from tests.world import SR, Hospital, World, doctor, patient

CLINICIAN, THEIRS = "a clinician's word is needed", "contests it, or a clinician"
CONCERNED = "is asked for by"
DEVICE = {"type": "Device", "display": "EHR program"}
KIN = {"reference": "#kin"}


def contained(patient_: str) -> list[dict[str, Any]]:
    return [{"resourceType": "RelatedPerson", "id": "kin", "patient": {"reference": patient_}}]


def asked(world: World, sent: Hospital, code: str, requester: Any, of: str = "") -> Any:
    made = upon(world, sent, code, reasonCode=WHY)
    if code == "independent-assessment":
        made = request(sent, "human")
    if of:
        made["contained"] = contained(of)
    return world.send("POST", "Task", {**made, "requester": requester})


@pytest.mark.parametrize(
    ("code", "requester", "said"),
    [
        ("acknowledge", DEVICE, CLINICIAN),
        ("acknowledge", {"display": "anybody"}, CLINICIAN),
        ("acknowledge", {"identifier": {"value": "x"}}, CLINICIAN),
        ("acknowledge", "the patient", CLINICIAN),
        ("acknowledge", "the patient as Organization", "name different types"),
        ("contest", DEVICE, THEIRS),
        ("contest", "another patient", THEIRS),
        ("contest", "kin of another", THEIRS),
        ("contest", {"type": "Patient", "display": "P"}, THEIRS),
        ("independent-assessment", DEVICE, CONCERNED),
        ("independent-assessment", "another patient", CONCERNED),
        ("independent-assessment", "a stranger", CONCERNED),
        ("independent-assessment", {"display": "anybody at all"}, CONCERNED),
        ("independent-assessment", "kin of another", CONCERNED),
    ],
)
def test_who_does_not_fit_is_refused_with_who_would(
    world: World, code: str, requester: Any, said: str
) -> None:
    sent = delivered(world)
    other = patient(world, number="ZZ")
    named = {
        "the patient": {"reference": sent.patient},
        "the patient as Organization": {"reference": sent.patient, "type": "Organization"},
        "another patient": {"reference": other},
        "a stranger": {"reference": doctor(world, "Stranger", "Elsewhere Hall")},
        "kin of another": KIN,
    }
    who = named.get(requester, requester) if isinstance(requester, str) else requester
    answer = asked(world, sent, code, who, other if requester == "kin of another" else "")
    assert answer.status_code == 422
    assert said in answer.text
    assert answer.json["issue"][0]["expression"][0].startswith("Task.requester")
    assert world.state(sent.task_id) == "closed"


@pytest.mark.parametrize("code", ["acknowledge", "contest", "independent-assessment"])
def test_somebody_is_needed(world: World, code: str) -> None:
    sent = delivered(world)
    made = request(sent, "human") if code == "independent-assessment" else upon(world, sent, code)
    answer = world.send("POST", "Task", {name: each for name, each in made.items() if name != "requester"})
    assert answer.status_code == 422
    assert "asks for an assessment, is needed" in answer.text


@pytest.mark.parametrize("code", ["contest", "independent-assessment"])
def test_a_relative_speaks_for_the_patient(world: World, code: str) -> None:
    sent = delivered(world)
    assert asked(world, sent, code, KIN, of=sent.patient).status_code == 201


@pytest.mark.parametrize("who", ["signer", "asker"])
def test_an_assessment_is_asked_for_by_whom_the_report_is_of(world: World, who: str) -> None:
    asker = doctor(world, "Asker", "Asking House")
    sent = delivered(world, requester={"reference": asker})
    named = {"reference": {"signer": sent.role, "asker": asker}[who]}
    assert asked(world, sent, "independent-assessment", named).status_code == 201


@pytest.mark.parametrize(
    "named",
    [
        {"type": "Practitioner", "display": "Dr. Dapple"},
        {"reference": "https://ehr.example/fhir/Practitioner/7"},
    ],
)
def test_a_clinician_who_is_not_here_may_have_read(world: World, named: dict[str, str]) -> None:
    sent = delivered(world)
    assert asked(world, sent, "acknowledge", named).status_code == 201


@pytest.mark.parametrize(
    ("code", "beside"),
    [("contest", "second-read"), ("acknowledge", "contest"), ("second-read", "independent-assessment")],
)
def test_two_of_our_codes_in_one_task_are_refused(world: World, code: str, beside: str) -> None:
    sent = delivered(world)
    made = upon(world, sent, code, reasonCode=WHY)
    both = [{"system": f"{SR}/CodeSystem/task", "code": each} for each in (code, beside)]
    answer = world.send("POST", "Task", {**made, "code": {"coding": both}})
    assert answer.status_code == 422
    assert "one Task says one thing" in answer.text
    elsewhere = [*made["code"]["coding"], {"system": "https://ehr.example/codes", "code": beside}]
    if code != "second-read":
        answer = world.send("POST", "Task", {**made, "code": {"coding": elsewhere}})
        assert answer.status_code == 201, "a code of the sender's own may stand beside ours"
