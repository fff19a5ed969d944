from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from server.fhir.qualifications import LICENCE_PLACE, PLAN_NET, places_of, qualifications
from server.model import Absence, Coding
from tests.fhir.shelf import Shelf

MD = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0360", "code": "MD"}]}
CLINIC = {"resourceType": "Location", "id": "l", "address": {"country": "CH", "state": "ZH"}}


def one(**more: Any) -> Any:
    doctor = {"qualification": [{"code": MD, **more}]}
    found = qualifications(doctor, Shelf(CLINIC).read)
    return found[0] if found else None


def plan_net(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"extension": [{"url": PLAN_NET, "extension": list(parts)}]}


def where(system: str, code: str) -> dict[str, Any]:
    return {"url": "whereValid", "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}


def ours(system: str, code: str) -> dict[str, Any]:
    return {"extension": [{"url": LICENCE_PLACE, "valueCoding": {"system": system, "code": code}}]}


ACTIVE = {"url": "status", "valueCode": "active"}


def test_a_qualification() -> None:
    found = one(period={"start": "2015-07-01", "end": "2027-06-30"})
    assert found.codes == (Coding("http://terminology.hl7.org/CodeSystem/v2-0360", "MD"),)
    assert found.valid == Absence(datetime(2015, 7, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))
    assert found.places == frozenset()


@pytest.mark.parametrize(
    ("written", "places"),
    [
        (plan_net(ACTIVE, where("https://www.usps.com/", "IL")), {"US-IL"}),
        (
            plan_net(ACTIVE, where("https://www.usps.com/", "IL"), where("https://www.usps.com/", "WI")),
            {"US-IL", "US-WI"},
        ),
        (plan_net(ACTIVE, where("urn:elsewhere", "IL")), set()),
        (plan_net(ACTIVE, {"url": "whereValid", "valueReference": {"reference": "Location/l"}}), {"CH-ZH"}),
        (plan_net(ACTIVE, {"url": "whereValid", "valueReference": {"reference": "Location/gone"}}), set()),
        (ours("urn:iso:std:iso:3166", "CH"), {"CH"}),
        (ours("urn:iso:std:iso:3166:-2", "CH-ZH"), {"CH-ZH"}),
        (ours("urn:elsewhere", "CH"), set()),
    ],
)
def test_where_it_is_a_licence(written: dict[str, Any], places: set[str]) -> None:
    assert one(**written).places == places


@pytest.mark.parametrize("status", ["inactive", "revoked", "pending", "issued-in-error", ""])
def test_one_that_does_not_stand_is_left_out(status: str) -> None:
    assert (
        one(**plan_net({"url": "status", "valueCode": status}, where("https://www.usps.com/", "IL"))) is None
    )


@pytest.mark.parametrize(
    ("address", "places"),
    [
        ({"country": "CH", "state": "ZH"}, {"CH", "CH-ZH"}),
        ({"country": " ch ", "state": "CH-ZH"}, {"CH", "CH-ZH"}),
        ({"country": "CHE"}, {"CHE"}),
        ({"country": "CH", "state": "Zurich"}, {"CH"}),
        ({"country": "CH"}, {"CH"}),
        ({"country": "Switzerland", "state": "ZH"}, set()),
        ({"state": "ZH"}, set()),
        ({}, set()),
    ],
)
def test_an_address_is_a_place_by_iso_3166(address: dict[str, str], places: set[str]) -> None:
    assert places_of(address) == places
