"""The CapabilityStatement says what the tables of the code say, no more and no less."""

from __future__ import annotations

import pytest

from server.fhir.bindings import SHAPES
from server.fhir.definitions.parameters import PARAMETERS
from server.fhir.query.conditions import OWN
from server.fhir.rows.extraction import searchable
from server.fhir.rules import VERSION_AWARE, WRITABLE
from tests.world import World, patient


@pytest.fixture
def said(world: World):
    return {each["type"]: each for each in world.get("metadata")["rest"][0]["resource"]}


def test_every_search_parameter_is_listed_with_its_kind(said) -> None:
    for type_, each in said.items():
        listed = {(param["name"], param["type"], param["definition"]) for param in each["searchParam"]}
        known = {code: PARAMETERS[type_][code] for code in (*searchable(type_), *OWN)}
        assert listed == {(code, known_.type, known_.url) for code, known_ in known.items()}


def test_every_reference_may_be_followed_both_ways(said) -> None:
    for type_, each in said.items():
        references = [param["name"] for param in each["searchParam"] if param["type"] == "reference"]
        assert each["searchInclude"] == sorted(f"{type_}:{name}" for name in references)
    assert "Task:focus" in said["DiagnosticReport"]["searchRevInclude"]
    assert "Observation:subject" in said["Patient"]["searchRevInclude"]
    assert "Observation:subject" not in said["Task"]["searchRevInclude"]


def test_no_type_offers_a_search_for_an_element_that_it_has_not(said) -> None:
    """R4 Provenance has no identifier."""
    for type_, each in said.items():
        listed = {param["name"] for param in each["searchParam"]}
        assert ("identifier" in listed) == ("identifier" in SHAPES[type_].elements)


def test_what_can_be_written(said) -> None:
    written = {type_ for type_, each in said.items() if {"code": "create"} in each["interaction"]}
    assert written == set(WRITABLE)
    for name in ("updateCreate", "conditionalCreate", "conditionalUpdate"):
        assert {type_ for type_, each in said.items() if each[name]} == written
    assert {t for t, each in said.items() if each["versioning"] == "versioned-update"} == VERSION_AWARE


def test_a_conditional_read_goes_by_version(world: World, said) -> None:
    assert {each["conditionalRead"] for each in said.values()} == {"full-support"}
    who = patient(world)
    assert world.send("GET", who, b"", If_None_Match='W/"1"').status_code == 304
