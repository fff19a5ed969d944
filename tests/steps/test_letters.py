"""Letters: the same standing here and there, in the EHR's own identifiers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from server.case import Event
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business
from server.steps.casefile import CaseFile, Moved
from server.steps.letters import held_letter, letter, letter_out, told
from tests.world import BACTERIAL, EHR, START, World, send_case

RUNNING = Standing("in-progress", Business.AI_RUNNING)


@pytest.fixture
def file(world: World) -> CaseFile:
    send_case(world, BACTERIAL)
    [case] = world.house.ledger.recent(1)
    return CaseFile(case, world.cases.tools, START)


def test_a_letter_goes_to_the_cases_destination_under_an_id_of_its_own(file: CaseFile) -> None:
    [first], [second] = (letter("status", file, {"resourceType": "Bundle"}) for _ in range(2))
    assert (first.kind, first.destination, first.media_type) == ("status", "ehr", "application/fhir+json")
    assert json.loads(first.content) == {"resourceType": "Bundle"}
    assert first.id != second.id


def test_without_a_destination_there_is_no_letter(file: CaseFile) -> None:
    alone = replace(file, case=replace(file.case, destination=None))
    assert letter("status", alone, {}) == []
    move = told(Moved(alone), RUNNING)
    assert move.documents == []
    assert move.writes != [], "our own door tells it all the same"


def test_what_was_told_is_not_told_twice(file: CaseFile, world: World) -> None:
    world.run()
    standing = Standing("completed", Business.CLOSED_CONCORDANT)
    move = told(Moved(file), standing)
    assert (move.writes, move.documents) == ([], [])


def test_a_held_case_is_told_with_its_reason(file: CaseFile) -> None:
    move = held_letter(Moved(file).note(Event.HELD), "A person looks at it.")
    [document] = move.documents
    tasks = [each["resource"] for each in json.loads(document.content)["entry"]]
    assert [(task["status"], task["statusReason"]["text"]) for task in tasks] == [
        ("on-hold", "A person looks at it.")
    ]


@pytest.mark.parametrize(
    ("identifier", "told_as"),
    [
        ([{"system": "urn:p", "value": "1"}], {"system": "urn:p", "value": "1"}),
        (
            [{"value": "no system"}, {"system": "urn:p", "value": "2", "use": "usual"}],
            {"system": "urn:p", "value": "2"},
        ),
        ([{"value": "no system"}], None),
        ([], None),
    ],
    ids=["one", "the first whole one", "none that is whole", "none"],
)
def test_the_patient_is_named_as_the_ehr_knows_them(
    file: CaseFile, identifier: list[dict[str, str]], told_as: dict[str, str] | None
) -> None:
    class Shelf:
        def read(self, type_: str, id_: str, version: int | None = None) -> Any:
            stored = file.tools.shelf.read(type_, id_, version)
            assert stored is not None
            if type_ != "Patient":
                return stored
            body = json.loads(stored.body)
            del body["identifier"]
            body |= {"identifier": identifier} if identifier else {}
            return replace(stored, body=json.dumps(body).encode())

    out = letter_out(replace(file, tools=replace(file.tools, shelf=Shelf())))  # type: ignore[arg-type]
    here = {"system": "https://second-reader.example/fhir/here", "value": file.case.patient}
    assert out.patient == (told_as or here)


def test_what_the_ehr_sent_is_named_by_its_identifier_and_nothing_else_is(file: CaseFile) -> None:
    known = letter_out(file).known
    assert known[f"Task/{file.case.task_id}"] == {"system": EHR, "value": "T-1"}
    for key in (file.case.report, "Patient/nobody"):  # a report without identifier; nobody
        with pytest.raises(KeyError):
            known[key]
    assert known.get("Patient/nobody") is None
