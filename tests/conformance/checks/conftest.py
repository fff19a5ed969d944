"""The real server in this very process: checked over its WSGI door, its work done whenever a check waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import event

from conformance.checks.claims import task_states
from conformance.checks.exchange import Wire
from conformance.checks.run import Run
from conformance.checks.statement import statement_of
from conformance.checks.table import table
from conformance.checks.verdict import Verdict
from conformance.demo.cases import load
from server.model import InputContract
from tests import world as worlds
from tests.conformance.checks.tampering import Tampering
from tests.world import World, feature, make_world

Judge = Callable[[str], Verdict]
"""From the id of a claim to how it ended."""


class Now:
    """The checks date what they make up by the real clock."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """With a card that reads what the made-up cases hold."""
    features = tuple(
        replace(feature(each.name, each.codes[0]), unit=each.unit, units={each.unit: Decimal(1)})
        for each in load().analytes
    )
    contract = InputContract(features=features, age_years=worlds.CARD.contract.age_years)
    card = replace(worlds.CARD, contract=contract)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worlds, "CARD", card)
        patch.setattr(worlds, "Watch", Now)
        for made in make_world(tmp_path_factory.mktemp("world"), card=card):
            _without_flushing(made)
            yield made


def _without_flushing(world: World) -> None:
    """Nobody pulls the plug here; on a busy disk this is most of the time."""
    engine = world.house.database.engine
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()


@pytest.fixture
def tampering(world: World) -> Tampering:
    """Between the checks and the server."""
    return Tampering(httpx.WSGITransport(app=world.client.application))


@pytest.fixture
def run(world: World, tampering: Tampering, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(task_states, "_SOON", timedelta(seconds=0.5))
    wire = Wire(world.house.settings.fhir_base, transport=tampering)
    statement = statement_of(wire.get("metadata").body)
    made = Run(wire, statement, ours=True, patience=2.0, pause=lambda _: world.run())
    yield made
    tampering.tamper = None
    made.tidy()
    wire.close()


@pytest.fixture
def judge(run: Run) -> Judge:
    def judged(id_: str) -> Verdict:
        [claim] = [each for each in table(run.statement) if each.id == id_]
        return claim.judge(run)

    return judged
