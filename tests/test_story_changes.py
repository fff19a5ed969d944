"""A policy is changed, or the switch is thrown, while cases are under way: between each pair of moves."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.changes import EVERYTHING, Act, Kept, Proposal, Said
from server.model import Answer, Kind
from server.policies import PolicyBook
from server.routing.policy import read_policy
from server.store.migrate import migrate
from tests.store.test_migrate import _back_to
from tests.world import (
    BACTERIAL,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    coded,
    doctor,
    make_world,
    send_case,
    sign_as,
)

SHIPPED = Path(__file__).parents[1] / "server/routing/policies/bacterial-meningitis.toml"
QUESTION = "bacterial-meningitis"


def text(**changes: str) -> str:
    """The shipped policy with other values, a version of its own, and one stage for the specialist."""
    found = SHIPPED.read_text(encoding="utf-8").replace("audit_fraction = 0.05", "audit_fraction = 0.0")
    found = found.replace('reveal = "always"', 'reveal = "never"')
    for key, value in changes.items():
        if key == "stop":
            found += f"\n[stop]\n{value}\n"
            continue
        old = next(line for line in found.splitlines() if line.startswith(f"{key} ="))
        found = found.replace(old, f"{key} = {value}")
    return found


def kept(content: str) -> Kept:
    policy = read_policy(content, "test.toml")
    return Kept(hashlib.sha256(content.encode()).hexdigest(), policy.question, policy.version, content)


OLD = kept(text())
NEW = kept(text(version='"2.0.0"', rule='"P2"', first_read_within='"1 h"').replace('"30 min"', '"3 h"'))


def change(world: World, to: Kept = NEW, from_at: Any = None) -> None:
    """Proposed by one, approved by another."""
    store, at = world.house.rulings.changes, world.watch()
    was = store.in_force(at)[QUESTION].kept.digest
    made = store.propose(Proposal(0, to, was, "Ada", at, "tests", {"set": "0"}))
    store.approve(made.number, Said(approved=True, by="Bo", at=at), lambda _, __: from_at)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Worlds under a kept policy, each in a folder of its own."""
    made: list[Iterator[World]] = []

    def open_(first: Kept = OLD) -> World:
        made.append(make_world(tmp_path / str(len(made))))
        world = next(made[-1])
        world.house.rulings.changes.begin(first, world.watch())
        return world

    yield open_
    for each in made:
        next(each, None)


def moves(
    world: World, code: Any, says: Answer, end: Any = BACTERIAL, *, unwritten: bool = False
) -> Iterator[Hospital]:
    """One case, one move after the other, with its people; yields after each.

    ``unwritten``: of the report there is nothing yet.
    """
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = says
    draft = {"status": "registered" if unwritten else "preliminary"}
    sent = send_case(world, None if unwritten else code, report_more=draft)
    yield sent
    yield from _carried(world, sent)
    written = {**sent.report, "status": "final", "conclusionCode": [coded(code)]}
    assert world.put(written).status_code == 200
    yield sent
    yield from _carried(world, sent)
    for each in world.get(f"Task?owner={specialist}&status=requested").get("entry", []):
        assert world.put({**each["resource"], "status": "accepted"}).status_code == 200
        yield sent
        yield from _carried(world, sent)
        sign_as(world, specialist, each["resource"]["id"], end)
        yield sent
    yield from _carried(world, sent)


def _carried(world: World, sent: Hospital) -> Iterator[Hospital]:
    """Step by step as far as it goes without people, letters delivered."""
    while True:
        claim = world.house.ledger.claim(world.watch())
        if claim is None:
            if not world.deliveries.once():
                return
            continue
        while claim is not None:
            claim = world.cases._carry(claim)
            yield sent


def history(world: World, sent: Hospital) -> list[tuple[Any, ...]]:
    told = world.trace(sent.task_id)
    assert told["chain"] == "whole"
    return [
        (each["event"], each["state"], each["policy"], each["detail"].get("accept_by"))
        for each in told["history"]
    ]


def played(world: World, code: Any, says: Answer, at: int, act: Callable[[], None]) -> tuple[Hospital, int]:
    """The case to its end, ``act`` done after so many moves; returns how many there were."""
    seen = []
    for sent in moves(world, code, says):
        seen.append(sent)
        if len(seen) == at:
            act()
    return seen[-1], len(seen)


MOVES = 24
"""More than a case has."""


def test_a_case_has_fewer_moves_than_are_tried(opened: Callable[..., World]) -> None:
    sent, count = played(world := opened(), BACTERIAL, Answer.ABSENT, 0, lambda: None)
    assert world.state(sent.task_id) == "closed"
    assert 10 < count < MOVES


@pytest.mark.parametrize("at", range(1, MOVES))
def test_a_change_between_any_two_moves_changes_nothing_about_the_case(
    opened: Callable[..., World], at: int
) -> None:
    untouched, world = opened(), opened()
    first, _ = played(untouched, BACTERIAL, Answer.ABSENT, 0, lambda: None)
    sent, count = played(world, BACTERIAL, Answer.ABSENT, at, lambda: change(world))
    assert history(world, sent) == history(untouched, first)
    if at <= count:
        world.reader.answer = Answer.ABSENT
        later = send_case(world, BACTERIAL, number="T-2")
        world.run()
        assert business(world, later) == "closed-stands", "the next one is opened under the new policy"
        assert {each[2] for each in history(world, later)} - {None} == {f"{QUESTION}@2.0.0"}


def business(world: World, sent: Hospital) -> str:
    return str(world.get(f"Task/{sent.task_id}")["businessStatus"]["coding"][0]["code"])


def test_the_time_to_sign_is_that_of_the_policy_a_case_was_opened_under(opened: Callable[..., World]) -> None:
    world = opened()
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.run()
    change(world)  # to one hour
    world.watch.forward(hours=71)
    world.run()
    assert world.state(sent.task_id) == "ready"
    later = send_case(world, BACTERIAL, number="T-2", report_more={"status": "preliminary"})
    world.run()
    world.watch.forward(hours=1)
    world.run()
    assert [world.state(each.task_id) for each in (sent, later)] == ["lapsed", "lapsed"]


def test_the_audit_share_is_that_of_the_policy_a_case_was_opened_under(opened: Callable[..., World]) -> None:
    world = opened()
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    change(world, kept(text(version='"2.0.0"', audit_fraction="1.0")))
    assert world.put({**sent.report, "status": "final"}).status_code == 200
    later = send_case(world, BACTERIAL, number="T-2")
    world.run()
    assert [world.state(each.task_id) for each in (sent, later)] == ["closed", "offered"]


def test_two_processes_take_a_change_up_without_a_start_and_never_disagree(
    opened: Callable[..., World],
) -> None:
    world = opened()
    books = [PolicyBook(world.house.policies, world.house.rulings) for _ in range(2)]
    send_case(world, BACTERIAL)
    change(world)
    send_case(world, BACTERIAL, number="T-2")
    rows = {each.task_id: each for each in world.house.ledger.recent(2)}
    assert {each.policy for each in rows.values()} == {OLD.digest, NEW.digest}
    for row in rows.values():
        assert books[0].of(row) == books[1].of(row)
    assert sorted(books[0].of(row).version for row in rows.values()) == ["1.1.1", "2.0.0"]


def test_a_case_of_before_counts_under_the_first_that_is_kept(opened: Callable[..., World]) -> None:
    world = opened()
    sent = send_case(world, BACTERIAL, report_more={"status": "preliminary"})
    world.house.database.write(lambda c: c.exec_driver_sql("UPDATE cases SET policy = NULL"))
    change(world)
    world.run()
    [row] = world.house.ledger.recent(1)
    assert world.cases.tools.policies.of(row).version == "1.1.1"
    assert world.state(sent.task_id) == "ready"


# -- the clock jumps back ------------------------------------------------------------------------


def test_a_change_stays_in_force_when_the_clock_is_set_back(opened: Callable[..., World]) -> None:
    world = opened()
    world.watch.forward(hours=2)
    change(world)
    world.watch.forward(hours=-1)
    sent = send_case(world, BACTERIAL)
    world.run()
    assert {each[2] for each in history(world, sent)} - {None} == {f"{QUESTION}@2.0.0"}


def test_a_change_of_a_date_that_has_begun_stays_in_force_when_the_clock_is_set_back(
    opened: Callable[..., World],
) -> None:
    world = opened()
    change(world, from_at=world.watch() + timedelta(hours=2))
    versions = []
    for number, hours in enumerate((0, 2, -1)):
        world.watch.forward(hours=hours)
        sent = send_case(world, BACTERIAL, number=f"T-{number}")
        versions.append(history(world, sent)[0][2])
    assert versions == [f"{QUESTION}@1.1.1", f"{QUESTION}@2.0.0", f"{QUESTION}@2.0.0"]


def test_results_of_before_are_those_that_are_counted_since(opened: Callable[..., World]) -> None:
    world = opened()
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(world, BACTERIAL, priority="stat")
    world.run()
    world.watch.forward(minutes=1)
    world.reader.answer = Answer.ABSENT
    send_case(world, BACTERIAL, number="T-2")
    world.run()
    answer_as(world, specialist, VIRAL)
    world.run()
    before = world.house.rulings.results.past(QUESTION, 9)
    assert [(each.priority, each.model, each.final) for each in before] == [
        ("stat", "present", None),
        ("", "absent", "absent"),
    ]
    _back_to(world.house.database, "0015")
    migrate(world.house.database)
    # By what figures are told apart is not known of them (0018).
    untold = [replace(each, kind=Kind(), blind=None) for each in before]
    assert world.house.rulings.results.past(QUESTION, 9) == untold


# -- the switch ----------------------------------------------------------------------------------


def throw(world: World) -> None:
    assert world.house.rulings.switches.throw(EVERYTHING, "Ada", "odd scores", world.watch())


@pytest.mark.parametrize("at", range(1, MOVES))
def test_thrown_between_any_two_moves_it_reroutes_what_is_not_resolved_and_keeps_every_lock(
    opened: Callable[..., World], at: int
) -> None:
    world = opened()
    before: list[str] = []

    def thrown() -> None:
        [row] = world.house.ledger.recent(1)
        before.append(str(row.position.state))
        throw(world)

    sent, _ = played(world, BACTERIAL, Answer.PRESENT, at, thrown)
    told = [each[0] for each in history(world, sent)]
    assert world.state(sent.task_id) == "closed"
    assert business(world, sent) == "closed-concordant"
    resolved = not before or before[0] in ("resolved", "written-up", "closed")
    assert ("referred" in told) is not resolved
    assert [told.count(each) for each in ("AI read sealed", "first read locked", "compared")] == [1, 1, 1]


def test_while_it_is_thrown_new_cases_are_read_twice_and_afterwards_they_are_not(
    opened: Callable[..., World],
) -> None:
    world = opened()
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    throw(world)
    sent = send_case(world, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert world.client.get("/health").json["doubleReading"][0]["by"] == "a person"
    assert b'second_reader_double_reading{question="bacterial-meningitis"} 1.0' in metrics(world)
    for by in ("Ada", "Bo"):
        act = Act.ASKED if by == "Ada" else Act.NORMAL
        world.house.rulings.switches.back(EVERYTHING, by, "mended", world.watch(), lambda _, act=act: act)
    assert world.client.get("/health").json["doubleReading"] == []
    assert b'second_reader_double_reading{question="bacterial-meningitis"} 0.0' in metrics(world)
    later = send_case(world, BACTERIAL, number="T-2")
    world.run()
    assert [world.state(each.task_id) for each in (sent, later)] == ["offered", "closed"]
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert "confirmation asked by the rule" in [each[0] for each in history(world, sent)]
    assert [each.rule for each in world.house.rulings.results.past(QUESTION, 2)] == ["P1", "P0"]


def metrics(world: World) -> bytes:
    return bytes(world.client.get("/metrics").data)


# -- the stop rule -------------------------------------------------------------------------------

STOP = 'window = "7 d"\nat_least = 10\npositive = [0.0, 0.5]'


def agree(world: World, numbers: range, code: Any = BACTERIAL, says: Answer = Answer.PRESENT) -> None:
    world.reader.answer = says
    for number in numbers:
        send_case(world, code, number=f"S-{number}")
    world.run()


def test_a_stop_rule_throws_the_switch_for_its_question_and_says_why(opened: Callable[..., World]) -> None:
    world = opened(kept(text(stop=STOP)))
    agree(world, range(9))
    assert world.house.rulings.switches.words() == []
    with capture_logs() as logs:
        agree(world, range(9, 12))
    [word] = world.house.rulings.switches.words()
    assert (word.scope, word.by, word.act) == (QUESTION, "stop rule", Act.SAFE)
    assert "positive: 10 of 10, 100.0% (interval 51.2% to 100.0%), above 50.0%" in word.reason
    assert [each["log_level"] for each in logs if each["event"].startswith("stopped by rule")] == ["error"]
    assert world.client.get("/health").json["doubleReading"][0]["by"] == "stop rule"
    states = Counter(str(each.position.state) for each in world.house.ledger.recent(12))
    assert states == {"closed": 10, "held": 2}, "the last two need a specialist, and there is none"


def test_after_people_went_back_only_what_came_since_is_counted(opened: Callable[..., World]) -> None:
    world = opened(kept(text(stop=STOP)))
    world.watch.forward(hours=2)
    agree(world, range(10))
    for by, act in (("Ada", Act.ASKED), ("Bo", Act.NORMAL)):
        world.house.rulings.switches.back(QUESTION, by, "looked at", world.watch(), lambda _, act=act: act)
    agree(world, range(20, 29))
    assert world.house.rulings.switches.on(QUESTION) is None
    world.watch.forward(hours=-1)  # a clock that is set back hides nothing
    agree(world, range(29, 30))
    assert world.house.rulings.switches.on(QUESTION) is not None


def test_sealed_reads_are_not_counted(opened: Callable[..., World]) -> None:
    # All differ and wait for a specialist: nothing of them may show before they are resolved.
    world = opened(kept(text(stop='window = "7 d"\nat_least = 10\ndiscordance = [0.0, 0.1]')))
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    agree(world, range(12), VIRAL, Answer.PRESENT)
    assert world.house.rulings.switches.words() == []


def test_a_stop_rule_that_cannot_be_asked_stops_no_case(
    opened: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = opened(kept(text(stop=STOP)))

    def fails(*_: Any) -> None:
        raise OSError("disk")

    monkeypatch.setattr(type(world.house.rulings.results), "tally", fails)
    agree(world, range(1))
    [row] = world.house.ledger.recent(1)
    assert (str(row.position.state), row.attempts) == ("closed", 0)
