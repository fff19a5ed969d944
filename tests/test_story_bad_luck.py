"""What may go wrong on the way of a case has one end each; whatever happens, somebody answers for the case.

What a model does wrong stands in tests/test_story_policies.py, reports that are corrected in
tests/test_story_corrections.py; docs/policies.md lists all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from threading import Barrier
from typing import Any

import pytest

from server.case import RELEASED, Ai, First, IllegalMove, State
from server.errors import Category
from server.fhir.opinions import SIGNED
from server.fhir.pens.withdrawal import is_ai
from server.model import AiRead, Answer, Coding, ContestEnd, Decided, Pathway, ReadingRules, Withdrawal
from server.ports import Raced
from server.steps.letters import JSON
from server.store.followed import Followed
from server.worker import CaseWorker
from tests.test_stopping import wish
from tests.test_story_gatekeeper import GATE, prove
from tests.test_story_rights import ai_resources, refuse
from tests.test_story_unread import upon
from tests.world import (
    BACTERIAL,
    CARD,
    POLICY,
    SNOMED,
    SPECIALTY,
    SR,
    START,
    VIRAL,
    Hospital,
    World,
    coded,
    doctor,
    observation,
    report,
    send_case,
    sign_as,
)

pytestmark = pytest.mark.both_databases

DESKS = {
    "coordinator",
    "first reader",
    "integration desk",
    "medical director",
    "requester",
    "specialist",
}
FEVER = Coding(SNOMED, "386661006", "Fever")
NEUTROPHILS = "26511-6"


def asked(world: World, *names: str, number: str = "T-1") -> tuple[Hospital, str]:
    """A case of which a specialist is asked, and the role that is."""
    for name in names or ("Quill",):
        doctor(world, name, f"Elsewhere {name}", SPECIALTY)
    sent = send_case(world, VIRAL, number=number)
    world.run()
    assert world.state(sent.task_id) == "offered"
    return sent, offer(world)["owner"]["reference"]


def offer(world: World, status: str = "requested") -> dict[str, Any]:
    [entry] = world.get(f"Task?status={status}&code=specialist-read")["entry"]
    found: dict[str, Any] = entry["resource"]
    return found


def accepted(world: World, *names: str) -> tuple[Hospital, str]:
    sent, role = asked(world, *names)
    assert world.put({**offer(world), "status": "accepted"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "accepted"
    return sent, role


def events(world: World, sent: Hospital) -> list[str]:
    return [each["event"] for each in world.trace(sent.task_id)["history"]]


# -- the specialist -----------------------------------------------------------------------------------


def test_who_answers_twice_is_told_that_the_first_answer_stands(world: World) -> None:
    sent, role = accepted(world)
    task = offer(world, "accepted")
    assert sign_as(world, role, task["id"], BACTERIAL).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "closed"
    before, sent_before = events(world, sent), len(world.courier.sent)
    again = sign_as(world, role, task["id"], VIRAL)
    assert again.status_code in (409, 422), again.text
    assert "completed" in again.text
    world.run()
    assert (events(world, sent), len(world.courier.sent)) == (before, sent_before)


def test_who_sends_the_same_answer_once_more_is_told_that_it_has_been_taken(world: World) -> None:
    sent, role = accepted(world)
    task = offer(world, "accepted")
    first = sign_as(world, role, task["id"], BACTERIAL)
    assert first.status_code == 200
    world.run()
    before, told = events(world, sent), len(world.courier.sent)
    repeated = {**first.json, "meta": {**first.json["meta"], "versionId": task["meta"]["versionId"]}}
    assert world.put(repeated).status_code == 412, "it was written over what has changed since: by itself"
    again = world.put(first.json)
    assert (again.status_code, "it has ended" in again.text) == (422, True)
    assert world.get(f"Task/{task['id']}")["status"] == "completed"
    world.run()
    assert (events(world, sent), len(world.courier.sent)) == (before, told)


@pytest.mark.parametrize("had_accepted", [False, True])
def test_who_answers_after_the_offer_is_over_is_told_so_and_the_next_keeps_it(
    world: World, had_accepted: bool
) -> None:
    sent, late = (accepted if had_accepted else asked)(world, "Quill", "Reed")
    task = offer(world, "accepted" if had_accepted else "requested")
    world.watch.forward(minutes=61)
    world.run()
    other = offer(world)["owner"]["reference"]
    assert other != late
    refused = sign_as(world, late, task["id"], BACTERIAL)
    assert refused.status_code in (409, 422), refused.text
    assert "failed" in refused.text
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert offer(world)["owner"]["reference"] == other


def test_an_answer_about_another_case_is_refused_and_both_go_on(world: World) -> None:
    first, role = accepted(world)
    mine = offer(world, "accepted")
    second = send_case(world, VIRAL, number="T-2")
    world.run()
    other = world.post(report(second.patient, role, BACTERIAL, issued=world.watch().isoformat()))
    output = {
        "type": coded(Coding(f"{SR}/CodeSystem/task", "specialist-report")),
        "valueReference": {"reference": f"DiagnosticReport/{other['id']}"},
    }
    refused = world.put({**mine, "status": "completed", "output": [output]})
    assert refused.status_code == 422, refused.text
    world.run()
    assert [world.state(each.task_id) for each in (first, second)] == ["accepted", "offered"]
    assert sign_as(world, role, mine["id"], BACTERIAL).status_code == 200
    world.run()
    assert world.state(first.task_id) == "closed"


# -- the model is replaced ----------------------------------------------------------------------------


def test_a_model_that_is_replaced_after_its_read_is_compared_by_its_own_card(world: World) -> None:
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    newer = replace(CARD, version="2.0.0", model_digest="1" * 64, present_codes=(FEVER,))
    world.cases = replace(world.cases, tools=replace(world.cases.tools, cards={CARD.question: newer}))
    assert world.put({**sent.report, "status": "final"}).status_code == 200
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-concordant")
    case = str(world.house.ledger.case_of_task(sent.task_id))
    assert [each.card for each in world.house.ledger.facts(case, "ai-read", AiRead)] == [CARD.identity]
    assert len(world.reader.seen) == 1


def test_a_model_that_is_replaced_before_its_read_reads_as_the_new_one(world: World) -> None:
    sent = send_case(world, BACTERIAL, without=lambda made: NEUTROPHILS in str(made["code"]))
    world.run()
    newer = replace(CARD, version="2.0.0", model_digest="1" * 64)
    tools = replace(world.cases.tools, cards={CARD.question: newer}, reader=lambda _: New(world))
    world.cases = replace(world.cases, tools=tools)
    world.post(observation(sent.patient, NEUTROPHILS, "90"))
    world.run()
    assert world.history(sent.task_id)[-1] == ("completed", "closed-concordant")
    case = str(world.house.ledger.case_of_task(sent.task_id))
    [read] = world.house.ledger.facts(case, "ai-read", AiRead)
    assert (read.card, read.model_digest) == (newer.identity, newer.model_digest)


@dataclass
class New:
    """The reader of the second version."""

    world: World

    def read(self, inputs: Any, now: Any) -> AiRead:
        read = self.world.reader.read(inputs, now)
        return replace(read, card=replace(CARD, version="2.0.0").identity, model_digest="1" * 64)


# -- two at one date, and the clock -------------------------------------------------------------------


@pytest.mark.parametrize("had_accepted", [False, True])
def test_of_two_workers_at_one_due_date_one_acts(world: World, had_accepted: bool) -> None:
    sent, _ = (accepted if had_accepted else asked)(world, "Quill", "Reed", "Tarn")
    world.watch.forward(minutes=61)
    both = Barrier(4)

    def look(worker: CaseWorker) -> None:
        both.wait(20)
        while worker.once():
            pass

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(look, replace(world.cases)) for _ in range(4)]:
            each.result(60)
    world.run()
    assert world.state(sent.task_id) == "offered"
    owners = [each["resource"]["owner"]["reference"] for each in offers(world)]
    assert len(owners) == len(set(owners)) == 2
    history = [each for each in noted(world, sent) if each in ("offer expired", "answer overdue")]
    assert len(history) == 1


def offers(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("Task?code=specialist-read")["entry"]
    return found


def noted(world: World, sent: Hospital) -> list[str]:
    view = world.house.ledger.view(str(world.house.ledger.case_of_task(sent.task_id)))
    assert view is not None
    return [str(each.event) for each in view.history]


def at_ehr(world: World, *types: str) -> dict[str, dict[str, Any]]:
    """What of these types the EHR has by now, by what it is known by: all that was sent, in its order."""
    there: dict[str, dict[str, Any]] = {}
    for sent in world.courier.sent:
        for each in json.loads(sent.content)["entry"] if sent.media_type == JSON else ():
            resource, request = each["resource"], each["request"]
            known_by = str(request.get("ifNoneExist") or request["url"].partition("?")[2])
            if resource["resourceType"] in types and (request["method"] == "PUT" or known_by not in there):
                there[known_by] = resource
    return there


def opinions_at_ehr(world: World) -> set[str]:
    """How the models' opinions stand that the EHR has."""
    found = at_ehr(world, "Observation", "DiagnosticReport").values()
    return {str(each["status"]) for each in found if is_ai(each)}


def reports_at_ehr(world: World) -> list[dict[str, Any]]:
    """The models' reports among them."""
    return [each for each in at_ehr(world, "DiagnosticReport").values() if is_ai(each)]


_SHOWN = "Shown to the first reader before signing"
Play = Callable[[World], tuple[Hospital, str]]


def missing(world: World) -> tuple[Hospital, str]:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, without=lambda made: NEUTROPHILS in str(made["code"]))
    world.run()
    assert world.state(sent.task_id) == "incomplete"
    return sent, ""


def unsigned(world: World) -> tuple[Hospital, str]:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, report_more={"status": "preliminary"})
    world.run()
    assert world.state(sent.task_id) == "ready"
    return sent, ""


def with_a_person(world: World) -> tuple[Hospital, str]:
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "held"
    return sent, ""


def broken(world: World) -> tuple[Hospital, str]:
    world.reader.crashes = 5
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    for _ in range(5):
        world.run()
        world.watch.forward(hours=1)
    assert world.state(sent.task_id) == "faulted"
    return sent, ""


OPEN = (missing, unsigned, asked, accepted, with_a_person, broken)


@pytest.mark.parametrize("play", OPEN, ids=lambda each: each.__name__)
def test_a_clock_that_goes_back_ends_nothing_early_and_loses_nothing(world: World, play: Play) -> None:
    world.watch.forward(hours=2)  # the report was issued before the clock goes back
    sent, _ = play(world)
    before = (world.state(sent.task_id), events(world, sent))
    world.watch.forward(hours=-1)
    world.run()
    assert (world.state(sent.task_id), events(world, sent)) == before
    watched(world, sent)
    finished(world, sent)
    assert world.trace(sent.task_id)["chain"] == "whole"


def finished(world: World, sent: Hospital) -> None:
    """Whatever is still owed is done, and the case ends."""
    if world.state(sent.task_id) == "incomplete":
        world.post(observation(sent.patient, NEUTROPHILS, "90"))
    if world.state(sent.task_id) == "ready":
        assert world.put({**sent.report, "status": "final"}).status_code == 200
    if world.state(sent.task_id) in ("held", "faulted"):
        if not world.get("PractitionerRole?specialty=394807007").get("entry"):
            doctor(world, "Quill", "Elsewhere", SPECIALTY)
        case = str(world.house.ledger.case_of_task(sent.task_id))
        assert world.house.ledger.resume(case, "Dr. Demo", world.watch())
    world.run()
    if world.state(sent.task_id) == "offered":
        assert world.put({**offer(world), "status": "accepted"}).status_code == 200
        world.run()
    if world.state(sent.task_id) == "accepted":
        task = offer(world, "accepted")
        assert sign_as(world, task["owner"]["reference"], task["id"], BACTERIAL).status_code == 200
        world.run()
    assert world.state(sent.task_id) == "closed"


def watched(world: World, sent: Hospital) -> None:
    """Somebody answers for the case, and it is looked at again by itself."""
    told = world.trace(sent.task_id)
    assert told["accountable"] in DESKS
    row = world.house.ledger.find(told["case"])
    assert row is not None
    assert row.position.ended or row.due_at is not None, told["state"]
    # A reader of these tests crashes by a RuntimeError; nothing else fails that nobody foresaw.
    assert row.last_error is None or "an error of ours" not in row.last_error or "Runtime" in row.last_error


# -- consent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("play", OPEN, ids=lambda each: each.__name__)
def test_consent_that_is_withdrawn_at_any_state_leaves_the_case_to_humans(world: World, play: Play) -> None:
    sent, _ = play(world)
    refuse(world, sent.patient)
    world.run()
    watched(world, sent)
    finished(world, sent)
    assert ai_resources(world) == 0
    assert len(world.reader.seen) <= 5


# -- anything, in any order ---------------------------------------------------------------------------


PATHWAYS = (Pathway.SECOND_READER, Pathway.GATEKEEPER, Pathway.CONCURRENT)


@dataclass
class Fate:
    """What befalls a case, drawn by lot."""

    world: World
    sent: Hospital
    lots: Random
    signed: bool = False
    """A human has read, at one time or another."""
    thrown: bool = False
    """Two humans read every case."""

    def strike(self) -> str:
        what = self.lots.choice(
            (self.time, self.back, self.consent, self.correct, self.unsign, self.value, self.decline,
             self.accept, self.answer, self.resume, self.crash, self.break_, self.read, self.contest,
             self.decide, self.sign, self.rewrite, self.void, self.switch, self.recall, self.stop, self.hold,
             self.end, self.die, self.cut)
        )  # fmt: skip
        what()
        return what.__name__

    def run(self) -> None:
        """Everything that is due, within the law of a gatekeeper."""
        before = self._ruled_out()
        self.world.run()
        assert before == self._ruled_out() or not (self.signed or self.thrown)

    def _ruled_out(self) -> tuple[int, int]:
        """How often it was ruled out, and written up so."""
        case = str(self.world.house.ledger.case_of_task(self.sent.task_id))
        outcomes = self.world.house.ledger.facts(case, "outcome", str)
        return noted(self.world, self.sent).count("ruled out by the gatekeeper"), outcomes.count("ruled-out")

    def time(self) -> None:
        self.world.watch.forward(minutes=self.lots.choice((1, 31, 61, 600, 3000)))

    def back(self) -> None:
        """Never to before what the hospital has sent, which would be told from the future then."""
        if self.world.watch() > START + timedelta(hours=1):
            self.world.watch.forward(hours=-1)

    def consent(self) -> None:
        if self.lots.random() < 0.2:
            refuse(self.world, self.sent.patient)

    def _report(self, **changed: Any) -> None:
        answer = self.world.put({**self.sent.report, **changed})
        if answer.status_code == 200:
            self.sent.report = answer.json
            self.signed |= answer.json["status"] in SIGNED

    def sign(self) -> None:
        self._report(status="final")

    def void(self) -> None:
        if self.lots.random() < 0.1:
            self._report(status="entered-in-error")

    def correct(self) -> None:
        code = self.lots.choice((BACTERIAL, VIRAL, FEVER))
        self._report(status="corrected", conclusionCode=[coded(code)])

    def unsign(self) -> None:
        self._report(status="preliminary")

    def value(self) -> None:
        self.world.post(observation(self.sent.patient, NEUTROPHILS, str(self.lots.randint(1, 99))))

    def _offers(self, *statuses: str) -> Iterator[dict[str, Any]]:
        for each in self.world.get("Task?code=specialist-read").get("entry", []):
            if each["resource"]["status"] in statuses:
                yield each["resource"]

    def decline(self) -> None:
        for each in self._offers("requested"):
            self.world.put({**each, "status": "rejected", "statusReason": {"text": "away"}})

    def accept(self) -> None:
        for each in self._offers("requested"):
            self.world.put({**each, "status": "accepted"})

    def answer(self) -> None:
        for each in self._offers("accepted", "in-progress", "failed", "completed"):
            code = self.lots.choice((BACTERIAL, VIRAL, FEVER))
            sign_as(self.world, each["owner"]["reference"], each["id"], code)

    def resume(self) -> None:
        case = str(self.world.house.ledger.case_of_task(self.sent.task_id))
        if self.world.state(self.sent.task_id) in ("held", "faulted"):
            self.world.house.ledger.resume(case, "Dr. Demo", self.world.watch())

    def _say(self, code: str, **more: Any) -> None:
        number = f"S-{self.lots.random()}"
        answer = self.world.send("POST", "Task", upon(self.world, self.sent, code, number, **more))
        assert answer.status_code in (201, 422), answer.text

    def read(self) -> None:
        self._say("acknowledge")

    def contest(self) -> None:
        self._say("contest", reasonCode={"text": "It was another day"})

    def decide(self) -> None:
        case = str(self.world.house.ledger.case_of_task(self.sent.task_id))
        end = self.lots.choice([each for each in ContestEnd if each is not ContestEnd.UNDECIDED])
        with suppress(IllegalMove):  # not contested, or no model's opinion to withdraw
            decided = Decided(end, "Dr. Demo", "looked at again")
            Followed(self.world.house.database).end_contest(case, decided, self.world.watch())

    def rewrite(self) -> None:
        """A value that is there is another now."""
        found = self.world.get(f"Observation?patient={self.sent.patient}&code=26464-8,{NEUTROPHILS}")
        each = self.lots.choice([entry["resource"] for entry in found["entry"]])
        self.world.put(
            {**each, "valueQuantity": {**each["valueQuantity"], "value": self.lots.randint(1, 99)}}
        )

    def switch(self) -> None:
        if self.lots.random() < 0.2:
            self.thrown = True
            self.world.house.rulings.switches.throw(CARD.question, "Ada", "a try", self.world.watch())

    def recall(self) -> None:
        if self.lots.random() < 0.1:
            with suppress(Raced):  # withdrawn already
                said = Withdrawal("Ada", "it drifts", self.world.watch())
                self.world.house.ledger.withdraw_model(CARD.identity, said)

    def stop(self) -> None:
        if self.lots.random() < 0.2:
            asked = self.world.send("POST", "Task", wish(self.sent, f"S-{self.lots.random()}"))
            assert asked.status_code in (201, 422), asked.text

    def hold(self) -> None:
        with suppress(IllegalMove):  # a person has it, or it is over
            self.world.house.ledger.hold(self._case, "Ada", "let me look", self.world.watch())

    def end(self) -> None:
        if self.lots.random() < 0.2:
            with suppress(IllegalMove):  # nobody has stopped it
                self.world.house.ledger.end(self._case, "Ada", "we do it by hand", self.world.watch())

    def die(self) -> None:
        """A worker takes up what has just come, and dies on the way; its lease is over in time."""
        self.lots.choice((self.sign, self.correct, self.value, self.rewrite, self.resume))()
        claim = self.world.house.ledger.claim(self.world.watch())
        for _ in range(self.lots.randint(1, 4)):
            claim = claim and self.world.cases._carry(claim)

    def cut(self) -> None:
        """The EHR takes nothing for a while."""
        self.world.courier.failure = Category.UNAVAILABLE
        self.run()
        self.world.courier.failure = None

    @property
    def _case(self) -> str:
        return str(self.world.house.ledger.case_of_task(self.sent.task_id))

    def crash(self) -> None:
        self.world.reader.crashes = self.lots.randint(0, 3)

    def break_(self) -> None:
        self.world.reader.breaks = self.lots.randint(0, 3)


@pytest.mark.parametrize("pathway", PATHWAYS)
def test_whatever_happens_in_whatever_order_somebody_answers_for_the_case(
    world: World, fate: int, pathway: Pathway
) -> None:
    lots = Random(fate)
    rules = ReadingRules(timedelta(hours=8), timedelta(hours=8), timedelta(hours=20), "The desk")
    changes: dict[str, Any] = {"reading": rules} if lots.random() < 0.5 else {}
    if pathway is not Pathway.SECOND_READER:
        gate = GATE if pathway is Pathway.GATEKEEPER else None
        changes |= {"pathway": pathway, "gate": gate, "audit_fraction": 1e-9}
    world.house.policies[CARD.question] = replace(POLICY, **changes)  # type: ignore[index]
    if pathway is Pathway.GATEKEEPER:
        prove(world)
    for name in ("Quill", "Reed", "Sorrel", "Thorn"):
        doctor(world, name, f"Elsewhere {name}", SPECIALTY)
    world.reader.answer = lots.choice((Answer.PRESENT, Answer.ABSENT, None))
    status = lots.choice(("final", "preliminary"))
    sent = send_case(world, VIRAL, report_more={"status": status})
    struck = Fate(world, sent, lots, signed=status == "final")
    happened = []
    for _ in range(25):
        struck.run()
        watched(world, struck.sent)
        happened.append(struck.strike())
    for _ in range(3):  # a lease ends, and what the EHR has not taken is tried again
        world.watch.forward(hours=1)
        struck.run()
    watched(world, struck.sent)
    assert world.trace(sent.task_id)["chain"] == "whole", happened
    if any(each["status"] == "partial" and _SHOWN in each["conclusion"] for each in reports_at_ehr(world)):
        assert still_shown(world, struck), happened


def still_shown(world: World, struck: Fate) -> bool:
    """Whether what a first reader was shown may still be used, or a person has the case in hand."""
    row = world.house.ledger.find(str(world.house.ledger.case_of_task(struck.sent.task_id)))
    assert row is not None
    if row.position.state in (State.HELD, State.FAULTED, State.INCOMPLETE):
        return True  # looked at once it goes on, or is over
    reads = world.house.ledger.facts(row.id, "ai-read", AiRead)
    current = all(
        (found := world.house.shelf.read(key.type, key.id)) is not None and found.version == key.version
        for key in reads[-1].sources
    )
    declined = reads[-1].declined
    used = row.position.ai is Ai.SEALED or (declined and row.position.ai is Ai.DECLINED)
    under_way = not row.position.ended and row.position.state not in RELEASED
    # A person has looked at what was corrected afterwards, and lets the case go on with it.
    stands = bool(world.house.ledger.facts(row.id, "superseded", list[str]))
    return under_way and used and (current or stands or row.position.first is First.LOCKED)
