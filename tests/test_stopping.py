"""A placer asks to stop a case by a Task with code ``abort``, and is answered on that Task."""

from __future__ import annotations

from typing import Any

import pytest

from server.ports import Intake, Raced
from server.store.intake import IntakeDesk
from tests.world import (
    BACTERIAL,
    EHR,
    SPECIALTY,
    SR,
    VIRAL,
    Coding,
    Hospital,
    World,
    coded,
    doctor,
    patient,
    send_case,
)

ABORT = Coding("http://hl7.org/fhir/CodeSystem/task-code", "abort")
PLACER = coded(Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC"))


def wish(sent: Hospital, number: str = "T-1-stop", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "identifier": [{"type": PLACER, "system": EHR, "value": number}],
        "code": coded(ABORT),
        "focus": {"reference": f"Task/{sent.task_id}"},
        "for": {"reference": sent.patient},
        **more,
    }


def answer(world: World, asked: dict[str, Any]) -> tuple[str, str]:
    task = world.get(f"Task/{asked['id']}")
    return task["status"], task.get("statusReason", {}).get("text", "")


def unsigned(world: World) -> Hospital:
    """A case whose first report is not signed: its Task is in progress."""
    sent = send_case(world, VIRAL, report_more={"status": "preliminary"})
    world.run()
    assert world.get(f"Task/{sent.task_id}")["status"] == "in-progress"
    return sent


def test_work_that_has_begun_is_stopped_by_asking(world: World) -> None:
    sent = unsigned(world)
    refused = world.put({**world.get(f"Task/{sent.task_id}"), "status": "cancelled"})
    assert refused.status_code == 422
    assert f"POST a Task with code {ABORT.system}|abort" in refused.json["issue"][0]["diagnostics"]
    asked = world.post(wish(sent))
    assert answer(world, asked) == ("requested", "")
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    assert answer(world, asked) == ("completed", "")
    versions = world.get(f"Task/{asked['id']}/_history")["entry"]
    assert [each["resource"]["status"] for each in reversed(versions)] == [
        "requested",
        "accepted",
        "completed",
    ]
    task = world.get(f"Task/{sent.task_id}")
    assert (task["status"], task["statusReason"]["text"]) == ("cancelled", "Stopped, as its placer asked.")
    assert [each.kind for each in world.courier.sent][-1] == "status"


def test_an_incomplete_case_is_stopped(world: World) -> None:
    sent = send_case(world, without=lambda made: made["code"]["coding"][0]["code"] == "26464-8")
    world.run()
    assert world.state(sent.task_id) == "incomplete"
    asked = world.post(wish(sent, intent="proposal"))
    world.run()
    assert (world.state(sent.task_id), answer(world, asked)[0]) == ("withdrawn", "completed")


def test_everybody_who_asked_is_answered(world: World) -> None:
    sent = unsigned(world)
    asked = [world.post(wish(sent, number)) for number in ("a", "b")]
    world.run()
    assert [answer(world, each)[0] for each in asked] == ["completed", "completed"]


def test_after_the_comparison_it_is_carried_to_its_end(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "offered"
    asked = world.post(wish(sent))
    world.run()
    assert world.state(sent.task_id) == "offered"
    status, reason = answer(world, asked)
    assert status == "rejected"
    assert "carried to its end" in reason
    assert world.trace(sent.task_id)["history"][-1]["event"] == "stop refused"


def test_a_correction_after_the_comparison_does_not_open_the_way_out(world: World) -> None:
    """Whoever makes the report preliminary again would else be rid of a disagreement."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "offered"
    corrected = {**sent.report, "status": "preliminary"}
    tag = f'W/"{sent.report["meta"]["versionId"]}"'
    path = f"DiagnosticReport/{sent.report['id']}"
    assert world.send("PUT", path, corrected, If_Match=tag).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "ready"
    asked = world.post(wish(sent))
    world.run()
    assert world.state(sent.task_id) == "ready"
    assert answer(world, asked)[0] == "rejected"


def test_the_wish_may_be_taken_back_before_it_is_answered(world: World) -> None:
    sent = unsigned(world)
    asked = world.post(wish(sent))
    assert world.put({**asked, "status": "accepted"}).status_code == 422
    assert world.put({**asked, "status": "cancelled"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "ready"
    assert answer(world, asked) == ("cancelled", "")


def test_asking_twice_under_one_identifier_is_asking_once(world: World) -> None:
    sent = unsigned(world)
    first, again = world.post(wish(sent)), world.send("POST", "Task", wish(sent))
    assert (again.status_code, again.json["id"]) == (200, first["id"])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"focus": {"reference": "Task/nobody"}}, "Task.focus.reference"),
        ({"focus": {"display": "that one"}}, "Task.focus"),
        ({"focus": "report"}, "Task.focus"),
        ({"for": None}, "Task.for"),
        ({"for": "another"}, "Task.for"),
        ({"identifier": []}, "Task.identifier"),
        ({"status": "accepted"}, "Task.status"),
        ({"intent": "option"}, "Task.intent"),
    ],
)
def test_wishes_that_are_refused(world: World, change: dict[str, Any], path: str) -> None:
    sent = unsigned(world)
    if change.get("focus") == "report":
        change = {"focus": {"reference": f"DiagnosticReport/{sent.report['id']}"}}
    if change.get("for") == "another":
        change = {"for": {"reference": patient(world, number="P-9")}}
    body = {name: value for name, value in wish(sent, **change).items() if value}
    told = world.send("POST", "Task", body)
    assert told.status_code == 422
    assert [each["expression"] for each in told.json["issue"]] == [[path]]
    world.run()
    assert world.state(sent.task_id) == "ready"


def test_what_has_ended_is_not_stopped(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    told = world.send("POST", "Task", wish(sent))
    assert told.status_code == 422
    assert "has ended already as completed" in told.json["issue"][0]["diagnostics"]


def test_a_case_that_ends_while_it_is_asked_to_stop_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door has seen an open Task; when it commits, the case is closed: it looks again, and says so."""
    sent = unsigned(world)
    take, ended = IntakeDesk.take, list[bool]()

    def taken(desk: IntakeDesk, intake: Intake) -> None:
        if intake.stopping and not ended:
            ended.append(True)
            world.watch.forward(days=365)
            world.run()
            assert world.state(sent.task_id) == "lapsed"
            with pytest.raises(Raced):
                take(desk, intake)
            raise Raced
        take(desk, intake)

    monkeypatch.setattr(IntakeDesk, "take", taken)
    told = world.send("POST", "Task", wish(sent))
    assert ended
    assert told.status_code == 422
    assert "has ended already as failed" in told.json["issue"][0]["diagnostics"]


def test_a_wish_is_no_order(world: World) -> None:
    sent = unsigned(world)
    world.post(wish(sent))
    assert sum(world.house.ledger.counts().values()) == 1
    world.watch.forward(hours=1)
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    assert world.get(f"Task?code={SR}/CodeSystem/task|second-read")["total"] == 1
