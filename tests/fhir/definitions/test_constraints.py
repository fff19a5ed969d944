from __future__ import annotations

from server.fhir.definitions.constraints import CONSTRAINTS


def keys(path):
    return [each.key for each in CONSTRAINTS[path]]


def test_constraints_stand_where_they_are_declared():
    assert keys("Observation.referenceRange") == ["obs-3"]
    assert keys("Organization.address") == ["org-2"]
    assert keys("RiskAssessment.prediction.probability[x]") == ["ras-1"]
    assert keys("Narrative.div") == ["txt-1", "txt-2"]
    assert keys("Parameters.parameter") == ["inv-1"]


def test_a_specialised_datatype_keeps_the_rules_of_what_it_specialises():
    assert keys("Quantity") == ["qty-3"]
    assert sorted(keys("Age")) == ["age-1", "qty-3"]
    assert sorted(keys("SimpleQuantity")) == ["qty-3", "sqty-1"]


def test_what_holds_everywhere_is_told_once():
    told = [path for path, found in CONSTRAINTS.items() for each in found if each.key == "dom-3"]
    assert told == ["DomainResource"]
    assert [path for path in CONSTRAINTS if "ele-1" in keys(path)] == ["Element"]
    assert [path for path in CONSTRAINTS if "ext-1" in keys(path)] == ["Extension"]


def test_severity_and_expression():
    (obs_3,) = CONSTRAINTS["Observation.referenceRange"]
    assert obs_3.severity == "error"
    assert obs_3.expression == "low.exists() or high.exists() or text.exists()"
    assert {each.severity for each in CONSTRAINTS["DomainResource"]} == {"error", "warning"}
