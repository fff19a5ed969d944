"""What people see of a case: under seal nothing that tells an answer, afterwards everything."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from server.case import ACCOUNTABLE, Ai, Event, First, Position, State, public_state
from server.console.trace import summary, trace, unsealed
from server.ports import CaseRow, History
from server.store.deliveries import DeliveryRow
from tests.world import START

TELLING = (
    "present", "0.94", "discordant", "concordant", "not-comparable", "audit", "declined", "secret",
    "confirmation", "stand", "not-asked", "no AI",
)  # fmt: skip
SEALED_EVENTS = (
    (Event.AI_SEALED, State.READY),
    (Event.AI_DECLINED, State.READY),
    (Event.AI_NOT_ASKED, State.READY),
    (Event.COMPARED, State.COMPARED),
    (Event.AGREED, State.CONCORDANT),
    (Event.LEFT_STANDING, State.STANDS),
    (Event.AUDIT_DRAWN, State.AUDIT),
    (Event.CONFIRMATION_ASKED, State.CONFIRMATION),
    (Event.DIFFERED, State.DISCORDANT),
    (Event.NO_AI_ANSWER, State.DECLINED),
    (Event.NO_HUMAN_ANSWER, State.NOT_COMPARABLE),
    (Event.REFERRED, State.REFERRED),
    (Event.SPECIALIST_SIGNED, State.BLIND_READ),
)


def case(state: State, ai: Ai = Ai.SEALED, before: State | None = None) -> CaseRow:
    return CaseRow(
        id="c1",
        question="bacterial-meningitis",
        task_id="t1",
        patient="Patient/p1",
        report="DiagnosticReport/r1",
        destination="ehr",
        task_identifier={"system": "urn:t", "value": "T-1"},
        due_by=None,
        opened_at=START,
        position=Position(state, First.LOCKED, ai, before),
        due_at=START + timedelta(hours=1),
        attempts=0,
        news=0,
    )


def event(number: int, what: Event, state: State, *, sealed: bool = False, **detail: Any) -> History:
    return History(
        seq=number,
        at=START + timedelta(seconds=number),
        event=str(what),
        state=str(state),
        actor="second-reader",
        detail=detail,
        sealed=sealed,
        policy="q@1",
        card="card@1",
        digest=f"{number:064}",
    )


def history(*sealed: tuple[Event, State]) -> list[History]:
    opened = event(1, Event.OPENED, State.RECEIVED, task="Task/t1")
    return [opened] + [
        event(number, what, state, sealed=True, answer="present", probability=0.94, reason="secret")
        for number, (what, state) in enumerate(sealed, start=2)
    ]


def seen(told: dict[str, Any]) -> str:
    return json.dumps(told, default=str)


@pytest.mark.parametrize(
    "state", [s for s in State if s not in (State.RESOLVED, State.WRITTEN_UP, State.CLOSED)]
)
@pytest.mark.parametrize("ai", Ai)
def test_no_state_shows_what_is_under_seal(state: State, ai: Ai) -> None:
    before = State.DISCORDANT if state in (State.HELD, State.FAULTED) else None
    told = trace(case(state, ai, before), history(*SEALED_EVENTS), [], None)
    for word in TELLING:
        assert word not in seen(told), word
        assert word not in seen(summary(case(state, ai, before))), word
    assert told["state"] == public_state(state)
    assert told["accountable"] == ACCOUNTABLE[public_state(state)]
    assert told["aiRead"] == ("awaited" if ai is Ai.AWAITED else "sealed")


@pytest.mark.parametrize(
    "other",
    [
        [(Event.AI_DECLINED, State.READY), (Event.COMPARED, State.COMPARED),
         (Event.NO_AI_ANSWER, State.DECLINED)],
        [(Event.AI_SEALED, State.READY), (Event.COMPARED, State.COMPARED), (Event.AGREED, State.CONCORDANT),
         (Event.AUDIT_DRAWN, State.AUDIT)],
        [(Event.AI_SEALED, State.READY), (Event.COMPARED, State.COMPARED), (Event.AGREED, State.CONCORDANT),
         (Event.CONFIRMATION_ASKED, State.CONFIRMATION)],
        [(Event.AI_SEALED, State.READY), (Event.COMPARED, State.COMPARED),
         (Event.LEFT_STANDING, State.STANDS), (Event.AUDIT_DRAWN, State.AUDIT)],
        [(Event.AI_NOT_ASKED, State.READY), (Event.COMPARED, State.COMPARED),
         (Event.NO_AI_ANSWER, State.DECLINED)],
    ],
    ids=["declined", "drawn for audit", "to be confirmed", "left standing and drawn for audit", "not asked"],
)  # fmt: skip
def test_all_ways_to_a_specialist_look_alike(other: list[tuple[Event, State]]) -> None:
    differed = [
        (Event.AI_SEALED, State.READY),
        (Event.COMPARED, State.COMPARED),
        (Event.DIFFERED, State.DISCORDANT),
    ]
    end = (Event.REFERRED, State.REFERRED)
    shown = [
        [
            (each["event"], each["state"])
            for each in trace(case(State.REFERRED), history(*way, end), [], None)["history"]
        ]
        for way in (differed, other)
    ]
    assert shown[0] == shown[1]


def test_neighbouring_sealed_events_show_as_one_without_number_or_digest() -> None:
    told = trace(case(State.REFERRED), history(*SEALED_EVENTS), [], None)["history"]
    assert [each["event"] for each in told] == ["opened", "sealed until the case is resolved"]
    for each in told:
        assert each.keys() == {"at", "event", "state", "actor", "detail", "policy", "card"}
    assert told[0]["detail"] == {"task": "Task/t1"}
    assert told[1]["detail"] == {}


def test_open_events_between_sealed_ones_stay() -> None:
    events = [
        *history(*SEALED_EVENTS[:1]),
        event(3, Event.FIRST_READ_LOCKED, State.READY, report="DiagnosticReport/r1/_history/1"),
        event(4, Event.COMPARED, State.COMPARED, sealed=True),
    ]
    told = trace(case(State.COMPARED), events, [], None)["history"]
    assert [each["event"] for each in told] == [
        "opened",
        "sealed until the case is resolved",
        "first read locked",
        "sealed until the case is resolved",
    ]


@pytest.mark.parametrize("state", State)
def test_once_resolved_everything_is_shown(state: State) -> None:
    events = [*history(*SEALED_EVENTS), event(15, Event.RESOLVED, State.RESOLVED, outcome="amended")]
    assert unsealed(events)
    assert not unsealed(events[:-1])
    told = trace(case(state), events, [], None)
    assert told["state"] == state
    assert told["accountable"] == ACCOUNTABLE[state]
    assert told["aiRead"] == "sealed"
    assert [each["event"] for each in told["history"]] == [each.event for each in events]
    assert [each["state"] for each in told["history"]] == [each.state for each in events]
    assert [each["number"] for each in told["history"]] == list(range(1, 16))
    assert told["history"][1]["detail"]["probability"] == 0.94
    assert told["history"][1]["digest"] == f"{2:064}"


def test_times_and_what_is_not_there() -> None:
    told = trace(case(State.READY), history(), [], None)
    assert (told["opened"], told["nextLook"]) == ("2026-01-05T09:00:00.000Z", "2026-01-05T10:00:00.000Z")
    assert told["lastError"] is None
    assert (told["case"], told["task"]) == ("c1", "Task/t1")


@pytest.mark.parametrize(("broken", "said"), [(None, "whole"), (3, "broken at event 3")])
def test_the_chain_is_told(broken: int | None, said: str) -> None:
    assert trace(case(State.READY), history(), [], broken)["chain"] == said


def test_deliveries_are_told() -> None:
    row = DeliveryRow(
        "d1", "c1", "opinion", "ehr", "waiting", 2, START, START + timedelta(days=4), None, "down"
    )
    [told] = trace(case(State.WRITTEN_UP), history(), [row], None)["deliveries"]
    assert told == {
        "document": "d1",
        "kind": "opinion",
        "destination": "ehr",
        "state": "waiting",
        "attempts": 2,
        "nextAttempt": "2026-01-05T09:00:00.000Z",
        "givesUp": "2026-01-09T09:00:00.000Z",
        "delivered": None,
        "last": "down",
    }
