"""The specialist's second stage: both opinions unnamed after the blind answer, then the final one (S2.4)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.arbitration import Kept
from server.caller import Caller, Scope
from server.case import IllegalMove
from server.errors import Fault
from server.fhir.final_answer import demand_final
from server.fhir.veil import demand_shown, visible, without_sealed
from server.model import Coding, Hl7Kind, Reveal, Withdrawal
from server.query import Query
from tests.hl7v2.foreign import fields
from tests.test_story_results import system
from tests.test_story_rights import refuse
from tests.world import (
    BACTERIAL,
    CARD,
    SPECIALTY,
    SR,
    VIRAL,
    Hospital,
    World,
    coded,
    doctor,
    make_world,
    report,
    send_case,
    sign_as,
    with_policy,
)

TASK = f"{SR}/CodeSystem/task"
PRESENT, ABSENT = "52101004", "2667000"
Open = Callable[..., World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """A world under a policy with a second stage."""
    worlds: list[Iterator[World]] = []

    def open_(reveal: Reveal = Reveal.ALWAYS, *, policy: dict[str, Any] | None = None, **more: Any) -> World:
        folder = tmp_path / f"w{len(worlds)}"
        worlds.append(make_world(folder, policy=with_policy(reveal=reveal, **(policy or {})), **more))
        return next(worlds[-1])

    yield open_
    for each in worlds:
        next(each, None)


class Arbiter:
    """A case whose specialist has answered blind."""

    def __init__(self, world: World, own: Coding, first: Coding = VIRAL, **more: Any) -> None:
        self.world = world
        self.role = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        self.sent: Hospital = send_case(world, first, **more)
        world.run()
        [offer] = world.get(f"Task?owner={self.role}&status=requested")["entry"]
        self.blind = offer["resource"]["id"]
        assert world.put({**offer["resource"], "status": "accepted"}).status_code == 200
        world.run()
        self.answer = sign_as(world, self.role, self.blind, own)
        assert self.answer.status_code == 200, self.answer.text
        world.run()

    @property
    def address(self) -> str:
        """As whoever completed the Task was told."""
        return str(self.answer.headers["Link"]).partition(">")[0].rpartition("/")[2]

    @property
    def state(self) -> str:
        return self.world.state(self.sent.task_id)

    def task(self) -> dict[str, Any]:
        return dict(self.world.get(f"Task/{self.address}"))

    def shown(self) -> dict[str, str]:
        return {
            each["type"]["coding"][0]["code"]: each["valueCodeableConcept"]["coding"][0]["code"]
            for each in self.task()["input"]
            if "valueCodeableConcept" in each
        }

    def signed(self) -> str:
        return str(self.world.get(f"Task/{self.blind}")["output"][0]["valueReference"]["reference"])

    def sign_anew(self, code: Coding) -> str:
        """Another report by the same specialist, about the same request."""
        task = self.task()
        body = report(task["for"]["reference"], self.role, code, basedOn=[task["focus"]])
        return f"DiagnosticReport/{self.world.post({**body, 'issued': self.world.watch().isoformat()})['id']}"

    def finalise(self, named: str, reason: str = "", overruling: str = "") -> Any:
        return self.world.put({**self.task(), **finally_(named, reason, overruling)})


def output(code: str, **value: Any) -> dict[str, Any]:
    return {"type": coded(Coding(TASK, code)), **value}


def finally_(named: str, reason: str = "", overruling: str = "") -> dict[str, Any]:
    outputs = [output("specialist-report", valueReference={"reference": named})]
    if reason:
        outputs.append(output("final-reason", valueString=reason))
    if overruling:
        code = coded(Coding(f"{SR}/CodeSystem/overruling", overruling))
        outputs.append(output("overruling-reason", valueCodeableConcept=code))
    return {"status": "completed", "output": outputs}


def events(arbiter: Arbiter) -> list[str]:
    return [each["event"] for each in arbiter.world.trace(arbiter.sent.task_id)["history"]]


def decided(arbiter: Arbiter) -> str:
    outputs = arbiter.world.get(f"Task/{arbiter.sent.task_id}")["output"]
    [told] = [each for each in outputs if each["type"]["coding"][0]["code"] == "decided-by"]
    return str(told["valueCodeableConcept"]["coding"][0]["code"])


def business(arbiter: Arbiter) -> str:
    task = arbiter.world.get(f"Task/{arbiter.sent.task_id}")
    return str(task["businessStatus"]["coding"][0]["code"])


def conclusions(arbiter: Arbiter) -> str:
    found = arbiter.world.get("DiagnosticReport?_security=AIAST")["entry"]
    return str(found[0]["resource"]["conclusion"])


def test_a_specialist_who_differs_is_shown_both_unnamed_and_finalises(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)  # the first says absent, the model present
    assert arbiter.state == "revealed"
    task = arbiter.task()
    assert (task["status"], task["owner"]["reference"]) == ("accepted", arbiter.role)
    shown = arbiter.shown()
    assert shown["own-answer"] == ABSENT
    assert {shown["opinion-x"], shown["opinion-y"]} == {PRESENT, ABSENT}
    assert arbiter.finalise(arbiter.signed()).status_code == 200
    arbiter.world.run()
    assert arbiter.state == "closed"
    assert (business(arbiter), decided(arbiter)) == ("closed-upheld", "specialist")
    assert events(arbiter).index("both opinions shown unnamed") < events(arbiter).index("final answer given")


def test_a_final_answer_that_differs_from_the_blind_one_counts_everywhere(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    named = arbiter.sign_anew(BACTERIAL)
    refused = arbiter.finalise(named)
    assert refused.status_code == 422
    assert "final-reason" in refused.text
    assert "say why" in refused.text
    assert arbiter.finalise(named, "Look at the glucose").status_code == 200
    arbiter.world.run()
    assert (business(arbiter), decided(arbiter)) == ("closed-amended", "specialist")
    for part in (
        "clinician. First report: absent.",
        "Model: present. First report and model differ on: Bacterial meningitis.",
        "Specialist, blind: absent.",
        "Specialist, after both were shown unnamed: present, because: Look at the glucose.",
        "Decided by: Specialist.",
    ):
        assert part in conclusions(arbiter)
    entries = json.loads(arbiter.world.courier.sent[-1].content)["entry"]
    [copy] = [
        e["resource"] for e in entries if "basedOn" in e["resource"] and "conclusionCode" in e["resource"]
    ]
    assert copy["conclusionCode"][0]["coding"][0]["code"] == BACTERIAL.code


def test_who_agrees_with_both_is_shown_them_too_and_needs_no_words(opened: Open) -> None:
    """Or else whoever sees that there is no second stage would know what the model has said (S2.5)."""
    arbiter = Arbiter(opened(policy={"audit_fraction": 1.0}), BACTERIAL, BACTERIAL)
    assert arbiter.state == "revealed"
    assert arbiter.finalise(arbiter.signed()).status_code == 200
    arbiter.world.run()
    assert (arbiter.state, business(arbiter)) == ("closed", "closed-concordant")


@pytest.mark.parametrize(("reveal", "state"), [(Reveal.NEVER, "closed"), (Reveal.ALWAYS, "revealed")])
def test_the_policy_decides_whether_there_is_a_second_stage(opened: Open, reveal: Reveal, state: str) -> None:
    own = VIRAL if reveal is Reveal.NEVER else BACTERIAL
    arbiter = Arbiter(opened(reveal, policy={"audit_fraction": 1.0}), own, BACTERIAL)
    assert arbiter.state == state


def test_where_the_model_declines_its_opinion_is_unknown(opened: Open) -> None:
    world = opened()
    world.reader.answer = None
    arbiter = Arbiter(world, BACTERIAL)
    assert arbiter.state == "revealed"
    assert "unknown" in {arbiter.shown()[each] for each in ("opinion-x", "opinion-y")}
    assert arbiter.finalise(arbiter.signed()).status_code == 200
    world.run()
    assert (arbiter.state, decided(arbiter)) == ("closed", "specialist")


def test_where_no_model_was_asked_there_is_nothing_to_show(opened: Open) -> None:
    arbiter = Arbiter(opened(), BACTERIAL, kind="ai-free-read")
    assert (arbiter.state, decided(arbiter)) == ("closed", "specialist")


def test_after_the_time_out_the_blind_answer_counts_and_a_late_one_is_refused(opened: Open) -> None:
    arbiter = Arbiter(opened(policy={"final_within": timedelta(minutes=20)}), VIRAL)
    task, named = arbiter.task(), arbiter.signed()
    arbiter.world.watch.forward(minutes=21)
    late = arbiter.world.put({**task, **finally_(named)})
    assert late.status_code == 409
    assert "the answer that was given blind counts" in late.text
    arbiter.world.run()
    assert (arbiter.state, decided(arbiter)) == ("closed", "blind-answer")
    assert "final answer overdue" in events(arbiter)
    assert "no final answer came in time" in conclusions(arbiter)
    assert arbiter.task()["status"] == "failed"
    after = arbiter.world.put({**arbiter.task(), **finally_(named)})
    assert after.status_code == 422
    assert "it has ended" in after.text


def test_two_workers_act_once_on_one_due_date(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    world = arbiter.world
    world.watch.forward(hours=2)
    first = world.house.ledger.claim(world.watch())
    assert first is not None
    assert world.house.ledger.claim(world.watch()) is None
    world.house.ledger.release(first, world.watch(), world.watch())
    world.run()
    assert events(arbiter).count("final answer overdue") == 1


def test_answering_twice_is_answered_as_the_first_time(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    task = arbiter.task()
    said = {**task, **finally_(arbiter.signed())}
    once, twice = arbiter.world.put(said), arbiter.world.put(said)
    assert (once.status_code, twice.status_code) == (200, 200)
    assert once.json == twice.json
    arbiter.world.run()
    assert events(arbiter).count("final answer given") == 1
    other = arbiter.world.put({**said, "output": [*said["output"], output("final-reason", valueString="No")]})
    assert other.status_code == 412


def test_a_report_of_another_case_finalises_nothing(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    other = send_case(arbiter.world, VIRAL, number="T-2")
    foreign = arbiter.world.post(report(other.patient, arbiter.role, VIRAL))
    refused = arbiter.finalise(f"DiagnosticReport/{foreign['id']}")
    assert refused.status_code == 422
    assert "about the Task's patient" in refused.text
    assert "basedOn the Task's ServiceRequest" in refused.text


def test_a_final_report_without_a_usable_code_is_refused_with_the_accepted_ones(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    refused = arbiter.finalise(arbiter.sign_anew(Coding("http://snomed.info/sct", "3738000", "Hepatitis")))
    assert refused.status_code == 422
    assert BACTERIAL.code in refused.text
    assert VIRAL.code in refused.text


def test_a_specialist_who_gives_it_back_has_answered_blind(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    assert arbiter.world.put({**arbiter.task(), "status": "failed"}).status_code == 422, "why?"
    gone = {**arbiter.task(), "status": "failed", "statusReason": {"text": "off duty"}}
    assert arbiter.world.put(gone).status_code == 200
    arbiter.world.run()
    assert (arbiter.state, decided(arbiter)) == ("closed", "blind-answer")
    assert "final answer declined" in events(arbiter)


def test_the_blind_answer_stays_whatever_becomes_of_its_report(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    named = arbiter.signed()
    made = report(arbiter.sent.patient, arbiter.role, BACTERIAL, basedOn=[arbiter.task()["focus"]])
    changed = {**made, "id": named.partition("/")[2], "status": "corrected"}
    assert arbiter.world.send("PUT", named, changed, If_Match='W/"1"').status_code == 200
    arbiter.world.watch.forward(hours=2)
    arbiter.world.run()
    assert (business(arbiter), decided(arbiter)) == ("closed-upheld", "blind-answer")


def test_a_correction_of_the_first_report_calls_it_off_and_the_blind_answer_counts(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    arbiter.world.put({**arbiter.sent.report, "status": "corrected", "conclusionCode": [coded(BACTERIAL)]})
    arbiter.world.run()
    task = arbiter.task()
    assert (task["status"], task["statusReason"]["coding"][0]["code"]) == ("cancelled", "shown-no-longer")
    assert (arbiter.state, decided(arbiter)) == ("closed", "blind-answer")
    assert business(arbiter) == "closed-amended"


def test_a_withdrawal_of_the_first_report_ends_both_tasks(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    arbiter.world.put({**arbiter.sent.report, "status": "entered-in-error"})
    arbiter.world.run()
    assert arbiter.state == "withdrawn"
    assert arbiter.task()["status"] == "cancelled"


def test_a_patient_who_refuses_ai_calls_it_off(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    refuse(arbiter.world, arbiter.sent.patient)
    arbiter.world.run()
    assert arbiter.task()["status"] == "cancelled"
    assert (arbiter.state, decided(arbiter)) == ("closed", "blind-answer")
    assert arbiter.world.get("DiagnosticReport?_security=AIAST")["total"] == 0


def test_a_withdrawn_model_calls_it_off(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    world = arbiter.world
    world.house.ledger.withdraw_model("scripted@1.0.0", Withdrawal("Dr. Tarn", "drift", world.watch()))
    world.watch.forward(hours=2)
    world.run()
    assert arbiter.task()["status"] == "cancelled"
    assert (arbiter.state, decided(arbiter)) == ("closed", "blind-answer")


def test_a_placer_who_asks_to_stop_is_refused_and_the_stage_goes_on(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    task = arbiter.world.get(f"Task/{arbiter.sent.task_id}")
    assert arbiter.world.put({**task, "status": "cancelled"}).status_code == 422
    assert arbiter.state == "revealed"


@pytest.mark.parametrize("ends", [False, True])
def test_a_person_who_holds_the_case_may_resume_or_end_it(opened: Open, ends: bool) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    world, case = arbiter.world, str(arbiter.world.house.ledger.case_of_task(arbiter.sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "a question", world.watch())
    world.run()
    if ends:
        world.house.ledger.end(case, "Dr. Tarn", "wrong patient", world.watch())
        world.run()
        assert arbiter.task()["status"] == "cancelled"
        return
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert arbiter.state == "revealed"
    assert arbiter.finalise(arbiter.signed()).status_code == 200
    world.run()
    assert arbiter.state == "closed"


def test_a_value_that_is_corrected_meanwhile_is_for_a_person(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    [value, *_] = arbiter.world.get(f"Observation?patient={arbiter.sent.patient}")["entry"]
    body = {**value["resource"], "valueQuantity": {**value["resource"]["valueQuantity"], "value": 7}}
    arbiter.world.put({**body, "status": "corrected"})
    arbiter.world.run()
    assert arbiter.state == "held"


def test_the_order_is_drawn_by_lot_and_tells_nothing(opened: Open) -> None:
    world = opened()
    role = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    first_x = 0
    for number in range(30):
        sent = send_case(world, VIRAL, number=f"T-{number}")
        world.run()
        [offer] = world.get(f"Task?owner={role}&status=requested")["entry"]
        world.put({**offer["resource"], "status": "accepted"})
        world.run()
        answer = sign_as(world, role, offer["resource"]["id"], VIRAL)
        world.run()
        address = answer.headers["Link"].partition(">")[0].rpartition("/")[2]
        [x] = [
            each for each in world.get(f"Task/{address}")["input"] if "opinion-x" in json.dumps(each["type"])
        ]
        first_x += x["valueCodeableConcept"]["coding"][0]["code"] == ABSENT
        assert world.state(sent.task_id) == "revealed"
    assert 5 < first_x < 25, "the first reader says absent; not always X, not always Y"


def amended(opened: Open) -> Arbiter:
    """A case whose specialist has finalised against the first report."""
    arbiter = Arbiter(opened(), BACTERIAL)
    assert arbiter.finalise(arbiter.signed()).status_code == 200
    arbiter.world.run()
    assert (arbiter.state, business(arbiter)) == ("closed", "closed-amended")
    return arbiter


def kept(arbiter: Arbiter) -> Any:
    case = str(arbiter.world.house.ledger.case_of_task(arbiter.sent.task_id))
    said = Kept("Dr. Dapple", "The culture is sterile", arbiter.world.watch())
    return arbiter.world.house.ledger.keep(case, said)


def test_the_physician_in_charge_keeps_the_first_report_and_it_is_told_and_listed(opened: Open) -> None:
    arbiter = amended(opened)
    world, sent = arbiter.world, len(arbiter.world.courier.sent)
    assert kept(arbiter) is not None
    world.run()
    assert (arbiter.state, business(arbiter)) == ("closed", "closed-kept")
    assert decided(arbiter) == "physician-in-charge"
    told = "Decided by: Physician in charge, Dr. Dapple, who keeps the first report: The culture is sterile."
    assert told in conclusions(arbiter)
    task = world.get(f"Task/{arbiter.sent.task_id}")
    assert "The culture is sterile" in task["statusReason"]["text"]
    [letter] = world.courier.sent[sent:]
    entries = json.loads(letter.content)["entry"]
    [opinion] = [e for e in entries if told in e["resource"].get("conclusion", "")]
    assert opinion["request"]["method"] == "PUT"
    [listed] = world.house.ledger.dissent()
    assert (listed.task, listed.kept.by) == (f"Task/{arbiter.sent.task_id}", "Dr. Dapple")


def test_what_was_kept_stays_kept_when_the_opinion_is_withdrawn(opened: Open) -> None:
    arbiter = amended(opened)
    kept(arbiter)
    arbiter.world.run()
    case = str(arbiter.world.house.ledger.case_of_task(arbiter.sent.task_id))
    arbiter.world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong film", arbiter.world.watch()))
    arbiter.world.run()
    assert decided(arbiter) == "physician-in-charge"
    [*_, last] = arbiter.world.courier.sent
    outputs = [e["resource"] for e in json.loads(last.content)["entry"]][-2]["output"]
    assert "physician-in-charge" in json.dumps(outputs)


def test_nothing_is_kept_before_the_final_answer_or_against_an_answer_that_agrees(opened: Open) -> None:
    early = Arbiter(opened(), BACTERIAL)
    with pytest.raises(IllegalMove):
        kept(early)
    agreeing = Arbiter(opened(Reveal.NEVER), VIRAL)
    assert agreeing.state == "closed"
    with pytest.raises(IllegalMove):
        kept(agreeing)
    arbiter = amended(opened)
    kept(arbiter)
    arbiter.world.run()
    with pytest.raises(IllegalMove):
        kept(arbiter)


def visible_tasks(world: World, caller: Caller) -> set[str]:
    """Ids of the Tasks that a search of this client's finds, and is shown."""
    query = Query("Task", (visible("Task", caller),))
    found = world.house.shelf.find(query, 50)
    assert without_sealed(world.house.ledger, found, caller) == found
    return {each.id for each in found}


def test_of_clients_that_are_told_apart_only_the_specialists_finds_and_reads_it(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    world, all_ = arbiter.world, (Scope("*", "cruds"),)
    specialist = Caller("desk", "Desk", all_, speaks_for=frozenset({arbiter.role}))
    ehr = Caller("ehr", "EHR", all_, speaks_for=frozenset({"Organization/general"}))
    nobody = Caller("any", "Any", all_)
    assert arbiter.address in visible_tasks(world, specialist)
    for other in (ehr, nobody):
        assert arbiter.address not in visible_tasks(world, other)
        assert arbiter.blind in visible_tasks(world, other)
    stored = world.house.shelf.read("Task", arbiter.address)
    assert stored is not None
    assert demand_shown(world.house.ledger, stored, specialist) is stored
    with pytest.raises(Fault, match="not shown before the case is resolved"):
        demand_shown(world.house.ledger, stored, ehr)
    assert arbiter.finalise(arbiter.signed()).status_code == 200
    world.run()
    assert all(arbiter.address in visible_tasks(world, each) for each in (specialist, ehr, nobody))


def test_only_who_answers_is_told_the_address_and_a_repeat_is_not(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    done = arbiter.world.get(f"Task/{arbiter.blind}")
    again = arbiter.world.put(done)
    assert again.status_code == 422
    assert "Link" not in again.headers
    assert "Link" not in arbiter.world.client.get(f"/fhir/Task/{arbiter.blind}").headers
    assert arbiter.address not in json.dumps(done)


def test_an_overruled_finding_on_an_image_needs_a_code(opened: Open) -> None:
    arbiter = Arbiter(opened(), VIRAL)
    task = arbiter.task()
    on_film = [{**each, "valueBoolean": True} if "valueBoolean" in each else each for each in task["input"]]
    done = {**task, "input": on_film, **finally_(arbiter.signed())}

    def look(type_: str, id_: str) -> Any:
        stored = arbiter.world.house.shelf.read(type_, id_)
        return None if stored is None else json.loads(stored.body)

    with pytest.raises(Fault) as refused:
        demand_final(done, look, CARD, arbiter.world.watch())
    assert "nothing-seen" in str(refused.value)
    finalised = {**done, **finally_(arbiter.signed(), overruling="artefact")}
    assert demand_final(finalised, look, CARD, arbiter.world.watch()).overruling == "artefact"


def test_a_system_that_takes_hl7_v2_is_told_the_final_answer_and_who_decided(opened: Open) -> None:
    arbiter = Arbiter(opened(receivers=(system(Hl7Kind.ORU),)), VIRAL)
    assert arbiter.finalise(arbiter.sign_anew(BACTERIAL), "Look at the glucose").status_code == 200
    arbiter.world.run()
    [message] = [each.content for each in arbiter.world.courier.sent if each.kind == "oru"]
    observed = fields(message, "OBX")
    codes = {each[3].split("^")[0]: each[5] for each in observed}
    assert codes["decided-by"].startswith("specialist^")
    assert any("after both were shown unnamed: present" in each[5] for each in observed)
    assert [e[5].split("^")[0] for e in observed if e[3].startswith(BACTERIAL.code)] == [PRESENT, PRESENT]


def test_the_same_over_fhir_and_a_refusal_says_when(opened: Open) -> None:
    def keep(arbiter: Arbiter, reason: str = "The culture is sterile") -> Any:
        body = {"resourceType": "Parameters", "parameter": [{"name": "reason", "valueString": reason}]}
        return arbiter.world.send("POST", f"Task/{arbiter.sent.task_id}/$keep", body)

    early = keep(Arbiter(opened(), BACTERIAL))
    assert early.status_code == 409
    assert "once the case's final answer has been told" in early.text
    arbiter = amended(opened)
    once, twice, other = keep(arbiter), keep(arbiter), keep(arbiter, "On third thoughts")
    assert (once.status_code, once.json) == (200, twice.json)
    assert other.status_code == 409
    arbiter.world.run()
    assert (business(arbiter), decided(arbiter)) == ("closed-kept", "physician-in-charge")
    assert arbiter.world.send("POST", "Task/nobody/$keep", {}).status_code == 404


def test_a_refused_deletion_tells_nothing_of_the_second_stage(opened: Open) -> None:
    arbiters = [Arbiter(opened(), VIRAL), Arbiter(opened(Reveal.NEVER), VIRAL)]
    assert [each.state == "revealed" for each in arbiters] == [True, False]
    told = [each.world.send("DELETE", each.role).text for each in arbiters]
    assert told[0] == told[1]


def test_the_address_is_told_by_a_conditional_put_as_well(opened: Open) -> None:
    world = opened(Reveal.ALWAYS)
    role = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(world, VIRAL)
    world.run()
    [offer] = world.get(f"Task?owner={role}&status=requested")["entry"]
    task = offer["resource"]
    version = f'W/"{task["meta"]["versionId"]}"'
    accepted = {**task, "status": "accepted"}
    answer = world.send("PUT", f"Task?_id={task['id']}", accepted, If_Match=version)
    assert answer.status_code == 200
    assert f'rel="{SR}/final-read"' in answer.headers["Link"]
