"""One case through every room, under one clock: what the EHR, the specialist and the history see."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.errors import Category
from server.model import Clock, Urgency
from tests.world import (
    BACTERIAL,
    CARD,
    EHR,
    SPECIALTY,
    SR,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    make_world,
    observation,
    patient,
    report,
    send_case,
    task,
    with_policy,
)

pytestmark = pytest.mark.both_databases


def test_agreement_closes_without_a_second_human(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    assert world.history(sent.task_id) == [
        ("requested", ""),
        ("accepted", ""),
        ("in-progress", "ai-running"),
        ("completed", "closed-concordant"),
    ]
    assert world.state(sent.task_id) == "closed"
    kinds = [document.kind for document in world.courier.sent]
    assert kinds == ["status", "opinion"]


def test_a_missed_finding_is_referred_and_the_specialist_settles_it(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "offered"
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert world.history(sent.task_id)[-1] == ("completed", "closed-amended")
    outputs = [each["type"]["coding"][0]["code"] for each in world.get(f"Task/{sent.task_id}")["output"]]
    assert outputs == [
        "agreement", "ai-opinion", "referral", "specialist-report", "decided-by", "patient-notice",
    ]  # fmt: skip


def test_the_first_reader_is_upheld(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, specialist, VIRAL)
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-upheld")


@pytest.mark.parametrize("code", [BACTERIAL, VIRAL, None])
def test_a_declining_model_never_counts_as_agreement(world: World, code: object) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = None
    sent = send_case(world, code)  # type: ignore[arg-type]
    world.run()
    assert world.state(sent.task_id) == "offered"


def test_a_report_without_a_usable_code_goes_to_a_human(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, None)
    world.run()
    assert world.state(sent.task_id) == "offered"


def test_an_agreeing_case_may_be_drawn_for_audit(tmp_path: Path, database_url: str) -> None:
    for world in make_world(
        tmp_path / "audit", database_url=database_url, policy=with_policy(audit_fraction=1.0)
    ):
        specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        sent = send_case(world, BACTERIAL)
        world.run()
        assert world.state(sent.task_id) == "offered"
        answer_as(world, specialist, BACTERIAL)
        world.run()
        assert world.history(sent.task_id)[-1] == ("completed", "closed-concordant")


def test_what_is_missing_is_named_and_the_case_goes_on_by_itself(world: World) -> None:
    sent = send_case(world, BACTERIAL, without=lambda made: made["code"]["coding"][0]["code"] == "26511-6")
    world.run()
    held = world.get(f"Task/{sent.task_id}")
    assert held["status"] == "on-hold"
    assert held["businessStatus"]["coding"][0]["code"] == "awaiting-information"
    assert "csf neutrophils" in held["statusReason"]["text"]
    [outcome] = held["contained"]
    assert outcome["resourceType"] == "OperationOutcome"
    assert [each["code"] for each in outcome["issue"]] == ["required"]
    assert "26511-6" in outcome["issue"][0]["diagnostics"]
    assert held["output"][0]["valueReference"] == {"reference": "#oo"}

    world.post(observation(sent.patient, "26511-6", "90"))
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert [status for status, _ in world.history(sent.task_id)] == [
        "requested", "received", "on-hold", "accepted", "in-progress", "completed",
    ]  # fmt: skip
    final = world.get(f"Task/{sent.task_id}")
    assert "contained" not in final
    assert "statusReason" not in final


@pytest.mark.parametrize(
    ("spoilt", "word"),
    [
        ({"valueQuantity": {"value": 90, "unit": "cells"}}, "unit"),
        ({"status": "preliminary"}, "final"),
        ({"effectiveDateTime": "2025-11-01T07:00:00Z"}, "too far"),
    ],
)
def test_unusable_values_are_told_apart(world: World, spoilt: dict[str, object], word: str) -> None:
    sent = send_case(world, without=lambda made: made["code"]["coding"][0]["code"] == "26511-6")
    world.post(observation(sent.patient, "26511-6", "90") | spoilt)
    world.run()
    held = world.get(f"Task/{sent.task_id}")
    assert held["status"] == "on-hold"
    assert word in json.dumps(held["contained"]) + held["statusReason"]["text"]


def test_an_incomplete_case_lapses_when_nothing_comes(world: World) -> None:
    sent = send_case(world, without=lambda _: True)
    world.run()
    world.watch.forward(hours=49)
    world.run()
    assert world.state(sent.task_id) == "lapsed"
    assert world.history(sent.task_id)[-1] == ("failed", "expired")


def test_a_date_that_has_passed_is_rejected(world: World) -> None:
    restriction = {"period": {"end": "2026-01-05T08:00:00Z"}}
    sent = send_case(world, BACTERIAL, restriction=restriction)
    world.run()
    assert world.state(sent.task_id) == "rejected"
    assert world.get(f"Task/{sent.task_id}")["statusReason"]["text"]


def test_the_opinion_stays_sealed_until_the_first_read_is_signed(world: World) -> None:
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    assert world.state(sent.task_id) == "ready"
    shown = json.dumps(world.trace(sent.task_id))
    assert "present" not in shown
    assert "0.94" not in shown
    assert world.courier.sent[-1].kind == "status"
    assert world.put({**sent.report, "status": "final"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert "0.94" in json.dumps(world.trace(sent.task_id))


def test_an_unsigned_report_lapses(world: World) -> None:
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    world.watch.forward(hours=73)
    world.run()
    assert world.state(sent.task_id) == "lapsed"


def test_the_reader_never_sees_an_opinion(world: World) -> None:
    send_case(world, VIRAL, report_more={"conclusion": "looks viral to me"})
    world.run()
    assert len(world.reader.seen) == 1
    assert "viral" not in repr(world.reader.seen[0]).lower()
    assert VIRAL.code not in repr(world.reader.seen[0])


def test_declined_and_expired_offers_go_to_the_next(world: World) -> None:
    roles = {doctor(world, name, f"Elsewhere {name}", SPECIALTY) for name in ("Quill", "Reed", "Tarn")}
    sent = send_case(world, VIRAL)
    world.run()
    [first] = world.get("Task?status=requested&code=specialist-read")["entry"]
    declined = {**first["resource"], "status": "rejected", "statusReason": {"text": "away"}}
    assert world.put(declined).status_code == 200
    world.run()
    [second] = world.get("Task?status=requested&code=specialist-read")["entry"]
    world.watch.forward(minutes=31)
    world.run()
    assert world.get(f"Task/{second['resource']['id']}")["status"] == "failed"
    [third] = world.get("Task?status=requested&code=specialist-read")["entry"]
    assert {each["resource"]["owner"]["reference"] for each in (first, second, third)} == roles
    world.watch.forward(minutes=31)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert world.get(f"Task/{sent.task_id}")["status"] == "on-hold"


def test_an_accepted_offer_that_stays_unanswered_goes_to_the_next(world: World) -> None:
    for name in ("Quill", "Reed"):
        doctor(world, name, f"Elsewhere {name}", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    [first] = world.get("Task?status=requested&code=specialist-read")["entry"]
    world.put({**first["resource"], "status": "accepted"})
    world.run()
    assert world.state(sent.task_id) == "accepted"
    world.watch.forward(minutes=61)
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert world.get(f"Task/{first['resource']['id']}")["status"] == "failed"


def test_first_reader_and_their_organisation_are_never_asked(world: World) -> None:
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "held"  # nobody but the first reader is in the directory


def correct_a_value(world: World, sent: Hospital) -> None:
    [entry] = world.get(f"Observation?patient={sent.patient}&code=26464-8")["entry"]
    assert world.put({**entry["resource"], "status": "corrected"}).status_code == 200


def test_a_value_corrected_after_the_comparison_holds_the_case_for_a_person(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    correct_a_value(world, sent)
    world.run()
    assert world.state(sent.task_id) == "held"
    case = world.house.ledger.case_of_task(sent.task_id)
    world.house.ledger.resume(str(case), "coordinator", world.watch())
    world.run()
    assert world.state(sent.task_id) == "offered"


def test_the_placer_may_cancel_until_work_has_begun(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    assert world.put({**sent.task, "status": "cancelled"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    assert world.courier.sent == []


def test_an_error_of_ours_is_tried_again_then_visible_and_can_be_resumed(world: World) -> None:
    world.reader.crashes = 5
    sent = send_case(world, BACTERIAL)
    for _ in range(5):
        world.run()
        world.watch.forward(minutes=20)
    assert world.state(sent.task_id) == "faulted"
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.resume(case, "engineer", world.watch())
    world.run()
    assert world.state(sent.task_id) == "closed"


def test_a_destination_that_is_down_gets_its_documents_later_and_in_order(world: World) -> None:
    world.courier.failure = Category.UNAVAILABLE
    sent = send_case(world, BACTERIAL)
    for _ in range(5):
        world.run()
        world.watch.forward(minutes=1)
    assert world.state(sent.task_id) == "written-up"
    world.courier.failure = None
    world.watch.forward(minutes=20)
    world.run()
    assert [document.kind for document in world.courier.sent] == ["status", "opinion"]
    assert world.state(sent.task_id) == "closed"


@pytest.mark.parametrize("category", [Category.UNPROCESSABLE, Category.FORBIDDEN])
def test_a_refused_delivery_is_parked_and_a_person_sends_it_again(world: World, category: Category) -> None:
    world.courier.failure = category
    sent = send_case(world, BACTERIAL)
    world.run()
    [parked] = world.house.deliveries.listed("parked")
    assert parked.kind == "status"
    world.courier.failure = None
    world.watch.forward(hours=1)
    world.run()
    assert world.courier.sent == []  # its lane waits behind it
    assert world.house.deliveries.send_again(parked.document_id, world.watch(), world.watch() - world.watch())
    world.run()
    assert [document.kind for document in world.courier.sent] == ["status", "opinion"]
    assert world.state(sent.task_id) == "closed"


def test_delivery_gives_up_when_the_policy_says_so(world: World) -> None:
    world.courier.failure = Category.UNAVAILABLE
    send_case(world, BACTERIAL)
    for _ in range(24 * 5):
        world.run()
        world.watch.forward(hours=1)
    assert world.house.deliveries.counts() == {"parked": 1, "waiting": 1}


def test_a_lost_answer_is_made_good_by_sending_the_task_again(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    posted = {name: part for name, part in sent.task.items() if name not in ("id", "meta", "lastModified")}
    again = world.send("POST", "Task", posted)
    assert again.status_code == 200
    assert again.json["id"] == sent.task_id
    other = world.send("POST", "Task", {**posted, "priority": "stat"})
    assert other.status_code == 409
    assert other.json["issue"][0]["code"] == "duplicate"
    world.run()
    assert len(world.house.ledger.recent(10)) == 1


def test_nothing_of_either_opinion_is_reachable_while_a_specialist_reads(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, report_more={"conclusion": "looks viral to me"})
    world.run()
    offered = world.get(f"Task?owner={specialist}")["entry"][0]["resource"]
    request = world.get(offered["focus"]["reference"])
    seen = json.dumps(
        [offered, request, world.trace(sent.task_id), world.get(f"Task/{sent.task_id}/_history")]
    )
    for word in ("0.94", "present", VIRAL.code, "viral to me", "missed", "discordant", "DetectedIssue"):
        assert word not in seen, word
    assert world.get("Device")["total"] == 0
    assert world.get(f"Observation?patient={sent.patient}&_security=AIAST")["total"] == 0
    first = f"DiagnosticReport/{sent.report['id']}"
    for path in (first, f"{first}/_history", f"{first}/_history/1"):
        assert world.send("GET", path).json["issue"][0]["code"] == "suppressed"
    assert world.get(f"DiagnosticReport?patient={sent.patient}")["total"] == 0
    again = world.send("POST", "DiagnosticReport", sent.report, If_None_Exist=f"patient={sent.patient}")
    assert (again.status_code, again.data) == (200, b"")
    metrics = world.client.get("/metrics").text
    assert "discordant" not in metrics


def test_an_audit_looks_like_a_disagreement_while_it_is_read(tmp_path: Path, database_url: str) -> None:
    shapes = []
    policy = with_policy(audit_fraction=1.0)
    for world in make_world(tmp_path / "audit", database_url=database_url, policy=policy):
        doctor(world, "Quill", "Elsewhere", SPECIALTY)
        for code, number in ((VIRAL, "T-1"), (BACTERIAL, "T-2")):
            sent = send_case(world, code, number=number)
            world.run()
            trace = world.trace(sent.task_id)
            shapes.append([(each["event"], each["state"]) for each in trace["history"]])
            assert "number" not in trace["history"][0]
    assert shapes[0] == shapes[1]


def test_the_history_names_who_what_when_and_under_which_versions(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    trace = world.trace(sent.task_id)
    assert trace["chain"] == "whole"
    events = {each["event"]: each for each in trace["history"]}
    assert events["AI read sealed"]["card"] == "scripted@1.0.0"
    assert events["compared"]["policy"] == "bacterial-meningitis@1"
    assert events["first read locked"]["actor"].startswith("Practitioner/")
    assert events["AI read sealed"]["detail"]["probability"] == 0.94


def test_an_edited_history_is_seen(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    world.house.database.write(
        lambda c: c.exec_driver_sql("UPDATE event SET detail = replace(detail, 'present', 'absent')")
    )
    assert world.trace(sent.task_id)["chain"].startswith("broken at event")


def test_without_a_destination_results_stay_here(tmp_path: Path, database_url: str) -> None:
    for world in make_world(tmp_path / "alone", database_url=database_url, destination=False):
        sent = send_case(world, BACTERIAL)
        world.run()
        assert world.state(sent.task_id) == "closed"
        opinion = world.get(f"Task/{sent.task_id}")["output"][1]["valueReference"]["reference"]
        written = world.get(opinion)
        assert written["status"] == "partial"
        assert written["meta"]["security"][0]["code"] == "AIAST"
        assert written["subject"]["reference"] == sent.patient
        assert world.get(written["result"][0]["reference"])["device"]["reference"].startswith("Device/")


def test_one_device_for_all_cases_of_a_model_version(world: World) -> None:
    for number in ("T-1", "T-2"):
        send_case(world, BACTERIAL, number=number)
    world.run()
    assert world.get("Device")["total"] == 1
    assert world.get("Provenance")["total"] == 2


def test_the_ehrs_task_goes_back_with_the_ehrs_identifiers(world: World) -> None:
    send_case(world, BACTERIAL)
    world.run()
    bundle = json.loads(world.courier.sent[-1].content)
    tasks = [each for each in bundle["entry"] if each["resource"]["resourceType"] == "Task"]
    assert tasks[-1]["request"] == {"method": "PUT", "url": f"Task?identifier={EHR}%7CT-1"}
    assert tasks[-1]["resource"]["for"]["identifier"]["value"] == "P-T-1"


def test_a_new_observation_of_a_closed_case_changes_nothing(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    before = world.trace(sent.task_id)
    world.post(observation(sent.patient, "26464-8", "5"))
    world.post(report(sent.patient, sent.role))
    world.run()
    assert world.trace(sent.task_id) == before


def test_a_specialist_who_gives_a_case_back_says_why_and_the_next_is_asked(world: World) -> None:
    for name in ("Quill", "Reed"):
        doctor(world, name, f"Elsewhere {name}", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    [first] = world.get("Task?status=requested&code=specialist-read")["entry"]
    accepted = world.put({**first["resource"], "status": "accepted"}).json
    world.run()
    assert world.put({**accepted, "status": "failed"}).status_code == 422
    given_back = {**accepted, "status": "failed", "statusReason": {"text": "called away"}}
    assert world.put(given_back).status_code == 200
    world.run()
    [second] = world.get("Task?status=requested&code=specialist-read")["entry"]
    assert second["resource"]["owner"] != first["resource"]["owner"]
    assert world.state(sent.task_id) == "offered"


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        ({"status": "preliminary"}, "signed"),
        ({"basedOn": []}, "ServiceRequest"),
        ({"resultsInterpreter": []}, "owner"),
    ],
)
def test_a_task_is_completed_only_by_its_owners_signed_report(
    world: World, spoil: dict[str, object], word: str
) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(world, VIRAL)
    world.run()
    [offered] = world.get("Task?status=requested&code=specialist-read")["entry"]
    accepted = world.put({**offered["resource"], "status": "accepted"}).json
    body = report(accepted["for"]["reference"], specialist, VIRAL, basedOn=[accepted["focus"]]) | spoil
    made = world.post({name: part for name, part in body.items() if part != []})
    output = {
        "type": {"coding": [{"system": f"{SR}/CodeSystem/task", "code": "specialist-report"}]},
        "valueReference": {"reference": f"DiagnosticReport/{made['id']}"},
    }
    refused = world.put({**accepted, "status": "completed", "output": [output]})
    assert refused.status_code == 422
    assert word in refused.json["issue"][0]["diagnostics"]


def test_a_report_of_another_patient_does_not_complete_a_task(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(world, VIRAL)
    other = patient(world, number="P-other")
    world.run()
    [offered] = world.get("Task?status=requested&code=specialist-read")["entry"]
    accepted = world.put({**offered["resource"], "status": "accepted"}).json
    made = world.post(report(other, specialist, VIRAL, basedOn=[accepted["focus"]]))
    output = {
        "type": {"coding": [{"system": f"{SR}/CodeSystem/task", "code": "specialist-report"}]},
        "valueReference": {"reference": f"DiagnosticReport/{made['id']}"},
    }
    assert world.put({**accepted, "status": "completed", "output": [output]}).status_code == 422


def test_a_read_is_told_of_under_the_model_that_made_it(world: World) -> None:
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    world.house.cards[CARD.question] = replace(CARD, version="1.0.9")  # type: ignore[index]
    world.put({**sent.report, "status": "final"})
    world.run()
    assert world.state(sent.task_id) == "closed"
    [device] = [each["resource"] for each in world.get("Device")["entry"]]
    assert device["version"][0] == {"value": "1.0.0"}


def test_a_value_corrected_before_the_comparison_is_read_anew(world: World) -> None:
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    [entry] = world.get(f"Observation?patient={sent.patient}&code=26464-8")["entry"]
    quantity = {**entry["resource"]["valueQuantity"], "value": 47}
    world.put({**entry["resource"], "status": "corrected", "valueQuantity": quantity})
    world.run()
    assert world.state(sent.task_id) == "ready"
    assert [each.values["csf leukocytes"] for each in world.reader.seen] == [1200, 47]
    assert "superseded" in [each["event"] for each in world.trace(sent.task_id)["history"]]
    world.put({**sent.report, "status": "final"})
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert [each.kind for each in world.courier.sent].count("opinion") == 1


def test_a_person_stops_a_case_that_is_with_a_specialist(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    case = str(world.house.ledger.case_of_task(sent.task_id))
    assert world.house.ledger.hold(case, "Dr. Tarn", "wrong patient", world.watch())
    world.run()
    assert world.history(sent.task_id)[-1] == ("on-hold", "awaiting-coordinator")
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert world.history(sent.task_id)[-1] == ("in-progress", "awaiting-specialist")
    world.house.ledger.hold(case, "Dr. Tarn", "wrong patient after all", world.watch())
    world.house.ledger.end(case, "Dr. Tarn", "wrong patient", world.watch())
    world.run()
    assert world.history(sent.task_id)[-1] == ("failed", "closed-unresolved")


def test_a_newer_policy_is_for_the_cases_that_are_compared_after_it(world: World) -> None:
    for name in ("Quill", "Reed"):
        doctor(world, name, f"Elsewhere {name}", SPECIALTY)
    old, new = (
        send_case(world, VIRAL),
        send_case(world, VIRAL, number="T-2", report_more={"status": "preliminary"}),
    )
    world.run()
    slower = {Urgency.URGENT: Clock(timedelta(hours=3), timedelta(hours=6))}
    world.house.policies[CARD.question] = with_policy(version="2", clocks=slower)  # type: ignore[index]
    assert world.put({**new.report, "status": "final"}).status_code == 200
    world.run()
    world.watch.forward(minutes=31)  # past the old policy's time to accept, not past the new one's
    world.run()
    policies = [
        [each["policy"] for each in world.trace(sent.task_id)["history"] if each["event"] == "offered"]
        for sent in (old, new)
    ]
    assert policies == [["bacterial-meningitis@1"] * 2, ["bacterial-meningitis@2"]]


def held_in_offer(world: World) -> tuple[Hospital, dict[str, Any]]:
    """A case held because a value was corrected while a specialist has an offer."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    [offered] = world.get("Task?status=requested&code=specialist-read")["entry"]
    correct_a_value(world, sent)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert world.history(sent.task_id)[-1] == ("on-hold", "awaiting-coordinator")
    return sent, offered["resource"]


def test_a_person_ends_a_case_without_a_second_opinion(world: World) -> None:
    sent, offered = held_in_offer(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    assert world.house.ledger.end(case, "Dr. Tarn", "the patient was transferred", world.watch())
    world.run()
    assert world.state(sent.task_id) == "closed"
    ended = world.get(f"Task/{sent.task_id}")
    assert world.history(sent.task_id)[-1] == ("failed", "closed-unresolved")
    assert ended["statusReason"]["text"] == "Ended without a second opinion: the patient was transferred"
    assert world.get(f"Task/{offered['id']}")["status"] == "cancelled"
    told = [each["resource"] for each in json.loads(world.courier.sent[-1].content)["entry"]]
    assert [(each["resourceType"], each["status"]) for each in told] == [
        ("ServiceRequest", "revoked"), ("Task", "cancelled"), ("Task", "failed"),
    ]  # fmt: skip
    trace = world.trace(sent.task_id)
    assert "0.94" not in json.dumps(trace), "what the AI said stays sealed"
    assert [each["actor"] for each in trace["history"] if each["event"] == "ended by a person"] == [
        "Dr. Tarn"
    ]


def test_a_requested_date_that_passes_during_a_referral_can_be_ended(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, restriction={"period": {"end": "2026-01-05T10:00:00Z"}})
    world.run()
    world.watch.forward(hours=2)
    world.run()
    assert world.state(sent.task_id) == "held"
    world.house.ledger.end(
        str(world.house.ledger.case_of_task(sent.task_id)), "Dr. Tarn", "late", world.watch()
    )
    world.run()
    assert world.history(sent.task_id)[-1] == ("failed", "closed-unresolved")


def test_a_withdrawn_case_calls_its_open_offer_off(world: World) -> None:
    sent, offered = held_in_offer(world)
    assert world.put({**world.get(f"Task/{sent.task_id}"), "status": "cancelled"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    assert world.get(f"Task/{offered['id']}")["status"] == "cancelled"


def test_after_a_person_resumed_the_case_the_ehr_is_told_where_it_stands(world: World) -> None:
    sent, _ = held_in_offer(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.resume(case, "coordinator", world.watch())
    world.run()
    assert world.history(sent.task_id)[-1] == ("in-progress", "awaiting-specialist")


def test_a_faulted_case_tells_the_ehr_that_a_person_looks(world: World) -> None:
    world.reader.crashes = 5
    sent = send_case(world, BACTERIAL)
    for _ in range(5):
        world.run()
        world.watch.forward(minutes=20)
    world.run()
    assert world.state(sent.task_id) == "faulted"
    assert world.history(sent.task_id)[-1] == ("on-hold", "awaiting-coordinator")
    assert json.loads(world.courier.sent[-1].content)["entry"][0]["resource"]["status"] == "on-hold"
    world.house.ledger.resume(str(world.house.ledger.case_of_task(sent.task_id)), "engineer", world.watch())
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-concordant")


def test_a_case_whose_signer_is_named_later_by_the_role_goes_on_by_itself(world: World) -> None:
    person = patient(world)
    role = world.post({"resourceType": "PractitionerRole", "active": True})
    for code, value in (("26464-8", "1200"), ("26511-6", "90")):
        world.post(observation(person, code, value))
    first = world.post(report(person, f"PractitionerRole/{role['id']}", BACTERIAL))
    asked = world.post(task(person, f"DiagnosticReport/{first['id']}"))
    world.run()
    assert world.state(asked["id"]) == "incomplete"
    place = world.post({"resourceType": "Organization", "name": "Demo General"})
    whole = {**role, "organization": {"reference": f"Organization/{place['id']}"}}
    assert world.put(whole).status_code == 200
    world.run()
    assert world.state(asked["id"]) == "closed"


def test_what_came_in_time_counts_however_late_the_worker_looks(world: World) -> None:
    sent = send_case(world, BACTERIAL, without=lambda made: made["code"]["coding"][0]["code"] == "26511-6")
    world.run()
    world.watch.forward(hours=47)
    world.post(observation(sent.patient, "26511-6", "90"))
    world.watch.forward(hours=2)
    world.run()
    assert world.state(sent.task_id) == "closed"


def test_the_digest_of_the_first_report_is_under_seal(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    assert "digest" not in json.dumps(world.trace(sent.task_id))
