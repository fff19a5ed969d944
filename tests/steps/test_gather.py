"""Gathering: the moment that a question is about, and how much is too much."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from server.errors import Category, Fault
from server.ports import Stored
from server.steps.casefile import CaseFile, Wait
from server.steps.gather import anchor, gather, look_again
from tests.world import BACTERIAL, START, World, send_case

RECEIVED = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ({"effectiveDateTime": "2026-01-05T08:00:00Z", "issued": "2026-01-05T09:00:00Z"}, 8),
        ({"effectivePeriod": {"start": "2026-01-05T01:00:00Z", "end": "2026-01-05T07:00:00Z"}}, 7),
        ({"effectivePeriod": {"start": "2026-01-05T01:00:00Z"}, "issued": "2026-01-05T09:00:00Z"}, 9),
        ({"issued": "2026-01-05T09:00:00Z"}, 9),
        ({"issued": "2026-01-05T10:00:00+01:00"}, 9),
        ({"effectiveDateTime": "2026-01-05", "issued": "2026-01-05T09:00:00Z"}, 9),
        ({"effectivePeriod": {"end": "2026-01-05"}, "issued": "2026-01-05T09:00:00Z"}, 9),
        ({"effectiveDateTime": "2026-01-05"}, 12),
        ({"status": "registered"}, 12),
    ],
    ids=[
        "effective",
        "end of the period",
        "open period",
        "issued",
        "issued elsewhere",
        "a day, and issued",
        "a period to a day, and issued",
        "a day alone",
        "nothing said",
    ],
)
def test_the_moment_that_the_question_is_about(said: dict[str, Any], moment: int) -> None:
    stored = Stored("DiagnosticReport", "r1", 1, RECEIVED, json.dumps(said).encode())
    assert anchor(stored) == datetime(2026, 1, 5, moment, tzinfo=UTC)


def test_more_observations_than_can_be_weighed_are_a_fault_and_not_a_guess(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = send_case(world, BACTERIAL)
    monkeypatch.setattr(sys.modules[gather.__module__], "_MOST_OBSERVATIONS", 1)
    [case] = world.house.ledger.recent(1)
    with pytest.raises(Fault, match="more than 1 observations of one patient") as refused:
        gather(CaseFile(case, world.cases.tools, START))
    assert refused.value.category is Category.TOO_LARGE
    assert sent.patient not in str(refused.value)


def test_what_changes_nothing_leaves_an_incomplete_case_asleep_until_it_lapses(world: World) -> None:
    send_case(world, BACTERIAL, without=lambda _: True)
    world.run()
    [case] = world.house.ledger.recent(1)
    assert case.due_at == START + world.cases.tools.policies.of(case).incomplete_for
    assert look_again(CaseFile(case, world.cases.tools, START)) == Wait(case.due_at)
