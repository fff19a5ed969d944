"""$withdraw of one opinion, and of a model version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import BACTERIAL, World, report, send_case


def said(**values: str) -> dict[str, Any]:
    parts = [{"name": name, "valueString": value} for name, value in values.items()]
    return {"resourceType": "Parameters", "parameter": parts}


def opinion(world: World, number: str = "T-1") -> tuple[str, str]:
    """A closed case: its Task's id, and that of its AI report."""
    sent = send_case(world, BACTERIAL, number=number)
    world.run()
    assert world.state(sent.task_id) == "closed"
    [output] = [
        each["valueReference"]["reference"]
        for each in world.get(f"Task/{sent.task_id}")["output"]
        if each["type"]["coding"][0]["code"] == "ai-opinion"
    ]
    return sent.task_id, output


def taken_back(answer: Any) -> int:
    assert answer.status_code == 200, answer.json
    [part] = answer.json["parameter"]
    assert part["name"] == "opinions"
    return int(part["valueInteger"])


def test_an_opinion_is_withdrawn_once(world: World) -> None:
    task, made = opinion(world)
    word = said(reason="the model was not made for this", by="Dr Demo")
    assert taken_back(world.send("POST", f"{made}/$withdraw", word)) == 1
    assert taken_back(world.send("POST", f"{made}/$withdraw", word)) == 0
    world.run()
    assert world.get(made)["status"] == "entered-in-error"
    assert world.get(f"Task/{task}")["businessStatus"]["coding"][0]["code"] == "opinion-withdrawn"
    assert taken_back(world.send("POST", f"{made}/$withdraw", word)) == 0
    told = [each for each in world.trace(task)["history"] if each["event"] == "opinion withdrawn"]
    assert [each["actor"] for each in told] == ["Dr Demo (nobody is told apart)"]
    nullified = world.get(
        "Provenance?activity=http://terminology.hl7.org/CodeSystem/v3-DataOperation|NULLIFY"
    )
    assert nullified["total"] == 1
    ai = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST"
    assert (
        world.get(f"DiagnosticReport?_security={ai}")["entry"][0]["resource"]["id"] == made.partition("/")[2]
    )
    assert world.get(f"Provenance?reason={ai}")["total"] == 1


def test_a_model_version_is_withdrawn_with_all_its_opinions(world: World) -> None:
    opinions = [opinion(world, number)[1] for number in ("T-1", "T-2")]
    [device] = [each["resource"]["id"] for each in world.get("Device")["entry"]]
    assert taken_back(world.send("POST", f"Device/{device}/$withdraw", said(reason="drift"))) == 2
    assert taken_back(world.send("POST", f"Device/{device}/$withdraw", said(reason="drift"))) == 0
    world.run()
    assert {world.get(each)["status"] for each in opinions} == {"entered-in-error"}


def test_what_is_no_opinion_of_ours(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    first = world.send("POST", f"DiagnosticReport/{sent.report['id']}/$withdraw", said(reason="x"))
    other = world.post(report(sent.patient, sent.role))
    second = world.send("POST", f"DiagnosticReport/{other['id']}/$withdraw", said(reason="x"))
    pump = world.post({"resourceType": "Device", "status": "active"})
    third = world.send("POST", f"Device/{pump['id']}/$withdraw", said(reason="x"))
    for answer in (first, second, third):
        assert (answer.status_code, answer.json["issue"][0]["code"]) == (422, "business-rule")
    assert world.send("POST", "Device/nobody/$withdraw", said(reason="x")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        said(),
        said(by="Dr Demo"),
        said(reason=" "),
        said(reason="a\nb"),
        said(reason="x" * 501),
        said(reason="x", why="y"),
        {"resourceType": "Parameters", "parameter": [{"name": "reason", "valueString": "x"}] * 2},
        {"resourceType": "Parameters", "parameter": [{"name": "reason", "valueInteger": 1}]},
        {"resourceType": "Patient"},
    ],
)
def test_words_that_are_refused(world: World, body: dict[str, Any]) -> None:
    _, made = opinion(world)
    answer = world.send("POST", f"{made}/$withdraw", body)
    assert answer.status_code == 400
    assert world.get(made)["status"] == "partial"


def test_a_case_that_a_person_has_in_hand(world: World) -> None:
    """Held after its opinion was released: what becomes of it is that person's to say."""
    task, made = opinion(world)
    case = world.house.ledger.case_of_task(task)
    assert case is not None
    world.send("POST", f"{made}/$withdraw", said(reason="first"))
    world.house.ledger.hold(case, "desk", "looks at it", world.watch())
    again = world.send("POST", f"{made}/$withdraw", said(reason="second"))
    assert taken_back(again) == 0, "it is withdrawn already, whoever has it in hand"
