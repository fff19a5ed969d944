from __future__ import annotations

import pytest

from server.errors import Fault
from server.fhir.references import demand_present, every, local, normal, pointers, relativise, targets

BASE = "http://127.0.0.1:8080/fhir"
URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"


def about(*references: str):
    return {
        "resourceType": "Task",
        "for": {"reference": references[0]},
        "basedOn": [{"reference": r} for r in references[1:]],
    }


@pytest.mark.parametrize(
    ("text", "target", "plain"),
    [
        ("Patient/1", ("Patient", "1"), "Patient/1"),
        ("Patient/1/_history/2", ("Patient", "1"), "Patient/1"),
        ("Patient/a.b-C", ("Patient", "a.b-C"), "Patient/a.b-C"),
        ("Patient/", None, "Patient/"),
        ("patient/1", None, "patient/1"),
        ("Patient/" + "a" * 65, None, "Patient/" + "a" * 65),
        ("#a", None, "#a"),
        (URN, None, URN),
        ("https://ehr.example/Patient/1", None, "https://ehr.example/Patient/1"),
        ("Patient?identifier=1", None, "Patient?identifier=1"),
        ("", None, ""),
    ],
)
def test_which_references_are_local(text: str, target: tuple[str, str] | None, plain: str) -> None:
    assert local(text) == target
    assert normal(text) == plain


def test_every_reference_is_found_with_its_path() -> None:
    resource = {
        "for": {"reference": "Patient/1"},
        "input": [{"valueReference": {"reference": "DiagnosticReport/2"}}],
        "extension": [{"extension": [{"valueReference": {"reference": "Task/3"}}]}],
        "owner": {"identifier": {"value": "x"}},
    }
    assert {path: each["reference"] for path, each in every(resource, "Task")} == {
        "Task.for": "Patient/1",
        "Task.input[0].valueReference": "DiagnosticReport/2",
        "Task.extension[0].extension[0].valueReference": "Task/3",
    }
    held = [id(each) for _, each in every(resource, "Task")]
    assert sorted(id(each) for each in pointers(resource)) == sorted(held)


def test_our_own_base_is_left_out() -> None:
    task = about(f"{BASE}/Patient/1", f"{BASE}x/Patient/1", "http://127.0.0.1:8080/other/Patient/1")
    relativise(pointers(task), BASE)
    assert task["for"]["reference"] == "Patient/1"
    assert [each["reference"] for each in task["basedOn"]] == [
        f"{BASE}x/Patient/1",
        "http://127.0.0.1:8080/other/Patient/1",
    ]


def test_targets_are_told_once_and_without_their_version() -> None:
    task = about("Patient/1/_history/2", "Task/1", "Patient/1", "#a", "https://ehr.example/fhir/Task/1")
    assert targets(pointers(task)) == ("Patient/1", "Task/1")


@pytest.mark.parametrize(
    ("reference", "code", "word"),
    [
        ("Patient/here", None, ""),
        ("Patient/here/_history/9", None, ""),
        ("https://ehr.example/Patient/1", None, ""),
        ("#contained", None, ""),
        ("Patient/gone", "not-found", "POST it first"),
        ("Encounter/1", "not-found", "POST it first"),
        ("Group/1", "not-supported", "not kept here"),
        ("Patient?identifier=1", "not-supported", "conditional"),
    ],
)
def test_what_is_referred_to_is_here(reference: str, code: str | None, word: str) -> None:
    def present() -> None:
        task = about(reference)
        demand_present(task, pointers(task), lambda type_, id_: (type_, id_) == ("Patient", "here"))

    if code is None:
        present()
        return
    with pytest.raises(Fault) as caught:
        present()
    [issue] = caught.value.issues
    assert (issue.code, issue.path) == (code, "Task.for.reference")
    assert word in issue.text
    assert reference not in issue.text
