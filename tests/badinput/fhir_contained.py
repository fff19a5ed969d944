"""Rows about contained resources and references."""

from __future__ import annotations

from tests.badinput.builders import observation, patient, task
from tests.badinput.row import Row

_PERSON = {"resourceType": "Practitioner", "id": "a", "name": [{"family": "Example"}]}

ROWS = (
    Row(
        "F-034",
        "contained in contained",
        task(contained=[_PERSON | {"contained": [_PERSON | {"id": "b"}]}], owner={"reference": "#a"}),
        "UNPROCESSABLE",
        "invariant",
        "Task.contained[0].contained[0]",
    ),
    Row(
        "F-034b",
        "contained that nothing refers to",
        task(contained=[_PERSON]),
        "UNPROCESSABLE",
        "invariant",
        "Task.contained[0]",
    ),
    Row(
        "F-034c",
        "contained with a version",
        task(contained=[_PERSON | {"meta": {"versionId": "1"}}], owner={"reference": "#a"}),
        "UNPROCESSABLE",
        "invariant",
        "Task.contained[0].meta.versionId",
    ),
    Row(
        "F-034d",
        "contained of unknown type",
        task(contained=[{"resourceType": "Banana", "id": "a"}], focus={"reference": "#a"}),
        "INCORRECT",
        "structure",
        "Task.contained[0]",
    ),
    Row(
        "F-034e",
        "contained without type",
        task(contained=[{"id": "a"}], focus={"reference": "#a"}),
        "INCORRECT",
        "structure",
        "Task.contained[0]",
    ),
    Row(
        "F-034i",
        "contained with an array for an id",
        task(contained=[_PERSON | {"id": ["a"]}], owner={"reference": "#a"}),
        "INCORRECT",
        "structure",
        "Task.contained[0].id",
    ),
    Row(
        "F-034f",
        "resource in a contained Parameters",
        task(
            contained=[
                {
                    "resourceType": "Parameters",
                    "id": "a",
                    "parameter": [{"name": "x", "resource": {"resourceType": "Banana"}}],
                }
            ],
            focus={"reference": "#a"},
        ),
        "UNPROCESSABLE",
        "not-supported",
        "Task.contained[0]",
    ),
    Row(
        "F-034g",
        "resource deep in a contained Medication",
        task(
            contained=[{"resourceType": "Medication", "id": "a", "code": {"resourceType": "Banana"}}],
            focus={"reference": "#a"},
        ),
        "UNPROCESSABLE",
        "invariant",
        "Task.contained[0].code",
    ),
    Row(
        "F-034h",
        "unknown element in a contained Medication",
        task(contained=[{"resourceType": "Medication", "id": "a", "foo": 1}], focus={"reference": "#a"}),
        "UNPROCESSABLE",
        "structure",
        "Task.contained[0].foo",
    ),
    Row(
        "F-035",
        "contained cycle",
        task(
            contained=[
                {"resourceType": "Organization", "id": "a", "name": "A", "partOf": {"reference": "#b"}},
                {"resourceType": "Organization", "id": "b", "name": "B", "partOf": {"reference": "#a"}},
            ],
            owner={"reference": "#a"},
        ),
        "ok",
    ),
    Row(
        "F-116",
        "subject is a Medication",
        observation(subject={"reference": "Medication/1"}),
        "UNPROCESSABLE",
        "invalid",
        "Observation.subject.reference",
        "Observation",
    ),
    Row(
        "F-116b",
        "owner is a contained Location",
        task(contained=[{"resourceType": "Location", "id": "a", "name": "Ward"}], owner={"reference": "#a"}),
        "UNPROCESSABLE",
        "invalid",
        "Task.owner.reference",
    ),
    Row(
        "F-118",
        "#x without contained",
        task(owner={"reference": "#x"}),
        "UNPROCESSABLE",
        "invariant",
        "Task.owner.reference",
    ),
    Row(
        "F-120",
        "javascript: reference",
        task(owner={"reference": "javascript:alert(1)"}),
        "UNPROCESSABLE",
        "value",
        "Task.owner.reference",
    ),
    Row(
        "F-120b",
        "file: reference",
        task(owner={"reference": "file:///etc/passwd"}),
        "UNPROCESSABLE",
        "value",
        "Task.owner.reference",
    ),
    Row(
        "F-120c",
        "data: address",
        patient(photo=[{"url": "data:text/html,x"}]),
        "UNPROCESSABLE",
        "value",
        "Patient.photo[0].url",
        "Patient",
    ),
    Row(
        "F-120d",
        "reference with ../",
        task(owner={"reference": "../Practitioner/1"}),
        "UNPROCESSABLE",
        "value",
        "Task.owner.reference",
    ),
    Row(
        "F-120e",
        "reference to an unknown type",
        task(owner={"reference": "Banana/1"}),
        "UNPROCESSABLE",
        "value",
        "Task.owner.reference",
    ),
)
