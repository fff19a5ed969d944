"""JSON and XML of one resource are the same content, whichever comes first (R4 xml.html, json.html)."""

from __future__ import annotations

import json
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
from tests.fhir.samples import NO_OFFICIAL, OFFICIAL, official, own
from tests.fhir.xml_pairs import PAIRS

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


def demand_same(resource, name):
    xml = write(resource)
    again = read(xml, limit=BUNDLE_BYTES)
    assert digits(again) == digits(resource), name
    assert write(again) == xml, name
    assert digits(read(write(resource, pretty=True), limit=BUNDLE_BYTES)) == digits(resource), name
    assert all(map(is_safe, divs(again))), name


@pytest.mark.parametrize("path", own(), ids=lambda path: path.stem)
def test_our_own_examples(path):
    demand_same(parse(path.read_bytes()), path.stem)


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=NO_OFFICIAL)
@pytest.mark.parametrize("kind", KNOWN)
def test_official_examples(kind):
    for path in official(kind):
        resource = parse(path.read_bytes(), limit=BUNDLE_BYTES)
        if known(resource):
            demand_same(resource, path.stem)
        else:  # a type in a Bundle or contained that the tables do not have
            with pytest.raises(Fault, match="application/fhir\\+json"):
                write(resource)


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=NO_OFFICIAL)
def test_nearly_all_official_examples_of_known_types_are_known_whole():
    """What is refused above is refused for a type that is missing, not by mistake."""
    found = [parse(path.read_bytes(), limit=BUNDLE_BYTES) for path in official(*KNOWN)]
    assert len([each for each in found if known(each)]) > 0.95 * len(found) > 250


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
