"""What is not written yet is found like what is: compared with a look at all, question by question."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from server.fhir.query.meeting import Unwritten, meets
from server.fhir.rows.extraction import rows
from server.query import AllOf, AnyOf, Chain, Has, Ids, Not, Sealed, Test
from tests.fhir.brute import Collection, Item
from tests.fhir.population import population, question
from tests.fhir.query.asking import NOW, one


@pytest.mark.parametrize("seed", range(30))
def test_the_same_is_met(seed):
    chance = Random(seed)
    items = [Item(each["resourceType"], each["id"], NOW, rows(each)) for each in population(chance, 20)]
    held = Collection(items)
    for _ in range(60):
        asked = question(chance, held)
        if any(_looks_elsewhere(test) for test in asked.where):
            continue
        found = [item.id for item in held.found(replace(asked, sort=()))]
        there = [item for item in items if item.type == asked.type]
        met = [item.id for item in there if meets(Unwritten(item.id, item.rows, NOW), asked.where)]
        assert met == found, asked


def _looks_elsewhere(test: Test) -> bool:
    match test:
        case Chain() | Has() | Sealed():
            return True
        case Not():
            return _looks_elsewhere(test.test)
        case AllOf() | AnyOf():
            return any(_looks_elsewhere(each) for each in test.tests)
        case _:
            return False


def test_a_chain_leads_nowhere_yet():
    task = {"resourceType": "Task", "for": {"reference": "Patient/p"}}
    unwritten = Unwritten("t", rows(task), NOW)
    assert meets(unwritten, (one("Task", "patient", "p"), Ids(("t",))))
    assert not meets(unwritten, (one("Task", "patient.name", "x"),))
    assert not meets(unwritten, (one("Task", "_has:Task:part-of:status", "x"),))
    assert not meets(unwritten, (Sealed(),))
