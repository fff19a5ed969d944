"""The case file: what a step sees, and how what it did is put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from server.case import Event, IllegalMove, Position, State
from server.errors import Category, Fault
from server.model import Comparison, Document, Policy, Verdict
from server.ports import CaseRow, Entry, Fact
from server.steps.casefile import CaseFile, Moved, held
from tests.world import BACTERIAL, CARD, POLICY, START, World, send_case

DOCUMENT = Document("d1", "status", "ehr", "application/fhir+json", b"{}")


@pytest.fixture
def file(world: World) -> CaseFile:
    """A case that has just come."""
    send_case(world, BACTERIAL)
    [case] = world.house.ledger.recent(1)
    return CaseFile(case, world.cases.tools, START)


def lay_down(world: World, *facts: Fact) -> None:
    claim = world.house.ledger.claim(START)
    assert claim is not None
    progress = (
        Moved(CaseFile(claim.case, world.cases.tools, START)).note(Event.FOUND_COMPLETE).progress(START)
    )
    world.house.ledger.commit(claim, replace(progress, facts=facts), START, keep=False)


def test_it_sees_its_card_its_policy_and_what_it_rests_on(file: CaseFile) -> None:
    assert file.card is CARD
    assert file.policy is POLICY
    assert file.task["id"] == file.case.task_id
    assert file.resource(file.case.patient)["resourceType"] == "Patient"


def test_what_it_rests_on_must_be_there(file: CaseFile) -> None:
    with pytest.raises(Fault, match="a Patient that this case rests on is not in the store") as broken:
        file.stored("Patient/nobody")
    assert broken.value.category is Category.BROKEN
    assert "nobody" not in str(broken.value)


def test_the_latest_fact_counts(world: World, file: CaseFile) -> None:
    assert file.latest("gaps", list[str]) is None
    assert file.next_number("gaps") == 1
    lay_down(world, Fact("gaps", 1, ["a"]), Fact("gaps", 2, ["b"]))
    assert file.latest("gaps", list[str]) == ["b"]
    assert file.next_number("gaps") == 3


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        (lambda file: file.ai_read, "ai-read"),
        (lambda file: file.first_read, "first-read"),
        (lambda file: file.comparison, "comparison"),
    ],
)
def test_a_fact_that_must_be_there_is_missed_by_name(
    file: CaseFile, look: Callable[[CaseFile], object], kind: str
) -> None:
    with pytest.raises(Fault, match=f"the case file lacks its {kind}"):
        look(file)


def test_facts_that_may_be_missing_are_none(file: CaseFile) -> None:
    assert file.referral is None
    assert file.specialist_read is None


def test_a_needed_fact_comes_back_whole(world: World, file: CaseFile) -> None:
    verdict = Comparison(Verdict.NOT_COMPARABLE, "no code", POLICY.identity, None)
    lay_down(world, Fact("comparison", 1, verdict))
    assert file.comparison == verdict


def test_a_note_names_card_and_policy_only_when_they_mattered(file: CaseFile) -> None:
    move = Moved(file)
    move.note(Event.FOUND_COMPLETE, card=True).note(
        Event.AI_SEALED, "x", sealed=True, policy=True, answer="present"
    )
    assert move.entries == [
        Entry(Event.FOUND_COMPLETE, "second-reader", {}, card="scripted@1.0.0"),
        Entry(Event.AI_SEALED, "x", {"answer": "present"}, sealed=True, policy="bacterial-meningitis@1"),
    ]
    assert move.position.state is State.READY


def test_facts_are_numbered_on(world: World, file: CaseFile) -> None:
    lay_down(world, Fact("gaps", 1, ["a"]))
    move = Moved(file).lay_down("gaps", ["b"]).lay_down("other", 1).lay_down("gaps", ["c"])
    assert move.facts == [Fact("gaps", 2, ["b"]), Fact("other", 1, 1), Fact("gaps", 3, ["c"])]


def test_a_move_against_the_law_is_not_put_together(file: CaseFile) -> None:
    with pytest.raises(IllegalMove):
        Moved(file).note(Event.DELIVERED).progress(START)


def test_a_finished_step_is_due_when_it_says(file: CaseFile) -> None:
    later = START + timedelta(hours=1)
    progress = Moved(file).note(Event.FOUND_COMPLETE).send([DOCUMENT]).progress(later)
    assert (progress.position, progress.due_at) == (Position(State.READY), later)
    assert (progress.documents, progress.deliver_for) == ((DOCUMENT,), POLICY.deliver_for)
    assert Moved(file).note(Event.FOUND_COMPLETE).at_once().due_at == START


def test_an_ended_case_is_never_due_again(file: CaseFile) -> None:
    assert Moved(file).note(Event.REFUSED).progress(START).due_at is None


class NoPolicies:
    def of(self, case: CaseRow) -> Policy:
        raise KeyError(case.question)

    def doubled(self, question: str, devices: object = ()) -> bool:
        raise KeyError(question, devices)


def test_what_sends_nothing_needs_no_policy(file: CaseFile) -> None:
    bare = replace(file, tools=replace(file.tools, policies=NoPolicies(), cards={}))
    assert Moved(bare).note(Event.GAVE_UP, reason="x").progress(START).deliver_for is None


def test_a_held_case_says_why_and_remembers_where_it_stood(file: CaseFile) -> None:
    move = held(file, "the readers differ", changed=["x"])
    assert move.position == Position(State.HELD, before=State.RECEIVED)
    assert move.entries[0].detail == {"reason": "the readers differ", "changed": ["x"]}
