"""The first reading against spoilt copies of real resources: it answers, and never breaks."""

from __future__ import annotations

import copy
import random

import pytest

from server.errors import Fault
from server.fhir.bindings import SERVED
from server.fhir.validate import check
from tests.fhir.samples import OWN, official, read

JUNK = (
    "",
    " ",
    0,
    -1,
    1.5,
    True,
    None,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"id": "a"},
    {"reference": "#"},
    "#a",
    "<div/>",
    '{"a":1}',
    {"resourceType": "Banana"},
    {"resourceType": ["x"]},
    [{"resourceType": "Bundle", "type": "batch"}],
    "2023-02-30",
    "9" * 70,
)
NAMES = ("foo", "_id", "resourceType", "contained", "extension", "valueString", "id", "_foo", "")


def places(value):
    """Every (container, key) of ``value``."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from places(value[key])


def spoil(resource, chance):
    container, key = chance.choice(list(places(resource)))
    act = chance.randrange(4)
    if act == 0:
        del container[key]
    elif act == 1 and isinstance(container, dict):
        container[chance.choice(NAMES)] = container[key]
    elif act == 2:
        container[key] = [container[key]]
    else:
        container[key] = copy.deepcopy(chance.choice(JUNK))


def passes(resource, kind):
    try:
        check(resource, kind)
    except Fault:
        return False
    return True


@pytest.mark.parametrize("kind", SERVED)
def test_spoilt_examples_are_answered(kind):
    chance = random.Random(kind)
    refused = 0
    for path in [OWN / f"{kind}.json", *official(kind)[:12]]:
        whole = read(path)
        for _ in range(25):
            resource = copy.deepcopy(whole)
            spoil(resource, chance)
            before = copy.deepcopy(resource)
            refused += not passes(resource, kind)
            assert resource == before
    assert refused > 10
