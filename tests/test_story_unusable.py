"""A report by a specialist that says neither present nor absent goes back, with what is accepted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import (
    BACTERIAL,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    coded,
    doctor,
    report,
    send_case,
    sign_as,
)


def unusable(world: World, *codes: Any) -> tuple[Hospital, dict[str, Any], dict[str, Any]]:
    """A case whose specialist has answered without a usable code: (case, their Task, their report)."""
    specialist = doctor(world, "Quill", "Elsewhere Quill", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    [offered] = world.get("Task?status=requested&code=specialist-read")["entry"]
    world.put({**offered["resource"], "status": "accepted"})
    world.run()
    done = sign_as(world, specialist, offered["resource"]["id"], None).json
    answer = done["output"][0]["valueReference"]["reference"]
    if codes:
        assert put_report(world, done, [coded(each) for each in codes], 1).status_code == 200
    world.run()
    task = world.get(f"Task/{done['id']}")
    return sent, task, {"reference": answer, "version": 2 if codes else 1}


def put_report(world: World, task: dict[str, Any], codes: list[Any], version: int, **more: Any) -> Any:
    """The specialist's report once more."""
    answer = task["output"][0]["valueReference"]["reference"]
    body = report(task["for"]["reference"], task["owner"]["reference"], None, basedOn=[task["focus"]])
    body |= {"id": answer.partition("/")[2], "meta": {"versionId": str(version)}, "conclusionCode": codes}
    return world.put({name: part for name, part in (body | more).items() if part})


def events(world: World, sent: Hospital) -> list[str]:
    return [each["event"] for each in world.trace(sent.task_id)["history"]]


@pytest.mark.parametrize("codes", [(), (BACTERIAL, VIRAL)], ids=["none", "both"])
def test_it_goes_back_with_the_codes_that_would_be_accepted(world: World, codes: tuple[Any, ...]) -> None:
    sent, task, _ = unusable(world, *codes)
    assert world.state(sent.task_id) == "accepted"
    assert task["status"] == "in-progress"
    assert task["businessStatus"]["coding"][0]["code"] == "report-not-usable"
    assert task["statusReason"]["coding"][0]["code"] == "report-not-usable"
    for code in (BACTERIAL, VIRAL):
        assert f"{code.system}|{code.code}" in task["statusReason"]["text"]
    assert task["output"], "which report it is about"
    assert world.history(sent.task_id)[-1] == ("in-progress", "specialist-accepted"), (
        "nothing is asked of the EHR"
    )
    assert events(world, sent)[-1] == "answer not usable"


def test_a_corrected_report_goes_on_by_itself(world: World) -> None:
    sent, task, _ = unusable(world)
    assert put_report(world, task, [coded(BACTERIAL)], 1).status_code == 200
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-amended")
    done = world.get(f"Task/{task['id']}")
    assert (done["status"], "businessStatus" in done, "statusReason" in done) == ("completed", False, False)


def test_another_report_and_the_task_completed_once_more_go_on_too(world: World) -> None:
    sent, task, _ = unusable(world)
    assert sign_as(world, task["owner"]["reference"], task["id"], VIRAL).status_code == 200
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-upheld")
    done = world.get(f"Task/{task['id']}")
    assert (done["status"], "businessStatus" in done) == ("completed", False)


def test_a_second_unusable_report_goes_back_again(world: World) -> None:
    sent, task, _ = unusable(world)
    assert sign_as(world, task["owner"]["reference"], task["id"], None).status_code == 200
    world.run()
    assert world.get(f"Task/{task['id']}")["status"] == "in-progress"
    assert events(world, sent).count("answer not usable") == 2
    assert world.state(sent.task_id) == "accepted"


@pytest.mark.parametrize(
    "spoil",
    [{"status": "preliminary"}, {"basedOn": []}, {"resultsInterpreter": []}],
    ids=lambda s: next(iter(s)),
)
def test_a_correction_that_could_not_complete_a_task_does_not(world: World, spoil: dict[str, Any]) -> None:
    sent, task, _ = unusable(world)
    put_report(world, task, [coded(BACTERIAL)], 1, **spoil)
    world.run()
    assert world.state(sent.task_id) == "accepted"


def test_at_the_deadline_a_person_looks_and_may_let_the_next_be_asked(world: World) -> None:
    sent, task, _ = unusable(world)
    doctor(world, "Reed", "Elsewhere Reed", SPECIALTY)
    world.watch.forward(minutes=59)
    world.run()
    assert world.state(sent.task_id) == "accepted"
    world.watch.forward(minutes=2)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert world.history(sent.task_id)[-1] == ("on-hold", "awaiting-coordinator")
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert world.get(f"Task/{task['id']}")["status"] == "failed"


def test_a_report_that_is_corrected_while_a_person_looks_counts_when_they_resume(world: World) -> None:
    sent, task, _ = unusable(world)
    world.watch.forward(minutes=61)
    world.run()
    assert put_report(world, task, [coded(BACTERIAL)], 1).status_code == 200
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-amended")


def test_whoever_cannot_mend_it_gives_the_case_back(world: World) -> None:
    sent, task, _ = unusable(world)
    doctor(world, "Reed", "Elsewhere Reed", SPECIALTY)
    given = {**task, "status": "failed", "statusReason": {"text": "cannot tell"}}
    assert world.put(given).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "offered"


def test_a_report_completed_too_late_and_unusable_is_a_persons(world: World) -> None:
    specialist = doctor(world, "Quill", "Elsewhere Quill", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    [offered] = world.get("Task?status=requested&code=specialist-read")["entry"]
    world.put({**offered["resource"], "status": "accepted"})
    world.run()
    world.watch.forward(minutes=61)
    sign_as(world, specialist, offered["resource"]["id"], None)
    world.run()
    assert world.state(sent.task_id) == "held"
    doctor(world, "Reed", "Elsewhere Reed", SPECIALTY)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert world.state(sent.task_id) == "offered"
