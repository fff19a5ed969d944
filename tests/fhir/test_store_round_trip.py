"""Official and guides' examples of the types that are kept, through the real store and out of the door again.

Straight into the store: the door would refuse references to what is not here. What comes back is what went
in, to the digit, as JSON and as XML; but for what a server sets itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from server.errors import Fault
from server.fhir.bindings import KEPT
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.stamp import stamped
from server.fhir.xml_read import read as from_xml
from server.ports import Intake
from server.store.intake import IntakeDesk
from tests.fhir.samples import NO_OFFICIAL, OFFICIAL, SHARED, official, own
from tests.fhir.test_xml_both_ways import digits, known
from tests.store.nouns import arrival
from tests.world import START, World

GUIDES = SHARED / "fhir-ig-examples"
NO_GUIDES = "the guides' examples are not at ../shared/data"
JSON, XML = "application/fhir+json", "application/fhir+xml"
pytestmark = pytest.mark.both_databases


def kept(paths: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those of a type that is kept, and that the door can read at all."""
    for path in paths:
        try:
            resource = parse(path.read_bytes(), limit=BUNDLE_BYTES)
        except Fault:  # hl7.org's own mistakes: tests/fhir/test_official_examples.py names them
            continue
        if resource.get("resourceType") in KEPT:
            yield path.stem, resource


def as_it_went_in(resource: dict[str, Any], id_: str) -> dict[str, Any]:
    """With what the server sets: id, version, times."""
    whole = deepcopy(resource)
    whole["id"] = id_
    whole["meta"] = {**whole.get("meta", {}), "versionId": "1"}
    whole["meta"].pop("lastUpdated", None)
    if whole["resourceType"] == "Task":
        whole.pop("lastModified", None)
    return whole


def demand_it_comes_back(world: World, examples: list[tuple[str, dict[str, Any]]]) -> int:
    """How many also came back as XML: a few hold types within that have none here."""
    writes = [stamped(resource, f"e{n}", 1, START) for n, (_, resource) in enumerate(examples)]
    IntakeDesk(world.house.database, world.house.vault).take(Intake(arrival(), tuple(writes)))
    in_xml = 0
    for n, (name, resource) in enumerate(examples):
        expected = digits(as_it_went_in(resource, f"e{n}"))
        place = f"/fhir/{resource['resourceType']}/e{n}"
        answer = world.client.get(place, headers={"Accept": JSON})
        assert answer.status_code == 200, name
        back = parse(answer.data, limit=BUNDLE_BYTES)
        assert digits(as_it_went_in(back, f"e{n}")) == expected, name
        told = world.client.get(place, headers={"Accept": XML})
        assert told.status_code == (200 if known(resource) else 406), name
        if told.status_code == 200:
            again = from_xml(told.data, limit=BUNDLE_BYTES)
            assert digits(as_it_went_in(again, f"e{n}")) == expected, name
            in_xml += 1
    return in_xml


def test_our_own_examples(world: World) -> None:
    examples = list(kept(own()))
    assert demand_it_comes_back(world, examples) == len(examples) > 20


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=NO_OFFICIAL)
def test_official_examples(world: World) -> None:
    examples = list(kept(official(*KEPT)))
    in_xml = demand_it_comes_back(world, examples)
    assert len(examples) > 290
    assert in_xml > 0.95 * len(examples)


@pytest.mark.skipif(not GUIDES.is_dir(), reason=NO_GUIDES)
def test_examples_of_the_guides(world: World) -> None:
    examples = list(kept(sorted(GUIDES.rglob("*.json"))))
    in_xml = demand_it_comes_back(world, examples)
    assert len(examples) > 20
    assert in_xml > 0.9 * len(examples)
