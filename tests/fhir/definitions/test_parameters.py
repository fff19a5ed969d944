from __future__ import annotations

import pytest

from server.fhir.definitions.elements import RESOURCES
from server.fhir.definitions.parameters import PARAMETERS, PATIENT_COMPARTMENT, Component
from server.fhir.definitions.types import TYPES

CONCEPT = Component("value-concept", "token", "value.as(CodeableConcept)")


@pytest.mark.parametrize(
    ("type_", "code", "kind", "expression", "targets"),
    [
        ("Task", "focus", "reference", "Task.focus", ()),
        ("Task", "patient", "reference", "Task.for.where(resolve() is Patient)", ("Patient",)),
        ("Observation", "date", "date", "Observation.effective", ()),
        ("Observation", "code", "token", "Observation.code", ()),
        ("Observation", "subject", "reference", "Observation.subject",
         ("Device", "Group", "Location", "Patient")),
        ("Condition", "onset-age", "quantity",
         "Condition.onset.as(Age) | Condition.onset.as(Range)", ()),
        ("Patient", "phone", "token", "Patient.telecom.where(system='phone')", ()),
        ("Bundle", "composition", "reference", "Bundle.entry[0].resource", ("Composition",)),
        ("Encounter", "practitioner", "reference",
         "Encounter.participant.individual.where(resolve() is Practitioner)", ("Practitioner",)),
        ("ImagingStudy", "endpoint", "reference",
         "ImagingStudy.endpoint | ImagingStudy.series.endpoint", ("Endpoint",)),
        ("Binary", "_lastUpdated", "date", "Resource.meta.lastUpdated", ()),
        ("RiskAssessment", "probability", "number", "RiskAssessment.prediction.probability", ()),
        ("Consent", "_text", "string", "", ()),
        ("Device", "url", "uri", "Device.url", ()),
    ],
)  # fmt: skip
def test_some_parameters(type_, code, kind, expression, targets):
    found = PARAMETERS[type_][code]
    assert (found.code, found.type, found.expression, found.targets) == (code, kind, expression, targets)


def test_composites_name_their_parts():
    concept = PARAMETERS["Observation"]["code-value-concept"]
    assert concept.components == (Component("code", "token", "code"), CONCEPT)
    assert concept.multiple_or is False
    relation = PARAMETERS["DocumentReference"]["relationship"].components
    assert [(each.code, each.expression) for each in relation] == [
        ("relation", "code"),
        ("relatesto", "target"),
    ]


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_has_the_parameters_of_every_resource(type_):
    common = {
        "_content", "_filter", "_has", "_id", "_lastUpdated", "_list", "_profile", "_query", "_security",
        "_source", "_tag", "_type",
    }  # fmt: skip
    domain = set() if type_ in ("Binary", "Bundle", "Parameters") else {"_text"}
    assert {code for code in PARAMETERS[type_] if code.startswith("_")} == common | domain


def test_expressions_and_targets_are_of_their_type():
    for type_, parameters in PARAMETERS.items():
        for each in parameters.values():
            assert set(each.targets) <= RESOURCES
            assert not each.targets or each.type == "reference"
            assert (each.type == "composite") == bool(each.components)
            others = {name for name in RESOURCES if f"{name}." in each.expression} - {type_}
            assert not others, (type_, each.code)
            assert each.expression or each.code.startswith("_")


def test_patient_compartment():
    assert PATIENT_COMPARTMENT["Observation"] == ("subject", "performer")
    assert PATIENT_COMPARTMENT["Patient"] == ("link",)
    assert "Task" not in PATIENT_COMPARTMENT
    for type_, codes in PATIENT_COMPARTMENT.items():
        assert all(PARAMETERS[type_][code].type == "reference" for code in codes)
