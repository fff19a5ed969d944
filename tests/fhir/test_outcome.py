from __future__ import annotations

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from server.errors import Category, Fault, Issue
from server.fhir import outcome

TWO = Fault(
    Category.UNPROCESSABLE,
    Issue("required", "say who signed it", "DiagnosticReport.resultsInterpreter"),
    Issue("value", "this time lies in the future"),
)


@pytest.mark.parametrize("category", Category)
def test_every_category_has_a_status_of_its_own(category: Category) -> None:
    assert 400 <= outcome.STATUS[category] < 600
    assert category.ours is (outcome.STATUS[category] >= 500 or category is Category.BUSY)


def test_no_two_categories_share_a_status() -> None:
    assert len(set(outcome.STATUS.values())) == len(Category)


def test_one_issue_for_each_reason_in_order() -> None:
    status, body = outcome.of(TWO)
    assert status == 422
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"] == [
        {
            "severity": "error",
            "code": "required",
            "diagnostics": "say who signed it",
            "expression": ["DiagnosticReport.resultsInterpreter"],
        },
        {"severity": "error", "code": "value", "diagnostics": "this time lies in the future"},
    ]


def test_a_warning_refuses_nothing() -> None:
    [issue] = outcome.warnings([("not-supported", "one parameter was ignored")])["issue"]
    assert issue["severity"] == "warning"


def test_it_is_an_outcome_as_r4_has_it() -> None:
    OperationOutcome.model_validate(outcome.outcome(TWO))
    OperationOutcome.model_validate(outcome.warnings([("not-supported", "one parameter was ignored")]))
