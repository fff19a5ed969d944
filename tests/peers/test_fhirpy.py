"""fhirpy (PyPI) is content with the door."""

from __future__ import annotations

from typing import Any

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

from tests.flow.processes import Site

SYSTEM = "urn:demo:fhirpy"


@pytest.fixture
def client(site: Site) -> SyncFHIRClient:
    return SyncFHIRClient(f"http://127.0.0.1:{site.port}/fhir")


def person(client: SyncFHIRClient, value: str, family: str) -> Any:
    made = client.resource(
        "Patient", identifier=[{"system": SYSTEM, "value": value}], name=[{"family": family}]
    )
    made.save()
    return made


def test_a_resource_from_create_to_delete(client: SyncFHIRClient) -> None:
    anna = person(client, "1", "Py-Anna")
    assert (anna.meta.versionId, anna.reference) == ("1", f"Patient/{anna.id}")
    anna["gender"] = "female"
    anna.save()
    assert anna.meta.versionId == "2"
    anna["birthDate"] = "1990-05-01"
    anna.save()
    again = client.reference("Patient", anna.id).to_resource()
    assert (again["gender"], again["birthDate"], again.meta.versionId) == ("female", "1990-05-01", "3")
    assert anna.is_valid()
    anna.delete()
    with pytest.raises(ResourceNotFound, match="deleted"):
        anna.refresh()


def test_conditional_update(client: SyncFHIRClient) -> None:
    bert = client.resource("Patient", identifier=[{"system": SYSTEM, "value": "2"}], active=True)
    wanted = client.resources("Patient").search(identifier=f"{SYSTEM}|2")
    made, new = wanted.update(bert)
    bert["active"] = False
    changed, newer = wanted.update(bert)
    assert (new, newer, changed.id, changed["active"]) == (True, False, made.id, False)


def test_what_it_does_by_rules_of_another_server_is_told_and_makes_nothing(client: SyncFHIRClient) -> None:
    """A condition in the address of a create, and a merge patch: R4 knows neither."""
    eva = client.resource("Patient", identifier=[{"system": SYSTEM, "value": "9"}])
    wanted = client.resources("Patient").search(identifier=f"{SYSTEM}|9")
    with pytest.raises(OperationOutcome, match="If-None-Exist"):
        wanted.get_or_create(eva)
    assert wanted.count() == 0
    eva.save()
    with pytest.raises(OperationOutcome, match="FHIRPath Patch"):
        eva.patch(active=True)


def test_searches_are_told_page_by_page(client: SyncFHIRClient) -> None:
    for number in range(7):
        person(client, f"many-{number}", "Py-Many")
    wanted = client.resources("Patient").search(family="Py-Many").sort("identifier").limit(3)
    found = [each["identifier"][0]["value"] for each in wanted.fetch_all()]
    assert found == [f"many-{number}" for number in range(7)]
    assert wanted.count() == 7
    with pytest.raises(MultipleResourcesFound):
        wanted.get()
    with pytest.raises(ResourceNotFound):
        client.resources("Patient").search(family="Py-Nobody").get()


def test_includes_chains_and_has(client: SyncFHIRClient) -> None:
    cora = person(client, "3", "Py-Cora")
    measured = client.resource(
        "Observation", status="final", code={"coding": [{"system": SYSTEM, "code": "c"}]},
        subject=cora.to_reference(), effectiveDateTime="2026-01-05T08:00:00Z",
    )  # fmt: skip
    measured.save()
    observations = client.resources("Observation")
    [found] = observations.search(patient__Patient__family="Py-Cora").fetch()
    assert found.id == measured.id
    [of] = client.resources("Patient").has("Observation", "patient", code=f"{SYSTEM}|c").fetch()
    assert of.id == cora.id
    assert observations.search(date__ge="2026-01-05", date__lt="2026-01-06", patient=cora.id).count() == 1


def test_a_refusal_is_an_operation_outcome(client: SyncFHIRClient) -> None:
    with pytest.raises(OperationOutcome) as caught:
        client.resource("Patient", gender="robot").save()
    assert caught.value.resource["issue"][0]["expression"] == ["Patient.gender"]


def test_an_operation(client: SyncFHIRClient) -> None:
    dora = person(client, "4", "Py-Dora")
    told = client.execute(f"Patient/{dora.id}/$everything", method="GET")
    assert [each["resource"]["id"] for each in told["entry"]] == [dora.id]
