"""A short fuzz with fixed seeds: whatever is mutated, the door refuses it or takes it, and never fails.

``python -m tests.badinput.fuzz COUNT SEED`` is the long one.
"""

from __future__ import annotations

import pytest

from tests.badinput.fuzz import KINDS, furnish, official, own, run
from tests.world import World

pytestmark = pytest.mark.both_databases

_COUNT = 250
_TAKES = {
    "create": 201,
    "xml": 201,
    "update": 200,
    "transaction": 200,
    "patch": 200,
    "batch": 200,
    "operation": 200,
    "search": 200,
    "place": 200,
}
"""What some must be answered with, or the mutations never come past the first check."""


@pytest.mark.parametrize("kind", KINDS)
def test_mutations_of_our_own_resources(world: World, kind: str) -> None:
    furnish(world)
    answered = run(world, kind, own(), _COUNT)
    assert answered[_TAKES[kind]] > 0
    if kind != "operation":  # what $validate refuses it tells with 200
        assert sum(count for status, count in answered.items() if status >= 400) > _COUNT / 4


@pytest.mark.parametrize("kind", ["create", "xml", "transaction"])
def test_mutations_of_official_examples(world: World, kind: str) -> None:
    if not (known := official()):
        pytest.skip("the official R4 examples are not at ../shared/data")
    furnish(world)
    answered = run(world, kind, known, _COUNT, seed=1)
    assert set(answered) <= {200, 201, 400, 403, 404, 405, 406, 409, 412, 413, 415, 422}
