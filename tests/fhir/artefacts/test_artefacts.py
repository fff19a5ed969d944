"""What the door says of itself is valid R4 and says what the code does."""

from __future__ import annotations

from typing import Any

import pytest

from server.arbitration import Decider, Overruling
from server.fhir import terms
from server.fhir.artefacts.profiles import PROFILES, profile_url
from server.fhir.artefacts.vocabulary import GROUPS, NAMED, TITLES
from server.fhir.bindings import PUBLISHED, SERVED
from server.fhir.definitions.own import BASE, OWN
from server.fhir.findings import Findings
from server.fhir.models import second_reading
from server.fhir.published import artefacts
from server.fhir.rows.extraction import searchable
from server.fhir.terms import SR
from server.fhir.walk import Walk
from server.model import Answer, Basis, Coding
from tests.world import CARD, Hospital, World, coded, send_case, task

ALL = artefacts([CARD])


def assert_valid(resource: dict[str, Any]) -> None:
    """By our own walk along R4's definitions, and by fhir.resources."""
    type_, findings = resource["resourceType"], Findings()
    Walk(findings, resource).resource(type_)
    second_reading(findings, resource, type_)
    findings.answer()


def test_each_is_valid_and_named_once() -> None:
    for each in ALL:
        assert_valid(each)
    addresses = [(each["resourceType"], each["id"]) for each in ALL]
    assert len(set(addresses)) == len(addresses)
    assert {type_ for type_, _ in addresses} == set(PUBLISHED)
    assert not set(PUBLISHED) & set(SERVED)


def test_the_vocabulary_is_what_the_code_writes() -> None:
    """Every Coding constant in a system of ours has a meaning, and every meaning is of one."""
    written = {
        (each.system, each.code)
        for each in vars(terms).values()
        if isinstance(each, Coding) and each.system.startswith(SR)
    }
    written |= {(terms.TASK, each.value) for each in (*terms.Business, *terms.Reason)}
    written |= {(terms.OVERRULING, each.value) for each in Overruling}
    written |= {(terms.DECIDED_BY, each.value) for each in Decider}
    written |= {(terms.OUTCOME_BASIS, each.value) for each in Basis}
    assert {(code.system, code.code) for group in GROUPS for code in group.meanings} == written
    for each in ALL:
        if each["resourceType"] == "CodeSystem":
            codes = [concept["code"] for concept in each["concept"]]
            assert len(set(codes)) == len(codes) == each["count"]
    assert all(code.display and meaning for group in GROUPS for code, meaning in group.meanings.items())


def test_every_system_of_ours_is_described() -> None:
    systems = {each for each in vars(terms).values() if isinstance(each, str) and each.startswith(f"{SR}/")}
    assert systems == {*TITLES, *NAMED}


def test_questions_are_those_that_are_read() -> None:
    [system] = [each for each in ALL if each.get("url") == terms.QUESTION]
    assert [each["code"] for each in system["concept"]] == [CARD.question]


def test_own_search_parameters_are_compiled_and_found(world: World) -> None:
    for type_, parameters in OWN.items():
        for each in parameters:
            assert each.code in searchable(type_)
            found = world.get(f"SearchParameter?url={BASE}/{type_}-{each.code}")
            assert found["total"] == 1
            assert found["entry"][0]["resource"]["expression"] == each.expression
    sent = send_case(world)
    concept = f"{SR}/CodeSystem/question|bacterial-meningitis"
    assert world.get(f"Task?input-concept={concept}")["entry"][0]["resource"]["id"] == sent.task_id
    assert world.get(f"Task?input-concept={SR}/CodeSystem/question|another")["total"] == 0


def test_they_are_read_searched_and_written_by_nobody(world: World) -> None:
    read = world.get("CodeSystem/task")
    assert read["url"] == terms.TASK
    version = read["meta"]["versionId"]
    assert world.get(f"CodeSystem/task/_history/{version}") == read
    assert world.send("GET", "CodeSystem/task/_history/1", b"").status_code == 404
    assert world.send("GET", "CodeSystem/nothing", b"").status_code == 404
    assert world.get("CodeSystem/task/_history")["total"] == 1
    assert world.get(f"ValueSet?url={SR}/ValueSet/task-output")["total"] == 1
    assert world.send("PUT", "CodeSystem/task", read).status_code == 405
    names = [each["resource"]["id"] for each in world.get("ValueSet?_sort=-name")["entry"]]
    assert names == sorted(names, reverse=True)
    assert world.get("CodeSystem?_summary=count")["total"] == len(TITLES)
    assert world.get("_history")["resourceType"] == "Bundle"


def test_pages_of_what_is_published(world: World) -> None:
    first = world.get("NamingSystem?_count=5")
    [following] = [each["url"] for each in first["link"] if each["relation"] == "next"]
    rest = world.get(following.partition("/fhir/")[2])
    assert len(first["entry"]) + len(rest["entry"]) == first["total"] == len(NAMED)
    assert world.send("GET", "NamingSystem?_page=x", b"").status_code == 400


def test_the_statement_names_the_profiles(world: World) -> None:
    types = {each["type"]: each for each in world.get("metadata")["rest"][0]["resource"]}
    assert types["Task"]["supportedProfile"] == [profile_url(each) for each in PROFILES]
    for each in PROFILES:
        assert world.get(f"StructureDefinition?url={profile_url(each)}")["total"] == 1


def _spoilt(element: dict[str, Any], order: dict[str, Any]) -> list[dict[str, Any]]:
    """Orders that break one element of a profile, each in one way."""
    name = element["path"].partition(".")[2]
    if "[x]" in name or name in ("", "input.type", "reasonCode.text"):
        return []
    spoilt = [{key: value for key, value in order.items() if key != name}] if element.get("min") else []
    if "patternCode" in element:
        spoilt.append({**order, name: "plan" if name == "intent" else "accepted"})
    if "patternCodeableConcept" in element:
        spoilt.append({**order, name: coded(Coding(terms.TASK, "nothing"))})
    if "type" in element:
        spoilt.append({**order, name: {"reference": "PractitionerRole/any"}})
    return spoilt


def _order(profile: Any, sent: Hospital) -> dict[str, Any]:
    """What is sent in one profile."""
    order = task(sent.patient, f"DiagnosticReport/{sent.report['id']}", "T-second")
    order |= {"code": coded(profile.code)}
    if profile.focus == "Task":
        order["focus"] = {"reference": f"Task/{sent.task_id}"}
        del order["input"]
    if profile.requester:
        order["requester"] = {"reference": sent.patient if profile.assessor else sent.role}
    if profile.reason:
        order["reasonCode"] = {"text": "It was another day"}
    if profile.assessor:
        by = {"type": coded(terms.IN_ASSESSOR), "valueCodeableConcept": coded(terms.BY_HUMAN)}
        order["input"] = [*order["input"], by]
    if profile.outcome:
        told = {terms.IN_FINDING: terms.PRESENT, terms.IN_BASIS: Coding(terms.OUTCOME_BASIS, "culture", "")}
        order["input"] = [
            {"type": coded(kind), "valueCodeableConcept": coded(value)} for kind, value in told.items()
        ]
    return order


@pytest.mark.parametrize("profile", PROFILES, ids=lambda each: each.id)
def test_what_breaks_a_profile_is_refused_and_what_holds_it_is_taken(world: World, profile: Any) -> None:
    over = profile.code in (terms.ACKNOWLEDGE, terms.CONTEST, terms.ASSESSMENT, terms.OUTCOME)
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, number="T-first", report_more={} if over else {"status": "preliminary"})
    if over:
        world.run()
    order = _order(profile, sent)
    elements = world.get(f"StructureDefinition/{profile.id}")["differential"]["element"]
    broken = [each for element in elements for each in _spoilt(element, order)]
    assert len(broken) >= 8
    for each in broken:
        answer = world.send("POST", "Task", each)
        assert answer.status_code in (400, 422), each
    assert world.send("POST", "Task", order).status_code in (200, 201)


def test_the_history_of_a_type_is_what_it_says_now(world: World) -> None:
    first = world.get("NamingSystem/_history?_count=5")
    assert len(first["entry"]) == 5
    [following] = [each["url"] for each in first["link"] if each["relation"] == "next"]
    rest = world.get(following.partition("/fhir/")[2])
    assert len(first["entry"]) + len(rest["entry"]) == len(NAMED)
    assert "entry" not in world.get("NamingSystem/_history?_since=2999-01-01T00:00:00Z")
    assert "entry" not in world.get("NamingSystem/_history?_at=2001-01-01")
    assert world.get("NamingSystem/_history?_at=2999-01-01")["entry"]
    assert world.send("GET", "NamingSystem/_history?_page=x", b"").status_code == 400
