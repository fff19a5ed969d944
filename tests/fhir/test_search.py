"""search: paging, leniency, and what is never ignored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import EHR, World, patient, send_case

MRN = "https://ehr.example/patient"


def several(world: World, count: int = 5) -> None:
    for number in range(count):
        patient(world, number=f"P-{number}")


def ids(bundle: dict[str, Any]) -> list[str]:
    found = [each for each in bundle.get("entry", []) if each["search"]["mode"] == "match"]
    return [each["resource"]["identifier"][0]["value"] for each in found]


def link(bundle: dict[str, Any], relation: str) -> str | None:
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), None)


def test_pages_follow_one_another_and_miss_nobody(world: World) -> None:
    several(world)
    base, path, seen = world.house.settings.fhir_base, "Patient?_count=2", []
    while path:
        page = world.get(path)
        seen.append(ids(page))
        path = (link(page, "next") or "").removeprefix(f"{base}/")
    assert seen == [["P-0", "P-1"], ["P-2", "P-3"], ["P-4"]]


def test_the_total_is_told_when_all_are_shown(world: World) -> None:
    several(world, 2)
    assert world.get("Patient")["total"] == 2
    assert world.get("Patient?_count=2")["total"] == 2
    assert "total" not in world.get("Patient?_count=1")
    assert "total" not in world.get("Patient?_count=1&_offset=1")


def test_a_page_of_nothing_leads_nowhere(world: World) -> None:
    several(world, 1)
    page = world.get("Patient?_count=0")
    assert ("entry" in page, "total" in page, link(page, "next")) == (False, False, None)


def test_a_page_is_cut_at_500_and_says_so(world: World) -> None:
    assert str(link(world.get("Patient?_count=99999"), "self")).endswith("_count=500")


@pytest.mark.parametrize(
    "query", ["_count=-1", "_count=x", "_count=", "_count=1e3", "_count=100001", "_offset=-1"]
)
def test_no_page_number(world: World, query: str) -> None:
    answer = world.send("GET", f"Patient?{query}")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, "value")


def test_an_unknown_parameter_is_ignored_aloud(world: World) -> None:
    """F-085."""
    several(world, 1)
    bundle = world.get("Patient?nickname=Zebedee")
    [outcome] = [each["resource"] for each in bundle["entry"] if each["search"]["mode"] == "outcome"]
    assert [each["severity"] for each in outcome["issue"]] == ["warning"]
    assert "Zebedee" not in str(bundle)
    assert bundle["total"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "identifier:exact=x",
        "identifier:contains=x",
        "subject:Patient.name=x",
        "subject.name=x",
        "_has:Task:focus:code=x",
        "_filter=x",
        "_text=x",
        "_content=x",
        "_list=x",
        "_query=x",
    ],
)
def test_what_would_widen_the_search_is_never_ignored(world: World, query: str) -> None:
    """F-094, F-097, F-100."""
    answer = world.send("GET", f"Observation?{query}")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, "not-supported")


def test_strict_refuses_what_lenient_ignores(world: World) -> None:
    """F-086."""
    answer = world.send("GET", "Patient?nickname=x", b"", Prefer="handling=strict, return=minimal")
    assert answer.status_code == 400
    assert world.send("GET", "Patient?nickname=x", b"", Prefer="handling=lenient").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"identifier={MRN}|P-1", ["P-1"]),
        ("identifier=P-1,P-3", ["P-1", "P-3"]),
        ("identifier=P-1&identifier=P-3", []),
        ("identifier=|P-1", []),
        (f"identifier={EHR}|P-1", []),
        ("identifier=p-1", []),
        ("identifier=P-", []),
        ("identifier=P-%25", []),
    ],
)
def test_what_is_found(world: World, query: str, found: list[str]) -> None:
    several(world)
    assert ids(world.get(f"Patient?{query}")) == found


def test_what_divides_values_may_stand_in_one(world: World) -> None:
    """R4 search.html#escaping; our own couriers write it so."""
    for number in ("a,b", "a|b", "a"):
        patient(world, number=number)
    assert ids(world.get(rf"Patient?identifier={MRN}|a\,b")) == ["a,b"]
    assert ids(world.get(rf"Patient?identifier={MRN}|a\|b,{MRN}|a")) == ["a|b", "a"]


def test_a_reference_is_found_however_it_is_written(world: World) -> None:
    """R4 search.html#reference."""
    sent, base = send_case(world), world.house.settings.fhir_base
    for form in (sent.patient, sent.patient.partition("/")[2], f"{base}/{sent.patient}"):
        for name in ("patient", "subject"):
            assert world.get(f"Task?{name}={form}")["total"] == 1, (name, form)
    assert world.get(f"Task?subject=https://x.example/{sent.patient}")["total"] == 0


def test_a_condition_is_read_as_a_search_is(world: World) -> None:
    patient(world, number="a,b")
    told = {"resourceType": "Patient", "identifier": [{"system": MRN, "value": "a,b"}]}
    again = world.send("POST", "Patient", told, If_None_Exist=rf"identifier={MRN}|a\,b")
    assert again.status_code == 200


def test_a_post_is_a_search_of_query_and_body_together(world: World) -> None:
    """F-104."""
    several(world, 3)
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    both = world.send("POST", "Patient/_search?identifier=P-1,P-2", b"identifier=P-2", **form)
    assert ids(both.json) == ["P-2"]


def test_a_case_is_found_by_what_programs_look_for(world: World) -> None:
    sent = send_case(world)
    for query in (
        f"identifier={EHR}|T-1",
        f"patient={sent.patient}",
        f"patient={sent.patient.partition('/')[2]}",
        f"focus=DiagnosticReport/{sent.report['id']}",
        "status=requested&intent=order",
    ):
        assert world.get(f"Task?{query}")["total"] == 1, query
