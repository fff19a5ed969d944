"""What a Task leads to: fetched once, from below the base, bounded in number, depth, pages and bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.errors import Category, Fault
from server.fhir.line import Question
from server.fhir.partner import gathering
from server.fhir.partner.gathering import MOST_PAGES, Gathering, pages_of
from server.fhir.proof import Answer
from server.model import Coding
from server.ports import Undelivered

BASE = "https://ehr.example/fhir"
CODES = (Coding("http://loinc.org", "1-8"),)


class Partner:
    """Holds resources by key; answers searches for Observations with all of them."""

    def __init__(self, **held: dict[str, Any]) -> None:
        self.held = {name.replace("__", "/"): each for name, each in held.items()}
        self.asked: list[str] = []
        self.status: dict[str, int] = {}

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question.path)
        path = question.path.removeprefix("/")
        if "?" in path:
            found = [self._of(key) for key in self.held if key.startswith("Observation/")]
            entry = [{"resource": each} for each in found] or [{"x": 1}]
            return _json({"resourceType": "Bundle", "type": "searchset", "entry": entry})
        if path not in self.held:
            return Answer(self.status.get(path, 404))
        return _json(self._of(path))

    def _of(self, key: str) -> dict[str, Any]:
        type_, _, id_ = key.partition("/")
        return {"resourceType": type_, "id": id_, **self.held[key]}


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode())


def to(reference: str) -> dict[str, str]:
    return {"reference": reference}


TASK: dict[str, Any] = {
    "resourceType": "Task",
    "id": "t1",
    "for": to("Patient/p1"),
    "focus": to(f"{BASE}/DiagnosticReport/d1/_history/2"),
    "partOf": [to("Task/t0")],
    "owner": to("Device/us"),
}


def test_everything_is_fetched_once() -> None:
    partner = Partner(
        Patient__p1={"active": True},
        DiagnosticReport__d1={
            "subject": to("Patient/p1"),
            "result": [to("Observation/o1")],
            "resultsInterpreter": [to("PractitionerRole/r1")],
            "encounter": to("Encounter/e1"),
        },
        Observation__o1={"subject": to("Patient/p1"), "performer": [to("PractitionerRole/r1")]},
        PractitionerRole__r1={"practitioner": to("Practitioner/x1"), "organization": to("Organization/y1")},
        Practitioner__x1={"active": True},
        Organization__y1={"partOf": to("Organization/y2")},
        Organization__y2={"partOf": to("Organization/y3")},
        Organization__y3={"active": True},
    )
    fetched = Gathering(partner, BASE).all_of(TASK, CODES)
    assert set(fetched) == set(partner.held) - {"Organization/y3"}  # too far from the Task
    assert len(partner.asked) == len(set(partner.asked))
    assert not any(part in path for path in partner.asked for part in ("Task/", "Device/", "Encounter/"))


def test_another_patients_measurements_are_left_alone() -> None:
    partner = Partner(
        Patient__p1={"active": True},
        Observation__o1={"subject": to("Patient/p1")},
        Observation__o2={"subject": to("Patient/p2")},
        Observation__o3={"subject": 7},
    )
    fetched = Gathering(partner, BASE).all_of(TASK, CODES)
    assert set(fetched) == {"Patient/p1", "Observation/o1"}


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_may_not_be_had_is_left_to_the_rules(status: int) -> None:
    partner = Partner(DiagnosticReport__d1={"subject": to("Patient/p1")})
    partner.status["Patient/p1"] = status
    assert set(Gathering(partner, BASE).all_of(TASK, ())) == {"DiagnosticReport/d1"}
    assert partner.asked.count("/Patient/p1") == 1


@pytest.mark.parametrize("status", [302, 400, 429, 500, 503])
def test_what_fails_is_tried_again_later(status: int) -> None:
    partner = Partner()
    partner.status["Patient/p1"] = status
    with pytest.raises(Undelivered) as failed:
        Gathering(partner, BASE).all_of(TASK, ())
    assert failed.value.category in (Category.UNAVAILABLE, Category.BUSY)


def test_a_crowd_is_refused() -> None:
    crowd = {f"Observation__o{n}": {"subject": to("Patient/p1")} for n in range(251)}
    with pytest.raises(Fault, match="more than 250 measurements") as refused:
        Gathering(Partner(**crowd), BASE).all_of(TASK, CODES)
    assert refused.value.category is Category.UNPROCESSABLE


def test_a_report_that_leads_everywhere_is_refused() -> None:
    many = {f"Observation__o{n}": {"status": "final"} for n in range(501)}
    results = [to(key.replace("__", "/")) for key in many]
    partner = Partner(DiagnosticReport__d1={"result": results}, **many)
    with pytest.raises(Fault, match="more than 500 resources") as refused:
        Gathering(partner, BASE).all_of(TASK, ())
    assert refused.value.category is Category.UNPROCESSABLE


def test_pages_that_never_end_are_read_no_further() -> None:
    asked: list[str] = []

    def ask(question: Question) -> Answer:
        asked.append(question.path)
        following = [{"relation": "next", "url": f"{BASE}/Task?page={len(asked)}"}]
        return _json({"resourceType": "Bundle", "type": "searchset", "link": following})

    assert len(pages_of(ask, "/Task", BASE)) == len(asked) == MOST_PAGES


def test_pages_that_are_huge_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_MOST_BYTES", 1_000)
    following = [{"relation": "next", "url": "Task?page=2"}]
    body = {"resourceType": "Bundle", "type": "searchset", "link": following, "id": "x" * 600}
    with pytest.raises(Undelivered, match="too large"):
        pages_of(lambda _: _json(body), "/Task", BASE)
