"""JSON and XML of one resource are the same content, whichever comes first (R4 xml.html, json.html)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import Fault
from server.fhir.bindings import RESOURCES, SHAPES
from server.fhir.narrative import is_safe
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.write import dump
from server.fhir.xml_read import read
from server.fhir.xml_write import write
from tests.fhir.grown import KNOWN, resources
from tests.fhir.xml_pairs import PAIRS

EXAMPLES = Path(__file__).resolve().parents[3] / "shared/data/fhir-r4-examples"
BOTH_WAYS = settings(
    max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def digits(resource: Any) -> str:
    """Everything that counts: 1.10 is not 1.1, and 1 is not true; the order of names does not count."""
    return json.dumps(json.loads(dump(resource), parse_float=lambda text: f"decimal {text}"), sort_keys=True)


def known(resource: Any) -> bool:
    """Whether the tables describe every resource in it."""
    if isinstance(resource, dict):
        return resource.get("resourceType", "Task") in SHAPES and all(map(known, resource.values()))
    return all(map(known, resource)) if isinstance(resource, list) else True


def divs(resource: Any) -> list[str]:
    if isinstance(resource, dict):
        own = [resource["div"]] if isinstance(resource.get("div"), str) else []
        return own + [div for value in resource.values() for div in divs(value)]
    return [div for each in resource for div in divs(each)] if isinstance(resource, list) else []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_pairs(pair):
    resource = parse(pair.json.encode())
    assert digits(read(pair.xml.encode())) == digits(resource)
    assert write(resource, pretty=True).decode() == pair.xml
    assert digits(read(write(resource))) == digits(resource)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_names_come_in_the_same_order_as_their_elements(pair):
    """So that one content has one JSON, whichever way it came."""
    assert dump(read(write(read(pair.xml.encode())))) == dump(read(pair.xml.encode()))


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the official R4 examples are not at ../shared/data")
@pytest.mark.parametrize("kind", KNOWN)
def test_official_examples(kind):
    for path in sorted((EXAMPLES / kind).glob("*.json")):
        resource = parse(path.read_bytes(), limit=BUNDLE_BYTES)
        if not known(resource):  # a type in a Bundle or contained that the tables do not have
            with pytest.raises(Fault, match="application/fhir\\+json"):
                write(resource)
            continue
        xml = write(resource)
        again = read(xml, limit=BUNDLE_BYTES)
        assert digits(again) == digits(resource), path.name
        assert write(again) == xml, path.name
        assert digits(read(write(resource, pretty=True), limit=BUNDLE_BYTES)) == digits(resource), path.name
        assert all(map(is_safe, divs(again))), path.name


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the official R4 examples are not at ../shared/data")
def test_most_official_examples_of_known_types_are_known_whole():
    """What is skipped above is skipped for a type that is missing, not by mistake."""
    found = [parse(path.read_bytes(), limit=BUNDLE_BYTES) for path in EXAMPLES.glob("*/*.json")]
    ours = [each for each in found if each["resourceType"] in SHAPES]
    assert len([each for each in ours if known(each)]) > 0.85 * len(ours) > 150


@BOTH_WAYS
@given(st.sampled_from(KNOWN).flatmap(resources))
def test_grown_from_the_tables(resource):
    assert parse(dump(resource))  # json.html allows it
    xml = write(resource)
    again = read(xml)
    assert digits(again) == digits(resource)
    assert write(again) == xml
    assert digits(read(write(resource, pretty=True))) == digits(resource)


def test_every_type_of_the_tables_has_a_place():
    assert set(KNOWN) == RESOURCES & SHAPES.keys() >= {"Bundle", "OperationOutcome", "Task"}
