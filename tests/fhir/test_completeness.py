from __future__ import annotations

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from server.fhir.completeness import completeness_outcome, completeness_output
from server.model import Gap, Problem, ResourceKey

SOURCE = ResourceKey("Observation", "o", 3)


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_has_an_issue_type(problem: Problem) -> None:
    gap = Gap("csf leukocytes", problem, "a finding", "POST it again", SOURCE)
    outcome = completeness_outcome([gap])
    [issue] = outcome["issue"]
    assert issue["details"]["text"] == "csf leukocytes: a finding"
    assert issue["diagnostics"] == "POST it again"
    assert issue["expression"] == ["Observation/o/_history/3"]
    OperationOutcome.model_validate(outcome)


def test_one_issue_for_each_gap_in_order() -> None:
    gaps = [Gap(name, Problem.MISSING, "not there", "POST it") for name in ("first", "second")]
    issues = completeness_outcome(gaps)["issue"]
    assert [each["details"]["text"] for each in issues] == ["first: not there", "second: not there"]
    assert all("expression" not in each for each in issues)


def test_the_output_names_the_contained_outcome() -> None:
    gap = Gap("x", Problem.MISSING, "not there", "POST it")
    reference = completeness_output()["valueReference"]["reference"]
    assert reference == f"#{completeness_outcome([gap])['id']}"
