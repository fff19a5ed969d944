"""One question about one report has one open case, under whatever identifier it is asked again."""

from __future__ import annotations

from typing import Any

import pytest

from server.ports import Intake, Raced
from server.store.intake import IntakeDesk
from tests.badinput.builders import bundle, entry
from tests.world import BACTERIAL, VIRAL, Hospital, World, report, send_case, task


def again(sent: Hospital, number: str = "T-2", **more: Any) -> dict[str, Any]:
    return task(sent.patient, f"DiagnosticReport/{sent.report['id']}", number, **more)


def cases(world: World) -> int:
    return sum(world.house.ledger.counts().values())


def test_the_same_question_about_the_same_report_gives_the_same_task(world: World) -> None:
    sent = send_case(world)
    told = world.send("POST", "Task", again(sent, priority="stat"))
    assert (told.status_code, told.json["id"], cases(world)) == (200, sent.task_id, 1)
    assert told.headers["Location"].endswith(f"/Task/{sent.task_id}/_history/1")


def test_once_it_has_ended_it_may_be_asked_anew(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    made = world.post(again(sent))
    assert made["id"] != sent.task_id
    assert cases(world) == 2


def test_another_report_is_another_case(world: World) -> None:
    sent = send_case(world)
    other = world.post(report(sent.patient, sent.role, VIRAL))
    made = world.post(task(sent.patient, f"DiagnosticReport/{other['id']}", "T-2"))
    assert (made["id"] != sent.task_id, cases(world)) == (True, 2)


def test_in_a_transaction_that_finds_the_report_by_a_condition(world: World) -> None:
    """The focus is known only once the names within the Bundle are; the other entries are done."""
    mark = {"identifier": [{"system": "urn:ehr:report", "value": "R-1"}]}
    sent = send_case(world, report_more=mark)
    name = "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"
    first = report(sent.patient, sent.role, VIRAL, **mark)
    found = entry(first, "DiagnosticReport", name, ifNoneExist="identifier=urn:ehr:report|R-1")
    order = entry(task(sent.patient, name, "T-2"), "Task")
    new = entry({"resourceType": "Organization", "name": "another"}, "Organization")
    told = world.send("POST", "", bundle(found, order, new))
    assert told.status_code == 200, told.json
    answers = [each["response"] for each in told.json["entry"]]
    assert [each["status"][:3] for each in answers] == ["200", "200", "201"]
    assert f"/Task/{sent.task_id}/" in answers[1]["location"]
    assert cases(world) == 1


def test_two_that_ask_the_same_in_one_transaction(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    told = world.send("POST", "", bundle(*(entry(again(sent, each), "Task") for each in ("T-2", "T-3"))))
    assert (told.status_code, told.json["issue"][0]["code"]) == (400, "duplicate")
    assert cases(world) == 1


@pytest.mark.parametrize("address", ["Task/mine", "Task?identifier=https://ehr.example/task|T-2"])
def test_an_id_or_a_condition_of_its_own_cannot_be_met(world: World, address: str) -> None:
    sent = send_case(world)
    body = {**again(sent), **({"id": "mine"} if address == "Task/mine" else {})}
    told = world.send("PUT", address, body)
    assert (told.status_code, told.json["issue"][0]["code"]) == (409, "duplicate")
    assert f"Task/{sent.task_id}" in told.json["issue"][0]["diagnostics"]


def test_two_at_the_same_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both doors have seen no such case; the second to commit looks again."""
    sent = send_case(world, BACTERIAL)
    world.run()
    take, first = IntakeDesk.take, list[dict[str, Any]]()

    def taken(desk: IntakeDesk, intake: Intake) -> None:
        if not first:
            first.append({})
            first[0] = world.post(again(sent, "T-3"))
            with pytest.raises(Raced):
                take(desk, intake)
            raise Raced
        take(desk, intake)

    monkeypatch.setattr(IntakeDesk, "take", taken)
    told = world.send("POST", "Task", again(sent, "T-2"))
    assert (told.status_code, told.json["id"]) == (200, first[0]["id"])
    assert cases(world) == 2


def _whole(sent: Hospital, number: str, person: dict[str, Any]) -> bytes:
    """A patient, a report and an order under one identifier, named within the transaction."""
    patient, about = (f"urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b{n}" for n in (1, 2))
    return bundle(
        entry({"resourceType": "Patient", **person}, "Patient", patient),
        entry(report(patient, sent.role, VIRAL), "DiagnosticReport", about),
        entry(task(patient, about, number), "Task"),
    )


ANNA = {"identifier": [{"system": "https://ehr.example/patient", "value": "A"}], "birthDate": "1990-01-01"}
BERT = {"identifier": [{"system": "https://ehr.example/patient", "value": "B"}], "birthDate": "1955-01-01"}


def test_one_identifier_of_two_patients_orders_is_refused(world: World) -> None:
    """The answer would name the other patient's Task."""
    sent = send_case(world)
    first = world.send("POST", "", _whole(sent, "T-9", ANNA))
    assert first.status_code == 200, first.json
    again = world.send("POST", "", _whole(sent, "T-9", ANNA))
    assert again.json["entry"][2]["response"]["status"][:3] == "200"
    other = world.send("POST", "", _whole(sent, "T-9", BERT))
    assert (other.status_code, other.json["issue"][0]["code"]) == (409, "duplicate")
    assert cases(world) == 2


def test_without_identifiers_the_patients_must_be_alike(world: World) -> None:
    sent = send_case(world)
    nobody = {"birthDate": "1990-01-01", "gender": "other"}
    assert world.send("POST", "", _whole(sent, "T-9", nobody)).status_code == 200
    assert world.send("POST", "", _whole(sent, "T-9", nobody)).status_code == 200
    other = world.send("POST", "", _whole(sent, "T-9", {**nobody, "gender": "female"}))
    assert (other.status_code, other.json["issue"][0]["code"]) == (409, "duplicate")


def test_what_a_repeated_transaction_copies_is_under_seal_like_the_first(world: World) -> None:
    sent = send_case(world)
    copy = world.post(report(sent.patient, sent.role, VIRAL))
    assert world.send("GET", f"DiagnosticReport/{copy['id']}", b"").status_code == 403
    assert world.get(f"DiagnosticReport?patient={sent.patient}")["total"] == 0
    other = report(sent.patient, sent.role, VIRAL)
    other["code"] = {"coding": [{"system": "http://loinc.org", "code": "36643-5"}]}
    film = world.post(other)
    assert world.send("GET", f"DiagnosticReport/{film['id']}", b"").status_code == 200
