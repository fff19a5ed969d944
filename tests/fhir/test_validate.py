from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.fhir.bindings import SERVED
from server.fhir.findings import MAX_ISSUES
from server.fhir.parse import BUNDLE_BYTES, RESOURCE_BYTES, parse
from server.fhir.validate import check, check_entry, check_envelope
from tests.badinput.builders import OBSERVATION, PATIENT, TASK
from tests.badinput.fhir_bodies import BUNDLE_ROWS, RESOURCE_ROWS, ROWS
from tests.badinput.row import Row

EXAMPLES = Path(__file__).resolve().parents[3] / "shared/data/fhir-r4-examples"
WRONG_IN_R4 = {"Observation-clinical-gender": ("invalid", "Observation.performer[0].reference")}
"""Official examples that break R4 themselves: an Encounter is no performer."""


def take(row: Row) -> None:
    check(parse(row.body, limit=BUNDLE_BYTES if row.type == "Bundle" else RESOURCE_BYTES), row.type)


def refusal(resource, expected_type=None):
    with pytest.raises(Fault) as caught:
        check(resource, expected_type)
    return caught.value


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS if row.expected == "ok"])
def test_accepted_rows(row):
    take(row)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS if row.expected != "ok"])
def test_refused_rows(row):
    with pytest.raises(Fault) as caught:
        take(row)
    assert caught.value.category is Category[row.expected]
    found = {(issue.code, issue.path) for issue in caught.value.issues}
    if row.path is None:
        assert row.code in {code for code, _ in found}
    else:
        assert (row.code, row.path) in found


def test_row_ids_are_unique():
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", [row for row in ROWS if row.expected != "ok"], ids=lambda row: row.id)
def test_refusals_are_plain_sentences(row):
    with pytest.raises(Fault) as caught:
        take(row)
    for issue in caught.value.issues:
        assert issue.text.endswith((".", ")"))


SECRETS = {
    "unknown element name": PATIENT | {"Zebedee Made-Up": 1},
    "unknown code": PATIENT | {"gender": "Zebedee"},
    "date": PATIENT | {"birthDate": "Zebedee"},
    "wrong kind": PATIENT | {"name": "Zebedee"},
    "reference": TASK | {"owner": {"reference": "Zebedee"}},
    "contained type": TASK | {"contained": [{"resourceType": "Zebedee"}]},
    "name in contained": TASK
    | {
        "focus": {"reference": "#a"},
        "contained": [{"resourceType": "Medication", "id": "a", "Zebedee Up": 1}],
    },
    "type": {"resourceType": "Zebedee"},
}


@pytest.mark.parametrize("resource", SECRETS.values(), ids=SECRETS.keys())
def test_values_are_never_quoted(resource):
    fault = refusal(resource)
    assert "Zebedee" not in f"{fault} {[(issue.text, issue.path) for issue in fault.issues]}"


def test_all_problems_in_one_answer():
    fault = refusal(
        TASK | {"status": "banana", "foo": 1, "authoredOn": "2023-02-30", "for": {"reference": "#x"}}
    )
    assert [(issue.code, issue.path) for issue in fault.issues] == [
        ("code-invalid", "Task.status"),
        ("structure", "Task.foo"),
        ("value", "Task.authoredOn"),
        ("invariant", "Task.for.reference"),
    ]


def test_the_gravest_category_answers():
    fault = refusal(TASK | {"status": "banana", "description": 1})
    assert fault.category is Category.INCORRECT
    assert len(fault.issues) == 2


def test_issues_are_capped():
    assert len(refusal(PATIENT | {"name": [{"use": "x"}] * (MAX_ISSUES + 5)}).issues) == MAX_ISSUES


def test_accepted_codes_are_named():
    (issue,) = refusal(PATIENT | {"gender": "robot"}).issues
    assert issue.text == "R4 requires one of these codes here: female, male, other, unknown."


def test_resource_stays_as_it_was():
    body = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}'
    )
    resource = parse(body)
    before = copy.deepcopy(resource)
    check(resource, "Observation")
    assert resource == before
    assert str(resource["valueQuantity"]["value"]) == str(Decimal("1.10"))


def test_type_not_taken():
    fault = refusal({"resourceType": "Medication"})
    assert (fault.category, fault.issues[0].code) == (Category.UNPROCESSABLE, "not-supported")


def test_envelope_leaves_entries_to_their_own_answers():
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {"resource": PATIENT | {"gender": "robot"}, "request": {"method": "POST", "url": "Patient"}},
            {"resource": 1, "request": {"method": "POST", "url": "Patient"}},
        ],
    }
    check_envelope(bundle)
    with pytest.raises(Fault) as caught:
        check_entry(bundle["entry"][0]["resource"], "Bundle.entry[0].resource")
    assert caught.value.issues[0].path == "Bundle.entry[0].resource.gender"
    with pytest.raises(Fault) as caught:
        check_entry(bundle["entry"][1]["resource"], "Bundle.entry[1].resource")
    assert caught.value.issues[0].path == "Bundle.entry[1].resource"


def test_envelope_is_checked():
    with pytest.raises(Fault):
        check_envelope({"resourceType": "Bundle", "type": "banana"})


def test_entries_refer_to_their_own_contained():
    """``#a`` of one entry is not the ``#a`` of another."""
    held = {"resourceType": "Practitioner", "id": "a", "name": [{"family": "Example"}]}
    first = TASK | {"contained": [held], "owner": {"reference": "#a"}}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": first, "request": {"method": "POST", "url": "Task"}},
            {"resource": TASK | {"owner": {"reference": "#a"}}, "request": {"method": "POST", "url": "Task"}},
        ],
    }
    assert [issue.path for issue in refusal(bundle).issues] == ["Bundle.entry[1].resource.owner.reference"]


def test_contained_may_point_up():
    held = {"resourceType": "Provenance", "target": [{"reference": "#"}], "recorded": "2026-01-01T00:00:00Z"}
    held |= {"agent": [{"who": {"display": "made up"}}]}
    check(OBSERVATION | {"contained": [held]})


def test_completeness_outcome_as_we_write_it():
    outcome = {
        "resourceType": "OperationOutcome",
        "id": "oo",
        "issue": [{"severity": "error", "code": "required"}],
    }
    named = [{"type": {"text": "completeness-outcome"}, "valueReference": {"reference": "#oo"}}]
    check(TASK | {"contained": [outcome], "output": named})


def examples(*types):
    for kind in types:
        yield from sorted((EXAMPLES / kind).glob("*.json"))


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the official R4 examples are not at ../shared/data")
@pytest.mark.parametrize("kind", [kind for kind in SERVED if kind != "Bundle"])
def test_official_examples(kind):
    paths = list(examples(kind))
    assert paths
    for path in paths:
        resource = parse(path.read_bytes())
        if path.stem in WRONG_IN_R4:
            assert [(i.code, i.path) for i in refusal(resource, kind).issues] == [WRONG_IN_R4[path.stem]]
        else:
            check(resource, kind)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the official R4 examples are not at ../shared/data")
def test_official_bundles():
    """Accepted, or refused only for a type, a nested Bundle or a request.url that this door does not take."""
    accepted = 0
    for path in examples("Bundle"):
        bundle = parse(path.read_bytes(), limit=BUNDLE_BYTES)
        try:
            check(bundle, "Bundle")
        except Fault as fault:
            for issue in fault.issues:
                taken = issue.code == "not-supported" or issue.path.endswith("request.url")
                assert taken, (path.name, issue)
        else:
            accepted += 1
    assert accepted >= 10


def test_rows_of_bundles_and_resources_read_as_json():
    """A row about a resource must not be refused by the reading already."""
    for row in RESOURCE_ROWS + BUNDLE_ROWS:
        if row.id not in {"F-042c", "F-042"}:
            assert parse(row.body) == json.loads(row.body, parse_float=Decimal)
