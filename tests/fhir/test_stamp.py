from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from server.fhir.rows.extraction import rows
from server.fhir.stamp import stamped
from tests.world import observation, task

AT = datetime(2024, 1, 5, 10, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))


def test_id_and_meta_of_the_server_win() -> None:
    """F-039; what else the client says in meta stays."""
    made = observation("Patient/p", "26464-8", "1")
    sent = {
        **made,
        "id": "theirs",
        "meta": {"versionId": "99", "lastUpdated": "2000-01-01T00:00:00Z", "source": "x:y"},
    }
    write = stamped(sent, "ours", 3, AT)
    body = json.loads(write.body)
    assert (write.type, write.id, write.version, write.updated_at) == ("Observation", "ours", 3, AT)
    assert body["id"] == "ours"
    assert body["meta"] == {"versionId": "3", "lastUpdated": "2024-01-05T08:00:00.123Z", "source": "x:y"}
    assert list(body)[:3] == ["resourceType", "id", "meta"]


def test_index_and_patient_are_those_of_what_is_stored() -> None:
    write = stamped(observation("Patient/p", "26464-8", "1"), "o", 1, AT)
    assert write.index == rows(json.loads(write.body))
    assert write.patient == "Patient/p"


def test_a_task_says_when_it_was_modified() -> None:
    made = task("Patient/p", "DiagnosticReport/d") | {"authoredOn": "2024-01-05T08:00:00Z"}
    write = stamped({**made, "lastModified": "2000-01-01T00:00:00Z"}, "t", 1, AT)
    assert json.loads(write.body)["lastModified"] == "2024-01-05T08:00:00.123Z"


@pytest.mark.parametrize("ahead", ["2024-01-05T08:00:01Z", "2024-01-05T10:00:00+01:00", "2024-02"])
def test_a_task_is_not_modified_before_it_was_authored(ahead: str) -> None:
    made = task("Patient/p", "DiagnosticReport/d") | {"authoredOn": ahead}
    assert json.loads(stamped(made, "t", 1, AT).body)["lastModified"] == ahead
    assert "lastModified" not in json.loads(stamped(observation("Patient/p", "1", "1"), "o", 1, AT).body)


def test_decimals_keep_their_digits_and_the_input_is_left_alone() -> None:
    made = observation("Patient/p", "26464-8", "1")
    made["valueQuantity"]["value"] = Decimal("1.10")
    before = json.dumps(made, default=str)
    assert b'"value":1.10' in stamped(made, "o", 1, AT.astimezone(UTC)).body
    assert json.dumps(made, default=str) == before
