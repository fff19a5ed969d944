"""Waiting: for the last document, and for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.case import State
from server.errors import Category
from server.ports import Progress
from server.steps.casefile import CaseFile, Wait
from server.steps.rest import close, keep_waiting
from tests.world import BACTERIAL, World, send_case


def file(world: World) -> CaseFile:
    [case] = world.house.ledger.recent(1)
    return CaseFile(case, world.cases.tools, world.watch())


@pytest.mark.parametrize("failure", [Category.UNAVAILABLE, Category.FORBIDDEN], ids=["waiting", "parked"])
def test_a_case_is_not_closed_before_everything_has_arrived(world: World, failure: Category) -> None:
    world.courier.failure = failure
    send_case(world, BACTERIAL)
    world.run()
    assert close(file(world)) == Wait(world.watch() + timedelta(hours=1))


def test_the_last_receipt_closes_the_case(world: World) -> None:
    send_case(world, BACTERIAL)
    while world.cases.once():
        pass
    while world.deliveries.once():
        pass
    closed = close(file(world))
    assert isinstance(closed, Progress)
    assert (closed.position.state, closed.due_at) == (State.CLOSED, None)


def test_a_case_with_a_person_is_looked_at_again_every_day(world: World) -> None:
    send_case(world, BACTERIAL)
    assert keep_waiting(file(world)) == Wait(world.watch() + timedelta(hours=24))
