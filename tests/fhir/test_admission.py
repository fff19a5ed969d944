from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.errors import Category, Fault
from server.fhir.admission import Admission, is_completed_read, is_second_read, is_specialist_read
from server.fhir.task_parts import inputs
from server.fhir.terms import IN_REPORT, OUT_REFERRAL
from server.model import Destination
from tests.world import EHR, SR, Coding, coded, report, task

EHR_BASE = Destination("ehr", "http://127.0.0.1:9/fhir", (EHR,), timedelta(seconds=5))
OPEN = Admission(frozenset({"bacterial-meningitis", "child-pneumonia"}), ())
CLOSED = Admission(OPEN.questions, (EHR_BASE,))
REPORT = {**report("Patient/p", "PractitionerRole/r"), "id": "d"}


def order(**more: Any) -> dict[str, Any]:
    made = {**task("Patient/p", "DiagnosticReport/d", "T-1"), "id": "t", **more}
    return {name: value for name, value in made.items() if value is not None}


def kind(code: str) -> dict[str, Any]:
    return coded(Coding(f"{SR}/CodeSystem/task", code))


def primary(reference: str) -> dict[str, Any]:
    return {"type": kind("primary-report"), "valueReference": {"reference": reference}}


def opening(asked: dict[str, Any], held: dict[str, Any] | None = REPORT, by: Admission = CLOSED):
    return by.opening(asked, lambda *_: held)


def test_what_a_case_is_opened_with() -> None:
    made = opening(order(restriction={"period": {"end": "2026-01-06T09:00:00+01:00"}}))
    assert (made.question, made.task_id, made.patient, made.report) == (
        "bacterial-meningitis",
        "t",
        "Patient/p",
        "DiagnosticReport/d",
    )
    assert made.destination == "ehr"
    assert made.task_identifier == {"system": EHR, "value": "T-1"}
    assert made.due_by == datetime(2026, 1, 6, 8, tzinfo=UTC)
    assert made.case_id != opening(order()).case_id


@pytest.mark.parametrize(
    "asked",
    [
        order(focus=None, input=[*order()["input"], primary("DiagnosticReport/d")]),
        order(input=[*order()["input"], primary("DiagnosticReport/d/_history/1")]),
        order(input=[{"type": kind("clinical-question"), "valueString": "child-pneumonia"}]),
        order(code={"coding": [{"system": "x", "code": "y"}, *kind("second-read")["coding"]]}),
        order(**{"for": {"reference": "Patient/p/_history/3"}}),
    ],
)
def test_other_ways_to_say_it(asked: dict[str, Any]) -> None:
    made = opening(asked)
    assert (made.patient, made.report, made.due_by) == ("Patient/p", "DiagnosticReport/d", None)


def test_the_placers_identifier_is_chosen_among_several() -> None:
    placer = order()["identifier"]
    made = opening(order(identifier=[{"system": "urn:other", "value": "9"}, *placer]), by=OPEN)
    assert made.task_identifier == {"system": EHR, "value": "T-1"}
    assert opening(order(identifier=[{"system": "urn:other", "value": "9"}]), by=OPEN).destination is None


@pytest.mark.parametrize(
    ("asked", "held", "expected", "word"),
    [
        (order(code=kind("specialist-read")), REPORT, [("business-rule", "Task.code")], "second-read"),
        (order(code=None), REPORT, [("business-rule", "Task.code")], "second-read"),
        (order(status="draft"), REPORT, [("business-rule", "Task.status")], "requested"),
        (order(intent="plan"), REPORT, [("business-rule", "Task.intent")], "order"),
        (order(identifier=None), REPORT, [("required", "Task.identifier")], "PLAC"),
        (order(identifier=[{"value": "1"}]), REPORT, [("required", "Task.identifier")], "system and value"),
        (
            order(identifier=[{"system": f"{EHR}s", "value": "1"}]),
            REPORT,
            [("business-rule", "Task.identifier.system")],
            EHR,
        ),
        (order(input=None), REPORT, [("required", "Task.input")], "bacterial-meningitis, child-pneumonia"),
        (
            order(input=[{"type": kind("clinical-question"), "valueString": "headache"}]),
            REPORT,
            [("not-supported", "Task.input")],
            "bacterial-meningitis, child-pneumonia",
        ),
        (order(**{"for": None}), REPORT, [("required", "Task.for")], "Patient"),
        (
            order(**{"for": {"identifier": {"value": "1"}}}),
            REPORT,
            [("required", "Task.for")],
            "nothing is fetched",
        ),
        (order(focus=None), REPORT, [("required", "Task.focus")], "DiagnosticReport"),
        (
            order(focus={"reference": "Observation/o"}),
            REPORT,
            [("required", "Task.focus")],
            "DiagnosticReport",
        ),
        (
            order(input=[*order()["input"], primary("DiagnosticReport/e")]),
            REPORT,
            [("business-rule", "Task.focus")],
            "one report",
        ),
        (
            order(),
            {**REPORT, "subject": {"reference": "Patient/another"}},
            [("business-rule", "Task.for")],
            "another patient",
        ),
        (
            order(),
            {**REPORT, "subject": {"display": "p"}},
            [("business-rule", "Task.for")],
            "another patient",
        ),
        (order(), {**REPORT, "status": "cancelled"}, [("business-rule", "Task.focus")], "withdrawn"),
        (
            order(restriction={"period": {"end": "2026-01-06"}}),
            REPORT,
            [("value", "Task.restriction.period.end")],
            "zone",
        ),
    ],
)
def test_refused(
    asked: dict[str, Any], held: dict[str, Any], expected: list[tuple[str, str]], word: str
) -> None:
    with pytest.raises(Fault) as caught:
        opening(asked, held)
    assert caught.value.category is Category.UNPROCESSABLE
    assert [(each.code, each.path) for each in caught.value.issues] == expected
    text = str(caught.value)
    assert word in text
    assert "headache" not in text


def test_all_reasons_at_once() -> None:
    with pytest.raises(Fault) as caught:
        opening({"resourceType": "Task", "status": "draft", "intent": "plan"})
    assert [each.path for each in caught.value.issues] == [
        "Task.code",
        "Task.status",
        "Task.intent",
        "Task.identifier",
        "Task.input",
        "Task.for",
        "Task.focus",
    ]


@pytest.mark.parametrize(
    ("status", "code", "second", "specialist", "completed"),
    [
        ("completed", "specialist-read", False, True, True),
        ("accepted", "specialist-read", False, True, False),
        ("completed", "second-read", True, False, False),
        ("completed", "another", False, False, False),
    ],
)
def test_kinds_of_task(status: str, code: str, *, second: bool, specialist: bool, completed: bool) -> None:
    made = order(status=status, code=kind(code))
    assert (is_second_read(made), is_specialist_read(made), is_completed_read(made)) == (
        second,
        specialist,
        completed,
    )
    assert not is_completed_read({**made, "resourceType": "Observation"})


def test_inputs_of_one_kind() -> None:
    several = order(input=[primary("DiagnosticReport/d"), *order()["input"]])
    assert [each["type"] for each in inputs(several, IN_REPORT)] == [kind("primary-report")]
    assert inputs(several, OUT_REFERRAL) == []
