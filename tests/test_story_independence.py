"""A specialist is independent of the first reader under whatever ids and names the two were posted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import SPECIALTY, VIRAL, Hospital, World, coded, observation, patient, report, task

NPI = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}
SITE = {"system": "urn:oid:1.2.3.4", "value": "H-1"}


def organisation(world: World, name: str, **more: Any) -> dict[str, str]:
    made = world.post({"resourceType": "Organization", "name": name, **more})
    return {"reference": f"Organization/{made['id']}"}


def person(world: World, name: str, **more: Any) -> dict[str, str]:
    made = world.post({"resourceType": "Practitioner", "name": [{"family": name}], **more})
    return {"reference": f"Practitioner/{made['id']}"}


def role(world: World, who: Any, where: Any, **more: Any) -> str:
    body = {"resourceType": "PractitionerRole", "practitioner": who, "organization": where, **more}
    return f"PractitionerRole/{world.post(body | {'specialty': [coded(SPECIALTY)]})['id']}"


def case(world: World, **signed: Any) -> Hospital:
    someone = patient(world)
    for code, value in (("26464-8", "1200"), ("26511-6", "90")):
        world.post(observation(someone, code, value))
    first = world.post({**report(someone, "x", VIRAL), **signed})
    asked = world.post(task(someone, f"DiagnosticReport/{first['id']}"))
    world.run()
    return Hospital(someone, "", first, asked)


def why(world: World, sent: Hospital) -> list[str]:
    """What stands in the way of the one specialist there is."""
    [held] = [e for e in world.trace(sent.task_id)["history"] if e["event"] == "held for a person"]
    return [reason for each in held["detail"]["weighed"] for reason in each["reasons"]]


def by(reference: str) -> dict[str, Any]:
    return {"resultsInterpreter": [{"reference": reference}]}


@pytest.mark.parametrize("shared", ["practitioner", "role"])
def test_the_first_reader_posted_twice_is_recognised(world: World, shared: str) -> None:
    named = {"identifier": [NPI]}
    of_person, of_role = (named, {}) if shared == "practitioner" else ({}, named)
    first = role(world, person(world, "Dapple", **of_person), organisation(world, "General"), **of_role)
    role(world, person(world, "Dappel", **of_person), organisation(world, "Elsewhere"), **of_role)
    sent = case(world, **by(first))
    assert world.state(sent.task_id) == "held"
    assert "is the first reader" in why(world, sent)


def test_a_first_reader_named_by_identifier_alone_is_recognised(world: World) -> None:
    role(world, person(world, "Dapple", identifier=[NPI]), organisation(world, "Elsewhere"))
    sent = case(
        world,
        resultsInterpreter=[{"type": "Practitioner", "identifier": NPI}],
        performer=[{"type": "Organization", "identifier": SITE}],
    )
    assert world.state(sent.task_id) == "held"
    assert "is the first reader" in why(world, sent)


def test_an_identifier_on_the_roles_reference_counts(world: World) -> None:
    first = role(world, person(world, "Dapple", identifier=[NPI]), organisation(world, "General"))
    role(world, {"type": "Practitioner", "identifier": NPI}, organisation(world, "Elsewhere"))
    sent = case(world, **by(first))
    assert world.state(sent.task_id) == "held"
    assert "is the first reader" in why(world, sent)


def test_one_identifier_leads_to_the_next(world: World) -> None:
    other = {"system": "urn:staff", "value": "7"}
    first = role(world, person(world, "Dapple", identifier=[NPI]), organisation(world, "General"))
    role(world, person(world, "Dapple", identifier=[NPI, other]), organisation(world, "General"))
    role(world, person(world, "Dappel", identifier=[other]), organisation(world, "Elsewhere"))
    sent = case(world, **by(first))
    assert world.state(sent.task_id) == "held"


def test_the_same_organisation_posted_twice_is_recognised(world: World) -> None:
    first = role(world, person(world, "Dapple"), organisation(world, "General", identifier=[SITE]))
    role(world, person(world, "Quill"), organisation(world, "General Hospital", identifier=[SITE]))
    sent = case(world, **by(first))
    assert world.state(sent.task_id) == "held"
    assert "works for the first reader's organisation" in why(world, sent)


@pytest.mark.parametrize("deep", ["specialist", "first reader", "both"])
def test_a_department_is_of_its_hospital(world: World, deep: str) -> None:
    hospital = organisation(world, "General")
    ward = organisation(world, "Ward", partOf=organisation(world, "Clinic", partOf=hospital))
    other = organisation(world, "Other ward", partOf=hospital)
    first = role(world, person(world, "Dapple"), hospital if deep == "specialist" else ward)
    role(world, person(world, "Quill"), hospital if deep == "first reader" else other)
    sent = case(world, **by(first))
    assert world.state(sent.task_id) == "held"
    assert "works for the first reader's organisation" in why(world, sent)


def test_another_persons_identifier_is_not_shared(world: World) -> None:
    first = role(world, person(world, "Dapple", identifier=[NPI]), organisation(world, "General"))
    another = {**NPI, "value": "1999999999"}
    elsewhere = {**NPI, "system": "urn:other"}
    role(
        world,
        person(world, "Quill", identifier=[another, elsewhere, {"value": NPI["value"]}]),
        organisation(world, "Elsewhere", identifier=[{**SITE, "value": "H-2"}]),
    )
    sent = case(world, **by(first))
    assert world.state(sent.task_id) == "offered"


def test_whoever_was_asked_is_not_asked_again_under_another_id(world: World) -> None:
    first = role(world, person(world, "Dapple"), organisation(world, "General"))
    for name in ("Quill", "Qill"):
        role(world, person(world, name, identifier=[NPI]), organisation(world, f"Elsewhere {name}"))
    sent = case(world, **by(first))
    assert world.state(sent.task_id) == "offered"
    world.watch.forward(minutes=31)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert "was already asked for this case" in why(world, sent)


def test_organisations_that_are_part_of_each_other_end(world: World) -> None:
    one = world.post({"resourceType": "Organization", "name": "One"})
    two = organisation(world, "Two", partOf={"reference": f"Organization/{one['id']}"})
    world.put({**one, "partOf": two})
    first = role(world, person(world, "Dapple"), two)
    role(world, person(world, "Quill"), organisation(world, "Elsewhere"))
    sent = case(world, **by(first))
    assert world.state(sent.task_id) == "offered"
