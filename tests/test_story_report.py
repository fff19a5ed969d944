"""Real cases in the report: counted when they are resolved, and not while the same is asked anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.case import Event
from server.model import Answer
from server.routing.turnaround import EVENTS
from server.store import lots
from server.store.reporting import ReportStore, Span
from server.store.turnaround import TurnaroundStore
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


def test_what_happens_to_a_real_case_is_timed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots, "LEAST", 1)
    monkeypatch.setattr(lots, "SPREAD", 1)
    send_case(world, BACTERIAL)
    world.run()
    at = world.watch()
    span = Span(at - timedelta(days=1), at + timedelta(days=1))
    [told] = TurnaroundStore(world.house.database).courses(span, EVENTS).counted.values()
    [course] = told.values()
    assert [event for event, _ in course.steps] == [
        Event.OPENED, Event.FIRST_READ_LOCKED, Event.COMPARED, Event.RESOLVED, Event.DELIVERED,
    ]  # fmt: skip


def counted(world: World) -> list[tuple[Answer | None, Answer | None, Answer | None, int]]:
    at = world.watch()
    span = Span(at - timedelta(days=1), at + timedelta(days=1))
    found = ReportStore(world.house.database).reported(span)
    return [(each.first, each.model, each.final, each.cases) for row in found for each in row.alike]
