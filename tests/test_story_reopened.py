"""While a question is asked anew, nobody reads what people said on the earlier answer to it, by any way."""

from __future__ import annotations

import json

import pytest

from server.arbitration import Kept
from server.model import ContestEnd, Decided
from server.store.followed import Followed
from tests.test_story_assessment import request, second_read
from tests.test_story_contest import contest
from tests.test_story_unread import delivered
from tests.world import SPECIALTY, VIRAL, Hospital, World, answer_as, doctor

pytestmark = pytest.mark.both_databases
PATIENTS, KEEPERS, DECIDERS = "WORDS-P: they say bacterial", "WORDS-K: viral in my view", "WORDS-D: bacterial"


def case_of(world: World, sent: Hospital) -> str:
    return str(world.house.ledger.case_of_task(sent.task_id))


def kept(world: World) -> tuple[Hospital, str]:
    """A case whose first reader has kept their view, whose result was contested, and what says so."""
    sent, _ = second_read(world)
    world.house.ledger.keep(case_of(world, sent), Kept("Dr. Dapple", KEEPERS, world.watch()))
    world.run()
    task = contest(world, sent, reasonCode={"text": PATIENTS})
    said = Decided(ContestEnd.UPHELD, "Dr. Tarn", DECIDERS)
    assert Followed(world.house.database).end_contest(case_of(world, sent), said, world.watch()) is not None
    world.run()
    return sent, task


def asked_anew(world: World, sent: Hospital) -> tuple[str, str]:
    other = doctor(world, "Sorrel", "Third House", SPECIALTY)
    asked = world.post(request(sent, "human"))
    world.run()
    assert world.state(asked["id"]) == "offered"
    return str(asked["id"]), other


def ways(world: World, sent: Hospital, task: str) -> list[str]:
    """Everything that can be asked for and might hold such words."""
    versions = int(world.get(f"Task/{task}")["meta"]["versionId"])
    told = world.get("Communication?_count=99")["entry"]
    of_order = int(world.get(f"Task/{sent.task_id}")["meta"]["versionId"])
    return [
        "Task?_count=100",
        "Communication?_count=100",
        f"Task?focus=Task/{sent.task_id}&_include=Task:focus",
        f"Patient?_id={sent.patient[8:]}&_revinclude=Task:patient&_revinclude=Communication:subject",
        f"{sent.patient}/$everything?_count=500",
        "_history?_count=500",
        "Task/_history?_count=500",
        f"Task/{task}/_history",
        f"Task/{sent.task_id}/_history",
        f"Task/{task}",
        f"Task/{sent.task_id}",
        *(f"Task/{task}/_history/{n}" for n in range(1, versions + 1)),
        *(f"Task/{sent.task_id}/_history/{n}" for n in range(1, of_order + 1)),
        *(f"Communication/{each['resource']['id']}" for each in told),
    ]


def heard(world: World, paths: list[str]) -> str:
    return " ".join(world.send("GET", path).text for path in paths)


def test_what_people_said_on_the_answer_is_under_seal_with_it(world: World) -> None:
    sent, task = kept(world)
    paths = ways(world, sent, task)
    for words in (PATIENTS, KEEPERS, DECIDERS):
        assert words in heard(world, paths), "or nothing is tried here"
    asked, other = asked_anew(world, sent)
    for path in paths:
        answer = world.send("GET", path).text
        assert not any(words in answer for words in (PATIENTS, KEEPERS, DECIDERS)), path
    assert world.send("GET", f"Task/{sent.task_id}").status_code == 403
    assert world.send("GET", f"Task/{task}").status_code == 403
    assert world.send("GET", f"Task/{asked}").status_code == 200
    answer_as(world, other, VIRAL)
    world.run()
    for words in (PATIENTS, KEEPERS, DECIDERS):
        assert words in heard(world, paths), "and then everything is shown again"


def test_the_page_of_the_earlier_case_ends_with_its_resolution(world: World) -> None:
    sent, _ = kept(world)
    told = json.dumps(world.trace(sent.task_id))
    assert KEEPERS in told
    assert DECIDERS in told
    asked_anew(world, sent)
    told = json.dumps(world.trace(sent.task_id))
    for each in (KEEPERS, DECIDERS, "amended", "own view kept", "contest"):
        assert each not in told, each


def test_an_earlier_task_without_such_words_stays_readable(world: World) -> None:
    sent, _ = second_read(world)
    asked_anew(world, sent)
    assert world.send("GET", f"Task/{sent.task_id}").status_code == 200


@pytest.mark.parametrize("otherwise", [True, False])
def test_meanwhile_nobody_keeps_a_report_and_the_refusal_tells_nothing(world: World, otherwise: bool) -> None:
    sent = second_read(world)[0] if otherwise else delivered(world)
    asked_anew(world, sent)
    wish = {"resourceType": "Parameters", "parameter": [{"name": "reason", "valueString": "WORDS-K"}]}
    answer = world.send("POST", f"Task/{sent.task_id}/$keep", wish)
    assert answer.status_code == 409
    assert "open again" in answer.text
    assert "WORDS-K" not in world.send("GET", f"Task/{sent.task_id}").text
