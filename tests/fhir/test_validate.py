from __future__ import annotations

import copy
import json
from decimal import Decimal

import pytest

from server.errors import Category, Fault
from server.fhir.findings import MAX_ISSUES
from server.fhir.parse import BUNDLE_BYTES, RESOURCE_BYTES, parse
from server.fhir.validate import check, check_entry, check_envelope
from tests.badinput.builders import OBSERVATION, PATIENT, TASK
from tests.badinput.fhir_bodies import BUNDLE_ROWS, RESOURCE_ROWS, ROWS
from tests.badinput.row import Row


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
    assert issue.text == (
        "R4 requires one of these codes here: female, male, other, unknown. Found: another of 5 characters."
    )


CONDITION = {"resourceType": "Condition", "subject": {"reference": "Patient/p"}}
FOUND = {
    "a string where an object must be": (
        PATIENT | {"name": ["Zebedee"]},
        "Patient.name[0]",
        "An object is expected here, not a string of 7 characters.",
    ),
    "an object where an array must be": (
        PATIENT | {"name": {"text": "Zebedee"}},
        "Patient.name",
        "An array is expected here, not an object of 1 element.",
    ),
    "a number where a string must be": (
        PATIENT | {"language": 7},
        "Patient.language",
        "The JSON type must be a string, not a number.",
    ),
    "a date that is none": (
        PATIENT | {"birthDate": "2026-02-30"},
        "Patient.birthDate",
        "A date of the calendar is expected: YYYY, YYYY-MM or YYYY-MM-DD. Found: a string of 10 characters.",
    ),
    "a rule broken": (
        OBSERVATION | {"referenceRange": [{"appliesTo": [{"text": "Zebedee"}, {"text": "x"}]}]},
        "Observation.referenceRange[0]",
        "A reference range needs low, high or text. Found: appliesTo (2) (obs-3)",
    ),
    "two types of one element": (
        PATIENT | {"deceasedBoolean": True, "deceasedDateTime": "2026"},
        "Patient.deceased",
        "Only one type of this element may be given, not 2.",
    ),
    "a target that is none": (
        OBSERVATION | {"device": {"reference": "Patient/p"}},
        "Observation.device.reference",
        "This reference may point to: Device, DeviceMetric; not to: Patient.",
    ),
    "a concept outside its value set": (
        CONDITION | {"clinicalStatus": {"coding": [{"system": "http://e.example", "code": "active"}]}},
        "Condition.clinicalStatus",
        (
            "R4 requires a coding with one of these codes here: "
            "http://terminology.hl7.org/CodeSystem/condition-clinical: "
            "active, inactive, recurrence, relapse, remission, resolved. Found: others (1)."
        ),
    ),
}


@pytest.mark.parametrize(("resource", "path", "text"), FOUND.values(), ids=FOUND)
def test_what_was_found_is_told_in_words(resource, path, text):
    assert [(issue.path, issue.text) for issue in refusal(resource).issues] == [(path, text)]


def test_a_concept_of_its_value_set():
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    other = {"system": "http://e.example", "code": "x"}
    check(CONDITION | {"clinicalStatus": {"coding": [other, {"system": system, "code": "active"}]}})


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


def parameters(*held):
    found = [{"name": "resource", "resource": one} for one in held]
    return {"resourceType": "Parameters", "parameter": [{"name": "part", "part": found}]}


def collection(*held):
    entries = [{"fullUrl": f"urn:a:{at}", "resource": one} for at, one in enumerate(held)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


ROBOT = PATIENT | {"gender": "robot"}


@pytest.mark.parametrize(
    ("whole", "path"),
    [
        (parameters(PATIENT, ROBOT), "Parameters.parameter[0].part[1].resource.gender"),
        (
            collection(parameters(ROBOT)),
            "Bundle.entry[0].resource.parameter[0].part[0].resource.gender",
        ),
        (
            parameters(collection(PATIENT, ROBOT)),
            "Parameters.parameter[0].part[0].resource.entry[1].resource.gender",
        ),
        (
            parameters(parameters(ROBOT)),
            "Parameters.parameter[0].part[0].resource.parameter[0].part[0].resource.gender",
        ),
        (parameters("Zebedee"), "Parameters.parameter[0].part[0].resource"),
        (
            parameters({"resourceType": "Zebedee"}),
            "Parameters.parameter[0].part[0].resource.resourceType",
        ),
        (collection(collection(PATIENT)), "Bundle.entry[0].resource"),
    ],
)
def test_what_is_held_is_checked_all_the_way_down(whole, path):
    assert {issue.path for issue in refusal(whole).issues} == {path}


def test_parameters_may_hold_a_bundle():
    check(parameters(collection(PATIENT, parameters(PATIENT))))


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


def test_rows_of_bundles_and_resources_read_as_json():
    """A row about a resource must not be refused by the reading already."""
    for row in RESOURCE_ROWS + BUNDLE_ROWS:
        if row.id not in {"F-042c", "F-042"}:
            assert parse(row.body) == json.loads(row.body, parse_float=Decimal)
