"""The first report changes after it was compared, or is taken back: what becomes of the case."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.world import (
    BACTERIAL,
    CARD,
    SPECIALTY,
    SR,
    VIRAL,
    Coding,
    Hospital,
    World,
    answer_as,
    coded,
    doctor,
    observation,
    report,
    send_case,
    sign_as,
)


def referred(world: World, *names: str) -> Hospital:
    """A missed finding, offered to the first of these."""
    for name in names or ("Quill",):
        doctor(world, name, f"Elsewhere {name}", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "offered"
    return sent


def offered(world: World) -> dict[str, Any]:
    [entry] = world.get("Task?status=requested&code=specialist-read")["entry"]
    return dict(entry["resource"])


def accept(world: World) -> dict[str, Any]:
    accepted = world.put({**offered(world), "status": "accepted"}).json
    world.run()
    return dict(accepted)


def correct(world: World, sent: Hospital, version: int = 1, **changed: Any) -> None:
    """PUT the first report anew, by the version that the last write was answered with."""
    body = {**sent.report, "status": "corrected", **changed}
    body["meta"] = {**body["meta"], "versionId": str(version)}
    answer = world.put({name: part for name, part in body.items() if part is not None})
    assert answer.status_code == 200, answer.text


def agreeing() -> dict[str, Any]:
    return {"conclusionCode": [coded(BACTERIAL)]}


def events(world: World, sent: Hospital) -> list[str]:
    return [each["event"] for each in world.trace(sent.task_id)["history"]]


def reason(task: dict[str, Any]) -> str:
    return str(task["statusReason"]["coding"][0]["code"])


def told(world: World) -> list[tuple[str, str]]:
    entries = json.loads(world.courier.sent[-1].content)["entry"]
    return [(each["resource"]["resourceType"], each["resource"].get("status", "")) for each in entries]


# -- corrected -----------------------------------------------------------------------------------


@pytest.mark.parametrize("accepted", [False, True])
def test_an_answer_that_is_changed_once_a_specialist_is_asked_is_no_agreement(
    world: World, accepted: bool
) -> None:
    """Whoever reads "awaiting-specialist" can guess what the model said: the specialist settles it."""
    sent = referred(world)
    before = accept(world) if accepted else offered(world)
    correct(world, sent, **agreeing())
    world.run()
    assert world.state(sent.task_id) == ("accepted" if accepted else "offered")
    assert world.get(f"Task/{before['id']}") == before, "they are shown nothing of it"
    assert len(world.reader.seen) == 1, "the sealed read is kept"
    assert "first read corrected" in events(world, sent)
    assert events(world, sent).count("first read locked") == 2
    role = before["owner"]["reference"]
    if accepted:
        sign_as(world, role, before["id"], VIRAL)
    else:
        answer_as(world, role, VIRAL)
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-amended")


def test_a_signed_report_counts_although_its_task_is_not_completed_yet(world: World) -> None:
    sent = referred(world)
    accepted = accept(world)
    body = report(sent.patient, accepted["owner"]["reference"], VIRAL, basedOn=[accepted["focus"]])
    made = world.post({**body, "issued": world.watch().isoformat()})
    correct(world, sent, **agreeing())
    world.run()
    assert world.state(sent.task_id) == "accepted"
    output = {
        "type": coded(Coding(f"{SR}/CodeSystem/task", "specialist-report")),
        "valueReference": {"reference": f"DiagnosticReport/{made['id']}"},
    }
    assert world.put({**accepted, "status": "completed", "output": [output]}).status_code == 200
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-amended")


def test_what_the_first_reader_locked_last_is_what_was_compared(world: World) -> None:
    sent = referred(world)
    correct(world, sent, **agreeing())
    world.run()
    locked = [
        each["detail"]["report"]
        for each in world.trace(sent.task_id)["history"]
        if each["event"] == "first read locked"
    ]
    assert [each.rpartition("/")[2] for each in locked] == ["1", "2"]


def test_an_offer_stays_when_the_new_comparison_needs_it_too(world: World) -> None:
    sent = referred(world)
    before, sends = offered(world), len(world.courier.sent)
    correct(world, sent, conclusion="on second thoughts")
    world.watch.forward(minutes=10)
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert offered(world) == before, "the specialist sees nothing of it"
    assert len(world.courier.sent) == sends
    world.watch.forward(minutes=21)
    world.run()
    assert world.state(sent.task_id) == "held", "its time runs on from when it was offered"


def test_an_accepted_offer_keeps_its_time_and_is_answered(world: World) -> None:
    sent = referred(world)
    accepted = accept(world)
    world.watch.forward(minutes=30)
    correct(world, sent, conclusion="on second thoughts")
    world.run()
    assert world.state(sent.task_id) == "accepted"
    assert world.history(sent.task_id)[-1] == ("in-progress", "specialist-accepted")
    assert world.get(f"Task/{accepted['id']}") == accepted
    sign_as(world, accepted["owner"]["reference"], accepted["id"], VIRAL)
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-upheld")


def test_an_accepted_offer_that_is_kept_runs_out_when_it_would_have(world: World) -> None:
    sent = referred(world)
    accept(world)
    world.watch.forward(minutes=30)
    correct(world, sent, conclusion="on second thoughts")
    world.run()
    world.watch.forward(minutes=31)
    world.run()
    assert world.state(sent.task_id) == "held"


@pytest.mark.parametrize(("code", "end"), [(BACTERIAL, "closed-concordant"), (VIRAL, "closed-amended")])
def test_whoever_has_signed_already_counts(world: World, code: Any, end: str) -> None:
    sent = referred(world)
    accepted = accept(world)
    sign_as(world, accepted["owner"]["reference"], accepted["id"], code)
    correct(world, sent, **agreeing())
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", end)
    outputs = [each["type"]["coding"][0]["code"] for each in world.get(f"Task/{sent.task_id}")["output"]]
    assert "specialist-report" in outputs
    assert [each["resource"]["status"] for each in world.get("ServiceRequest")["entry"]] == ["completed"]


def test_a_correction_that_changes_who_signed_calls_off_who_is_no_longer_independent(world: World) -> None:
    sent = referred(world, "Quill", "Reed")
    first = offered(world)
    correct(world, sent, resultsInterpreter=[first["owner"]])
    world.run()
    assert world.state(sent.task_id) == "offered"
    over = world.get(f"Task/{first['id']}")
    assert (over["status"], reason(over)) == ("cancelled", "first-report-corrected")
    assert offered(world)["owner"] != first["owner"]
    assert len(told(world)) == 4, "both offers, the request and the EHR's Task"


def test_a_correction_is_compared_under_the_policy_of_the_first_comparison(world: World) -> None:
    sent = referred(world)
    correct(world, sent, conclusion="on second thoughts")
    world.run()
    correct(world, sent, 2, **agreeing())
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert events(world, sent).count("first read corrected") == 2
    assert world.trace(sent.task_id)["chain"] == "whole"


def test_an_audited_case_stays_with_its_specialist_when_its_report_is_corrected(world: World) -> None:
    world.house.policies[CARD.question] = audited()  # type: ignore[index]
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, BACTERIAL)
    world.run()
    before = offered(world)
    correct(world, sent, conclusion="on second thoughts")
    world.run()
    assert (world.state(sent.task_id), offered(world)) == ("offered", before)


def audited() -> Any:
    from tests.world import with_policy

    return with_policy(audit_fraction=1.0)


def test_a_correction_shows_nothing_of_either_read(world: World) -> None:
    sent = referred(world)
    correct(world, sent, conclusion="looks viral after all")
    world.run()
    shown = json.dumps([world.trace(sent.task_id), world.get(f"Task/{sent.task_id}/_history")])
    for word in ("0.94", "present", VIRAL.code, "viral after", "missed", "discordant", "digest"):
        assert word not in shown, word
    assert world.send("GET", f"DiagnosticReport/{sent.report['id']}").status_code == 403


def test_a_correction_to_another_time_is_read_anew(world: World) -> None:
    sent = referred(world, "Quill", "Reed")
    first = offered(world)
    world.post(observation(sent.patient, "26464-8", "47", effectiveDateTime="2026-01-05T08:30:00Z"))
    correct(world, sent, effectiveDateTime="2026-01-05T08:40:00Z")
    world.run()
    assert [each.values["csf leukocytes"] for each in world.reader.seen] == [1200, 47]
    assert world.get(f"Task/{first['id']}")["status"] == "cancelled", "other values are asked about now"
    [request] = [each["resource"] for each in world.get("ServiceRequest")["entry"]]
    assert request["meta"]["versionId"] == "2"


def test_a_correction_with_the_same_day_and_issued_is_not_read_anew(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, report_more={"effectiveDateTime": "2026-01-05"})
    world.run()
    first = offered(world)
    world.watch.forward(minutes=10)
    correct(world, sent, conclusion="on second thoughts", issued="2026-01-05T08:59:30Z")
    world.run()
    assert "first read corrected" in events(world, sent)
    assert len(world.reader.seen) == 1, "the sealed read is kept"
    assert offered(world) == first


def test_a_report_that_is_unsigned_again_is_waited_for(world: World) -> None:
    sent = referred(world)
    correct(world, sent, status="preliminary")
    world.run()
    assert world.state(sent.task_id) == "ready"
    assert offered(world)["status"] == "requested"
    correct(world, sent, 2, status="final", **agreeing())
    world.run()
    assert world.state(sent.task_id) == "offered"


def test_a_report_that_stays_unsigned_after_the_comparison_goes_to_a_person(world: World) -> None:
    """No clock drops a disagreement, nor what a specialist has signed meanwhile."""
    sent = referred(world)
    offer = accept(world)
    correct(world, sent, status="preliminary")
    world.run()
    sign_as(world, offer["owner"]["reference"], offer["id"], BACTERIAL)
    world.watch.forward(hours=73)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert world.history(sent.task_id)[-1] == ("on-hold", "awaiting-coordinator")
    assert world.get(f"Task/{offer['id']}")["status"] == "completed"
    assert [each["resource"]["status"] for each in world.get("ServiceRequest")["entry"]] == ["active"]


def test_a_correction_that_no_longer_says_who_signed_is_asked_about(world: World) -> None:
    sent = referred(world)
    before = offered(world)
    correct(world, sent, resultsInterpreter=None)
    world.run()
    assert world.history(sent.task_id)[-1] == ("on-hold", "awaiting-information")
    correct(world, sent, 2)
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert world.history(sent.task_id)[-1] == ("in-progress", "awaiting-specialist")
    assert offered(world) == before


def test_a_correction_while_a_person_looks_is_compared_when_they_resume(world: World) -> None:
    sent = referred(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "a question", world.watch())
    correct(world, sent, **agreeing())
    world.run()
    assert world.state(sent.task_id) == "held"
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert events(world, sent).count("first read locked") == 2


# -- the patient, and values sent anew --------------------------------------------------------------


def test_a_birth_date_that_is_corrected_after_the_read_is_read_anew(world: World) -> None:
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    person = world.get(sent.patient)
    assert world.put({**person, "telecom": [{"system": "phone", "value": "1"}]}).status_code == 200
    world.run()
    assert len(world.reader.seen) == 1, "a telephone number is nothing that a model reads"
    assert world.put({**world.get(sent.patient), "birthDate": "1985-05-01"}).status_code == 200
    world.run()
    assert len(world.reader.seen) == 2
    assert "superseded" in events(world, sent)


def test_a_birth_date_that_is_corrected_during_a_referral_goes_to_a_person(world: World) -> None:
    sent = referred(world)
    assert world.put({**world.get(sent.patient), "birthDate": "1985-05-01"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "held"


def test_a_value_corrected_by_another_observation_before_the_comparison_is_read_anew(world: World) -> None:
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    [old] = [
        each["resource"] for each in world.get(f"Observation?patient={sent.patient}&code=26464-8")["entry"]
    ]
    later = observation(sent.patient, "26464-8", "3", effectiveDateTime="2026-01-05T08:30:00Z")
    world.post({**later, "identifier": [{"value": f"instead of {old['id']}"}]})
    world.run()
    assert len(world.reader.seen) == 2
    assert "superseded" in events(world, sent)


# -- taken back ----------------------------------------------------------------------------------


def withdrawn(world: World, sent: Hospital) -> dict[str, Any]:
    """The EHR's Task once the case has ended because its report was taken back."""
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    task = world.get(f"Task/{sent.task_id}")
    assert reason(task) == "first-report-withdrawn"
    assert "first report withdrawn" in events(world, sent)
    return dict(task)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_report_that_is_taken_back_ends_its_case(world: World, status: str) -> None:
    sent = referred(world)
    offer = offered(world)
    correct(world, sent, status=status)
    assert withdrawn(world, sent)["status"] == "failed"
    assert world.get(f"Task/{offer['id']}")["status"] == "cancelled"
    assert told(world) == [("ServiceRequest", "revoked"), ("Task", "cancelled"), ("Task", "failed")]
    assert world.get("Device")["total"] == 0, "what the AI said stays sealed"


def test_a_report_taken_back_before_any_work_rejects_the_task(world: World) -> None:
    sent = send_case(world, VIRAL)
    correct(world, sent, status="entered-in-error")
    assert withdrawn(world, sent)["status"] == "rejected"


def test_a_report_taken_back_while_something_is_missing(world: World) -> None:
    sent = send_case(world, VIRAL, without=lambda _: True)
    world.run()
    correct(world, sent, status="entered-in-error")
    assert withdrawn(world, sent)["status"] == "failed"


def test_a_report_taken_back_before_it_was_signed(world: World) -> None:
    sent = send_case(world, VIRAL, report_more={"status": "preliminary"})
    world.run()
    correct(world, sent, status="cancelled")
    assert withdrawn(world, sent)["status"] == "failed"


def test_a_report_taken_back_while_a_person_looks(world: World) -> None:
    sent = referred(world)
    accept(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "a question", world.watch())
    world.run()
    correct(world, sent, status="entered-in-error")
    assert withdrawn(world, sent)["status"] == "failed"


def test_a_report_taken_back_from_a_faulted_case(world: World) -> None:
    world.reader.crashes = 5
    sent = send_case(world, BACTERIAL)
    for _ in range(5):
        world.run()
        world.watch.forward(minutes=20)
    world.run()
    assert world.state(sent.task_id) == "faulted"
    correct(world, sent, status="entered-in-error")
    assert withdrawn(world, sent)["status"] == "failed"


def test_a_case_whose_task_was_cancelled_too_ends_once(world: World) -> None:
    sent = send_case(world, VIRAL)
    world.put({**sent.task, "status": "cancelled"})
    correct(world, sent, status="entered-in-error")
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    assert world.get(f"Task/{sent.task_id}")["status"] == "cancelled"


# -- too late ------------------------------------------------------------------------------------


def closed(world: World) -> Hospital:
    sent = send_case(world, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    return sent


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("corrected", "first report corrected late"),
        ("amended", "first report corrected late"),
        ("entered-in-error", "first report withdrawn late"),
    ],
)
def test_a_closed_case_keeps_what_came_too_late_in_its_history(world: World, status: str, event: str) -> None:
    sent = closed(world)
    before, sends = world.history(sent.task_id), len(world.courier.sent)
    correct(world, sent, status=status, conclusionCode=[coded(VIRAL)])
    world.run()
    world.run()
    [late] = [each for each in world.trace(sent.task_id)["history"] if each["event"] == event]
    report = f"DiagnosticReport/{sent.report['id']}/_history"
    assert (late["detail"]["report"], late["detail"]["compared"]) == (f"{report}/2", f"{report}/1")
    assert late["detail"]["says"] == "the comparison belongs to the earlier version"
    assert late["state"] == "closed"
    assert world.state(sent.task_id) == "closed"
    assert (world.history(sent.task_id), len(world.courier.sent)) == (before, sends)
    assert world.trace(sent.task_id)["chain"] == "whole"
    assert world.trace(sent.task_id)["nextLook"] is None


def test_each_late_version_is_kept_once(world: World) -> None:
    sent = closed(world)
    for version in (1, 2):
        correct(world, sent, version, conclusion=f"thought {version}")
        world.run()
    correct(world, sent, 3, status="entered-in-error")
    world.run()
    late = [each for each in events(world, sent) if each.endswith(" late")]
    assert late == ["first report corrected late"] * 2 + ["first report withdrawn late"]


def test_what_came_between_the_write_up_and_the_last_receipt_is_late_too(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    while world.cases.once():
        pass
    assert world.state(sent.task_id) == "written-up"
    correct(world, sent, conclusionCode=[coded(VIRAL)])
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert events(world, sent)[-2:] == ["delivered", "first report corrected late"]


def test_a_closed_case_whose_opinion_is_withdrawn_after_a_late_correction(world: World) -> None:
    from server.model import Withdrawal

    sent = closed(world)
    correct(world, sent, conclusion="late")
    world.run()
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong", world.watch()))
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert world.history(sent.task_id)[-1] == ("completed", "opinion-withdrawn")
    late = [each for each in events(world, sent) if each.endswith(" late")]
    assert len(late) == 1


def test_another_case_on_the_same_report_is_compared_with_the_new_version(world: World) -> None:
    sent = closed(world)
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    correct(world, sent, conclusionCode=[coded(VIRAL)])
    again = {name: part for name, part in sent.task.items() if name not in ("id", "meta", "lastModified")}
    again["identifier"] = [{**again["identifier"][0], "value": "T-2"}]
    second = world.post(again)
    world.run()
    assert world.state(second["id"]) == "offered"
    assert "first report corrected late" not in events(world, sent), "whoever reads anew reads blind"
    answer_as(world, specialist, VIRAL)
    world.run()
    assert world.history(second["id"])[-1] == ("completed", "closed-upheld")
    assert "first report corrected late" in events(world, sent)
    assert SR
