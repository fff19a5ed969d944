"""A question that is read from images: what is waited for, what is whole, what a person must look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from server.completeness import Performed, StepChange, StepState, Taken
from server.image_search import Level, Wanted
from server.images import ImageObject, Named
from server.model import AiRead, Answer, Coding, FilmContract, ImageRules, InputContract, Late, Span
from server.steps.casefile import CaseFile
from server.steps.imaging import vouching
from server.store.image_search import ImageFinder
from tests.world import (
    BACTERIAL,
    CARD,
    POLICY,
    SPECIALTY,
    SR,
    Hospital,
    World,
    coded,
    doctor,
    make_world,
    send_case,
)

pytestmark = pytest.mark.both_databases

SIDES = Span(Decimal(64), Decimal(8000))
FILMS = replace(
    CARD,
    contract=InputContract((), Span(Decimal(1), Decimal(6))),
    film=FilmContract(("CR", "DX"), ("CHEST",), ("AP", "PA"), SIDES, Span(Decimal("0.5"), Decimal(2))),
)
RULES = ImageRules(timedelta(seconds=30), {}, timedelta(hours=2), Late.WAIT)
ACSN = coded(Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "ACSN"))
UID = {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}


@pytest.fixture
def rules() -> ImageRules:
    return RULES


@pytest.fixture
def world(tmp_path: Path, database_url: str, rules: ImageRules) -> Iterator[World]:
    yield from make_world(
        tmp_path, card=FILMS, policy=replace(POLICY, images=rules), database_url=database_url
    )


def send(world: World, **more: Any) -> Hospital:
    """The order of a film; its study is named in the Task."""
    kind = coded(Coding(f"{SR}/CodeSystem/task", "clinical-question"))
    question = coded(Coding(f"{SR}/CodeSystem/question", CARD.question))
    study = coded(Coding(f"{SR}/CodeSystem/task", "imaging-study"))
    asked = [{"type": kind, "valueCodeableConcept": question}]
    asked += [{"type": study, "valueReference": {"identifier": UID, "type": "ImagingStudy"}}]
    return send_case(world, BACTERIAL, without=lambda _: True, **{"input": asked, **more})


def film(world: World, number: int = 1, named: Named | None = None, **header: str) -> None:
    """What a modality sends."""
    world.house.images.hold(
        ImageObject(
            sop_instance=f"1.2.3.1.{number}",
            sop_class="1.2.840.10008.5.1.4.1.1.1",
            series="1.2.3.1",
            transfer_syntax="1.2.840.10008.1.2.1",
            named=named or Named("1.2.3", "P-T-1", "", "ACC-1"),
            digest=f"{number:064x}",
            file=f"{number:064x}",
            size=1000,
            received_at=world.watch(),
            source="test",
            header={"Modality": "CR", "Rows": "224", "InstanceNumber": str(number), **header},
        )
    )


def announced(world: World, number: int = 2) -> dict[str, Any]:
    """A study of so many images, as the EHR knows it."""
    somebody = world.post({"resourceType": "Patient"})
    study = {
        "resourceType": "ImagingStudy",
        "status": "available",
        "identifier": [UID],
        "numberOfInstances": number,
        "subject": {"reference": f"Patient/{somebody['id']}"},
    }
    return {"imagingStudy": [{"reference": f"ImagingStudy/{world.post(study)['id']}"}]}


def first_readers(world: World) -> None:
    """The structured report of whoever has read the film first, as the archive passes it on."""
    film(world, 9, Modality="SR", Rows="0")


def gaps(world: World, sent: Hospital) -> str:
    return str(world.get(f"Task/{sent.task_id}").get("statusReason", {}).get("text", ""))


def events(world: World, sent: Hospital) -> list[str]:
    return [each["event"] for each in world.trace(sent.task_id)["history"]]


def test_a_film_is_waited_for_and_read_when_its_study_is_quiet(world: World) -> None:
    sent = send(world)
    world.run()
    assert world.state(sent.task_id) == "incomplete"
    assert "no image of it has come" in gaps(world, sent)
    film(world)
    world.run()
    assert world.state(sent.task_id) == "incomplete", "more may come"
    world.watch.forward(seconds=29)
    world.run()
    assert not world.reader.seen
    world.watch.forward(seconds=1)
    world.run()
    assert world.state(sent.task_id) == "closed"
    [inputs] = world.reader.seen
    assert [each.sop_instance for each in inputs.films] == ["1.2.3.1.1"]
    found = next(e for e in world.trace(sent.task_id)["history"] if e["event"] == "found complete")
    assert found["detail"] == {"rule": "quiet-period", "objects": 1, "expected": None}


def test_the_study_stands_at_our_door_and_the_opinion_refers_to_it(world: World) -> None:
    sent = send(world)
    film(world, StudyDate="20260105")
    film(world, 2, Modality="DX")
    world.watch.forward(seconds=30)
    world.run()
    [entry] = world.get("ImagingStudy?identifier=urn:dicom:uid|urn:oid:1.2.3")["entry"]
    study = entry["resource"]
    assert (study["numberOfInstances"], study["started"]) == (2, "2026-01-05")
    assert study["subject"]["reference"] == sent.patient
    assert [each["uid"] for each in study["series"][0]["instance"]] == ["1.2.3.1.1", "1.2.3.1.2"]
    [opinion] = world.get("Observation?_security=AIAST")["entry"]
    assert opinion["resource"]["derivedFrom"] == [
        {"reference": f"ImagingStudy/{study['id']}", "type": "ImagingStudy"}
    ]
    assert world.get("Observation?derived-from=ImagingStudy/" + study["id"])["total"] == 1
    assert b"urn:oid:1.2.3" in world.courier.sent[-1].content, "the EHR knows the study by its UID"


def test_as_many_as_were_announced_are_enough_at_once(world: World) -> None:
    sent = send(world, report_more=announced(world))
    film(world)
    world.watch.forward(hours=1)
    world.run()
    assert "not all of its images have come" in gaps(world, sent)
    film(world, 2)
    world.run()
    assert world.state(sent.task_id) == "closed"
    found = [e for e in world.trace(sent.task_id)["history"] if e["event"] == "found complete"]
    assert [each["detail"] for each in found] == [{"rule": "expected-count", "objects": 2, "expected": 2}]


@pytest.mark.parametrize(
    ("rules", "state"),
    [
        (RULES, "incomplete"),
        (replace(RULES, when_late=Late.GO), "closed"),
        (replace(RULES, when_late=Late.DROP), "lapsed"),
    ],
)
def test_when_images_are_known_to_be_missing_the_policy_decides(world: World, state: str) -> None:
    sent = send(world, report_more=announced(world))
    film(world)
    world.run()
    assert world.state(sent.task_id) == "incomplete"
    world.watch.forward(hours=2)
    world.run()
    assert world.state(sent.task_id) == state


@pytest.mark.parametrize(
    "named",
    [
        Named("1.2.3", "P-OTHER", "", "ACC-1"),
        Named("1.2.3", "", "", "ACC-1"),
    ],
)
def test_images_of_another_patient_are_held_and_never_read(world: World, named: Named) -> None:
    sent = send(world)
    world.run()
    film(world, named=named)
    world.watch.forward(hours=1)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert world.history(sent.task_id)[-1] == ("on-hold", "awaiting-coordinator")
    assert not world.reader.seen
    case = world.house.ledger.case_of_task(sent.task_id)
    world.house.ledger.resume(str(case), "somebody", world.watch())
    world.run()
    assert world.state(sent.task_id) == "held", "resuming changes nothing of what does not fit"


def test_an_issuer_that_is_not_listed_is_held_until_somebody_lists_it(world: World) -> None:
    sent = send(world)
    film(world, named=Named("1.2.3", "P-T-1", "CLINIC", "ACC-1"))
    world.watch.forward(hours=1)
    world.run()
    assert world.state(sent.task_id) == "held"
    told = world.trace(sent.task_id)["history"][-1]["detail"]
    assert "an [[issuer]] table of the file of DICOM peers settles it" in str(told)
    assert not world.reader.seen
    listed = {"CLINIC": "https://ehr.example/patient"}
    world.cases = replace(world.cases, tools=replace(world.cases.tools, issuers=listed))
    world.house.ledger.resume(str(world.house.ledger.case_of_task(sent.task_id)), "somebody", world.watch())
    world.run()
    assert world.state(sent.task_id) == "closed"


def test_a_study_is_found_by_its_accession_number(world: World) -> None:
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{world.post({'resourceType': 'Patient'})['id']}"},
        "identifier": [{"type": ACSN, "system": "https://ris.example", "value": "ACC-1"}],
    }
    made = world.post(order)
    sent = send_without_study(world, made["id"])
    world.run()
    assert "no image of it has come" in gaps(world, sent)
    film(world)
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "closed"


def send_without_study(world: World, request: str) -> Hospital:
    kind = coded(Coding(f"{SR}/CodeSystem/task", "clinical-question"))
    question = coded(Coding(f"{SR}/CodeSystem/question", CARD.question))
    based_on = [{"reference": f"ServiceRequest/{request}"}]
    return send(
        world,
        input=[{"type": kind, "valueCodeableConcept": question}],
        report_more={"basedOn": based_on},
    )


def test_an_order_that_names_no_study_is_told_how_to(world: World) -> None:
    kind = coded(Coding(f"{SR}/CodeSystem/task", "clinical-question"))
    question = coded(Coding(f"{SR}/CodeSystem/question", CARD.question))
    sent = send(world, input=[{"type": kind, "valueCodeableConcept": question}])
    world.run()
    assert "Task.input imaging-study" in gaps(world, sent)


def test_a_late_image_supersedes_what_was_read_before_the_comparison(world: World) -> None:
    sent = send(world, report_more={"status": "preliminary"})
    film(world)
    world.watch.forward(seconds=30)
    world.run()
    assert [len(each.films) for each in world.reader.seen] == [1]
    film(world, 2)
    world.run()
    world.watch.forward(seconds=30)
    world.run()
    assert [len(each.films) for each in world.reader.seen] == [1, 2]
    assert world.put({**sent.report, "status": "final"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "closed"


def test_d084_a_study_that_is_sent_again_is_not_read_again(world: World) -> None:
    sent = send(world)
    for number in range(20):
        film(world, number)
    world.watch.forward(seconds=30)
    world.run()
    before = events(world, sent)
    assert len(world.reader.seen) == 1
    world.watch.forward(hours=1)
    for number in range(20):
        film(world, number)
    world.run()
    assert (events(world, sent), len(world.reader.seen)) == (before, 1)


def test_d086_an_image_for_a_question_that_is_over_is_kept_and_not_read(world: World) -> None:
    """Studies are not deleted here; what can be over is the question about one."""
    sent = send(world)
    film(world)
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "closed"
    film(world, 2)
    world.watch.forward(hours=3)
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert len(world.reader.seen) == 1
    study = world.house.images.study("1.2.3")
    assert study is not None
    assert len(study.objects) == 2
    assert events(world, sent)[-2:] == ["delivered", "images late"]
    film(world, 2)
    first_readers(world)
    world.run()
    assert events(world, sent)[-2:] == ["delivered", "images late"], "the same, and what is no picture"
    film(world, 3)
    world.run()
    assert events(world, sent)[-2:] == ["images late", "images late"]
    assert world.trace(sent.task_id)["nextLook"] is None


def test_a_late_image_during_a_referral_goes_to_a_person(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = None
    sent = send(world)
    film(world)
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "offered"
    film(world, 2)
    world.run()
    assert world.state(sent.task_id) == "held"
    case = world.house.ledger.case_of_task(sent.task_id)
    world.house.ledger.resume(str(case), "somebody", world.watch())
    world.run()
    assert world.state(sent.task_id) == "offered", "a person has decided that it stands"
    assert len(world.reader.seen) == 1


def test_the_first_readers_report_among_the_objects_stops_no_referral(world: World) -> None:
    """It comes as a rule just when a specialist is asked, and changes nothing of what was read."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = None
    sent = send(world)
    film(world)
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "offered"
    first_readers(world)
    world.run()
    assert world.state(sent.task_id) == "offered"


def test_the_first_readers_report_among_the_objects_has_nothing_read_anew(world: World) -> None:
    sent = send(world, report_more={"status": "preliminary"})
    film(world)
    world.watch.forward(seconds=30)
    world.run()
    first_readers(world)
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "ready"
    assert len(world.reader.seen) == 1


def test_nobody_is_led_to_the_first_readers_report_by_the_study_at_our_door(world: World) -> None:
    """The specialist of a referral gets this resource, and reads blind."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = None
    send(world)
    film(world)
    first_readers(world)
    world.watch.forward(seconds=30)
    world.run()
    [request] = world.get("ServiceRequest")["entry"]
    [led] = request["resource"]["supportingInfo"]
    study = world.get(led["reference"])
    assert [each["code"] for each in study["modality"]] == ["CR"]
    assert [[each["uid"] for each in one["instance"]] for one in study["series"]] == [["1.2.3.1.1"]]


def test_a_study_that_was_announced_before_it_was_made_has_no_count(world: World) -> None:
    sent = send(world, report_more=announced(world, 0))
    film(world)
    world.run()
    assert not world.reader.seen, "more may come"
    world.watch.forward(seconds=30)
    world.run()
    assert [each["detail"]["rule"] for each in found_complete(world, sent)] == ["quiet-period"]


def test_what_is_asked_of_the_images_shows_no_opinion(world: World) -> None:
    """By C-FIND, C-GET, C-MOVE and DICOMweb alike: before it is sealed, while it is, and when it is out."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = Answer.ABSENT
    disputed = send(world)
    search, seen = ImageFinder(world.house.database), []
    for step in range(3):
        if step == 1:
            film(world)
            world.watch.forward(seconds=30)
        world.run()
        seen.append(world.state(disputed.task_id))
        found = search.find(Wanted(Level.INSTANCE, (), 100))
        assert [each.first.source for each in found] == ["test"] * min(step, 1)
    assert seen == ["incomplete", "offered", "offered"]
    case = str(world.house.ledger.case_of_task(disputed.task_id))
    assert len(world.house.ledger.facts(case, "ai-read", AiRead)) == 1, "it is sealed, and nowhere else"


def test_reports_among_the_images_are_no_evidence(world: World) -> None:
    send(world)
    film(world)
    film(world, 2, Modality="SR", Rows="0")
    world.watch.forward(seconds=30)
    world.run()
    [inputs] = world.reader.seen
    assert [each.sop_instance for each in inputs.films] == ["1.2.3.1.1"]


def test_the_same_uid_with_other_bytes_holds_the_case(world: World) -> None:
    sent = send(world)
    film(world)
    world.house.images.hold(
        replace(world.house.images.study("1.2.3").objects[0], digest="f" * 64)  # type: ignore[union-attr]
    )
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert not world.reader.seen


def test_a_person_may_vouch_for_just_these_images(world: World) -> None:
    sent = send(world)
    film(world, named=Named("1.2.3", "P-OTHER", "", "ACC-1"))
    world.watch.forward(hours=1)
    world.run()
    assert world.state(sent.task_id) == "held"
    vouch(world, sent)
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert len(world.reader.seen) == 1


def test_what_comes_later_is_not_vouched_for(world: World) -> None:
    sent = send(world)
    film(world, named=Named("1.2.3", "P-OTHER", "", "ACC-1"))
    world.run()
    vouch(world, sent)
    film(world, 2, named=Named("1.2.3", "P-OTHER", "", "ACC-1"))
    world.watch.forward(hours=1)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert not world.reader.seen


def vouch(world: World, sent: Hospital) -> None:
    case_id = str(world.house.ledger.case_of_task(sent.task_id))
    case = world.house.ledger.find(case_id)
    assert case is not None
    state, _ = vouching(CaseFile(case, world.cases.tools, world.watch()))
    world.house.ledger.vouch(case_id, "somebody", "the modality mistyped it", state, world.watch())


# -- somebody says that it is complete ----------------------------------------------------------


def call(world: World, sent: Hospital, **more: str) -> Any:
    said = {"reason": "the modality has sent all", "by": "Dr Demo", **more}
    parts = [{"name": name, "valueString": value} for name, value in said.items()]
    body = {"resourceType": "Parameters", "parameter": parts}
    return world.send("POST", f"Task/{sent.task_id}/$complete-study", body)


def found_complete(world: World, sent: Hospital) -> list[dict[str, Any]]:
    return [e for e in world.trace(sent.task_id)["history"] if e["event"] == "found complete"]


def test_a_study_that_somebody_calls_complete_is_read_at_once(world: World) -> None:
    sent = send(world, report_more=announced(world))
    film(world)
    world.run()
    assert world.state(sent.task_id) == "incomplete", "two were announced"
    for _ in range(2):  # said again, it changes nothing
        answer = call(world, sent)
        assert (answer.status_code, answer.json["parameter"]) == (
            200,
            [{"name": "objects", "valueInteger": 1}],
        )
    world.run()
    assert world.state(sent.task_id) == "closed"
    [found] = found_complete(world, sent)
    assert found["actor"] == "Dr Demo (nobody is told apart)"
    assert found["detail"] == {
        "rule": "called-complete",
        "objects": 1,
        "expected": 2,
        "by": "Dr Demo (nobody is told apart)",
        "reason": "the modality has sent all",
        "at": "2026-01-05T09:00:00.000Z",
    }


def test_what_comes_after_it_was_called_complete_is_waited_for_again(world: World) -> None:
    sent = send(world, report_more={**announced(world), "status": "preliminary"})
    film(world)
    world.run()
    assert call(world, sent).status_code == 200
    film(world, 3)
    film(world, 4)
    world.run()
    assert [each["detail"]["rule"] for each in found_complete(world, sent)] == ["expected-count"]


def test_a_late_image_supersedes_what_was_called_complete(world: World) -> None:
    sent = send(world, report_more={"status": "preliminary"})
    film(world)
    world.run()
    assert call(world, sent).status_code == 200
    world.run()
    assert call(world, sent).status_code == 200, "it is complete already"
    film(world, 2)
    world.watch.forward(seconds=30)
    world.run()
    assert [each["detail"]["rule"] for each in found_complete(world, sent)] == [
        "called-complete",
        "quiet-period",
    ]
    assert [len(each.films) for each in world.reader.seen] == [1, 2]


def test_there_must_be_something_that_could_be_complete(world: World) -> None:
    sent = send(world)
    world.run()
    answer = call(world, sent)
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (409, "business-rule")
    film(world, named=Named("1.2.3", "P-OTHER", "", "ACC-1"))
    world.run()
    assert world.state(sent.task_id) == "held"
    assert call(world, sent).status_code == 409, "who it is of is another question"
    assert call(world, sent, reason="").status_code == 400
    other = world.send("POST", "Task/nobody/$complete-study", {})
    assert other.status_code == 404


def test_what_was_found_whole_stays_so_until_another_object_comes(world: World) -> None:
    """What a modality, a clock or an archive says later takes nothing back of what was decided."""
    sent = send(world, report_more={"status": "preliminary"})
    film(world)
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "ready"
    begin(world)
    world.run()
    assert world.state(sent.task_id) == "ready"
    film(world, 2)
    world.watch.forward(minutes=10)
    world.run()
    assert world.state(sent.task_id) == "received", "the modality is at work"
    assert len(found_complete(world, sent)) == 1


# -- a modality says what it makes and has made -------------------------------------------------

STEP = Performed("1.2.9", StepState.IN_PROGRESS)


def begin(world: World, study: str = "1.2.3", number: str = "") -> None:
    steps = world.cases.tools.steps
    assert steps.begin(STEP, [(study, number)], "CT1>READER", world.watch()) is Taken.DONE


def end(world: World, *instances: str, state: StepState = StepState.COMPLETED, reason: str = "") -> None:
    said = StepChange(state, instances, reason)
    assert world.cases.tools.steps.change(STEP.uid, said, "CT1>READER", world.watch()) is Taken.DONE


def test_what_the_modality_names_is_enough_at_once(world: World) -> None:
    sent = send(world)
    begin(world)
    world.run()
    film(world)
    world.watch.forward(minutes=30)
    world.run()
    assert world.state(sent.task_id) == "incomplete", "quiet, but the modality is at work"
    assert "no image of it has come" in gaps(world, sent), "and nobody is told more than before"
    end(world, "1.2.3.1.1", "1.2.3.1.2")
    world.run()
    assert "not all of its images have come" in gaps(world, sent)
    film(world, 3)
    world.run()
    assert world.state(sent.task_id) == "incomplete", "as many, but not those"
    film(world, 2)
    world.run()
    assert world.state(sent.task_id) == "closed"
    [found] = found_complete(world, sent)
    assert found["detail"] == {
        "rule": "performed-step",
        "objects": 3,
        "expected": 2,
        "steps": ["1.2.9"],
    }


def test_a_step_of_another_study_is_not_waited_for(world: World) -> None:
    sent = send(world)
    begin(world, study="1.2.77", number="nobody's")  # another study's says nothing
    film(world)
    world.watch.forward(seconds=30)
    world.run()
    assert world.state(sent.task_id) == "closed"


@pytest.mark.parametrize(
    ("rules", "state"),
    [(RULES, "incomplete"), (replace(RULES, when_late=Late.GO), "closed")],
)
def test_an_examination_that_is_discontinued_waits_for_the_deadline_or_a_person(
    world: World, state: str
) -> None:
    sent = send(world)
    begin(world)
    film(world)
    end(world, "1.2.3.1.1", state=StepState.DISCONTINUED, reason="110513 (DCM)")
    world.watch.forward(hours=1)
    world.run()
    assert world.state(sent.task_id) == "incomplete"
    assert "discontinued at the modality: 110513 (DCM)" in gaps(world, sent)
    world.watch.forward(hours=1)
    world.run()
    assert world.state(sent.task_id) == state
    if state == "incomplete":
        assert call(world, sent).status_code == 200
        world.run()
        assert world.state(sent.task_id) == "closed"
        return
    [found] = found_complete(world, sent)
    assert found["detail"]["rule"] == "deadline"
    assert "110513 (DCM)" in found["detail"]["lacking"]
