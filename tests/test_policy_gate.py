"""``policy gate``: what is told of gatekeepers, and that it is nothing under seal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from server import policy_gate
from server.commands import main
from server.errors import Fault
from server.gatekeeping import gatekeepers
from server.model import Answer, GateKey, GateRule, Passed, Withdrawal
from server.routing.gate import proven, reads_to_open
from server.routing.pathways import gate_key
from server.store.gates import GateStore
from tests.test_story_changes import OLD, QUESTION, _carried, kept, moves, text
from tests.test_story_gatekeeper import REGISTERED, asked, signed, specialist
from tests.test_story_policies import business
from tests.test_story_rights import refuse
from tests.world import (
    BACTERIAL,
    CARD,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    make_world,
    send_case,
)

LIMITS = {"rule_out_below": 0.05, "at_most": 0.9, "reread": 1e-9, "omitted_at_most": 0.75}
PROVES = 4
Sited = Callable[..., World]


def gatekept(band: bool = False, **limits: float) -> str:
    told = "".join(f"{key} = {value}\n" for key, value in {**LIMITS, **limits}.items())
    own = '[[bands]]\nname = "calm"\npriority = ["routine"]\npathway = "gatekeeper"\n' if band else ""
    pathway = "" if band else 'pathway = "gatekeeper"\n'
    return f'{pathway}{text(version=chr(34) + "1.2.0" + chr(34))}\n{own}[gate]\nwindow = "90 d"\n{told}'


@pytest.fixture
def sited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sited]:
    """Worlds of which the last that was opened is what the command is about."""
    made: list[Iterator[World]] = []

    def open_(content: str, proofs: int = 0, *, staffed: bool = True) -> World:
        made.append(make_world(tmp_path / str(len(made))))
        world = next(made[-1])
        world.house.rulings.changes.begin(kept(content), world.watch())
        if staffed:
            doctor(world, "Quill", "Elsewhere", SPECIALTY)
        monkeypatch.setattr(policy_gate, "build", lambda *_, **__: world.house)
        monkeypatch.setattr(policy_gate, "now", world.watch)
        for number in range(proofs):
            signed(world, asked(world, f"PROOF-{number}"), VIRAL)
        return world

    yield open_
    for each in made:
        next(each, None)


def run(*words: str) -> str:
    """Faults are raised, as ``__main__`` sees them."""
    result = CliRunner().invoke(main, ("policy", "gate", *words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def told() -> dict[str, Any]:
    [found] = json.loads(run("--json"))["gatekeepers"]
    return dict(found)


def test_it_explains_itself() -> None:
    assert "whether it is open" in " ".join(run("--help").split())


def test_a_gate_that_nothing_is_known_of_is_closed_and_says_what_opens_it(sited: Sited) -> None:
    sited(gatekept(omitted_at_most=0.005))
    assert run().splitlines() == [
        "bacterial-meningitis@1.2.0",
        (
            "  rules out below 0.05, at most 90.0% of the cases of 90 d; "
            "humans read 0.0% of those below all the same"
        ),
        "  scripted@1.0.0: 0 cases judged, 0 ruled out",
        (
            "  of those below humans have read 0, 0 with a finding: "
            "nothing is known of what it would miss; it may miss 0.50%"
        ),
        (
            "  closed: it is not known well enough what would be missed; "
            "600 more human reads of such cases without a finding prove it"
        ),
        (
            "Told of released cases; how many were judged says nothing of any answer. "
            "Counts are of the window: what grows old is counted no more."
        ),
    ]


def test_what_it_has_done_is_counted_and_shares_of_few_cases_are_not_told(sited: Sited) -> None:
    world = sited(gatekept(), proofs=PROVES)
    found = told()
    assert (found["cases"], found["ruledOut"], found["ruledOutShare"]) == (4, 0, None)
    assert (found["read"], found["found"], found["omissionBound"], found["open"]) == (4, 0, 0.75, True)
    assert found["readsToOpen"] == 0
    for number in range(6):
        asked(world, f"T-{number}")
    found = told()
    assert (found["cases"], found["ruledOut"], found["ruledOutShare"]) == (10, 6, 0.6)
    assert (
        "scripted@1.0.0: 10 cases judged, 6 ruled out (60.0%)\n"
        "  of those below humans have read 4, 0 with a finding: at most 75.00% (95 %) of what it would miss; "
        "it may miss 75.00%\n  open\n"
    ) in run()


def test_json_says_it_all(sited: Sited) -> None:
    sited(gatekept(band=True))
    assert told() == {
        "question": QUESTION,
        "policy": f"{QUESTION}@1.2.0",
        "bands": ["calm"],
        "ruleOutBelow": 0.05,
        "window": "90 d",
        "atMost": 0.9,
        "reread": 1e-9,
        "omittedAtMost": 0.75,
        "card": "scripted@1.0.0",
        "cases": 0,
        "ruledOut": 0,
        "ruledOutShare": None,
        "read": 0,
        "found": 0,
        "omissionBound": None,
        "open": False,
        "closedBecause": "it is not known well enough what would be missed",
        "readsToOpen": 4,
    }
    assert run().startswith(f"{QUESTION}@1.2.0, in calm alone\n")


def test_a_finding_makes_more_reads_needed(sited: Sited) -> None:
    world = sited(gatekept(omitted_at_most=0.5), proofs=5)
    assert told()["readsToOpen"] == 1
    sent = asked(world, "T-1")
    signed(world, sent, BACTERIAL)
    answer_as(world, specialist(world), BACTERIAL)
    world.run()
    found = told()
    # 1 in 6 is at most 0.56, 1 in 7 at most 0.51, 1 in 8 at most 0.47.
    assert (found["read"], found["found"], found["readsToOpen"], found["open"]) == (6, 1, 2, False)
    assert f"{found['omissionBound']:.3f}" == "0.564"


@pytest.mark.parametrize("limit", [0.005, 0.02, 0.9])
@pytest.mark.parametrize(("reread", "found"), [(0, 0), (1, 1), (200, 0), (200, 7), (700, 1)])
def test_the_number_of_reads_is_the_smallest_that_proves_it(limit: float, reread: int, found: int) -> None:
    rule = GateRule(0.05, timedelta(days=90), 0.9, 1e-9, limit)
    more = reads_to_open(rule, Passed(1000, 0, reread, found))
    assert proven(rule, Passed(1000, 0, reread + more, found))
    assert more == 0 or not proven(rule, Passed(1000, 0, reread + more - 1, found))


def test_the_share_that_may_be_ruled_out_closes_it(sited: Sited) -> None:
    world = sited(gatekept(at_most=0.5), proofs=PROVES)
    for number in range(4):
        asked(world, f"T-{number}")
    assert told()["closedBecause"] == "the share that may be ruled out is reached"
    assert "  closed: the share that may be ruled out is reached\n" in run()


def test_the_switch_and_a_withdrawn_model_close_it(sited: Sited) -> None:
    world = sited(gatekept(), proofs=PROVES)
    world.house.rulings.switches.throw(QUESTION, "ADA", "a try", world.watch())
    assert told()["closedBecause"] == "two humans read every case"
    world.house.ledger.withdraw_model(CARD.identity, Withdrawal("ADA", "it drifts", world.watch()))
    assert told()["closedBecause"] == "the model gives no answer"


def test_what_is_old_is_counted_no_more(sited: Sited) -> None:
    world = sited(gatekept(), proofs=PROVES)
    world.watch.forward(days=91)
    assert (told()["cases"], told()["read"], told()["open"]) == (0, 0, False)


def test_a_question_without_a_model_is_told_so(sited: Sited) -> None:
    world = sited(gatekept())
    world.house.cards.pop(QUESTION)  # type: ignore[attr-defined]
    assert "  the question has no model: nothing is judged\n" in run()
    assert (told()["card"], told()["open"]) == (None, False)


def test_where_there_is_no_gatekeeper_a_sentence_says_so(sited: Sited) -> None:
    sited(OLD.text)
    assert run() == "no policy in force has a gatekeeper\n"
    assert run("--question", QUESTION) == "no policy in force of this question has a gatekeeper\n"
    assert json.loads(run("--json")) == {"gatekeepers": []}


def test_one_question_may_be_asked_for_and_an_unknown_one_is_refused(sited: Sited) -> None:
    sited(gatekept())
    assert run("--question", QUESTION) == run()
    with pytest.raises(Fault, match=f"no such question; policies are in force for: {QUESTION}$") as refused:
        run("--question", "Secret")
    assert "Secret" not in str(refused.value)


def test_metrics_tell_the_same(sited: Sited) -> None:
    world = sited(gatekept(), proofs=PROVES)
    asked(world, "T-1")
    signed(world, asked(world, "T-2"), BACTERIAL)
    of = f'question="{QUESTION}"'
    assert scraped(world) == [
        f"second_reader_gatekeeper_open{{{of}}} 1.0",
        f'second_reader_gatekeeper_cases{{{of},what="judged"}} 6.0',
        f'second_reader_gatekeeper_cases{{{of},what="ruled-out"}} 2.0',
        f'second_reader_gatekeeper_cases{{{of},what="read"}} 5.0',
        f'second_reader_gatekeeper_cases{{{of},what="found"}} 1.0',
    ]
    assert scraped(sited(OLD.text)) == []


# -- what it must not tell -----------------------------------------------------------------------


OVER = ("written-up", "sent", "closed")


def looks(world: World, says: Answer | None, first: Any, end: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(what a hospital sees of its case, what is printed) after each move."""
    for sent in moves(world, first, says, end, unwritten=True):
        yield public(world, sent), {**told(), "metrics": scraped(world)}


def scraped(world: World) -> list[str]:
    lines = world.client.get("/metrics").text.splitlines()
    return [each for each in lines if each.startswith("second_reader_gatekeeper")]


@pytest.mark.parametrize("proofs", [0, PROVES])
@pytest.mark.parametrize(("first", "end"), [(VIRAL, VIRAL), (VIRAL, BACTERIAL), (BACTERIAL, BACTERIAL)])
def test_until_a_case_is_released_the_same_is_printed_whatever_the_model_says(
    sited: Sited, proofs: int, first: Any, end: Any
) -> None:
    # All are drawn by lot where the gate is open; what is ruled out is the next test's.
    before, after = [], []
    for says in (Answer.ABSENT, Answer.PRESENT, None):
        world = sited(gatekept(reread=1.0), proofs, staffed=False)
        seen = list(looks(world, says, first, end))
        open_ = [json.dumps(printed) for state, printed in seen if state not in OVER]
        before.append(tuple(dict.fromkeys(open_)))
        after.append(seen[-1][1]["read"])
        assert seen[-1][0] == "closed"
    assert len(set(before)) == 1
    # Opened, judged: nothing else moved.
    assert len(before[0]) == 2
    assert after == [proofs + 1, proofs, proofs]


def test_what_is_ruled_out_counts_when_it_is_written_up_and_not_before(sited: Sited) -> None:
    world = sited(gatekept(), PROVES)
    store, since = GateStore(world.house.database), world.watch() - timedelta(days=90)
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, None, report_more=REGISTERED)
    counts = [
        (store.passed(key(world), since).ruled_out, told()["ruledOut"], public(world, sent))
        for _ in _carried(world, sent)
    ]
    assert (1, 0, "ready") in counts
    assert counts[-1] == (1, 1, "closed")
    assert all((state in OVER) == bool(shown) for _, shown, state in counts)


def key(world: World) -> GateKey:
    """Of the one gatekeeper that is in force."""
    [found] = gatekeepers(world.house, world.watch())
    return gate_key(found.policy, found.rule, CARD.identity)


def public(world: World, sent: Hospital) -> str:
    return str(world.trace(sent.task_id)["state"])


def test_of_a_read_that_is_never_released_nothing_is_told(sited: Sited) -> None:
    world = sited(gatekept())
    sent = asked(world, "T-1")
    signed(world, sent, BACTERIAL)
    role = specialist(world)
    refuse(world, sent.patient)
    world.run()
    answer_as(world, role, BACTERIAL)
    world.run()
    assert business(world, sent).startswith("closed")
    since = world.watch() - timedelta(days=90)
    assert GateStore(world.house.database).passed(key(world), since).reread == 1
    assert (told()["cases"], told()["read"], told()["found"]) == (1, 0, 0)


def test_a_finding_after_all_is_counted(sited: Sited) -> None:
    world = sited(gatekept(), proofs=PROVES)
    signed(world, asked(world, "T-1"), BACTERIAL)
    assert (told()["ruledOut"], told()["read"], told()["found"]) == (1, PROVES + 1, 1)
