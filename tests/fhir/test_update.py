"""update: PUT [base]/[type]/[id]."""

from __future__ import annotations

import pytest

from tests.world import World

pytestmark = pytest.mark.both_databases

RESTRICTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


def test_a_security_label_cannot_be_removed(world: World) -> None:
    """F-040."""
    made = world.post({"resourceType": "Patient", "gender": "other", "meta": {"security": [RESTRICTED]}})
    bare = {**made, "meta": {"versionId": "1"}}
    refused = world.put(bare)
    assert (refused.status_code, refused.json["issue"][0]["code"]) == (403, "forbidden")
    assert world.get(f"Patient/{made['id']}")["meta"]["security"] == [RESTRICTED]
    kept = world.put({**made, "gender": "unknown"})
    assert (kept.status_code, kept.json["meta"]["versionId"]) == (200, "2")


def test_a_label_may_be_added(world: World) -> None:
    made = world.post({"resourceType": "Patient", "gender": "other"})
    assert world.put({**made, "meta": {**made["meta"], "security": [RESTRICTED]}}).status_code == 200


def test_the_id_in_the_body_is_the_one_in_the_url(world: World) -> None:
    """F-027."""
    made = world.post({"resourceType": "Patient", "gender": "other"})
    refused = world.send("PUT", f"Patient/{made['id']}", {**made, "id": "another"})
    assert (refused.status_code, refused.json["issue"][0]["code"]) == (400, "invalid")


def test_an_unknown_id_is_created_under_it(world: World) -> None:
    """updateCreate, as the CapabilityStatement says."""
    answer = world.send(
        "PUT", "Organization/o-1", {"resourceType": "Organization", "id": "o-1", "name": "Demo"}
    )
    assert (answer.status_code, answer.json["id"]) == (201, "o-1")
    assert answer.headers["ETag"] == 'W/"1"'


def test_a_stale_if_match_writes_nothing(world: World) -> None:
    made = world.post({"resourceType": "Patient", "gender": "other"})
    assert world.put({**made, "gender": "male"}).status_code == 200
    stale = world.put({**made, "gender": "female"})
    assert (stale.status_code, stale.json["issue"][0]["code"]) == (412, "conflict")
    assert world.get(f"Patient/{made['id']}")["gender"] == "male"
