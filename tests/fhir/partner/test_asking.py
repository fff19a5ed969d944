"""What a partner is asked, and what is made of its answers, as tables."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from server.errors import Category
from server.fhir.partner.asking import (
    evidence,
    is_ours,
    new_tasks,
    open_tasks,
    page,
    refused,
    resource,
    watermark,
)
from server.fhir.proof import Answer
from server.model import Coding
from server.ports import Undelivered

BASE = "https://ehr.example/fhir"


def answer(status: int = 200, date: str = "", **said: Any) -> Answer:
    return Answer(status, json.dumps(said).encode(), date=date)


def searchset(*resources: Any, **more: Any) -> Answer:
    entry = [{"resource": each} for each in resources]
    date = more.pop("date", "")
    return answer(date=date, resourceType="Bundle", type="searchset", entry=entry or [{"x": 1}], **more)


def link(url: str) -> Answer:
    return searchset(link=[{"relation": "self", "url": "x"}, {"relation": "next", "url": url}])


def test_an_owner_is_asked_for_by_reference_or_identifier() -> None:
    assert new_tasks("Device/42", "") == (
        "/Task?owner=Device/42&status=requested&_include=Task:focus&_count=100"
    )
    assert new_tasks("urn:x|a,b", "2026-01-05T09:00:00.000Z") == (
        "/Task?owner:identifier=urn:x%7Ca%5C%2Cb&status=requested,cancelled,entered-in-error"
        "&_lastUpdated=gt2026-01-05T09:00:00.000Z&_include=Task:focus&_count=100"
    )
    assert "status=received,accepted,on-hold&" in open_tasks("Device/42")


def test_a_zone_survives_the_address() -> None:
    assert "gt2026-01-05T09:00:00%2B01:00&" in new_tasks("Device/42", "2026-01-05T09:00:00+01:00")


def test_evidence_is_asked_for_by_what_the_contract_reads() -> None:
    codes = (Coding("http://loinc.org", "1-8"), Coding("http://loinc.org", "2-6"))
    assert evidence("Patient/p1", codes) == (
        "/Observation?patient=p1&code=http://loinc.org%7C1-8,http://loinc.org%7C2-6&_count=100"
    )


@pytest.mark.parametrize(
    ("owner", "named", "ours"),
    [
        ("Device/42", {"reference": "Device/42"}, True),
        ("Device/42", {"reference": f"{BASE}/Device/42"}, True),
        ("Device/42", {"reference": "https://other.example/fhir/Device/42"}, False),
        ("Device/42", {"reference": "Device/421"}, False),
        ("urn:x|a", {"identifier": {"system": "urn:x", "value": "a"}}, True),
        ("urn:x|a", {"identifier": {"system": "urn:y", "value": "a"}}, False),
        ("urn:x|a", {"identifier": {"value": "urn:x|a"}}, False),
        ("urn:x|a", {"identifier": []}, False),
        ("urn:x|a", 7, False),
        ("Device/42", None, False),
    ],
)
def test_only_what_is_ours_is_ours(owner: str, named: Any, ours: bool) -> None:
    assert is_ours({"owner": named}, owner, BASE) is ours


@pytest.mark.parametrize(
    ("url", "following"),
    [
        (f"{BASE}/Task?page=2", "/Task?page=2"),
        (f"{BASE}?_getpages=7", "?_getpages=7"),
        ("Task?page=2", "/Task?page=2"),
    ],
)
def test_a_next_link_below_the_base_is_followed(url: str, following: str) -> None:
    assert page(link(url), BASE).next == following


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/fhir/Task?page=2",
        "https://ehr.example/fhirish/Task",
        "https://ehr.example/admin",
        "https://ehr.example@evil.example/fhir",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "//evil.example/Task",
        "/admin",
        7,
    ],
)
def test_a_next_link_elsewhere_is_not(url: Any) -> None:
    if url == 7:
        assert page(link(url), BASE).next == "/7"  # below the base, whatever it is
        return
    with pytest.raises(Undelivered, match="elsewhere, which is not followed"):
        page(link(url), BASE)


def test_the_partners_own_time_is_remembered() -> None:
    told = {"meta": {"lastUpdated": "2026-01-05T09:00:00+01:00"}, "date": "Mon, 05 Jan 2026 07:00:00 GMT"}
    assert page(searchset(**told), BASE).answered_at == "2026-01-05T09:00:00+01:00"
    dated = page(searchset(date="Mon, 05 Jan 2026 07:00:00 GMT"), BASE).answered_at
    assert dated == "2026-01-05T07:00:00.000Z"
    assert page(searchset(date="soon"), BASE).answered_at == ""
    assert watermark("2026-01-05T09:00:00+01:00") == "2026-01-05T07:59:00.000Z"
    assert watermark("soon") == watermark("") == watermark("2026-01-05") == ""


@pytest.mark.parametrize(
    "told",
    [
        Answer(200),
        Answer(200, b"<html>"),
        Answer(200, b"[]"),
        answer(resourceType="Bundle", type="transaction-response"),
        answer(resourceType="OperationOutcome", issue=[{"severity": "error", "code": "processing"}]),
    ],
)
def test_garbage_is_no_page(told: Answer) -> None:
    with pytest.raises(Undelivered, match="the partner's answer is no"):
        page(told, BASE)


def test_what_has_no_shape_is_left_out() -> None:
    right = {"resourceType": "Task", "id": "t1"}
    odd: list[Any] = [7, "x", {"id": "t2"}, {"resourceType": "Task"}, {**right, "meta": [1]}, [1]]
    assert page(searchset(*odd, right), BASE).resources == (right,)
    assert (
        page(answer(resourceType="Bundle", type="searchset", entry=7, link="x", meta=[1]), BASE).next is None
    )


def test_another_resource_than_asked_for_is_none() -> None:
    told = answer(resourceType="Patient", id="p2")
    assert resource(told, "Patient/p2") == {"resourceType": "Patient", "id": "p2"}
    with pytest.raises(Undelivered, match="not the resource"):
        resource(told, "Patient/p1")


def test_a_busy_partner_says_when() -> None:
    busy = refused(Answer(503, retry_after="9"))
    assert (busy.category, busy.retry_after) == (Category.BUSY, timedelta(seconds=9))
    assert refused(Answer(401)).category is Category.UNAVAILABLE
