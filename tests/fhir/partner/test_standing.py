"""What is written on a partner's Task before it is a case here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.errors import Category, Fault, Issue
from server.fhir.partner.standing import moved, refused
from server.fhir.partner.upon import upon

TASK: dict[str, Any] = {
    "resourceType": "Task",
    "id": "t1",
    "meta": {"versionId": "4"},
    "status": "received",
    "statusReason": {"text": "old"},
    "lastModified": "2026-01-05T09:00:00Z",
    "note": [{"text": "theirs"}],
}
FAILURE = Fault(
    Category.UNPROCESSABLE,
    Issue("required", "needed", "Task.identifier"),
    Issue("value", "wrong", "Bundle.entry[0].resource.gender"),
    Issue("value", "odd", "Bundle.entry[1].resource.focus"),
    Issue("value", "far", "Bundle.entry[9].resource.x"),
)


def test_a_claim_names_the_version_that_was_read() -> None:
    put = moved(TASK, "accepted")
    assert (put.method, put.path) == ("PUT", "/Task/t1")
    assert put.headers["If-Match"] == 'W/"4"'
    body = json.loads(put.body)
    assert (body["status"], body["note"]) == ("accepted", [{"text": "theirs"}])
    assert not {"statusReason", "lastModified"} & set(body)


@pytest.mark.parametrize(
    ("before", "after"), [("requested", "rejected"), ("received", "rejected"), ("accepted", "failed")]
)
def test_a_refusal_says_why_in_the_partners_own_names(before: str, after: str) -> None:
    body = json.loads(refused(TASK | {"status": before}, FAILURE, ["Patient/p1", "Task/t1"]).body)
    assert body["status"] == after
    assert body["statusReason"]["text"] == "needed; Patient/p1: wrong; odd; far"
    [outcome] = body["contained"]
    assert outcome["id"] == "oo"
    assert [each["expression"] for each in outcome["issue"]] == [
        ["Task.identifier"], ["Patient.gender"], ["Task.focus"], ["Bundle.entry[9].resource.x"],
    ]  # fmt: skip
    assert body["output"][-1]["valueReference"] == {"reference": "#oo"}


def test_a_second_refusal_replaces_the_first() -> None:
    once = json.loads(refused(TASK, FAILURE, []).body)
    again = json.loads(refused(once, FAILURE, []).body)
    assert len(again["contained"]) == 1


WRITTEN = {
    "resourceType": "Task",
    "status": "in-progress",
    "businessStatus": {"text": "b"},
    "priority": "asap",
}
CONDITION = "identifier=urn:x%7C1"
OTHER = {"resource": {"resourceType": "Device"}, "request": {"method": "POST", "url": "Device"}}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [OTHER, {"resource": WRITTEN, "request": {"method": "PUT", "url": f"Task?{CONDITION}"}}],
}


def test_a_write_up_changes_only_what_is_ours() -> None:
    other, entry = json.loads(upon(json.dumps(BUNDLE).encode(), CONDITION, TASK))["entry"]
    assert other == OTHER
    assert entry["request"] == {"method": "PUT", "url": "Task/t1", "ifMatch": 'W/"4"'}
    assert entry["resource"] == {
        "resourceType": "Task",
        "id": "t1",
        "meta": {"versionId": "4"},
        "note": [{"text": "theirs"}],
        "status": "in-progress",
        "businessStatus": {"text": "b"},
    }


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_what_was_given_up_is_left_as_it_is(status: str) -> None:
    whole = json.loads(upon(json.dumps(BUNDLE).encode(), CONDITION, TASK | {"status": status}))
    assert whole["entry"] == [OTHER]
