"""A value that is right at a glance is right when it is looked at, and nothing is overlooked."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from server.errors import Fault
from server.fhir import walk
from server.fhir.bindings import SHAPES
from server.fhir.findings import Findings
from server.fhir.glance import GLANCES
from server.fhir.parse import BUNDLE_BYTES, parse
from tests.badinput.fhir_bodies import ROWS
from tests.badinput.fuzz import mutated, own
from tests.fhir.specimens import specimens

BLIND = {name: replace(glance, primitives={}) for name, glance in GLANCES.items()}


def found(resource):
    findings, kind = Findings(), resource.get("resourceType")
    if isinstance(kind, str) and kind in SHAPES:
        walk.Walk(findings, resource).resource(kind)
    return findings._found


def alike(resources, monkeypatch):
    """How many of them are wrong, and whether both ways say so in the same words."""
    seen = [found(each) for each in resources]
    monkeypatch.setattr(walk, "GLANCES", BLIND)
    assert seen == [found(each) for each in resources]
    return sum(map(bool, seen))


def read(bodies):
    for body in bodies:
        try:
            yield parse(body, limit=BUNDLE_BYTES)
        except Fault:
            continue


def test_about_everything_that_the_tables_allow(monkeypatch):
    alike([resource for _, resource in specimens()], monkeypatch)


def test_about_everything_that_is_known_to_be_wrong(monkeypatch):
    assert alike(list(read(row.body for row in ROWS)), monkeypatch) > 50


def test_about_what_was_spoilt(monkeypatch):
    chance = random.Random("glance")
    bodies = [mutated(chance.choice(own()), chance) for _ in range(1_000)]
    assert alike(list(read(bodies)), monkeypatch) > 300


@pytest.mark.parametrize(
    ("kind", "name", "value", "right"),
    [
        ("Task", "status", "requested", True),
        ("Task", "status", "banana", False),
        ("Task", "status", ["requested"], False),
        ("Coding", "system", "http://loinc.org", True),
        ("Coding", "system", "#a", False),
        ("Coding", "userSelected", 1, False),
        ("Quantity", "value", True, False),
        ("Patient", "birthDate", "2024-02-30", False),
    ],
)
def test_what_is_right(kind, name, value, right):
    kinds, holds = GLANCES[kind].primitives[name]
    assert (type(value) in kinds and holds(value)) is right


def test_what_repeats_is_always_looked_at():
    assert "given" in SHAPES["HumanName"].elements
    assert "given" not in GLANCES["HumanName"].primitives
