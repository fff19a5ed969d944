"""An opinion, or a whole model version, is withdrawn: at every moment of a case, here and over there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from server.case import IllegalMove
from server.model import Withdrawal
from server.ports import Raced
from tests.world import (
    BACTERIAL,
    CARD,
    SPECIALTY,
    VIRAL,
    World,
    answer_as,
    doctor,
    send_case,
)

pytestmark = pytest.mark.both_databases

REASON = "calibrated on the wrong unit"


def said(world: World) -> Withdrawal:
    return Withdrawal("Dr. Tarn", REASON, world.watch())


def case_of(world: World, task: str) -> str:
    return str(world.house.ledger.case_of_task(task))


def parts(world: World, task: str) -> list[dict[str, Any]]:
    """The opinion's DiagnosticReport and Observation at our door."""
    outputs = world.get(f"Task/{task}")["output"]
    [report] = [o["valueReference"] for o in outputs if o["type"]["coding"][0]["code"] == "ai-opinion"]
    found = world.get(report["reference"])
    return [found, world.get(found["result"][0]["reference"])]


def test_a_released_opinion_is_withdrawn_in_all_its_parts(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    assert [each["status"] for each in parts(world, sent.task_id)] == ["partial", "preliminary"]
    assert world.house.ledger.withdraw(case_of(world, sent.task_id), said(world))
    world.run()
    assert world.state(sent.task_id) == "closed"
    withdrawn = parts(world, sent.task_id)
    assert [each["status"] for each in withdrawn] == ["entered-in-error"] * 2
    assert withdrawn[0]["conclusion"].startswith(f"WITHDRAWN, do not use: {REASON}. AI second read")
    last = world.get(f"Task/{sent.task_id}")
    assert (last["status"], last["businessStatus"]["coding"][0]["code"]) == ("completed", "opinion-withdrawn")
    assert "agreement" not in {each["type"]["coding"][0]["code"] for each in last["output"]}
    told = last["output"][-1]
    assert told["type"]["coding"][0]["code"] == "withdraw-ai-opinion"
    provenance = world.get(told["valueReference"]["reference"])
    assert provenance["activity"]["coding"][0]["code"] == "NULLIFY"
    assert provenance["agent"][0]["who"]["display"] == "Dr. Tarn"
    targets = {each["reference"].partition("/")[0] for each in provenance["target"]}
    assert targets == {"Observation", "DiagnosticReport"}


def test_whoever_received_it_is_told_by_the_same_identifiers(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    opinion = json.loads(world.courier.sent[-1].content)
    world.house.ledger.withdraw(case_of(world, sent.task_id), said(world))
    world.run()
    document = world.courier.sent[-1]
    assert document.kind == "withdrawal"
    entries = json.loads(document.content)["entry"]
    created = {e["fullUrl"]: e for e in opinion["entry"]}
    for kind in ("Observation", "DiagnosticReport"):
        [entry] = [each for each in entries if each["resource"]["resourceType"] == kind]
        assert entry["resource"]["status"] == "entered-in-error"
        before = created[entry["fullUrl"]]
        assert entry["request"] == {"method": "PUT", "url": f"{kind}?{before['request']['ifNoneExist']}"}
    named = {each["fullUrl"] for each in entries}
    text = document.content.decode()
    assert all(url in named for url in created if url in text), "every name in it is of an entry"
    [provenance] = [each for each in entries if each["resource"]["resourceType"] == "Provenance"]
    assert "_tag=" in provenance["request"]["ifNoneExist"]


def test_a_specialists_report_is_not_withdrawn_with_it(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, specialist, BACTERIAL)
    world.run()
    world.house.ledger.withdraw(case_of(world, sent.task_id), said(world))
    world.run()
    entries = json.loads(world.courier.sent[-1].content)["entry"]
    reports = [e["resource"] for e in entries if e["resource"]["resourceType"] == "DiagnosticReport"]
    assert [each["status"] for each in reports] == ["entered-in-error"]
    [signed] = [
        each["valueReference"]["reference"]
        for each in world.get(f"Task/{sent.task_id}")["output"]
        if each["type"]["coding"][0]["code"] == "specialist-report"
    ]
    assert world.get(signed)["status"] == "final"


def test_only_what_was_released_can_be_withdrawn_and_only_once(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent, other = send_case(world, VIRAL), send_case(world, BACTERIAL, number="T-2")
    world.run()
    with pytest.raises(IllegalMove):
        world.house.ledger.withdraw(case_of(world, sent.task_id), said(world))
    world.house.ledger.withdraw(case_of(world, other.task_id), said(world))
    world.run()
    with pytest.raises(IllegalMove):
        world.house.ledger.withdraw(case_of(world, other.task_id), said(world))
    assert world.house.ledger.withdraw("nobody", said(world)) is None


def test_a_withdrawn_model_takes_back_all_its_opinions(world: World) -> None:
    closed = [send_case(world, BACTERIAL, number=number) for number in ("T-1", "T-2")]
    world.run()
    assert world.house.ledger.withdraw_model(CARD.identity, said(world)) == 2
    with pytest.raises(Raced):
        world.house.ledger.withdraw_model(CARD.identity, said(world))
    world.run()
    for each in closed:
        assert [part["status"] for part in parts(world, each.task_id)] == ["entered-in-error"] * 2
        assert world.trace(each.task_id)["aiRead"] == "withdrawn"
    assert [each.kind for each in world.courier.sent].count("withdrawal") == 2


def test_a_withdrawn_model_is_not_asked_again(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.house.ledger.withdraw_model(CARD.identity, said(world))
    sent = send_case(world, BACTERIAL)
    world.run()
    assert world.reader.seen == []
    assert world.state(sent.task_id) == "offered", "a human reads instead"
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert "withdrawal" not in [each.kind for each in world.courier.sent], (
        "a decline says nothing to take back"
    )


def test_a_voided_read_is_not_taken_back_either_and_told_of_under_its_own_card(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    world.house.ledger.withdraw_model(CARD.identity, said(world))
    world.house.cards[CARD.question] = replace(CARD, version="1.0.9")  # type: ignore[index]
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert [each.kind for each in world.courier.sent].count("withdrawal") == 0
    assert world.get("Device")["entry"][0]["resource"]["version"][0] == {"value": "1.0.0"}


def test_a_sealed_read_of_a_withdrawn_model_counts_as_a_decline(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    world.house.ledger.withdraw_model(CARD.identity, said(world))
    world.put({**sent.report, "status": "final"})
    world.run()
    assert world.state(sent.task_id) == "offered"


@pytest.mark.parametrize(("code", "end"), [(BACTERIAL, "closed-amended"), (VIRAL, "closed-upheld")])
def test_a_model_withdrawn_while_a_specialist_reads(world: World, code: Any, end: str) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    assert world.house.ledger.withdraw_model(CARD.identity, said(world)) == 0
    answer_as(world, specialist, code)
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", end)
    outputs = {o["type"]["coding"][0]["code"]: o for o in world.get(f"Task/{sent.task_id}")["output"]}
    assert outputs["agreement"]["valueCodeableConcept"]["coding"][0]["code"] == "abstained"
    report, observation = parts(world, sent.task_id)
    assert "dataAbsentReason" in observation
    assert "0.94" not in json.dumps([report, observation])


def test_that_a_read_was_voided_stays_under_seal(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    world.house.ledger.withdraw_model(CARD.identity, said(world))
    offered = world.get(f"Task?owner={specialist}&status=requested")["entry"][0]["resource"]
    assert world.put({**offered, "status": "accepted"}).status_code == 200
    world.run()
    case = world.house.ledger.find(case_of(world, sent.task_id))
    assert case is not None
    assert case.position.ai == "declined"
    shown = world.trace(sent.task_id)
    assert "voided" not in json.dumps(shown)
    assert shown["aiRead"] == "sealed"
