from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from conformance.demo import directory
from conformance.peers import blindness
from conformance.peers.blindness import NotBlind
from conformance.peers.client import NotDone
from conformance.peers.codes import ACT_VALUE, AI_ASSERTED, LOINC, TASK, concept
from conformance.peers.faults import Fault, Kind
from conformance.peers.rule import judge
from conformance.peers.specialist import Analyte, Desk, by_rule, measured

CLEAN = {"csf_wbc": 100, "csf_neut_pct": 5, "csf_gluc": 60, "csf_prot": 50, "blood_gluc": 110}
ASK = {"code": f"{TASK}|specialist-read"}


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ()),
        ({"csf_gluc": 34}, ()),
        ({"csf_gluc": "33.9"}, ("CSF glucose below 34 mg/dL",)),
        ({"csf_gluc": 46, "blood_gluc": 200}, ()),
        ({"csf_gluc": 46, "blood_gluc": 201}, ("CSF to blood glucose ratio below 0.23",)),
        ({"csf_gluc": 46, "blood_gluc": 0}, ()),
        ({"csf_prot": 220}, ()),
        ({"csf_prot": 221}, ("CSF protein above 220 mg/dL",)),
        ({"csf_wbc": 2000}, ()),
        ({"csf_wbc": 2001}, ("CSF leukocytes above 2000/uL",)),
        ({"csf_wbc": 1180, "csf_neut_pct": 100}, ()),
        ({"csf_wbc": 1181, "csf_neut_pct": 100}, ("CSF neutrophils above 1180/uL",)),
    ],
)
def test_each_criterion_at_its_edge(changes, reasons):
    values = {name: Decimal(value) for name, value in (CLEAN | changes).items()}
    judgement = judge(values)
    assert (judgement.bacterial, judgement.reasons) == (bool(reasons), reasons)


def test_nothing_known_meets_nothing():
    assert judge({}).bacterial is False


def test_values_are_taken_by_code_and_only_in_the_unit_the_rule_knows():
    analyte = Analyte("csf_gluc", ("2342-4", "old"), "mg/dL")

    def observation(code, unit):
        return {"code": concept(LOINC, code), "valueQuantity": {"value": Decimal("1.10"), "code": unit}}

    assert measured([observation("old", "mg/dL")], [analyte]) == {"csf_gluc": Decimal("1.10")}
    assert measured([observation("2342-4", "mmol/L")], [analyte]) == {}
    assert measured([observation("other", "mg/dL")], [analyte]) == {}


@pytest.fixture
def referred(ehr, second_reader, script):
    """A case on which the scripted second reader disagrees, and the desk that is asked."""
    roles = directory.post(second_reader)
    told = []
    opine = by_rule(script.findings["bacterial"], script.findings["viral"])
    desk = Desk(second_reader, list(roles), script.analytes, opine, tell=lambda _, text: told.append(text))
    story = next(each for each in script.stories if each.key == "missed")
    sent = ehr.send_case(script.request(story, "t", datetime.now(UTC)), second_reader, together=True)
    return desk, sent, told


def until(found, *, tries=2000):
    """The first truthy answer; gives up after a bounded number of looks."""
    pause = threading.Event()
    for _ in range(tries):
        answer = found()
        if answer:
            return answer
        pause.wait(0.005)
    raise AssertionError("it never happened")


def test_an_offer_is_accepted_read_signed_and_completed(referred, second_reader):
    desk, sent, told = referred
    assert until(desk.round) == 1
    done = until(lambda: second_reader.search("Task", ASK | {"status": "completed"}))[0]
    report = second_reader.read(done["output"][0]["valueReference"]["reference"]).body
    assert report["status"] == "final"
    assert report["basedOn"] == [done["focus"]]
    assert report["resultsInterpreter"] == [done["owner"]]
    assert report["subject"] == {"reference": sent.patient}
    assert report["conclusionCode"][0]["coding"][0]["display"] == "Bacterial meningitis"
    assert [each.split()[1] for each in told] == ["accepts", "signs", "completes"]
    assert desk.round() == 0


def test_an_accepted_offer_is_taken_up_again_and_signed_once(referred, second_reader):
    desk, _, _ = referred
    task = until(desk.waiting)[0]
    desk.accept(task["id"])
    order = second_reader.read(task["focus"]["reference"]).body
    assert order["resourceType"] == "ServiceRequest"
    assert desk.round() == 1
    reports = second_reader.search("DiagnosticReport", {"based-on": task["focus"]["reference"]})
    assert len(reports) == 1


def test_a_declined_offer_goes_to_another(referred, second_reader):
    desk, _, _ = referred
    first = until(desk.waiting)[0]
    desk.decline(first["id"], "no time")
    second = until(desk.waiting)[0]
    assert second["owner"] != first["owner"]
    declined = second_reader.read(f"Task/{first['id']}").body
    assert (declined["status"], declined["statusReason"]["text"]) == ("rejected", "no time")


def test_a_task_that_moved_in_the_meantime_is_not_overwritten(referred, second_reader):
    desk, _, _ = referred
    task = until(desk.waiting)[0]
    second_reader.update(task | {"status": "failed"}, f'W/"{task["meta"]["versionId"]}"')
    with pytest.raises(NotDone) as refused:
        second_reader.update(task | {"status": "accepted"}, f'W/"{task["meta"]["versionId"]}"')
    assert refused.value.status == 412


def test_a_careless_server_is_found_out(reader, referred):
    desk, _, _ = referred
    until(desk.waiting)
    order = reader.shelf.search("ServiceRequest", ())[0].body
    task = desk.waiting()[0]
    desk.values(task)  # blind so far
    focus = reader.shelf.search("DiagnosticReport", ())[0].reference
    label = {"security": [{"system": ACT_VALUE, "code": AI_ASSERTED}]}
    logical = {"type": "DiagnosticReport", "identifier": {"system": "urn:ai", "value": "1"}}
    leaks = [
        order | {"reasonReference": [{"reference": focus}]},
        order | {"note": [{"text": "see", "authorReference": {"reference": focus}}]},
        order | {"conclusionCode": [{}]},
        order | {"contained": [{"resourceType": "DiagnosticReport", "id": "c"}]},
        order | {"meta": label},
        order | {"supportingInfo": [logical]},
    ]
    report = {"resourceType": "DiagnosticReport", "identifier": [logical["identifier"]]}
    with reader.shelf.change() as change:
        change.put(report, "named")
    for leak in leaks:
        with reader.shelf.change() as change:
            change.put(leak, order["id"])
        with pytest.raises(NotBlind):
            desk.round()
    assert desk.waiting()[0]["status"] == "requested"


def test_an_output_or_an_ai_label_anywhere_about_the_patient_is_found(reader, referred, second_reader):
    desk, sent, _ = referred
    task = until(desk.waiting)[0]
    output = [{"type": concept(TASK, "agreement"), "valueCodeableConcept": {}}]
    with pytest.raises(NotBlind, match="agreement"):
        blindness.check(second_reader, task | {"output": output})
    label = {"security": [{"system": ACT_VALUE, "code": AI_ASSERTED}]}
    early = {"resourceType": "Observation", "meta": label, "subject": {"reference": sent.patient}}
    with reader.shelf.change() as change:
        change.put(early, "early")
    with pytest.raises(NotBlind, match="by subject"):
        desk.values(task)


def test_a_server_out_of_order_is_not_taken_for_a_discreet_one(ehr, hospital):
    task = {"id": "t", "focus": {"reference": "ServiceRequest/s"}, "for": {"reference": "Patient/p"}}
    ehr.inject(Fault(Kind.ERROR_BEFORE, methods=("GET",)))
    with pytest.raises(NotDone) as broken:
        blindness.check(hospital, task)
    assert broken.value.status == 500
    ehr.down()
    with pytest.raises(NotDone):
        blindness.check(hospital, task)


def test_the_run_loop_outlasts_an_absent_server_and_ends_when_told(ehr, script):
    stop, rounds = threading.Event(), []

    class Away:
        def search(self, *_):
            rounds.append(1)
            if len(rounds) == 3:
                stop.set()
            raise NotDone("no answer", None if len(rounds) < 3 else 412)

    Desk(Away(), ["PractitionerRole/1"], script.analytes, lambda _: None).run(stop, every=0)
    assert len(rounds) == 3


def test_the_run_loop_ends_when_it_is_refused(script):
    class Refusing:
        def search(self, *_):
            raise NotDone("bad request", 400)

    with pytest.raises(NotDone):
        Desk(Refusing(), ["PractitionerRole/1"], script.analytes, lambda _: None).run(threading.Event())
