"""Real cases in the report: counted when they are resolved, and not while the same is asked anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.model import Answer
from server.store import lots
from server.store.reporting import ReportStore, Span
from tests.world import BACTERIAL, World, send_case, task


def test_a_case_is_counted_when_resolved_and_not_while_it_is_asked_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In lots of one, to see it."""
    monkeypatch.setattr(lots, "LEAST", 1)
    monkeypatch.setattr(lots, "SPREAD", 1)
    sent = send_case(world, BACTERIAL)
    assert counted(world) == []
    world.run()
    assert counted(world) == [(Answer.PRESENT, Answer.PRESENT, None, 1)]
    world.post(task(sent.patient, f"DiagnosticReport/{sent.report['id']}", "T-2"))
    assert counted(world) == []
    world.run()
    assert counted(world) == [(Answer.PRESENT, Answer.PRESENT, None, 1)]


def counted(world: World) -> list[tuple[Answer | None, Answer | None, Answer | None, int]]:
    at = world.watch()
    span = Span(at - timedelta(days=1), at + timedelta(days=1))
    found = ReportStore(world.house.database).reported(span)
    return [(each.first, each.model, each.final, each.cases) for row in found for each in row.alike]
