"""The CapabilityStatement says what the tables of the code say, no more and no less."""

from __future__ import annotations

import pytest

from server.fhir.bindings import SHAPES
from server.fhir.index import PARAMETERS
from server.fhir.rules import VERSION_AWARE, WRITABLE
from tests.world import World, patient


@pytest.fixture
def said(world: World):
    return {each["type"]: each for each in world.get("metadata")["rest"][0]["resource"]}


def test_every_search_parameter_is_listed_with_its_kind(said) -> None:
    for type_, each in said.items():
        listed = {param["name"]: param["type"] for param in each["searchParam"]}
        named = {name: str(kind) for name, (kind, _) in PARAMETERS[type_].items()}
        assert listed == {"_id": "token", **named}


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
    assert {each["conditionalRead"] for each in said.values()} == {"not-match"}
    who = patient(world)
    assert world.send("GET", who, b"", If_None_Match='W/"1"').status_code == 304
