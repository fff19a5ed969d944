"""What SQL finds is what a look at every row of every resource finds: questions and answers by chance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from server.fhir.rows.extraction import rows
from server.ports import Intake, Opening
from server.query import Query
from server.store import finding
from server.store.database import Database
from server.store.resources import Resources
from tests.fhir.brute import Collection, Item
from tests.fhir.population import population, question
from tests.schema import migrated
from tests.store.nouns import AT, arrival, desk, opening, write

POPULATIONS, QUESTIONS = 12, 40


def settle(database: Database, seed: int) -> Collection:
    """A population in the store, and the same to look through."""
    chance, items = Random(seed), []
    for made in population(chance, 30):
        at = AT + timedelta(seconds=chance.randint(0, 3))
        items.append(Item(made["resourceType"], made["id"], at, rows(made)))
    writes = [write(each.id, type=each.type, updated_at=each.updated_at, index=each.rows) for each in items]
    reports = [each.name for each in items if each.type == "DiagnosticReport"]
    sealed = set(chance.sample(reports, len(reports) // 2))
    desk(database).take(Intake(arrival(), tuple(writes)))
    for number, report in enumerate(sorted(sealed)):
        desk(database).take(Intake(arrival(f"a-{number}"), (), openings=(case(number, report),)))
    return Collection(items, sealed)


def case(number: int, report: str) -> Opening:
    made = opening(f"c{number}")
    return Opening(**{name: getattr(made, name) for name in made.__slots__} | {"report": report})


@pytest.mark.parametrize("rare", [1_000, 1], ids=["led by the rarest", "along the index or the type"])
def test_the_same_is_found(
    tmp_path: Path,
    another_database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    rare: int,
) -> None:
    monkeypatch.setattr(finding, "_RARE", rare)
    found_something = 0
    for seed in range(POPULATIONS):
        database = Database(another_database() or migrated(tmp_path / f"{seed}.db"))
        held, shelf, chance = settle(database, seed), Resources(database), Random(seed + 1_000)
        for _ in range(QUESTIONS):
            asked = question(chance, held)
            expected = [each.id for each in held.found(asked)]
            found = [each.id for each in shelf.find(asked, 100)]
            if asked.sort:  # where all keys of the order are alike, R4 leaves it open which comes first
                assert held.places(asked, found) == held.places(asked, expected), asked
                found, expected = sorted(found), sorted(expected)
            assert found == expected, asked
            assert shelf.count(Query(asked.type, asked.where), 100) == len(expected), asked
            found_something += 0 < len(expected) < len([e for e in held.items if e.type == asked.type])
        database.close()
    assert found_something > POPULATIONS * QUESTIONS / 5
