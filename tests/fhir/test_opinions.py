from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from server.fhir.opinions import SIGNED, conclusion, first_read, signed_at, unsigned_gap
from server.model import Problem, ResourceKey
from tests.fhir.shelf import AT, Shelf, stored
from tests.world import BACTERIAL, VIRAL, coded, report

ROLE = {
    "resourceType": "PractitionerRole",
    "id": "r",
    "practitioner": {"reference": "Practitioner/a"},
    "organization": {"reference": "Organization/o/_history/2"},
}
SHELF = Shelf(ROLE, {"resourceType": "PractitionerRole", "id": "bare"})


def made(role: str = "PractitionerRole/r", **more: Any):
    return stored({**report("Patient/p", role, VIRAL), "id": "d", **more}, 2)


def test_a_signed_report_is_locked_with_its_digest() -> None:
    each = made()
    read = first_read(each, SHELF.read)
    assert read is not None
    assert read.report == ResourceKey("DiagnosticReport", "d", 2)
    assert read.digest == hashlib.sha256(each.body).hexdigest()
    assert read.signed_at == datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    assert [each.code for each in read.codes] == [VIRAL.code]
    assert read.readers == ("Practitioner/a", "PractitionerRole/r")
    assert read.organisations == ("Organization/o",)


@pytest.mark.parametrize(
    "status", ["registered", "partial", "preliminary", "cancelled", "entered-in-error", "unknown"]
)
def test_what_nobody_signed_is_no_opinion(status: str) -> None:
    assert status not in SIGNED
    assert first_read(made(status=status), SHELF.read) is None


@pytest.mark.parametrize("status", sorted(SIGNED))
def test_what_was_corrected_is_signed_again(status: str) -> None:
    assert first_read(made(status=status), SHELF.read) is not None


@pytest.mark.parametrize(
    ("more", "people", "organisations"),
    [
        (
            {"performer": [{"reference": "Organization/x"}]},
            ("Practitioner/a", "PractitionerRole/r"),
            ("Organization/o", "Organization/x"),
        ),
        ({"resultsInterpreter": [{"reference": "Practitioner/b"}]}, ("Practitioner/b",), ()),
        ({"resultsInterpreter": [{"reference": "PractitionerRole/gone"}]}, ("PractitionerRole/gone",), ()),
        ({"resultsInterpreter": [{"identifier": {"value": "1"}}]}, (), ()),
    ],
)
def test_who_stands_behind_it(
    more: dict[str, Any], people: tuple[str, ...], organisations: tuple[str, ...]
) -> None:
    read = first_read(made(**more), SHELF.read)
    assert read is not None
    assert (read.readers, read.organisations) == (people, organisations)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, None),
        ({"resultsInterpreter": [{"reference": "PractitionerRole/bare"}]}, "for which organisation"),
        ({"resultsInterpreter": [{"reference": "Organization/o"}]}, "who signed"),
        ({"resultsInterpreter": [{"display": "Dr A"}]}, "who signed"),
    ],
)
def test_a_report_of_nobody_is_a_gap(more: dict[str, Any], word: str | None) -> None:
    gap = unsigned_gap(made(**more), SHELF.read)
    if word is None:
        assert gap is None
    else:
        assert gap is not None
        assert gap.problem is Problem.MISSING
        assert word in gap.found
        assert gap.source == ResourceKey("DiagnosticReport", "d", 2)
        assert "Dr A" not in gap.text


def test_all_codes_of_all_conclusions() -> None:
    two = {"conclusionCode": [coded(VIRAL), {"text": "words"}, coded(BACTERIAL)]}
    assert [each.code for each in conclusion(two)] == [VIRAL.code, BACTERIAL.code]
    assert conclusion({}) == ()


@pytest.mark.parametrize("issued", [None, "2026-01-05"])
def test_without_an_exact_time_it_was_signed_when_it_came(issued: str | None) -> None:
    assert signed_at({"issued": issued} if issued else {}, made()) == AT
