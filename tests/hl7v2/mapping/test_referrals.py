"""Referrals: an order to a provider."""

from __future__ import annotations

import pytest

from server.hl7v2.link import Asked, LocalCode
from tests.hl7v2.mapping.telling import PID, resource, told

RF1 = "RF1|P^Pending|R|Med^Medical^L|||R7^EHR|20260105|20260205|20260104|O^Why^L|X9"
PROVIDERS = (
    "PRD|RP|DOC^ANNA||^^^WARD|^WPN^PH^^^^^^^^^555||7^^^HOSP^NPI\nPRD|RT|SPEC^OTTO|||||8\nPRD|CP|NAME^ONLY"
)


@pytest.mark.parametrize(("event", "status"), [("I12", "active"), ("I13", "active"), ("I14", "revoked")])
def test_a_referral_asks_somebody_for_something(event: str, status: str) -> None:
    asks = (Asked("chest", (LocalCode("XR1", "L"),)),)
    found = told(f"{RF1}\n{PROVIDERS}\n{PID}\nOBR|1|||XR1^Film^L", f"REF^{event}^REF_I12", asks=asks)
    whole = resource(found, "ServiceRequest")
    assert (whole["status"], whole["code"]["coding"][0]["code"], whole["priority"]) == (
        status,
        "XR1",
        "routine",
    )
    assert whole["requester"]["reference"] == "draft:role-1"
    assert [each["display"] for each in whole["performer"]] == ["OTTO SPEC", "ONLY NAME"]
    (order,) = found.orders
    assert (order.order, order.question, order.patient) == ("order-1", "chest", "patient")
    assert order.placer == (("https://hospital.example/orders", "R7"),)
    assert order.filler[0][1] == "X9"


def test_without_an_obr_its_type_is_what_is_asked() -> None:
    whole = resource(told(f"{RF1}\n{PID}", "REF^I12^REF_I12"), "ServiceRequest")
    assert whole["code"]["coding"][0]["code"] == "Med"
    assert "orderDetail" not in whole
