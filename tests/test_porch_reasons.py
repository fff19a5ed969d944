"""Every refusal is a complete HTTP answer with an R4 OperationOutcome."""

from __future__ import annotations

import json
from http.client import responses

import pytest

from server.errors import Category
from server.porch.reasons import Reason, Refusal, answer

R4_ISSUE_TYPES = (
    "structure",
    "security",
    "too-costly",
    "incomplete",
    "timeout",
    "too-long",
    "not-supported",
    "exception",
    "throttled",
    "no-store",
)


@pytest.mark.parametrize("reason", Reason)
def test_answer(reason: Reason) -> None:
    head, body = answer(reason, "Thu, 01 Jan 2026 00:00:00 GMT").split(b"\r\n\r\n", 1)
    first, *fields = head.decode().split("\r\n")
    named = dict(field.split(": ", 1) for field in fields)
    assert first.startswith(f"HTTP/1.1 {reason.status} ")
    assert reason.status in responses
    assert named["Content-Length"] == str(len(body))
    assert named["Connection"] == "close"
    assert named["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert ("Retry-After" in named) == (reason.status == 503)
    outcome = json.loads(body)
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["code"] in R4_ISSUE_TYPES
    assert outcome["issue"][0]["diagnostics"].endswith(".")


@pytest.mark.parametrize("reason", Reason)
def test_a_fault_is_ours_exactly_when_its_status_says_so(reason: Reason) -> None:
    refusal = Refusal(reason)
    assert refusal.category.ours == (reason.status in (500, 503))
    assert (refusal.category is Category.TOO_LARGE) == (reason.status in (413, 414, 431))


def test_no_two_reasons_are_one() -> None:
    assert len({reason.value for reason in Reason}) == len(Reason)
