"""No opinion on an open case is shown in any way: not the first, not a late one, not an earlier one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from server.model import Coding
from tests.world import (
    BACTERIAL,
    SNOMED,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    coded,
    doctor,
    observation,
    report,
    send_case,
    task,
)

IMPRESSION = Coding("http://loinc.org", "19005-8")
REVERSE = (
    "_revinclude=DiagnosticReport:patient",
    "_revinclude=Observation:patient",
    "_revinclude=Condition:patient",
    "_revinclude:iterate=Provenance:target",
)
WORDS = ("looks viral to me", "late but bacterial")
"""What only a sealed opinion says."""


def impression(world: World, patient: str, text: str, **more: Any) -> str:
    made = {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(IMPRESSION),
        "subject": {"reference": patient},
        "effectiveDateTime": "2026-01-05T08:00:00Z",
        "valueString": text,
        **more,
    }
    return f"Observation/{world.post({name: part for name, part in made.items() if part is not None})['id']}"


def offered(world: World) -> dict[str, Any]:
    [entry] = world.get("Task?status=requested&code=specialist-read")["entry"]
    return dict(entry["resource"])


def provenance(about: str) -> dict[str, Any]:
    return {
        "resourceType": "Provenance",
        "target": [{"reference": about}],
        "recorded": "2026-01-05T08:31:00Z",
        "agent": [{"who": {"display": "Dapple"}}],
        "reason": [{"text": WORDS[0]}],
    }


def blind(world: World) -> tuple[Hospital, list[str], list[str]]:
    """A case that is read blind: (case, what is under seal, what must be seen)."""
    for name in ("Quill", "Reed"):
        doctor(world, name, f"Elsewhere {name}", SPECIALTY)
    sent = send_case(world, VIRAL, report_more={"conclusion": WORDS[0]})
    found = [each["resource"] for each in world.get(f"Observation?patient={sent.patient}")["entry"]]
    values = [f"Observation/{each['id']}" for each in found]
    own = impression(world, sent.patient, WORDS[0])
    member = impression(world, sent.patient, WORDS[0])
    panel = impression(
        world, sent.patient, "", valueString=None, hasMember=[{"reference": member}, {"reference": values[0]}]
    )
    listed = [{"reference": each} for each in (values[0], own, panel)]
    first = world.put({**sent.report, "result": listed}).json
    told = [
        provenance(f"DiagnosticReport/{first['id']}"),
        {
            "resourceType": "Condition",
            "subject": {"reference": sent.patient},
            "code": {"text": WORDS[0]},
            "evidence": [{"detail": [{"reference": f"DiagnosticReport/{first['id']}"}]}],
        },
    ]
    about = [f"{each['resourceType']}/{world.post(each)['id']}" for each in told]
    world.run()
    late = too_late(world, sent)
    return sent, [f"DiagnosticReport/{first['id']}", own, member, panel, *about, *late], values


def too_late(world: World, sent: Hospital) -> list[str]:
    """The first specialist's offer runs out; they sign all the same."""
    offer = offered(world)
    world.watch.forward(minutes=31)
    world.run()
    assert world.get(f"Task/{offer['id']}")["status"] == "failed"
    said = impression(world, sent.patient, WORDS[1])
    body = report(sent.patient, offer["owner"]["reference"], BACTERIAL, basedOn=[offer["focus"]])
    made = world.post({**body, "conclusion": WORDS[1], "result": [{"reference": said}]})
    about = world.post({**provenance(f"DiagnosticReport/{made['id']}"), "reason": [{"text": WORDS[1]}]})
    world.run()
    assert offered(world)["id"] != offer["id"]
    return [f"DiagnosticReport/{made['id']}", said, f"Provenance/{about['id']}"]


def ways(world: World, sent: Hospital) -> Iterator[tuple[str, Any]]:
    """Everything that the door answers in bulk."""
    patient = sent.patient
    types = ("DiagnosticReport", "Observation", "Provenance", "Condition")
    searches = [
        *types,
        *(f"{each}/_history" for each in types),
        "_history",
        f"{patient}/$everything",
        "Observation?code=19005-8",
        "Observation?value-string=looks",
        "DiagnosticReport?conclusion=95883001",
        f"Patient?_id={patient.partition('/')[2]}&{'&'.join(REVERSE)}",
        "Task?_include=Task:focus&_include:iterate=DiagnosticReport:result",
        "ServiceRequest?_revinclude=DiagnosticReport:based-on",
        "Patient?_has:Observation:patient:code=19005-8",
        "ServiceRequest?_has:DiagnosticReport:based-on:conclusion=95883001",
    ]
    for path in searches:
        yield path, world.get(path)
    entries = [{"request": {"method": "GET", "url": path}} for path in searches]
    batch = world.send("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    yield "batch", batch.json


def test_no_bulk_answer_holds_or_counts_an_opinion(world: World) -> None:
    sent, sealed, values = blind(world)
    for path, answer in ways(world, sent):
        text = json.dumps({name: part for name, part in answer.items() if name != "link"})
        for word in (*WORDS, VIRAL.code, "0.94"):
            assert word not in text, (path, word)
        for each in sealed:
            assert f'"id": "{each.partition("/")[2]}"' not in text, (path, each)
    for path in (
        "Patient?_has:Observation:patient:code=19005-8",
        "Task?focus:DiagnosticReport.conclusion=58170007",
    ):
        assert world.get(path)["total"] == 0, path
    assert {f"Observation/{e['resource']['id']}" for e in world.get("Observation")["entry"]} == set(values)


def test_no_opinion_is_read_by_its_id(world: World) -> None:
    _, sealed, values = blind(world)
    for each in sealed:
        for path in (each, f"{each}/_history", f"{each}/_history/1", f"{each}/$validate"):
            answer = world.send("GET", path)
            assert '"suppressed"' in answer.text, path
            assert not any(word in answer.text for word in WORDS)
        patch = [{"op": "replace", "path": "/status", "value": "amended"}]
        answer = world.send("PATCH", each, patch, Content_Type="application/json-patch+json")
        assert '"suppressed"' in answer.text, each
    for each in values:
        assert world.send("GET", each).status_code == 200, "what the question is asked about is seen"


def test_all_is_seen_when_the_case_is_resolved(world: World) -> None:
    sent, sealed, _ = blind(world)
    answer_as(world, offered(world)["owner"]["reference"], VIRAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    for each in sealed:
        assert world.send("GET", each).status_code == 200, each


def test_a_late_report_cannot_be_unsealed_by_writing_it_anew(world: World) -> None:
    _, sealed, _ = blind(world)
    [late] = [each for each in sealed if each.startswith("DiagnosticReport")][1:]
    stored = world.house.shelf.read(*late.split("/"))
    assert stored is not None
    body = {name: part for name, part in json.loads(stored.body).items() if name != "basedOn"}
    body["conclusion"] = "nothing"
    refused = world.put(body)
    assert refused.status_code == 422
    assert refused.json["issue"][0]["expression"] == ["DiagnosticReport.basedOn"]
    assert world.put({**body, "basedOn": json.loads(stored.body)["basedOn"]}).status_code == 200
    _nothing_told(world, sealed)


def test_a_late_report_is_not_deleted_while_what_it_lists_is_under_seal(world: World) -> None:
    """What refers to it, and what it refers to, is known by it alone."""
    sent, sealed, _ = blind(world)
    late, _, about = sealed[-3:]
    assert world.send("DELETE", about).status_code == 204
    refused = world.send("DELETE", late)
    assert (refused.status_code, refused.json["issue"][0]["code"]) == (409, "conflict")
    assert "entered-in-error" in refused.text
    _nothing_told(world, sealed)
    answer_as(world, offered(world)["owner"]["reference"], VIRAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert world.send("DELETE", late).status_code == 204


def _nothing_told(world: World, sealed: list[str]) -> None:
    """Neither a late report nor what it listed nor what told of it, now or as it was."""
    for each in sealed[-3:]:
        assert world.send("GET", f"{each}/_history/1").json["issue"][0]["code"] == "suppressed", each
    for path in ("_history", "DiagnosticReport/_history", "Observation/_history", "Provenance/_history"):
        assert WORDS[1] not in json.dumps(world.get(path)), path


@pytest.mark.parametrize("listed", ["itself", "by a panel"])
def test_a_finding_that_became_a_number_is_not_read_as_it_was(world: World, listed: str) -> None:
    _, sealed, _ = blind(world)
    place = sealed[1] if listed == "itself" else sealed[2]
    stored = world.house.shelf.read(*place.split("/"))
    assert stored is not None
    body = json.loads(stored.body)
    del body["valueString"]
    assert world.put({**body, "valueQuantity": {"value": 7}}).status_code == 200
    assert world.send("GET", place).status_code == 200, "a number is what is asked about"
    assert world.send("GET", f"{place}/_history/1").json["issue"][0]["code"] == "suppressed"
    assert world.send("GET", f"{place}/_history/2").status_code == 200
    for path in (f"{place}/_history", "Observation/_history", "_history"):
        assert WORDS[0] not in json.dumps(world.get(path)), path


def test_what_is_written_about_what_tells_of_a_report_is_under_seal(world: World) -> None:
    _, sealed, values = blind(world)
    about, condition, own = sealed[4], sealed[5], sealed[1]
    told = [provenance(about), provenance(condition), provenance(own)]
    for each in told:
        made = world.post(each)
        answer = world.send("GET", f"Provenance/{made['id']}")
        assert (answer.status_code, answer.json["issue"][0]["code"]) == (403, "suppressed"), each["target"]
    assert WORDS[0] not in json.dumps(world.get("Provenance"))
    made = world.post({**provenance(values[0]), "reason": [{"text": "measured"}]})
    assert world.send("GET", f"Provenance/{made['id']}").status_code == 200, "what was measured is told of"


@pytest.mark.parametrize("type_", ["Encounter", "Consent", "ServiceRequest"])
def test_what_others_need_is_seen_though_it_names_a_report(world: World, type_: str) -> None:
    """A visit, a refusal, an order: without it they would act wrongly."""
    sent, sealed, _ = blind(world)
    here = {"reference": sealed[0]}
    of = {"reference": sent.patient}
    bodies: dict[str, dict[str, Any]] = {
        "Encounter": {
            "status": "finished", "class": {"code": "IMP"}, "subject": of,
            "diagnosis": [{"condition": {"reference": sealed[5]}}],
        },
        "Consent": {
            "status": "active",
            "scope": {"text": "treatment"},
            "category": [{"text": "treatment"}],
            "patient": of,
            "policyRule": {"text": "ours"},
            "provision": {"data": [{"meaning": "instance", "reference": here}]},
        },
        "ServiceRequest": {
            "status": "active", "intent": "order", "subject": of, "code": {"text": "culture"},
            "supportingInfo": [here],
        },
    }  # fmt: skip
    made = world.post({"resourceType": type_, **bodies[type_]})
    assert world.send("GET", f"{type_}/{made['id']}").status_code == 200


@pytest.mark.parametrize("change", ["deleted", "written anew"])
def test_what_told_of_a_report_is_not_read_in_its_history(world: World, change: str) -> None:
    """The newest version need not name the report any more: each is judged by what it named itself."""
    sent, sealed, _ = blind(world)
    about, condition = sealed[4:6]
    if change == "deleted":
        answers = [world.send("DELETE", each).status_code for each in (about, condition)]
        assert answers == [204, 204]
    else:
        meta = {"meta": {"versionId": "1"}}
        told = {
            **meta,
            "id": about.partition("/")[2],
            **provenance(sent.patient),
            "reason": [{"text": "moved"}],
        }
        assert world.put(told).status_code == 200
        body = {"id": condition.partition("/")[2], "subject": {"reference": sent.patient}}
        assert world.put({"resourceType": "Condition", **meta, **body}).status_code == 200
    for each in (about, condition):
        assert world.send("GET", f"{each}/_history/1").json["issue"][0]["code"] == "suppressed", each
        for path in (f"{each}/_history", f"{each.partition('/')[0]}/_history", "_history"):
            assert WORDS[0] not in json.dumps(world.get(path)), path


@pytest.mark.parametrize("word", [WORDS[0], "something else"])
def test_no_condition_of_a_write_asks_what_is_under_seal(world: World, word: str) -> None:
    """201 or 200, deleted or not, would tell a word at a time; so it is refused whether it matches or not."""
    sent, sealed, values = blind(world)
    own, condition = sealed[1], sealed[5]
    asks = {
        own: [f"value-string={word}", f"code-value-string=19005-8${word}", "value-string:missing=false"],
        condition: [f"code:text={word}", "code:missing=true"],
    }
    for place, criteria in asks.items():
        type_, id_ = place.split("/")
        stored = world.house.shelf.read(type_, id_)
        assert stored is not None
        body = json.loads(stored.body)
        for each in criteria:
            wanted = f"_id={id_}&{each.replace(' ', '%20')}"
            about = {**provenance(sent.patient), "target": [{"reference": f"{type_}?{wanted}"}]}
            entry = {"resource": about, "request": {"method": "POST", "url": "Provenance"}}
            answers = [
                world.send("POST", type_, body, If_None_Exist=wanted),
                world.send("PUT", f"{type_}?{wanted}", body),
                world.send("DELETE", f"{type_}?{wanted}"),
                world.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}),
            ]
            codes = {(answer.status_code, answer.json["issue"][0]["code"]) for answer in answers}
            assert codes == {(403, "suppressed")}, wanted
        again = world.send("POST", type_, body, If_None_Exist=f"_id={id_}&patient={sent.patient}")
        assert (again.status_code, again.data) == (200, b""), "known by its name it is not made twice"
    measured = f"_id={values[0].partition('/')[2]}&value-quantity:missing=false"
    made = world.send("POST", "Observation", observation(sent.patient, "1-1", "1"), If_None_Exist=measured)
    assert made.status_code == 200, "what was measured is under no seal"


# -- an earlier case ---------------------------------------------------------------------------


def asked_again(world: World, sent: Hospital, **more: Any) -> Hospital:
    """The same question about the same patient, with a report that is not signed yet."""
    first = world.post(report(sent.patient, sent.role, VIRAL, **{"status": "preliminary", **more}))
    again = world.post(task(sent.patient, f"DiagnosticReport/{first['id']}", "T-2"))
    return Hospital(sent.patient, sent.role, first, again)


def parts(world: World) -> list[str]:
    """Everything of the AI opinion that stands at the door."""
    found = []
    for type_ in ("Observation", "DiagnosticReport", "Provenance"):
        label = "_security=AIAST" if type_ != "Provenance" else "agent-role=Artificial-Intelligence"
        found += [
            f"{type_}/{each['resource']['id']}" for each in world.get(f"{type_}?{label}").get("entry", [])
        ]
    return found


def test_an_earlier_opinion_on_the_same_question_is_under_seal_while_it_is_asked_again(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, BACTERIAL)
    world.run()
    released = parts(world)
    assert len(released) == 3
    second = asked_again(world, sent)
    assert parts(world) == []
    for each in (*released, f"DiagnosticReport/{sent.report['id']}"):
        assert world.send("GET", each).json["issue"][0]["code"] == "suppressed", each
    world.run()
    assert "0.94" not in json.dumps(
        [world.get("Observation/_history"), world.get(f"{sent.patient}/$everything")]
    )
    world.put({**second.report, "status": "final"})
    world.run()
    assert world.state(second.task_id) == "offered"
    assert parts(world) == [], "a specialist reads blind too"
    [offer] = world.get("Task?status=requested&code=specialist-read")["entry"]
    answer_as(world, offer["resource"]["owner"]["reference"], VIRAL)
    world.run()
    assert set(released) < set(parts(world))


def test_an_earlier_opinion_of_another_patient_is_not(world: World) -> None:
    send_case(world, BACTERIAL)
    world.run()
    released = parts(world)
    send_case(world, VIRAL, number="T-2")
    assert parts(world) == released


def test_an_earlier_specialists_report_is_under_seal_too(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, specialist, BACTERIAL)
    world.run()
    [output] = [
        each["valueReference"]["reference"]
        for each in world.get(f"Task/{sent.task_id}")["output"]
        if each["type"]["coding"][0]["code"] == "specialist-report"
    ]
    assert world.send("GET", output).status_code == 200
    asked_again(world, sent)
    assert world.send("GET", output).json["issue"][0]["code"] == "suppressed"


def test_the_history_of_the_earlier_case_says_nothing_meanwhile(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    assert "0.94" in json.dumps(world.trace(sent.task_id))
    second = asked_again(world, sent)
    shown = json.dumps(world.trace(sent.task_id))
    assert "0.94" not in shown
    assert "present" not in shown
    world.put({**second.report, "status": "cancelled"})
    world.run()
    assert "0.94" in json.dumps(world.trace(sent.task_id))


@pytest.mark.parametrize("kind", ["quantity", "component"])
def test_what_was_measured_is_no_opinion(world: World, kind: str) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    body = observation(sent.patient, "2342-4", "30")
    if kind == "component":
        body |= {"component": [{"code": body["code"], "valueQuantity": body.pop("valueQuantity")}]}
    made = world.post(body)
    world.put({**sent.report, "result": [{"reference": f"Observation/{made['id']}"}]})
    world.run()
    assert world.send("GET", f"Observation/{made['id']}").status_code == 200
    assert SNOMED


def test_a_coded_answer_is_none_the_less_one_for_a_number_beside_it(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    body = observation(sent.patient, "2342-4", "30")
    body |= {
        "component": [
            {"code": coded(Coding("http://loinc.org", "1-8")), "valueQuantity": body.pop("valueQuantity")}
        ]
    }
    made = world.post({**body, "valueCodeableConcept": coded(VIRAL)})
    world.put({**sent.report, "result": [{"reference": f"Observation/{made['id']}"}]})
    world.run()
    assert world.send("GET", f"Observation/{made['id']}").status_code == 403
