"""The other model that is shipped, over the wire: a patient asks for it when a case is over."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import TASK, concept, output
from conformance.peers.ehr import Ehr, Sent
from tests.flow.hospital import Hospital
from tests.flow.processes import Site, members, until

pytestmark = pytest.mark.campaign
_PATIENCE = 60.0


def test_the_other_model_assesses_and_its_record_tells_what_it_shares_with_the_first(
    site: Site, ehr: Ehr
) -> None:
    up = site.program("up")
    site.bring_up(up)
    hospital = Hospital(ehr, site.base)
    with FhirClient(site.base, timeout=10.0) as client, hospital.desk():
        first = hospital.send(client, "assessed", 0).sent
        _ended(client, first.task)
        before = len(members(up.pid))
        wanted = _assessment(client, first)
        asked: list[str] = []
        until(lambda: asked.extend(_asked(client, wanted)) or asked, _PATIENCE, "the first case is over")
        ended = _ended(client, asked[0])
        assert len(members(up.pid)) == before + 1, "its process, for which nobody had any use until then"
    told = (output(ended, "independence") or {})["valueCodeableConcept"]
    assert told["coding"][0]["code"] == "not-shown"
    for words in (
        "the vendor is the same",
        "another model family",
        "the training source is the same",
        "by phi = 1.00, measured on 132 cases",
        "no earlier opinion was shown to the model",
    ):
        assert words in told["text"]


def _assessment(client: FhirClient, first: Sent) -> dict[str, Any]:
    """As the first Task, from the patient and by another model."""
    made = client.read(first.task).body
    by = {"type": concept(TASK, "assessor"), "valueCodeableConcept": concept(TASK, "other-model")}
    kept = ("resourceType", "intent", "priority", "focus", "for", "authoredOn", "lastModified", "restriction")
    return {name: made[name] for name in kept if name in made} | {
        "status": "requested",
        "identifier": [{**made["identifier"][0], "value": "T-assessment"}],
        "code": concept(TASK, "independent-assessment"),
        "requester": made["for"],
        "input": [*made["input"], by],
    }


def _asked(client: FhirClient, wanted: dict[str, Any]) -> list[str]:
    """Its address; empty: the result of the first case is still on its way to the EHR."""
    try:
        return [client.create(wanted).location]
    except NotDone as failure:
        if failure.status != 409:
            raise
        return []


def _ended(client: FhirClient, task: str) -> dict[str, Any]:
    until(lambda: client.read(task).body["status"] == "completed", _PATIENCE, f"{task} has ended")
    return client.read(task).body
