"""Names of entries within one transaction: fullUrls, relative references, searches."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import Category, Fault
from server.fhir.bundle_names import resolve, resolve_searched

URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
OID = "urn:oid:1.2.3"
ELSEWHERE = "https://ehr.example/fhir"
LINKS = '<a href="{0}">x</a><a href="{0}#part">x</a><a href="#place">x</a>'


def about(*references: str) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "for": {"reference": references[0]},
        "basedOn": [{"reference": r} for r in references[1:]],
    }


def test_bundle_local_names_become_what_they_name() -> None:
    task = about(URN, "Patient/2", "https://ehr.example/ServiceRequest/1")
    resolve(task, {URN: "Patient/1", "https://ehr.example/ServiceRequest/1": "ServiceRequest/7"})
    assert task["for"]["reference"] == "Patient/1"
    assert [each["reference"] for each in task["basedOn"]] == ["Patient/2", "ServiceRequest/7"]


def test_a_provenance_names_what_the_same_transaction_makes() -> None:
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": URN}, {"reference": OID}],
        "agent": [{"who": {"reference": URN}}],
    }
    resolve(provenance, {URN: "Observation/1", OID: "Observation/2"})
    assert provenance["target"] == [{"reference": "Observation/1"}, {"reference": "Observation/2"}]
    assert provenance["agent"] == [{"who": {"reference": "Observation/1"}}]


@pytest.mark.parametrize(
    ("own", "reference", "becomes"),
    [
        (f"{ELSEWHERE}/Observation/5", "Patient/1", "Patient/new"),
        (f"{ELSEWHERE}/Observation/5", f"{ELSEWHERE}/Patient/1", "Patient/new"),
        (f"{ELSEWHERE}/Observation/5", "Patient/2", "Patient/2"),
        ("https://other.example/fhir/Observation/5", "Patient/1", "Patient/1"),
        (URN, "Patient/1", "Patient/1"),
        ("", "Patient/1", "Patient/1"),
    ],
)
def test_a_relative_reference_is_of_the_server_that_the_entry_is_of(
    own: str, reference: str, becomes: str
) -> None:
    task = about(reference)
    resolve(task, {f"{ELSEWHERE}/Patient/1": "Patient/new"}, own)
    assert task["for"]["reference"] == becomes


def test_uris_and_links_are_resolved_and_strings_are_not() -> None:
    patient = {
        "resourceType": "Patient",
        "text": {
            "status": "generated",
            "div": f"<div>{LINKS.format(URN)} {URN} <img src='{URN}'/></div>",
        },
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": URN}],
        "photo": [{"url": URN}],
        "extension": [{"url": "http://e.example/x", "valueUri": URN}],
        "contained": [{"resourceType": "Task", "id": "t", "instantiatesUri": URN}],
    }
    resolve(patient, {URN: "Binary/1"})
    assert patient["photo"] == [{"url": "Binary/1"}]
    assert patient["extension"][0]["valueUri"] == "Binary/1"
    assert patient["contained"][0]["instantiatesUri"] == "Binary/1"
    assert patient["identifier"][0]["value"] == URN
    assert patient["text"]["div"] == f"<div>{LINKS.format('Binary/1')} {URN} <img src='Binary/1'/></div>"


def test_a_name_of_no_entry_is_refused_with_each_place() -> None:
    with pytest.raises(Fault) as caught:
        resolve(about(URN, "urn:oid:1.2", "Patient/2"), {})
    assert caught.value.category is Category.UNPROCESSABLE
    assert [(each.code, each.path) for each in caught.value.issues] == [
        ("not-found", "Task.for"),
        ("not-found", "Task.basedOn[0]"),
    ]


def test_searches_are_resolved_where_they_stand() -> None:
    asked: list[tuple[str, str, str]] = []

    def find(type_: str, query: str, path: str) -> str:
        asked.append((type_, query, path))
        return f"{type_}/found"

    task = about("Patient?identifier=x|1", "ServiceRequest/1", "ServiceRequest?identifier=2")
    resolve_searched(task, find)
    assert asked == [
        ("Patient", "identifier=x|1", "Task.for.reference"),
        ("ServiceRequest", "identifier=2", "Task.basedOn[1].reference"),
    ]
    assert task == about("Patient/found", "ServiceRequest/1", "ServiceRequest/found")
