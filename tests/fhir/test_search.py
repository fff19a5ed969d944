"""search at the door: what is found, in pages, with what beside it, and what is never ignored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.world import EHR, World, observation, patient, send_case

pytestmark = pytest.mark.both_databases

MRN = "https://ehr.example/patient"
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


def several(world: World, count: int = 5) -> None:
    for number in range(count):
        patient(world, number=f"P-{number}")


def entries(bundle: dict[str, Any], mode: str) -> list[dict[str, Any]]:
    return [each["resource"] for each in bundle.get("entry", []) if each["search"]["mode"] == mode]


def ids(bundle: dict[str, Any]) -> list[str]:
    return [each["identifier"][0]["value"] for each in entries(bundle, "match")]


def warned(bundle: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (issue["severity"], issue["code"])
        for outcome in entries(bundle, "outcome")
        for issue in outcome["issue"]
    ]


def link(bundle: dict[str, Any], relation: str) -> str | None:
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), None)


def path(world: World, url: str) -> str:
    return url.removeprefix(f"{world.house.settings.fhir_base}/")


def pages(world: World, query: str) -> list[list[str]]:
    seen, url = [], query
    while url:
        page = world.get(path(world, url))
        seen.append(ids(page))
        url = link(page, "next") or ""
    return seen


# -- pages -------------------------------------------------------------------------------------


def test_pages_follow_one_another_and_miss_nobody(world: World) -> None:
    several(world)
    assert pages(world, "Patient?_count=2") == [["P-0", "P-1"], ["P-2", "P-3"], ["P-4"]]
    assert pages(world, "Patient?_count=3&_sort=-_lastUpdated,-_id") != []


def test_pages_stand_still_while_data_change(world: World) -> None:
    several(world, 3)
    page = world.get("Patient?_count=2")
    several(world, 1)
    assert ids(world.get(path(world, link(page, "next") or ""))) == ["P-2"]


def test_one_goes_back_to_the_page_before_and_to_the_first(world: World) -> None:
    """R4 search.html#paging."""
    several(world)
    first = world.get("Patient?_count=2")
    second = world.get(path(world, link(first, "next") or ""))
    third = world.get(path(world, link(second, "next") or ""))
    several(world, 1)
    assert [link(first, "previous"), link(third, "next")] == [None, None]
    assert ids(world.get(path(world, link(third, "previous") or ""))) == ids(second)
    assert ids(world.get(path(world, link(second, "previous") or ""))) == ids(first)
    assert [ids(world.get(path(world, link(each, "first") or ""))) for each in (first, second, third)] == [
        ids(first)
    ] * 3


def test_one_page_alone_links_to_itself_only(world: World) -> None:
    several(world, 1)
    assert [each["relation"] for each in world.get("Patient")["link"]] == ["self"]


def test_pages_of_what_is_published_go_back_too(world: World) -> None:
    first = world.get("SearchParameter?_count=2")
    second = world.get(path(world, link(first, "next") or ""))
    for relation in ("previous", "first"):
        assert world.get(path(world, link(second, relation) or ""))["entry"] == first["entry"]


def test_the_next_page_is_answered_as_the_first_was(world: World) -> None:
    several(world, 3)
    page = world.get("Patient?_count=2&_elements=identifier&nickname=x")
    following = world.get(path(world, link(page, "next") or ""))
    [resource] = entries(following, "match")
    assert resource["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "birthDate" not in resource
    assert warned(page) == [("warning", "not-supported")]
    assert warned(following) == []


@pytest.mark.parametrize("token", ["x", "0", "after.1", "", "00000000-0000-0000-0000-000000000000.2"])
def test_no_page(world: World, token: str) -> None:
    """F-092."""
    several(world, 1)
    answer = world.send("GET", f"Patient?_page={token}")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, "invalid")


def test_a_page_belongs_to_its_search(world: World) -> None:
    several(world, 3)
    following = path(world, link(world.get("Patient?_count=2&active:missing=true"), "next") or "")
    assert world.send("GET", following).status_code == 200
    assert world.send("GET", following.replace("active", "gender")).status_code == 400


# -- how many ------------------------------------------------------------------------------------


def test_the_total(world: World) -> None:
    several(world, 3)
    for query in ("", "?_count=1", "?_total=accurate&_count=1", "?_total=estimate"):
        assert world.get(f"Patient{query}")["total"] == 3, query
    assert "total" not in world.get("Patient?_total=none")


@pytest.mark.parametrize("query", ["_count=0", "_summary=count", "_summary=count&_count=2"])
def test_only_the_number(world: World, query: str) -> None:
    """F-090."""
    several(world, 2)
    page = world.get(f"Patient?{query}")
    assert ("entry" in page, page["total"], link(page, "next")) == (False, 2, None)


def test_a_page_is_cut_at_500_and_says_so(world: World) -> None:
    """F-091."""
    assert str(link(world.get("Patient?_count=99999"), "self")).endswith("_count=500")


# -- leniency --------------------------------------------------------------------------------------


def test_an_unknown_parameter_is_ignored_aloud(world: World) -> None:
    """F-085."""
    several(world, 1)
    bundle = world.get("Patient?nickname=Zebedee&gender:missing=true")
    assert warned(bundle) == [("warning", "not-supported")]
    assert "Zebedee" not in str(bundle)
    assert "nickname" not in str(bundle)
    assert bundle["total"] == 1
    assert path(world, link(bundle, "self") or "") == "Patient?gender%3Amissing=true&_count=50"


@pytest.mark.parametrize(
    "query",
    [
        "identifier:regex=x",
        "_filter=x",
        "_text=x",
        "_content=x",
        "_list=x",
        "_query=x",
        "code:in=x",
        "code.x=1",
    ],
)
def test_what_would_widen_the_search_is_never_ignored(world: World, query: str) -> None:
    """F-094, F-097, F-100."""
    answer = world.send("GET", f"Observation?{query}")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, "not-supported")


def test_strict_refuses_what_lenient_ignores(world: World) -> None:
    """F-086."""
    answer = world.send("GET", "Patient?nickname=x", b"", Prefer="handling=strict, return=minimal")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, "not-supported")
    assert world.send("GET", "Patient?nickname=x", b"", Prefer="handling=lenient").status_code == 200


# -- what is found -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"identifier={MRN}|P-1", ["P-1"]),
        (f"identifier={MRN}|&_count=2", ["P-0", "P-1"]),
        ("identifier=P-1,P-3", ["P-1", "P-3"]),
        ("identifier=P-1&identifier=P-3", []),
        ("identifier=|P-1", []),
        (f"identifier={EHR}|P-1", []),
        ("identifier=p-1", []),
        ("identifier=P-", []),
        ("identifier=P-%25", []),
        ("identifier:not=P-1,P-2,P-3", ["P-0", "P-4"]),
        ("birthdate=1990-05&_sort=-identifier&_count=2", ["P-4", "P-3"]),
        ("birthdate=gt1990-05-01", []),
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
    both = world.send("POST", "Patient/_search?identifier=P-1,P-2", b"identifier=P-2", **FORM)
    assert ids(both.json) == ["P-2"]


def test_a_case_is_found_by_what_programs_look_for(world: World) -> None:
    sent = send_case(world)
    for query in (
        f"identifier={EHR}|T-1",
        "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|PLAC|T-1",
        f"patient={sent.patient}",
        f"patient={sent.patient.partition('/')[2]}",
        f"focus=DiagnosticReport/{sent.report['id']}",
        f"focus:DiagnosticReport={sent.report['id']}",
        "status=requested&intent=order",
        "owner:missing=true&status:not=completed",
        "authored-on=2026-01-05&_lastUpdated=ge2026-01-05",
        "patient.identifier=P-T-1&subject:Patient._has:Observation:patient:code=26464-8",
    ):
        assert world.get(f"Task?{query}")["total"] == 1, query


def test_measurements_are_found_by_value(world: World) -> None:
    send_case(world)
    for query, total in (
        ("code=26464-8&value-quantity=1200||/uL", 1),
        ("code-value-quantity=http://loinc.org|26464-8$gt1000", 1),
        ("code-value-quantity=http://loinc.org|26511-6$gt1000", 0),
        ("combo-code-value-quantity=26511-6$lt1e2,26464-8$lt1e2", 1),
    ):
        assert world.get(f"Observation?{query}")["total"] == total, query


# -- beside the matches -------------------------------------------------------------------------------


def test_what_is_included_comes_once_and_does_not_count(world: World) -> None:
    sent = send_case(world)
    bundle = world.get(
        "Task?_include=Task:patient&_include=Task:subject&_revinclude:iterate=Observation:patient"
    )
    assert bundle["total"] == 1
    assert [each["id"] for each in entries(bundle, "match")] == [sent.task_id]
    included = [f"{each['resourceType']}/{each['id']}" for each in entries(bundle, "include")]
    assert included[0] == sent.patient
    assert [each.partition("/")[0] for each in included[1:]] == ["Observation", "Observation"]
    assert [each["fullUrl"] for each in bundle["entry"]][
        1
    ] == f"{world.house.settings.fhir_base}/{sent.patient}"


def test_a_summary_and_elements(world: World) -> None:
    several(world, 1)
    [summary] = entries(world.get("Patient?_summary=true"), "match")
    assert {"identifier", "birthDate", "id", "meta", "resourceType"} == summary.keys()
    [part] = entries(world.get("Patient?_elements=birthDate"), "match")
    assert "identifier" not in part


def test_text_without_what_it_is_about_is_refused(world: World) -> None:
    answer = world.send("GET", "Task?_summary=text&_include=Task:focus")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, "value")


# -- what may not be seen ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "DiagnosticReport",
        "DiagnosticReport?conclusion=58170007",
        "DiagnosticReport?conclusion:missing=false&_summary=count",
        "Task?focus:DiagnosticReport.conclusion=58170007",
        "Patient?_has:DiagnosticReport:patient:conclusion=58170007",
        "Patient?_has:DiagnosticReport:patient:status=final",
    ],
)
def test_a_sealed_report_is_found_by_nothing_and_leads_nowhere(world: World, query: str) -> None:
    send_case(world)
    assert world.get(query)["total"] == 0


def test_a_sealed_report_is_not_included(world: World) -> None:
    sent = send_case(world)
    forwards = world.get("Task?_include=Task:focus")
    backwards = world.get("Patient?_revinclude=DiagnosticReport:patient")
    assert entries(forwards, "include") == entries(backwards, "include") == []
    assert sent.report["id"] not in str(backwards)


def test_what_a_sealed_report_says_is_no_condition(world: World) -> None:
    sent = send_case(world)
    answer = world.send("PUT", f"DiagnosticReport?_id={sent.report['id']}&conclusion=58170007", sent.report)
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, "not-supported")


@pytest.mark.parametrize(
    "digits", ["72.50", "0.12345678901234567890123", "123456789012345678901234567890.5", "-1e-30"]
)
def test_a_number_is_found_by_its_own_digits(world: World, digits: str) -> None:
    """Kept as a double; a search for more digits than that holds means the double nearest to them."""
    who = patient(world)
    body = json.dumps(observation(who, "26464-8", "1")).replace('"value": 1.0', f'"value": {digits}')
    answer = world.client.post("/fhir/Observation", data=body, content_type="application/fhir+json")
    made = answer.json
    for prefix in ("", "ge", "le", "ap"):
        [found] = entries(world.get(f"Observation?value-quantity={prefix}{digits}"), "match")
        assert found["id"] == made["id"]
    for prefix in ("ne", "gt", "lt", "sa", "eb"):
        assert world.get(f"Observation?value-quantity={prefix}{digits}")["total"] == 0, prefix
